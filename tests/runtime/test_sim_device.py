"""The driver that ships, on the compiled RTL of the AXI edge: results, faults, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.compression import compress
from ssnn_fpga.events.live import Dropped
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Network, Readout
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.runtime import registers
from ssnn_fpga.runtime.__main__ import main
from ssnn_fpga.runtime.accelerator import Accelerator
from ssnn_fpga.runtime.bus_engine import BusEngine
from ssnn_fpga.runtime.device import DeviceError
from ssnn_fpga.runtime.engine import Classified
from ssnn_fpga.runtime.follow import follow
from ssnn_fpga.runtime.lock import DeviceLock
from ssnn_fpga.runtime.manifest import MANIFEST_FILE
from ssnn_fpga.runtime.power import read_power
from ssnn_fpga.runtime.pynq_device import BITSTREAM_FILE, checked_bitstream
from ssnn_fpga.runtime.verification import REPORT_FILE, VERIFICATION_FILE, Verification, verify
from ssnn_fpga.runtime.xrt_device import XrtDevice
from ssnn_fpga.simulate.device import SimulatedDevice, manifest_of, open_engine
from tests.random_networks import random_frames
from tests.runtime.edge_design import HEIGHT, WIDTH, random_recording, write_edge_design

PATIENCE = 1e-4  # seconds of a clock of 100 MHz: 10,000 clocks


@pytest.fixture(scope="module")
def design(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("edge") / "design"
    write_edge_design(folder)
    return folder


@pytest.fixture(scope="module")
def network(design: Path) -> Network:
    return Design.load(design).network


@pytest.fixture
def engine(design: Path) -> Iterator[BusEngine]:
    opened = open_engine(design, patience=PATIENCE, memory=1 << 20)
    yield opened
    opened.close()


@pytest.fixture
def accelerator(engine: BusEngine) -> Accelerator:
    return Accelerator(engine)


def device_of(engine: BusEngine) -> SimulatedDevice:
    device = engine._device
    assert isinstance(device, SimulatedDevice)
    return device


def frames_of(network: Network, count: int, seed: int) -> np.ndarray:
    return random_frames(np.random.default_rng(seed), network, count)


def check(network: Network, frames: np.ndarray, result: Classified) -> None:
    readout = next(layer.name for layer in network.layers if isinstance(layer, Readout))
    expected = run(network, frames)[readout]
    np.testing.assert_array_equal(result.logits, expected)
    np.testing.assert_array_equal(result.classes, expected.argmax(axis=1))
    assert (result.cycles > 0).all()


def test_batches_are_exact_whatever_the_memory_does(
    accelerator: Accelerator, engine: BusEngine, network: Network
) -> None:
    frames = frames_of(network, 50, 1)
    for stall, batch in ((0.0, 50), (0.6, 7), (0.0, 1)):
        device_of(engine).edge.stall(stall, seed=batch)
        check(network, frames, accelerator.classify_batch(frames, batch=batch))
    assert accelerator.latency.samples == 150
    assert accelerator.latency.worst_us >= accelerator.latency.mean_us > 0
    counters = accelerator.counters
    assert (counters["frames"], counters["read_errors"], counters["discarded"]) == (150, 0, 0)
    assert accelerator.classify(frames[:0]).logits.shape == (0, 5)


def test_events_equal_frames(accelerator: Accelerator, engine: BusEngine, network: Network) -> None:
    rng = np.random.default_rng(2)
    recordings = [random_recording(rng) for _ in range(20)] + [random_recording(rng, 0)]
    compression = network.compression
    assert compression is not None
    assert engine.takes_events
    frames = np.stack([compress(events, compression) for events in recordings])
    check(network, frames, accelerator.classify_batch(recordings, batch=4))
    check(network, frames[:1], accelerator.classify(recordings[0]))
    assert accelerator.counters["events_accepted"] == len(recordings[0])
    accelerator._takes_events = False  # as for a device without the front end
    check(network, frames, accelerator.classify(recordings))


def test_streams_in_order_and_can_be_left(accelerator: Accelerator, network: Network) -> None:
    frames = frames_of(network, 12, 3)
    taken = []

    def source() -> Iterator[np.ndarray]:
        for place, frame in enumerate(frames):
            taken.append(place)
            yield frame

    results = accelerator.stream(source(), batch=2)
    first = next(results)
    check(network, frames[:2], first)
    assert taken == [0, 1, 2, 3], "no more is taken than one batch ahead"
    results.close()  # the batch that is under way is given up
    check(network, frames, accelerator.classify(frames))


@pytest.mark.parametrize("fault", ["read", "write"])
def test_an_error_on_the_bus_is_told_and_forgotten(
    accelerator: Accelerator, engine: BusEngine, network: Network, fault: str
) -> None:
    frames, edge = frames_of(network, 6, 4), device_of(engine).edge
    accelerator.classify(frames)
    slot = engine._slots[0]
    buffer = slot.input if fault == "read" else slot.output
    edge.fail(buffer.address + 40, 8)
    with pytest.raises(DeviceError, match=f"a {fault} (from|to) memory was refused"):
        accelerator.classify(frames)
    edge.fail(0, 0)
    check(network, frames, accelerator.classify(frames))  # weights were loaded again, too
    assert accelerator.counters[f"{fault}_errors"] >= 1


def test_memory_that_dies_is_told(accelerator: Accelerator, engine: BusEngine, network: Network) -> None:
    frames, edge = frames_of(network, 3, 5), device_of(engine).edge
    accelerator.classify(frames)
    edge.freeze(True)
    with pytest.raises(DeviceError, match="memory does not answer"):
        accelerator.classify(frames)
    edge.freeze(False)
    again = BusEngine(device_of(engine), engine.manifest, image=engine._image, patience=PATIENCE)
    check(network, frames, Accelerator(again).classify(frames))


def test_what_a_dead_process_left_behind(engine: BusEngine, network: Network) -> None:
    """A run under way, its end unseen, itself beginning again and again: the next open works."""
    frames, device = frames_of(network, 5, 6), device_of(engine)
    engine.fill(0, frames)
    engine.start(0)
    device.write(registers.CONTROL, registers.Control.AUTO_RESTART)
    again = BusEngine(device, engine.manifest, image=engine._image, patience=PATIENCE)
    check(network, frames, Accelerator(again).classify(frames))
    engine.start(0)
    device.wait(0.01)
    check(
        network, frames, Accelerator(BusEngine(device, engine.manifest, image=engine._image)).classify(frames)
    )


def test_a_user_who_interrupts(
    accelerator: Accelerator, engine: BusEngine, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control-C while the driver waits, then the same object again."""
    frames, device = frames_of(network, 8, 13), device_of(engine)

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(device, "wait", interrupted)
    for batch in (8, 2):
        with pytest.raises(KeyboardInterrupt):
            accelerator.classify_batch(frames, batch=batch)
    monkeypatch.undo()
    check(network, frames, accelerator.classify_batch(frames, batch=3))


