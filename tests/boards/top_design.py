"""A small network behind a board's top level, staged as its flow stages it, with answers to compare."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from ssnn_fpga.boards.board import Board, load_board
from ssnn_fpga.boards.flow import hardware_of
from ssnn_fpga.boards.staging import DESIGN_INCLUDE, PORTS_INCLUDE, Staged, stage
from ssnn_fpga.golden.engine import run
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.rtl.library import library_sources
from ssnn_fpga.simulate.edge import edge_sources
from tests.boards.without_system import resolved
from tests.random_networks import random_network


class TopDesign(NamedTuple):
    """What a bench of the top level needs."""

    board: Board
    staged: Staged
    rtl: Path
    """Folder of all modules below the top level, portable ones in place of the chip's primitives."""
    images: dict[str, str]
    config: dict[str, Any]

    def source(self, file: str) -> str:
        """Text of one of the board's files, macros resolved."""
        return resolved(*((self.staged.folder / name).read_text() for name in (file, PORTS_INCLUDE)))

    @property
    def sizes(self) -> str:
        """What takes the place of the board's include."""
        return (self.staged.folder / DESIGN_INCLUDE).read_text()


def top_design(name: str, streamed: bool, folder: Path) -> TopDesign:
    """For the board ``name``; with ``streamed`` two of three layers read their weights from memory."""
    rng = np.random.default_rng(6)
    network = random_network(rng, schedule=(2, 1), size=(4, 5), channels=(2, 2), outputs=3)
    board = load_board(name)
    outside = {layer: {"streamed": board.memory_port_bits} for layer in ("conv2", "classifier")}
    plan = make_plan(network, board, target_cycles=500, overrides=outside if streamed else {})
    write_design(network, plan, folder / "design")
    design = Design.load(folder / "design")
    hardware = hardware_of(design)
    staged = stage(hardware, board, folder / "sources")
    rtl = folder / "rtl"
    rtl.mkdir()
    for file, text in edge_sources(design).items():
        (rtl / file).write_text(text)
    for path in library_sources([module for module in board.library if module != "axi_accelerator"]):
        (rtl / path.name).write_text(path.read_text())
    for step in staged.hdl:  # between the processing system and the edge
        if step.startswith(("axi3_", "axi_widen")):
            (rtl / step).write_text((staged.folder / step).read_text())
    stream = hardware.stream
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
        "weights": design.weights.hex(),
    }
    images = {path.name: path.read_text() for path in hardware.images}
    return TopDesign(board, staged, rtl, images, config)
