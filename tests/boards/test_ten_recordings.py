"""Ten recordings through the serial line of the top level, against the golden model.

``routed``: the very sources of the bitstream in build/ulx3s (``make bitstream BOARD=ulx3s``), with
recordings of the data that this machine has. ``random network``: a generated design of a small
random network in the same top level; it always runs, and does not route.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.boards.flow import hardware_of
from ssnn_fpga.boards.simulated_serial import SimulatedSerial, compile_serial_board, open_simulated
from ssnn_fpga.boards.staging import stage
from ssnn_fpga.events.frames import load_frames
from ssnn_fpga.events.source import find_recordings
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Network, Readout
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.runtime.manifest import MANIFEST_FILE, Manifest
from ssnn_fpga.runtime.serial_device import Classified, SerialAccelerator
from tests.random_networks import random_frames, random_network

BUILD = Path(__file__).parents[2] / "build" / "ulx3s"
RECORDINGS = 10


def check(network: Network, frames: np.ndarray, result: Classified) -> None:
    trace = run(network, frames.astype(np.int64))
    readout = next(layer.name for layer in network.layers if isinstance(layer, Readout))
    np.testing.assert_array_equal(result.logits, trace[readout])
    np.testing.assert_array_equal(result.classes, trace[readout].argmax(axis=1))
    assert (result.cycles > 0).all()


def test_random_network(tmp_path: Path) -> None:
    rng = np.random.default_rng(11)
    network = random_network(
        rng, schedule=(2, 1), size=(6, 7), channels=(3, 2), kernel=3, weight_bits=2, outputs=5
    )
    board = load_board("ulx3s")
    small = board.model_copy(update={"budget": board.budget.model_copy(update={"luts": 4000})})
    write_design(network, make_plan(network, small), tmp_path / "design")
    hardware = hardware_of(Design.load(tmp_path / "design"))
    staged = stage(hardware, board, tmp_path / "sources")
    program = compile_serial_board(board, staged.folder, tmp_path / "simulation", progress=False)
    manifest = Manifest(
        board=board.name,
        device=board.device,
        identity=staged.identity,
        stream=hardware.stream,
        classes=hardware.classes,
        compression=hardware.compression,
        clock_mhz=board.clock_mhz,
        baud=None,
        tools={},
        seed=0,
        inputs_sha256="",
        bitstream_sha256="",
    )
    frames = random_frames(rng, network, RECORDINGS)
    with SerialAccelerator(SimulatedSerial(program, staged.folder), manifest) as accelerator:
        check(network, frames, accelerator.classify(frames))


@pytest.mark.skipif(not (BUILD / MANIFEST_FILE).exists(), reason="no bitstream in build/ulx3s")
def test_routed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = Design.load(BUILD / "design").network
    recordings, description = find_recordings()
    assert network.compression is not None
    chosen = load_frames(recordings, "test", network.compression, network.classes, limit=RECORDINGS)
    with open_simulated(BUILD, tmp_path, progress=False) as accelerator:
        result = accelerator.classify(chosen.frames.astype(np.int64))
    check(network, chosen.frames, result)
    with capsys.disabled():
        right = int((result.classes == chosen.labels).sum())
        print(f"\n{len(chosen)} of {description}: {right} right, {result.cycles.tolist()} cycles")
