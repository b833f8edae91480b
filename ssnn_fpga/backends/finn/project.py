"""Writes the integer network as a FINN build, from our side."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from ssnn_fpga.backends.finn.environment import call, python
from ssnn_fpga.backends.finn.frame_graph import check, frame_graph
from ssnn_fpga.network.layers import Network

GRAPH_FILE = "frames.onnx"
"""The graph that goes into FINN, in the folder of a project."""


def write_project(
    network: Network,
    out: Path,
    *,
    cycles: int,
    part: str = "xc7z020clg400-1",
    clock_ns: float = 10.0,
    overlay: str = "",
) -> dict[str, Any]:
    """Build ``network`` with FINN into the folder ``out``; what was there is replaced.

    ``cycles`` a sample are what it is folded for, ``overlay`` is FINN's name of a board, for where
    Vivado is on PATH. Returns the figures of ``build.build``. Raises UserError for a network that
    FINN cannot take, without FINN's environment, and where FINN gives up.
    """
    check(network)
    python()
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        aside = Path(scratch).resolve() / "project"
        aside.mkdir()
        graph = aside / GRAPH_FILE
        frame_graph(network).save(str(graph))
        figures = call(
            Path(scratch),
            "build",
            graph=str(graph),
            out=str(aside),
            options={"cycles": cycles, "part": part, "clock_ns": clock_ns, "overlay": overlay},
        )
        if out.exists():
            shutil.rmtree(out)
        aside.rename(out)
    return figures