def test_refusals(accelerator: Accelerator, engine: BusEngine, network: Network) -> None:
    frames = frames_of(network, 2, 7)
    events = random_recording(np.random.default_rng(7), 9)
    outside, backwards = events.copy(), events.copy()
    outside["x"][3] = WIDTH
    backwards["t"] = events["t"][::-1] - np.arange(9)
    wrong: list[tuple[Any, str]] = [
        (frames[:, :, :, :-1], r"shape \(2, 2, 2, 5, 7\)"),
        (frames[0], "do not fit this bitstream"),
        (frames.astype(np.float32), "give integers"),
        (frames + 4, "takes 0 … 3"),
        (frames - 4, "Frames hold values"),
        ([frames[0], frames[1][:, :1]], r"shape \(1, 2, 1, 6, 7\)"),
        ([frames[0], events], "mixed"),
        (["frame"], "neither a frame nor a recording"),
        (outside, f"{WIDTH} × {HEIGHT} pixels"),
        (backwards, "run backwards"),
        (np.zeros(3, dtype=[("t", int), ("x", int)]), "fields t, x, y, p"),
    ]
    for inputs, sentence in wrong:
        with pytest.raises(UserError, match=sentence):
            accelerator.classify(inputs)
        check(network, frames, accelerator.classify(frames))
    with pytest.raises(UserError, match="give at least 1"):
        accelerator.classify_batch(frames, batch=0)
    with pytest.raises(DeviceError, match="use a smaller batch"):
        accelerator.classify(np.repeat(frames, 10_000, axis=0))
    check(network, frames, accelerator.classify(frames))
    accelerator.close()
    accelerator.close()
    with pytest.raises(UserError, match="open it again"):
        accelerator.classify(frames)


