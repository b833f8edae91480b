"""Weights that lie in memory, through the driver that ships and the compiled RTL of the AXI edge."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Network
from ssnn_fpga.plan.options import Options
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.rtl.images import load_image
from ssnn_fpga.rtl.memory_port import memory_image, memory_port
from ssnn_fpga.runtime import registers
from ssnn_fpga.runtime.accelerator import Accelerator
from ssnn_fpga.runtime.bus_engine import BusEngine
from ssnn_fpga.runtime.device import DeviceError
from ssnn_fpga.runtime.layout import weights_beside
from ssnn_fpga.runtime.manifest import Manifest
from ssnn_fpga.runtime.xrt_device import XrtDevice
from ssnn_fpga.simulate.device import SimulatedDevice, manifest_of, open_engine
from tests.random_networks import random_frames, random_network, redrawn
from tests.runtime.test_sim_device import PlayedPackage

PATIENCE = 1e-4  # seconds of a clock of 100 MHz: 10,000 clocks


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Design:
    """Two of three layers with weights in memory; the third one's are loaded, so a reset loses them."""
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
    folder = tmp_path_factory.mktemp("port") / "design"
    overrides = {name: {"streamed": 64} for name in ("conv2", "classifier")}
    plan = make_plan(
        network,
        load_board("pynq-z2"),
        target_cycles=1500,
        overrides=overrides,
        options=Options(loadable=True),
    )
    write_design(network, plan, folder)
    return Design.load(folder)


@pytest.fixture
def engine(design: Design) -> Iterator[BusEngine]:
    opened = open_engine(design.folder, patience=PATIENCE, memory=1 << 20)
    yield opened
    opened.close()


def device_of(engine: BusEngine) -> SimulatedDevice:
    device = engine._device
    assert isinstance(device, SimulatedDevice)
    return device


def weights_at(engine: BusEngine) -> int:
    assert engine._weights is not None
    return engine._weights.address


def check(engine: BusEngine, network: Network, seed: int, count: int = 5, batch: int = 2) -> None:
    frames = random_frames(np.random.default_rng(seed), network, count)
    result = Accelerator(engine).classify_batch(frames, batch=batch)
    expected = run(network, frames)[network.layers[-1].name]
    assert len(np.unique(expected, axis=0)) > 1, "a result could stand for another"
    np.testing.assert_array_equal(result.logits, expected)


def test_every_logit_whatever_the_memory_does(engine: BusEngine, design: Design) -> None:
    assert engine._device.read(registers.FEATURES) & registers.Features.WEIGHTS
    for stall, batch in ((0.0, 20), (0.6, 3), (0.0, 1)):
        device_of(engine).edge.stall(stall, seed=batch)
        check(engine, design.network, seed=batch, count=20, batch=batch)
    assert engine.counters()["frames"] == 60


def test_an_error_on_the_port_is_told_and_forgotten(engine: BusEngine, design: Design) -> None:
    edge, port = device_of(engine).edge, memory_port(design.plan)
    assert port is not None
    check(engine, design.network, seed=1)
    for offset in port.offsets:  # of each layer's words
        edge.fail(weights_at(engine) + offset, 8)
        with pytest.raises(DeviceError, match=r"given up: a read of weights was refused\."):
            check(engine, design.network, seed=2)
        edge.fail(0, 0)
        check(engine, design.network, seed=3)


def test_a_run_that_is_stopped_leaves_nothing_under_way(engine: BusEngine, design: Design) -> None:
    """At any time of a run, its reads of weights in flight; the next run is right."""
    frames = random_frames(np.random.default_rng(4), design.network, 3)
    device = device_of(engine)
    for clocks in (1, 30, 60, 150, 500, 900):
        engine.fill(0, frames)
        engine.start(0)
        device.edge.run(clocks)
        engine.abort()
        check(engine, design.network, seed=clocks, count=2)


def test_memory_that_dies_is_told(engine: BusEngine, design: Design) -> None:
    check(engine, design.network, seed=5)
    edge = device_of(engine).edge
    edge.freeze(True)
    with pytest.raises(DeviceError, match="memory does not answer"):
        check(engine, design.network, seed=6)
    edge.freeze(False)
    again = BusEngine(
        device_of(engine), engine.manifest, image=engine._image, weights=weights_of(design), patience=PATIENCE
    )
    check(again, design.network, seed=7)


def weights_of(design: Design) -> np.ndarray:
    return np.frombuffer(design.weights, dtype=np.uint8)


