"""Records in pieces, the newest window, and a recording at its own pace."""

from __future__ import annotations

import os
import time

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.live import Dropped, RecordReader, SlidingWindow, piped, played
from ssnn_fpga.events.recording import (
    EVENT,
    OVERFLOW_ROW,
    OVERFLOW_US,
    Events,
    read_recording,
    write_recording,
)


def events_of(times: list[int]) -> Events:
    events = np.zeros(len(times), dtype=EVENT)
    events["t"] = times
    events["x"] = np.arange(len(times)) % 34
    return events


def test_records_arrive_in_any_pieces() -> None:
    rng = np.random.default_rng(1)
    events = events_of(sorted(rng.integers(0, 5000, 200).tolist()))
    overflow = bytes((0, OVERFLOW_ROW, 0, 0, 0))
    data = write_recording(events[:90]) + overflow + write_recording(events[90:]) + overflow
    expected = read_recording(data, "whole")
    reader, place, found = RecordReader((34, 34), Dropped()), 0, []
    while place < len(data):
        size = int(rng.integers(1, 23))
        found.append(reader.feed(data[place : place + size]))
        place += size
    np.testing.assert_array_equal(np.concatenate(found), expected)
    later = reader.feed(write_recording(events_of([5000])))
    assert later["t"][0] == 5000 + 2 * OVERFLOW_US


def test_what_is_outside_or_late_is_dropped_and_counted() -> None:
    dropped = Dropped()
    reader = RecordReader((34, 20), dropped)
    kept = reader.feed(write_recording(events_of([10, 30, 20, 30, 29, 40])))
    assert kept["t"].tolist() == [10, 30, 30, 40]
    assert len(reader.feed(write_recording(events_of([39])))) == 0
    outside = events_of([50])
    outside["x"] = 20
    assert len(reader.feed(write_recording(outside))) == 0
    assert (dropped.outside, dropped.backwards) == (1, 3)


def test_windows_slide_and_only_the_newest_is_given() -> None:
    dropped = Dropped()
    window = SlidingWindow(100, 50, dropped)
    assert window.newest() is None
    window.add(events_of([1000, 1020, 1049]))
    assert window.newest() is None, "the first window is not over"
    window.add(events_of([1050, 1060]))
    end, events = window.newest() or pytest.fail("a window is over")
    assert (end, events["t"].tolist()) == (1050, [1000, 1020, 1049])
    assert window.newest() is None
    window.add(events_of([1120]))
    end, events = window.newest() or pytest.fail("a window is over")
    assert (end, events["t"].tolist()) == (1100, [1000, 1020, 1049, 1050, 1060])
    window.add(events_of([1130, 1260, 1290, 1310]))
    end, events = window.newest() or pytest.fail("a window is over")
    assert (end, events["t"].tolist()) == (1300, [1260, 1290])
    assert dropped.windows == 3
    with pytest.raises(UserError, match="goes nowhere"):
        SlidingWindow(100, 0, dropped)


def test_memory_has_a_bound() -> None:
    dropped = Dropped()
    window = SlidingWindow(1000, 100, dropped, most=50)
    for piece in range(400):
        window.add(events_of(list(range(piece * 10, piece * 10 + 10))))
        assert len(window._events) <= 50
    assert dropped.overrun > 0
    unlimited = SlidingWindow(100, 10, Dropped())
    for piece in range(400):  # nobody asks for a window, and yet only the last one is kept
        unlimited.add(events_of(list(range(piece * 10, piece * 10 + 10))))
        assert len(unlimited._events) <= 120


def test_a_recording_is_played_at_its_own_pace() -> None:
    events = events_of([5, 10_000, 20_000, 60_000])
    began = time.monotonic()
    pieces = list(played(events, pace=0.5))
    assert time.monotonic() - began >= 0.119
    assert len(pieces) >= 3
    np.testing.assert_array_equal(np.concatenate(pieces), events)
    assert list(played(events[:0])) == []


def test_a_pipe_that_pauses_and_ends() -> None:
    read, write = os.pipe()
    with os.fdopen(read, "rb") as end:
        os.write(write, b"abc")
        pieces = piped(end)
        assert next(pieces) == b"abc"
        assert next(pieces) == b""
        os.write(write, b"d")
        assert next(pieces) == b"d"
        os.close(write)
        assert list(pieces) == []
