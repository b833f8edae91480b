"""The .bin format, byte by byte, and every way in which a recording can be broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import open_recordings
from ssnn_fpga.events.recording import EVENT, read_recording, write_recording
from tests.events.places import real_nmnist, some_events

REAL = real_nmnist()


def record(x: int, y: int, p: int, t: int) -> bytes:
    """The 40 bits of one event, spelled out."""
    return (x << 32 | y << 24 | p << 23 | t).to_bytes(5, "big")


def test_fields_are_where_the_format_puts_them() -> None:
    events = read_recording(record(33, 2, 1, 5) + record(0, 31, 0, 0x7ABCDE), "a.bin")
    assert events.dtype == EVENT
    assert events.tolist() == [(5, 33, 2, 1), (0x7ABCDE, 0, 31, 0)]


def test_written_events_are_read_back(tmp_path: Path) -> None:
    events = some_events(np.random.default_rng(1), 500)
    events["t"][-1] = 2**23 - 1
    file = tmp_path / "a.bin"
    file.write_bytes(write_recording(events))
    np.testing.assert_array_equal(read_recording(file, "a.bin"), events)
    np.testing.assert_array_equal(read_recording(file.read_bytes(), "a.bin"), events)


def test_clock_overflows_are_no_events_but_move_the_time_on() -> None:
    data = record(1, 1, 0, 8000) + record(0, 240, 0, 0) + record(2, 2, 1, 8) + record(7, 240, 1, 9)
    assert read_recording(data + record(3, 3, 0, 9), "a.bin").tolist() == [
        (8000, 1, 1, 0),
        (8192 + 8, 2, 2, 1),
        (2 * 8192 + 9, 3, 3, 0),
    ]


@pytest.mark.parametrize("source", [pytest.param(REAL, id="N-MNIST" if REAL else "stand-in")])
def test_agrees_with_tonic(source: Path | None, tmp_path: Path) -> None:
    from tonic.datasets import NMNIST
    from tonic.io import read_mnist_file

    if source is None:
        with_overflow = record(1, 1, 0, 8000) + record(0, 240, 0, 0) + record(2, 2, 1, 8)
        contents = [write_recording(some_events(np.random.default_rng(2))), with_overflow]
    else:
        recordings = open_recordings(source)
        sources = [entry.source for entry in recordings.entries(recordings.splits[-1])[:20]]
        contents = [each if isinstance(each, bytes) else each.read_bytes() for each in sources]
    for content in contents:
        file = tmp_path / "a.bin"
        file.write_bytes(content)
        events, theirs = read_recording(content, "a.bin"), read_mnist_file(str(file), dtype=NMNIST.dtype)
        for field in ("t", "x", "y", "p"):
            np.testing.assert_array_equal(events[field], theirs[field])


BROKEN = {
    "empty": (b"", ["empty"]),
    "truncated": (record(1, 1, 0, 1) + b"\1\2", ["truncated", "7 bytes"]),
    "only overflows": (record(0, 240, 0, 0), ["no event"]),
    "too far right": (record(1, 1, 0, 1) + record(34, 2, 0, 2), ["event 1", "x = 34", "34 × 34"]),
    "too far down": (record(0, 240, 0, 0) + record(2, 34, 0, 2), ["event 1", "y = 34", "34 × 34"]),
    "time runs backwards": (
        record(0, 240, 0, 0) + record(0, 0, 0, 9) + record(1, 1, 0, 8),
        ["backwards", "event 2", "8201 µs", "8200 µs"],
    ),
}


@pytest.mark.parametrize(("data", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_recording_is_named_with_its_defect(data: bytes, words: list[str]) -> None:
    with pytest.raises(UserError) as raised:
        read_recording(data, "set.tar/Test/3/00007.bin")
    message = str(raised.value)
    assert message.startswith("set.tar/Test/3/00007.bin: ")
    for word in words:
        assert word in message


def test_a_missing_recording_is_named() -> None:
    with pytest.raises(UserError, match=r"^gone\.bin: .*cannot be read"):
        read_recording(Path("gone.bin"), "gone.bin")


def test_equal_timestamps_and_the_edge_of_the_sensor_are_fine() -> None:
    assert len(read_recording(record(9, 4, 0, 1) + record(9, 4, 1, 1), "a.bin", (5, 10))) == 2
    with pytest.raises(UserError, match="10 × 5"):
        read_recording(record(4, 9, 0, 1), "a.bin", (5, 10))


@pytest.mark.parametrize(
    ("field", "value"), [("t", 2**23), ("t", -1), ("x", 256), ("y", 240), ("y", -1), ("p", 2)]
)
def test_what_40_bits_cannot_hold_is_not_written(field: str, value: int) -> None:
    events = some_events(np.random.default_rng(3), 5)
    events[field][4] = value
    with pytest.raises(ValueError, match="event 4"):
        write_recording(events)
