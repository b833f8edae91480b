"""The ULX3S top level with a small network whose weights come over the line, behind the real driver."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.boards.flow import hardware_of
from ssnn_fpga.boards.simulated_serial import SimulatedSerial, compile_serial_board
from ssnn_fpga.boards.staging import stage
from ssnn_fpga.boards.tools import require, verilator_home
from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Network
from ssnn_fpga.plan.options import Options
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.rtl.images import load_image
from ssnn_fpga.runtime.accelerator import Accelerator
from ssnn_fpga.runtime.device import DeviceError
from ssnn_fpga.runtime.layout import image_beside
from ssnn_fpga.runtime.manifest import Manifest
from ssnn_fpga.runtime.serial_device import SerialAccelerator
from ssnn_fpga.runtime.serial_engine import SerialEngine
from tests.boards.test_serial_board import PLL_MODEL
from tests.random_networks import random_frames, random_network, redrawn


class Built(NamedTuple):
    """The simulated board's program, its sources, its manifest and its design."""

    program: Path
    sources: Path
    manifest: Manifest
    design: Design

    @property
    def image(self) -> NDArray[np.uint32]:
        found = image_beside(self.design.folder)
        assert found is not None
        return found


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder, board = tmp_path_factory.mktemp("ulx3s"), load_board("ulx3s")
    network = random_network(
        np.random.default_rng(21),
        schedule=(2, 1),
        input_channels=2,
        size=(6, 7),
        input_maximum=3,
        channels=(3, 2),
        kernel=3,
        weight_bits=2,
        outputs=5,
    )
    plan = make_plan(network, board, target_cycles=1500, options=Options(loadable=True))
    write_design(network, plan, folder / "design")
    design = Design.load(folder / "design")
    hardware = hardware_of(design)
    staged = stage(hardware, board, folder / "sources")
    program = compile_serial_board(board, staged.folder, folder / "simulation", progress=False)
    assert board.serial is not None
    manifest = Manifest(
        board=board.name,
        device=board.device,
        identity=staged.identity,
        stream=hardware.stream,
        classes=hardware.classes,
        compression=None,
        clock_mhz=board.clock_mhz,
        baud=board.serial.baud,
        tools={},
        seed=1,
        inputs_sha256="",
        bitstream_sha256="",
    )
    return Built(program, staged.folder, manifest, design)


@pytest.fixture
def line(built: Built) -> Iterator[SimulatedSerial]:
    with SimulatedSerial(built.program, built.sources) as simulated:
        yield simulated


def check(accelerator: SerialAccelerator, network: Network, seed: int) -> None:
    frames = random_frames(np.random.default_rng(seed), network, 3)
    result = Accelerator(SerialEngine(accelerator, accelerator._manifest)).classify(frames)
    expected = run(network, frames)[network.layers[-1].name]
    assert len(np.unique(expected, axis=0)) > 1, "a result could stand for another"
    np.testing.assert_array_equal(result.logits, expected)


def test_top_level_is_lint_clean(built: Built) -> None:
    hdl = sorted(path.name for path in built.sources.iterdir() if path.suffix in (".sv", ".v"))
    words = ["--lint-only", "-Wall", "-Wno-VARHIDDEN", "-Wno-UNUSEDPARAM", "--top-module", "top", "-I."]
    result = subprocess.run(
        [str(require("verilator")), *words, *hdl, str(PLL_MODEL)],
        cwd=built.sources,
        env={**os.environ, "VERILATOR_ROOT": str(verilator_home())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


def test_weights_are_loaded_over_the_line(built: Built, line: SimulatedSerial) -> None:
    """At once, and again where a reset has taken them; other weights take their place."""
    network, plan = built.design.network, built.design.plan
    accelerator = SerialAccelerator(line, built.manifest, built.image)
    check(accelerator, network, seed=10)
    line.press_reset()
    line.hold(1, 1000)
    check(accelerator, network, seed=11)
    other = redrawn(np.random.default_rng(15), network)
    words = np.array(load_image(other, plan), dtype=np.uint32)
    check(SerialAccelerator(line, built.manifest, words), other, seed=10)


class Resetting:
    """A line on which the board's button is pressed behind some requests."""

    def __init__(self, line: SimulatedSerial, behind: set[int]) -> None:
        self._line, self._behind, self.written = line, behind, 0
        self.read, self.reset_input_buffer = line.read, line.reset_input_buffer
        self.close = line.close

    def write(self, data: bytes, /) -> int:
        if self.written in self._behind:
            self._line.press_reset()
            self._line.hold(1, 1000)
        self.written += 1
        return self._line.write(data)


def test_a_board_that_is_reset_while_weights_come(
    built: Built, line: SimulatedSerial, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image begins anew with its first block; a board that is reset always is given up."""
    monkeypatch.setattr("ssnn_fpga.runtime.serial_device._BLOCK_WORDS", 16)
    blocks = -(-len(built.image) // 16)
    transport = Resetting(line, {3})  # identify, block 0, block 1
    accelerator = SerialAccelerator(transport, built.manifest, built.image)
    assert transport.written == 1 + 3 + blocks
    check(accelerator, built.design.network, seed=12)
    with pytest.raises(DeviceError, match="lost the blocks of its weights 3 times"):
        SerialAccelerator(Resetting(line, set(range(2, 99))), built.manifest, built.image)


def test_images_that_are_not_there_or_not_its_own(built: Built, line: SimulatedSerial) -> None:
    bare = SerialAccelerator(line, built.manifest)
    with pytest.raises(UserError, match="give the image that it is to load"):
        check(bare, built.design.network, seed=13)
    image = built.image
    for wrong in (image[:-1], np.append(image, image[:1]), image[:0]):
        with pytest.raises(UserError, match="is not what this bitstream loads"):
            SerialAccelerator(line, built.manifest, wrong)
    check(SerialAccelerator(line, built.manifest, image), built.design.network, seed=14)