def test_other_weights_in_another_place(engine: BusEngine, design: Design) -> None:
    """What was read ahead of the old ones is not used, and what was loaded is loaded again."""
    check(engine, design.network, seed=8)
    other = redrawn(np.random.default_rng(15), design.network)
    again = BusEngine(
        device_of(engine),
        engine.manifest,
        image=np.array(load_image(other, design.plan), dtype=np.uint32),
        weights=np.frombuffer(memory_image(other, design.plan), dtype=np.uint8),
        patience=PATIENCE,
    )
    assert weights_at(again) != weights_at(engine)
    check(again, other, seed=10)


def test_no_run_without_a_place_for_the_weights(design: Design, engine: BusEngine) -> None:
    """The hardware refuses an address that was not given, is inside a page, or too wide."""
    write = engine._device.write
    for low, high in ((8, 0), (1 << 11, 0), (0, 1)):
        write(registers.WEIGHTS_ADDRESS, weights_at(engine) + low)
        write(registers.WEIGHTS_ADDRESS_HIGH, high)
        with pytest.raises(DeviceError, match="the arguments made no sense"):
            check(engine, design.network, seed=11)
    write(registers.WEIGHTS_ADDRESS, weights_at(engine))
    write(registers.WEIGHTS_ADDRESS_HIGH, 0)
    check(engine, design.network, seed=12)


def test_weights_that_are_missing_damaged_or_of_another_design(design: Design, tmp_path: Path) -> None:
    manifest = manifest_of(design)
    assert manifest.weights is not None
    assert Manifest.from_json(manifest.to_json()) == manifest
    with pytest.raises(UserError, match=r"weights\.bin cannot be read .* copy it beside the bitstream"):
        weights_beside(tmp_path, manifest)
    for content in (design.weights[:-1], bytes([design.weights[0] ^ 1]) + design.weights[1:]):
        (tmp_path / "weights.bin").write_bytes(content)
        with pytest.raises(UserError, match="is damaged, or holds the weights of another design"):
            weights_beside(tmp_path, manifest)
    other = replace(design, weights=content)
    assert manifest_of(other).identity != manifest.identity
    assert manifest.weights.sha256 == hashlib.sha256(design.weights).hexdigest()


def test_refusals(design: Design, engine: BusEngine) -> None:
    device, manifest, weights = device_of(engine), engine.manifest, weights_of(design)
    with pytest.raises(UserError, match=r"The weights do not fit the chip: give those of weights\.bin"):
        BusEngine(device, manifest)
    cases = [
        (manifest, weights[:-64], UserError, r"this bitstream reads [\d,]+: give weights\.bin of the same"),
        (replace(manifest, weights=None), None, UserError, "does not describe this bitstream's weights"),
    ]
    for described, given, kind, sentence in cases:
        device = device_of(open_engine(design.folder, patience=PATIENCE, memory=1 << 20))
        with pytest.raises(kind, match=sentence):
            BusEngine(device, described, weights=given)
    with pytest.raises(DeviceError, match=r"no room for the [\d,]+ bytes of weights"):
        open_engine(design.folder, memory=len(weights) // 2)


def test_through_the_packages_of_the_boards(
    engine: BusEngine, design: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pynq and pyxrt, played around the simulated board, whose memory then holds the weights."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    device = device_of(engine)
    package = PlayedPackage(device)
    monkeypatch.setitem(sys.modules, "pynq", package)
    sha = hashlib.sha256(b"bits").hexdigest()
    described = replace(engine.manifest, register_base=0x43C00000, bitstream_sha256=sha)
    (tmp_path / "manifest.json").write_text(described.to_json())
    (tmp_path / "accelerator.bit").write_bytes(b"bits")
    (tmp_path / "load.bin").write_bytes((design.folder / "load.bin").read_bytes())
    with pytest.raises(UserError, match=r"weights\.bin cannot be read"):
        Accelerator.open(tmp_path, device="pynq")
    (tmp_path / "weights.bin").write_bytes(design.weights)
    kernel = SimpleNamespace(read_register=device.read, write_register=device.write)
    card = XrtDevice(package, None, kernel, 100e6, 0)
    given: dict[str, Any] = {"image": engine._image, "weights": weights_of(design), "patience": 0.05}
    check(BusEngine(card, engine.manifest, **given), design.network, seed=16)
    device.edge.memory[weights_at(engine) - device.edge.base :][: len(design.weights)] = 0
    with Accelerator.open(tmp_path, device="pynq", patience=0.05) as board:
        opened = board._engine
        assert isinstance(opened, BusEngine)
        check(opened, design.network, seed=17)
