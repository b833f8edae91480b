"""KV260's top level as it is, around a small network: registers, memory and logits through its bus ports."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import numpy as np

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


def test_logits_through_the_top_level(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    network = random_network(rng, schedule=(2, 1), size=(4, 5), channels=(2, 2), outputs=3)
    board = load_board("kv260")
    write_design(network, make_plan(network, board, target_cycles=500), tmp_path / "design")
    design = Design.load(tmp_path / "design")
    staged = stage(hardware_of(design), board, tmp_path / "sources")
    rtl = tmp_path / "rtl"
    rtl.mkdir()
    for name, text in edge_sources(design).items():  # portable modules in place of the chip's primitives
        (rtl / name).write_text(text)
    for path in (
        *library_sources(["stream_fifo"]),
        staged.folder / "axi3_lite.sv",
        staged.folder / "axi_widen.sv",
    ):
        (rtl / path.name).write_text(path.read_text())
    top = (staged.folder / "top.sv").read_text()
    top = without_system(
        top,
        (staged.folder / "zynqmp_ps.v").read_text(),
        (staged.folder / "design.svh").read_text(),
    )
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
        "top", bench="bench_zynqmp_top", parameters={}, seed=1, config=config, files=images, rtl=rtl, top=top
    )
