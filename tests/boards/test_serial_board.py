"""The ULX3S top level, with the stand-in accelerator in it, behind the real driver."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.boards.simulated_serial import SimulatedSerial, compile_serial_board
from ssnn_fpga.boards.staging import stage
from ssnn_fpga.boards.tools import require, verilator_home
from ssnn_fpga.errors import UserError
from ssnn_fpga.runtime.manifest import Manifest
from ssnn_fpga.runtime.serial_device import SerialAccelerator, sealed
from tests.boards.standin_design import HARDWARE, answers, random_frames

GAP_CLOCKS = 1_000_000
PLL_MODEL = Path(__file__).parents[2] / "sim" / "ecp5" / "EHXPLLL.v"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Manifest]:
    """The simulated board's program, its sources and its manifest."""
    folder = tmp_path_factory.mktemp("ulx3s")
    board = load_board("ulx3s")
    staged = stage(HARDWARE, board, folder / "sources")
    program = compile_serial_board(board, staged.folder, folder / "simulation", progress=False)
    manifest = Manifest(
        board=board.name,
        device=board.device,
        identity=staged.identity,
        stream=HARDWARE.stream,
        classes=HARDWARE.classes,
        compression=None,
        clock_mhz=board.clock_mhz,
        baud=board.serial.baud if board.serial else None,
        tools={},
        seed=1,
        inputs_sha256="",
        bitstream_sha256="",
    )
    return program, staged.folder, manifest


@pytest.fixture
def line(built: tuple[Path, Path, Manifest]) -> Iterator[SimulatedSerial]:
    program, sources, _ = built
    with SimulatedSerial(program, sources) as simulated:
        yield simulated


@pytest.fixture
def manifest(built: tuple[Path, Path, Manifest]) -> Manifest:
    return built[2]


def check(accelerator: SerialAccelerator, seed: int, count: int = 3) -> None:
    frames = random_frames(count, seed)
    result = accelerator.classify(frames)
    classes, logits = answers(frames)
    np.testing.assert_array_equal(result.logits, logits)
    np.testing.assert_array_equal(result.classes, classes)
    # The stand-in takes one token a clock and answers in the clock after the last.
    np.testing.assert_array_equal(result.cycles, [HARDWARE.stream.tokens] * count)


def test_classifies_through_the_line(line: SimulatedSerial, manifest: Manifest) -> None:
    accelerator = SerialAccelerator(line, manifest)
    assert accelerator.identify().design == manifest.identity
    check(accelerator, seed=1, count=8)
    empty = accelerator.classify(random_frames(0, 1))
    assert empty.classes.shape == (0,)
    assert empty.logits.shape == (0, 2)


def test_top_level_is_lint_clean(built: tuple[Path, Path, Manifest]) -> None:
    sources = built[1]
    hdl = sorted(path.name for path in sources.iterdir() if path.suffix in (".sv", ".v"))
    result = subprocess.run(
        [
            str(require("verilator")),
            "--lint-only",
            "-Wall",
            "--top-module",
            "top",
            "-I.",
            *hdl,
            str(PLL_MODEL),
        ],
        cwd=sources,
        env={**os.environ, "VERILATOR_ROOT": str(verilator_home())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_baud_and_clock_agree(manifest: Manifest) -> None:
    board = load_board("ulx3s")
    assert board.serial is not None
    assert board.clocks_per_bit * board.serial.baud == board.clock_mhz * 1e6


def test_refuses_a_foreign_bitstream(line: SimulatedSerial, manifest: Manifest) -> None:
    foreign = dataclasses.replace(manifest, identity="0" * 32)
    with pytest.raises(UserError, match=f"runs the design {manifest.identity}"):
        SerialAccelerator(line, foreign)


def test_a_broken_request_costs_one_answer(line: SimulatedSerial, manifest: Manifest) -> None:
    """Half a frame, then silence: the board reports it and the next frame is right."""
    accelerator = SerialAccelerator(line, manifest)
    line.write(sealed(b"\xa5\x02" + bytes(HARDWARE.stream.frame_bytes))[:7])
    assert line.read(6) == sealed(b"\x5a\x03\x00\x00")
    check(accelerator, seed=2)


def test_the_driver_survives_garbage_and_a_break(line: SimulatedSerial, manifest: Manifest) -> None:
    """What looks like the start of a frame swallows the first request; the driver asks again."""
    accelerator = SerialAccelerator(line, manifest)
    line.write(b"\x00\xff\x13")
    check(accelerator, seed=3)
    line.write(b"\xa5\x02\x55")
    check(accelerator, seed=4)
    line.hold(0, 5000)
    check(accelerator, seed=5)


def test_silence_is_counted_from_the_last_byte(line: SimulatedSerial, manifest: Manifest) -> None:
    accelerator = SerialAccelerator(line, manifest)
    request = sealed(b"\xa5\x01")
    line.write(request[:2])
    line.hold(1, GAP_CLOCKS - 1000)
    line.write(request[2:])
    assert line.read(35)[:4] == b"\x5a\x00\x1d\x00"
    check(accelerator, seed=6)


def test_reset_button(line: SimulatedSerial, manifest: Manifest) -> None:
    accelerator = SerialAccelerator(line, manifest)
    line.write(b"\xa5\x02\x55")
    line.hold(1, 1000)
    line.press_reset()
    line.hold(1, 1000)
    check(accelerator, seed=7)
