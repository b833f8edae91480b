"""Layer names from node names."""

from __future__ import annotations

import re

from ssnn_fpga.network.layers import NETWORK_INPUT


class LayerNames:
    """Gives every node a layer name of its own: [a-z][a-z0-9_]*."""

    def __init__(self) -> None:
        self._taken = {NETWORK_INPUT}

    def new(self, node: str) -> str:
        """``node`` in lower case, other characters as underscores, numbered where it is taken."""
        base = re.sub(r"[^a-z0-9]+", "_", node.lower()).strip("_") or "layer"
        if not base[0].isalpha():
            base = f"layer_{base}"
        name, count = base, 1
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name
