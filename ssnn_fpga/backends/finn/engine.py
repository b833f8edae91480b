"""Runs FINN's hardware graph of a network in FINN's Python, every layer's values observable."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ssnn_fpga.backends.finn.environment import call
from ssnn_fpga.backends.finn.project import write_project
from ssnn_fpga.backends.samples import check_samples
from ssnn_fpga.network.layers import Integers, Network


class HardwareGraph:
    """The graph that FINN makes of a network, folded for ``cycles`` a sample, as a function.

    Building it takes about ten seconds. Raises UserError as ``write_project`` does.
    """

    def __init__(self, network: Network, cycles: int = 100_000, part: str = "xc7z020clg400-1") -> None:
        self._network = network
        self._scratch = tempfile.TemporaryDirectory(prefix="ssnn-fpga-finn-")
        self._graph = Path(self._scratch.name).resolve() / "project" / "hardware.onnx"
        self.figures: dict[str, Any] = write_project(network, self._graph.parent, cycles=cycles, part=part)
        """As ``build.build`` returns them."""

    def trace(self, frames: Integers) -> dict[str, Integers]:
        """Every layer's values for ``frames`` (N, T, C, H, W): int64 (N, T, C, H, W), logits (N, O)."""
        check_samples(self._network, frames)
        layers = [layer.name for layer in self._network.layers]
        with tempfile.TemporaryDirectory(prefix="run-", dir=self._scratch.name) as name:
            folder = Path(name)
            np.savez(folder / "frames.npz", frames=frames.transpose(0, 1, 3, 4, 2)[:, :, None])
            call(folder, "run", graph=str(self._graph), layers=layers)
            with np.load(folder / "values.npz") as content:
                values = {layer: content[layer] for layer in layers}
        return {layer: _ours(array).astype(np.int64) for layer, array in values.items()}


def _ours(values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """(N, T, H, W, C) as (N, T, C, H, W); logits (N, 1, O) as (N, O)."""
    return values.transpose(0, 1, 4, 2, 3) if values.ndim == 5 else values[:, 0]
