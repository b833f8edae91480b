"""Events as they come: records of the ``.bin`` format in pieces, and the newest window of them.

What comes too late is dropped and counted; nothing is kept that no later window can hold.
"""

from __future__ import annotations

import os
import select
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.recording import EVENT, OVERFLOW_ROW, OVERFLOW_US, RECORD_BYTES, Events

_PIECE = 1 << 16
"""Most bytes that one read takes."""
_IDLE = 0.05
"""Seconds to wait for a pipe before looking at the clock again."""


@dataclass
class Dropped:
    """What never reached a window, or only windows that were passed over."""

    outside: int = 0
    """Events outside the sensor."""
    backwards: int = 0
    """Events earlier than one that had come before."""
    overrun: int = 0
    """Events beyond the most that a window may hold, the oldest first."""
    windows: int = 0
    """Windows that were over before the last one had been classified."""


class RecordReader:
    """Decodes records of 40 bits from pieces that begin and end anywhere."""

    def __init__(self, sensor: tuple[int, int], dropped: Dropped) -> None:
        """``sensor`` is (height, width)."""
        self._sensor, self._dropped = sensor, dropped
        self._rest = b""
        self._overflow = self._latest = 0

    def feed(self, piece: bytes) -> Events:
        """The events of all records that are whole by now, in order of time."""
        data = self._rest + piece
        whole = len(data) // RECORD_BYTES * RECORD_BYTES
        self._rest = data[whole:]
        records = np.frombuffer(data[:whole], dtype=np.uint8).reshape(-1, RECORD_BYTES).astype(np.int64)
        overflow = records[:, 1] == OVERFLOW_ROW
        t = (records[:, 2] & 0x7F) << 16 | records[:, 3] << 8 | records[:, 4]
        t += self._overflow + OVERFLOW_US * np.cumsum(overflow)
        self._overflow += OVERFLOW_US * int(overflow.sum())
        height, width = self._sensor
        outside = ~overflow & ((records[:, 0] >= width) | (records[:, 1] >= height))
        self._dropped.outside += int(outside.sum())
        kept = ~overflow & ~outside
        records, t = records[kept], t[kept]
        front = np.maximum.accumulate(np.concatenate(([self._latest], t)))
        late = t < front[:-1]
        self._dropped.backwards += int(late.sum())
        self._latest = int(front[-1])
        events = np.empty(int((~late).sum()), dtype=EVENT)
        events["t"], events["x"], events["y"] = t[~late], records[~late, 0], records[~late, 1]
        events["p"] = records[~late, 2] >> 7
        return events


class SlidingWindow:
    """Keeps the events of the last ``window_us``; a window ends every ``step_us`` from the first event on."""

    def __init__(self, window_us: int, step_us: int, dropped: Dropped, most: int = 1 << 20) -> None:
        """``most``: events that are kept at once. Raises UserError for a step of nothing."""
        if step_us < 1:
            raise UserError(f"A step of {step_us} µs goes nowhere: give at least 1.")
        self._window, self._step, self._dropped, self._most = window_us, step_us, dropped, most
        self._events: Events = np.zeros(0, dtype=EVENT)
        self._origin: int | None = None
        self._ended = 0  # windows that are over, dropped ones too

    def add(self, events: Events) -> None:
        """Later events than all before."""
        if not len(events):
            return
        if self._origin is None:
            self._origin = int(events["t"][0])
        joined = np.concatenate((self._events, events))
        overrun = max(0, len(joined) - self._most)
        self._dropped.overrun += overrun
        # Window k ends at origin + k * step, so the next one to end begins no earlier than this.
        begin = self._origin + (self._ended + 1) * self._step - self._window
        latest = self._newest(int(joined["t"][-1]))
        begin = max(begin, self._origin + latest * self._step - self._window)
        self._events = joined[max(overrun, int(np.searchsorted(joined["t"], begin))) :]

    def newest(self) -> tuple[int, Events] | None:
        """End in µs and events of the latest window that is over and was not given yet, None without one."""
        if self._origin is None or not len(self._events):
            return None
        ended = self._newest(int(self._events["t"][-1]))
        if ended <= self._ended:
            return None
        self._dropped.windows += ended - self._ended - 1
        self._ended = ended
        end = self._origin + ended * self._step
        low, high = np.searchsorted(self._events["t"], (end - self._window, end))
        return end, self._events[low:high].copy()

    def _newest(self, now: int) -> int:
        assert self._origin is not None
        return (now - self._origin) // self._step


def piped(stream: BinaryIO) -> Iterator[bytes]:
    """What a pipe has whenever somebody looks, until it ends; empty where nothing has come for a while."""
    descriptor = stream.fileno()
    while True:
        ready, _, _ = select.select([descriptor], [], [], _IDLE)
        if not ready:
            yield b""
            continue
        piece = os.read(descriptor, _PIECE)
        if not piece:
            return
        yield piece


def played(events: Events, pace: float = 1.0) -> Iterator[Events]:
    """A recording at its own pace (``pace`` times as fast): what has happened whenever somebody looks."""
    if not len(events):
        return
    began, first, given = time.monotonic(), int(events["t"][0]), 0
    while given < len(events):
        now = first + (time.monotonic() - began) * pace * 1e6
        until = int(np.searchsorted(events["t"], now, side="right"))
        if until > given:
            yield events[given:until]
            given = until
        else:
            ahead = (int(events["t"][given]) - now) / pace / 1e6
            time.sleep(max(0.0, min(ahead, _IDLE)))
