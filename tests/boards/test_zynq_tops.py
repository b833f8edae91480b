"""Top levels of Zynq boards as they are, a small network inside: all logits through their bus ports."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from sim.bench import run_bench
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.boards.flow import hardware_of
from ssnn_fpga.boards.staging import stage
from ssnn_fpga.golden.engine import run
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.rtl.library import library_sources
from ssnn_fpga.simulate.edge import edge_sources
from tests.boards.without_system import without_system
from tests.random_networks import random_network


@pytest.mark.parametrize(
    ("name", "system", "library"),
    [("kv260", "zynqmp_ps.v", ["stream_fifo"]), ("pynq-z2", "zynq_ps.v", [])],
    ids=["kv260", "pynq-z2"],
)
def test_logits_through_the_top_level(name: str, system: str, library: list[str], tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    network = random_network(rng, schedule=(2, 1), size=(4, 5), channels=(2, 2), outputs=3)
    board = load_board(name)
    write_design(network, make_plan(network, board, target_cycles=500), tmp_path / "design")
    design = Design.load(tmp_path / "design")
    staged = stage(hardware_of(design), board, tmp_path / "sources")
    rtl = tmp_path / "rtl"
    rtl.mkdir()
    for file, text in edge_sources(design).items():  # portable modules in place of the chip's primitives
        (rtl / file).write_text(text)
    steps = [staged.folder / file for file in staged.hdl if file.startswith(("axi3_", "axi_widen"))]
    for path in (*library_sources(library), *steps):
        (rtl / path.name).write_text(path.read_text())
    top = without_system(*((staged.folder / file).read_text() for file in ("top.sv", system, "design.svh")))
    stream = hardware_of(design).stream
    frames = rng.integers(0, network.input.maximum + 1, (3, *stream.shape))
    frames = frames // np.array([1, 3, 9]).reshape(3, 1, 1, 1, 1)  # so that the answers differ
    logits = run(network, frames)[network.layers[-1].name]
    assert len(np.unique(logits, axis=0)) == len(frames), "a result could stand for another"
    config = {
        "base": board.register_base,
        "identity": staged.identity,
        "stream": asdict(stream),
        "frames": frames.tolist(),
        "classes": logits.argmax(axis=1).tolist(),
        "logits": logits.tolist(),
    }
    images = {path.name: path.read_text() for path in hardware_of(design).images}
    run_bench(
        "top", bench="bench_zynq_top", parameters={}, seed=1, config=config, files=images, rtl=rtl, top=top
    )
