"""The serial driver against a board played in Python, whose line can fail at will."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.rtl.stream import unpack_tokens
from ssnn_fpga.runtime.accelerator import Accelerator
from ssnn_fpga.runtime.device import DeviceError
from ssnn_fpga.runtime.manifest import Manifest, StreamFormat
from ssnn_fpga.runtime.serial_device import SerialAccelerator, sealed, unpack_result
from ssnn_fpga.runtime.serial_engine import SerialEngine

STREAM = StreamFormat(timesteps=2, channels=2, height=3, width=2, bits=3, group=1, outputs=3, logit_bits=9)
MANIFEST = Manifest(
    board="ulx3s",
    device="LFE5U-85F-6BG381C",
    identity="00112233445566778899aabbccddeeff",
    stream=STREAM,
    classes=("a", "b", "c"),
    compression={"bits": 3},
    clock_mhz=60.0,
    baud=3_000_000,
    tools={"yosys": "1"},
    seed=2,
    inputs_sha256="ab",
    bitstream_sha256="cd",
)


def reply(status: int, payload: bytes = b"") -> bytes:
    return sealed(bytes([0x5A, status]) + len(payload).to_bytes(2, "little") + payload)


def logits_of(frame: Integers) -> list[int]:
    """What the played board computes: the negative sum, the first value, the last minus 7."""
    return [-int(frame.sum()), int(frame.flat[0]), int(frame.flat[-1]) - 7]


class PlayedBoard:
    """Answers at once. ``faults`` are functions that spoil the next replies, one each."""

    def __init__(self, identity: str = MANIFEST.identity, *, version: int = 1) -> None:
        self.identify = (
            b"SSNN" + bytes([version]) + (1).to_bytes(2, "little") + (12).to_bytes(4, "little")
            + (4).to_bytes(2, "little") + bytes.fromhex(identity)
        )  # fmt: skip
        self.pending = b""
        self.requests: list[bytes] = []
        self.faults: list[bytes | None] = []
        self.closed = False

    def write(self, data: bytes, /) -> int:
        self.requests.append(data)
        self.pending += self._answer(data)
        if self.faults:
            fault = self.faults.pop(0)
            if fault is not None:
                self.pending = fault
        return len(data)

    def _answer(self, request: bytes) -> bytes:
        if sealed(request[:-2]) != request:
            return reply(2)
        if request[1] == 1:
            return reply(0, self.identify)
        rows = np.frombuffer(request[2:-2], dtype=np.uint8).reshape(-1, 1)
        logits = logits_of(unpack_tokens(rows, STREAM.shape, 1, 3)[0])
        word = sum((value & 511) << (9 * i) for i, value in enumerate(logits))
        word |= int(np.argmax(logits)) << 27
        return reply(0, (1234).to_bytes(4, "little") + word.to_bytes(4, "little"))

    def read(self, size: int, /) -> bytes:
        data, self.pending = self.pending[:size], self.pending[size:]
        return data

    def reset_input_buffer(self) -> None:
        self.pending = b""

    def close(self) -> None:
        self.closed = True


def frames(count: int) -> Integers:
    return np.random.default_rng(5).integers(0, 8, (count, *STREAM.shape))


def test_classifies() -> None:
    x = frames(4)
    with SerialAccelerator(PlayedBoard(), MANIFEST) as accelerator:
        result = accelerator.classify(x)
    expected = np.array([logits_of(frame) for frame in x])
    np.testing.assert_array_equal(result.logits, expected)
    np.testing.assert_array_equal(result.classes, expected.argmax(axis=1))
    assert result.cycles.tolist() == [1234] * 4


@pytest.mark.parametrize(
    "fault",
    [
        reply(2),
        reply(3),
        reply(4),
        b"",
        b"\x5a\x00",
        reply(0, b"x")[:-1],
        b"\x00" + reply(0),
        reply(0, b"ab")[:-1] + b"!",
    ],
    ids=["checksum", "broken off", "stalled", "silence", "short", "cut", "shifted", "damaged"],
)
def test_asks_again_after_a_fault(fault: bytes) -> None:
    board = PlayedBoard()
    accelerator = SerialAccelerator(board, MANIFEST)
    board.faults = [fault, fault]
    x = frames(1)
    assert accelerator.classify(x).logits.tolist() == [logits_of(x[0])]
    assert len(board.requests) == 4
    board.faults = [fault] * 3
    with pytest.raises(DeviceError, match="failed 3 times"):
        accelerator.classify(x)


def test_refuses_foreign_bitstreams() -> None:
    with pytest.raises(UserError, match="the manifest describes 0011"):
        SerialAccelerator(PlayedBoard("f" * 32), MANIFEST)
    with pytest.raises(UserError, match="version 2 of the protocol"):
        SerialAccelerator(PlayedBoard(version=2), MANIFEST)
    stranger = PlayedBoard()
    stranger.identify = b"HELLO" + stranger.identify[5:]
    with pytest.raises(UserError, match="no accelerator of this project"):
        SerialAccelerator(stranger, MANIFEST)


def test_refuses_frames_that_do_not_fit() -> None:
    accelerator = SerialAccelerator(PlayedBoard(), MANIFEST)
    with pytest.raises(UserError, match=r"it takes \(N, 2, 2, 3, 2\)"):
        accelerator.classify(frames(1)[:, :, :1])
    with pytest.raises(UserError, match=r"takes 0 … 7"):
        accelerator.classify(frames(1) + 8)


def test_unpacks_negative_logits() -> None:
    assert unpack_result((2 << 27 | 1 << 18 | 0x1FF << 9 | 0x100).to_bytes(4, "little"), STREAM) == (
        2,
        [-256, -1, 1],
    )


def test_manifest_round_trip(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(MANIFEST.to_json())
    assert Manifest.load(tmp_path) == MANIFEST
    assert Manifest.load(tmp_path / "manifest.json") == MANIFEST
    with pytest.raises(UserError, match=r"nowhere.* cannot be read"):
        Manifest.load(tmp_path / "nowhere")
    for damaged in ("{", "[]", "{}", '{"format": 1}', '{"format": 9}'):
        (tmp_path / "manifest.json").write_text(damaged)
        with pytest.raises(UserError, match=r"build the bitstream again|9, not 1: update ssnn-fpga"):
            Manifest.load(tmp_path)


def test_open_names_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(MANIFEST.to_json())
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(UserError, match=r"pip install 'ssnn-fpga\[serial\]'"):
        SerialAccelerator.open("/dev/null", path)


def test_the_same_face_as_every_other_device() -> None:
    """Behind ``Accelerator``: batches, streams, refusals, and the line given back."""
    board = PlayedBoard()
    engine = SerialEngine(SerialAccelerator(board, MANIFEST), replace(MANIFEST, compression=None))
    frames = np.random.default_rng(5).integers(0, 8, (7, *STREAM.shape))
    with Accelerator(engine) as accelerator:
        done = accelerator.classify_batch(frames, batch=3)
        assert done.logits.tolist() == [logits_of(frame) for frame in frames]
        assert accelerator.latency.samples == accelerator.counters["frames"] == 7
        assert accelerator.latency.mean_us == pytest.approx(1234 / 60)
        with pytest.raises(UserError, match="does not say how events become its frames"):
            accelerator.classify([np.zeros(1, dtype=[("t", int), ("x", int), ("y", int), ("p", int)])])
        with pytest.raises(UserError, match="give integers"):
            accelerator.classify(frames + 0.5)
    assert board.closed