def test_foreign_and_newer(engine: BusEngine, design: Path, tmp_path: Path) -> None:
    foreign = replace(engine.manifest, identity="0" * 32)
    with pytest.raises(UserError, match=f"runs the design {engine.manifest.identity}"):
        BusEngine(device_of(engine), foreign)
    newer = engine.manifest.to_json().replace('"format": 1', '"format": 2')
    (tmp_path / MANIFEST_FILE).write_text(newer)
    (tmp_path / "design").symlink_to(design)
    with pytest.raises(UserError, match="update ssnn-fpga"):
        Accelerator.open(tmp_path, device="sim")
    with pytest.raises(UserError, match="choose one of pynq, xrt, serial, sim"):
        Accelerator.open(tmp_path, device="parallel")


def test_weights_must_be_there(engine: BusEngine, network: Network) -> None:
    bare = Accelerator(BusEngine(device_of(engine), engine.manifest, patience=PATIENCE))
    with pytest.raises(UserError, match="give the image"):
        bare.classify(frames_of(network, 1, 8))


def test_a_device_belongs_to_one_process(
    design: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    hold = (
        "import sys; from ssnn_fpga.runtime.lock import DeviceLock; lock = DeviceLock('board'); "
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", hold], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(UserError, match=rf"board is busy \(process {other.pid}\)"):
            Accelerator.open(design, device="sim", name="board")
        other.kill()
    with Accelerator.open(design, device="sim", name="board"), pytest.raises(UserError, match="busy"):
        DeviceLock("board")
    DeviceLock("board").close()


class PlayedPackage:
    """``pynq`` and ``pyxrt`` as this driver uses them, around a simulated board."""

    def __init__(self, device: SimulatedDevice) -> None:
        self.device, self.downloaded = device, ""
        self.Clocks = SimpleNamespace(fclk0_mhz=0.0)
        self.xclBOSyncDirection = SimpleNamespace(XCL_BO_SYNC_BO_TO_DEVICE=0, XCL_BO_SYNC_BO_FROM_DEVICE=1)
        self.bo = type("bo", (_PlayedObject,), {"normal": 0, "board": device})

    def Bitstream(self, path: str) -> Any:
        self.downloaded = path
        return SimpleNamespace(download=lambda: None)

    def MMIO(self, base: int, size: int) -> Any:
        assert (base, size) == (0x43C00000, registers.SIZE)
        return SimpleNamespace(read=self.device.read, write=self.device.write)

    def allocate(self, shape: tuple[int], dtype: Any) -> Any:
        buffer = self.device.allocate(*shape)
        view: Any = buffer.array.view(_PlayedArray)
        view.device_address, view.flush = buffer.address, buffer.flush
        view.invalidate, view.freebuffer = buffer.invalidate, buffer.close
        return view


class _PlayedArray(np.ndarray):
    pass


class _PlayedObject:
    """A buffer object of pyxrt."""

    board: SimulatedDevice

    def __init__(self, card: Any, size: int, flags: int, bank: int) -> None:
        self._buffer = self.board.allocate(size)

    def map(self) -> memoryview:
        return memoryview(self._buffer.array)

    def address(self) -> int:
        return self._buffer.address

    def sync(self, direction: int, size: int, offset: int) -> None:
        (self._buffer.invalidate if direction else self._buffer.flush)()


def test_pynq_package(
    engine: BusEngine, network: Network, design: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device of PYNQ with the package played: the bitstream is checked, loaded, and works."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / BITSTREAM_FILE).write_bytes(b"bits")
    manifest = replace(
        engine.manifest, register_base=0x43C00000, bitstream_sha256=hashlib.sha256(b"bits").hexdigest()
    )
    (tmp_path / MANIFEST_FILE).write_text(manifest.to_json())
    with pytest.raises(UserError, match="pynq is missing"):
        Accelerator.open(tmp_path, device="pynq")
    package = PlayedPackage(device_of(engine))
    monkeypatch.setitem(sys.modules, "pynq", package)
    frames = frames_of(network, 9, 9)
    (tmp_path / "load.bin").write_bytes((design / "load.bin").read_bytes())
    with Accelerator.open(tmp_path, device="pynq", patience=0.05) as board:
        check(network, frames, board.classify_batch(frames, batch=4))
        with pytest.raises(UserError, match="busy"):
            Accelerator.open(tmp_path, device="pynq")
    assert package.downloaded == str(tmp_path / BITSTREAM_FILE)
    assert package.Clocks.fclk0_mhz == manifest.clock_mhz
    (tmp_path / BITSTREAM_FILE).write_bytes(b"bitz")
    with pytest.raises(UserError, match="is damaged"):
        checked_bitstream(tmp_path / BITSTREAM_FILE, manifest)


def test_xrt_package(engine: BusEngine, network: Network) -> None:
    device = device_of(engine)
    kernel = SimpleNamespace(read_register=device.read, write_register=device.write)
    card = XrtDevice(PlayedPackage(device), None, kernel, 100e6, 0)
    frames = frames_of(network, 9, 10)
    with Accelerator(BusEngine(card, engine.manifest, image=engine._image, patience=0.05)) as board:
        check(network, frames, board.classify_batch(frames, batch=4))


def test_identity_is_of_sources_and_weights(design: Path) -> None:
    loaded = Design.load(design)
    assert manifest_of(loaded) == manifest_of(loaded)
    assert len(manifest_of(loaded).identity) == 32


def expectation(engine: BusEngine, network: Network, count: int) -> Verification:
    frames = frames_of(network, count, 11)
    logits = run(network, frames)[network.layers[-1].name]
    labels = logits.argmax(axis=1)
    labels[0] = -1
    return Verification(frames.astype(np.uint8), logits, labels, engine.manifest.identity, "random frames")


def test_a_build_is_verified(
    accelerator: Accelerator, engine: BusEngine, network: Network, design: Path, tmp_path: Path
) -> None:
    """As a function and as the command of a board, whose report is a file; one logit off is found."""
    given = expectation(engine, network, 7)
    given.save(tmp_path)
    loaded = Verification.load(tmp_path)
    np.testing.assert_array_equal(loaded.frames, given.frames)
    report = verify(accelerator, loaded)
    assert (report["recordings"], report["differing"], report["accuracy"]) == (7, 0, 1.0)
    assert report["latency_us"]["worst"] >= report["latency_us"]["mean"] > 0
    with pytest.raises(UserError, match="copy both from one build"):
        verify(accelerator, replace(given, identity="0" * 32))

    (tmp_path / "design").symlink_to(design)
    assert main([str(tmp_path), "--device", "sim"]) == 0
    assert json.loads((tmp_path / REPORT_FILE).read_text())["differing"] == 0
    wrong = given.logits.copy()
    wrong[4, 1] += 1
    replace(given, logits=wrong).save(tmp_path)
    assert main([str(tmp_path), "--device", "sim"]) == 1
    assert json.loads((tmp_path / REPORT_FILE).read_text())["first_differing"] == 4
    (tmp_path / VERIFICATION_FILE).write_bytes(b"PK")
    assert main([str(tmp_path), "--device", "sim"]) == 2
    assert main([str(tmp_path / "nowhere"), "--device", "sim"]) == 2


def test_a_stream_is_followed(accelerator: Accelerator, network: Network) -> None:
    """Every window has the class of its events alone, and slow answers leave windows out."""
    events = random_recording(np.random.default_rng(12), 400)
    compression = network.compression
    assert compression is not None
    pieces = [events[place : place + 40] for place in range(0, 400, 40)]
    dropped = Dropped()
    seen = list(follow(accelerator, pieces, dropped, step_us=200))
    first, last = int(events["t"][0]), int(events["t"][-1])
    assert [sighting.end_us for sighting in seen] == [first + 200 * (k + 1) for k in range(len(seen))]
    assert first + 200 * len(seen) > last - 200
    assert dropped.windows == 0
    for sighting in seen:
        end = sighting.end_us
        inside = events[(events["t"] >= end - compression.window_us) & (events["t"] < end)]
        logits = run(network, compress(inside, compression)[None])[network.layers[-1].name]
        assert sighting.number == logits.argmax()
        assert sighting.events == len(inside)
        assert 0 <= sighting.confidence <= 1
    assert len(list(follow(accelerator, [events], dropped, step_us=200))) == 1
    assert dropped.windows == len(seen) - 1


def test_power_of_the_boards_own_sensors(tmp_path: Path) -> None:
    assert read_power(tmp_path) is None
    for number, (name, power) in enumerate(
        {"ina260_u14": 5_250_000, "nvme": 9_000_000, "ina226_u76": 1_000_000}.items()
    ):
        folder = tmp_path / f"hwmon{number}"
        folder.mkdir()
        (folder / "name").write_text(f"{name}\n")
        (folder / "power1_input").write_text(f"{power}\n")
    assert read_power(tmp_path) == 6.25
