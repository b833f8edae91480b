"""One event recording in N-MNIST's native ``.bin`` format (Orchard et al. 2015).

An event is 40 bits, big endian: x (8), y (8), polarity (1), timestamp in µs (23). A record
with y = 240 is no event: it marks an overflow of the camera's 13-bit clock and moves its own
and every later timestamp on by 2^13 µs, as in tonic's ``read_mnist_file``.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError

EVENT = np.dtype([("t", np.int64), ("x", np.int32), ("y", np.int32), ("p", np.int8)])
"""One event: timestamp in µs, column, row, polarity (1 is ON, brighter; 0 is OFF)."""

Events: TypeAlias = NDArray[np.void]
"""Structured array (events,) of dtype `EVENT`, in order of time."""

NMNIST_SENSOR = (34, 34)
"""(height, width) of N-MNIST's crop of the sensor, in pixels."""

RECORD_BYTES = 5
OVERFLOW_ROW = 240
OVERFLOW_US = 1 << 13
LAST_TIMESTAMP_US = (1 << 23) - 1


def read_recording(source: Path | bytes, name: str, sensor: tuple[int, int] = NMNIST_SENSOR) -> Events:
    """Decode the recording ``source`` (a file or its bytes), called ``name`` in messages.

    ``sensor`` is (height, width). Raises UserError for a file that cannot be read, that is empty
    or truncated, for an event outside the sensor and for timestamps that run backwards.
    """
    data = source if isinstance(source, bytes) else file_bytes(source, name)
    if not data:
        raise UserError(f"{name}: the recording is empty; remove the file or fetch it again.")
    if len(data) % RECORD_BYTES:
        raise UserError(
            f"{name}: the recording is truncated ({len(data)} bytes is no multiple of {RECORD_BYTES}, "
            "the size of an event); fetch it again."
        )
    records = np.frombuffer(data, dtype=np.uint8).reshape(-1, RECORD_BYTES).astype(np.int64)
    overflow = records[:, 1] == OVERFLOW_ROW
    t = (records[:, 2] & 0x7F) << 16 | records[:, 3] << 8 | records[:, 4]
    t += OVERFLOW_US * np.cumsum(overflow)
    indices = np.flatnonzero(~overflow)  # places in the file, which messages name

    events = np.empty(len(indices), dtype=EVENT)
    events["t"], events["x"], events["y"] = t[indices], records[indices, 0], records[indices, 1]
    events["p"] = records[indices, 2] >> 7
    if not len(events):
        raise UserError(f"{name}: the recording holds clock overflows but no event; remove the file.")
    check_events(events, name, sensor, indices)
    return events


def write_recording(events: Events) -> bytes:
    """The ``.bin`` bytes of ``events`` (fields t, x, y, p), without overflow records.

    Raises ValueError for an event that the 40 bits cannot hold.
    """
    bad = (events["t"] < 0) | (events["t"] > LAST_TIMESTAMP_US)
    for axis in ("x", "y"):
        bad |= (events[axis] < 0) | (events[axis] > 255)
    bad |= (events["y"] == OVERFLOW_ROW) | (events["p"] < 0) | (events["p"] > 1)
    if bad.any():
        index = int(np.argmax(bad))
        raise ValueError(f"event {index} does not fit the .bin format: {events[index]}")
    t = events["t"]
    records = np.empty((len(events), RECORD_BYTES), dtype=np.uint8)
    records[:, 0], records[:, 1] = events["x"], events["y"]
    records[:, 2] = events["p"].astype(np.int64) << 7 | t >> 16
    records[:, 3], records[:, 4] = t >> 8 & 0xFF, t & 0xFF
    return records.tobytes()


def check_events(
    events: Events, name: str, sensor: tuple[int, int], places: NDArray[np.int64] | None = None
) -> None:
    """Raise UserError for events outside ``sensor`` (height, width) or out of order of time.

    ``places`` (events,) are the events' numbers in the file, where something else is counted with them.
    """
    height, width = sensor
    outside = (events["x"] < 0) | (events["x"] >= width) | (events["y"] < 0) | (events["y"] >= height)
    if outside.any():
        first = int(np.argmax(outside))
        x, y = int(events["x"][first]), int(events["y"][first])
        raise UserError(
            f"{name}: event {_place(first, places)} (x = {x}, y = {y}) lies outside the {width} × {height} "
            "pixels of the sensor; use recordings of that sensor or a model made for this one."
        )
    backwards = np.diff(events["t"]) < 0
    if backwards.any():
        first = int(np.argmax(backwards)) + 1
        before, after = int(events["t"][first - 1]), int(events["t"][first])
        raise UserError(
            f"{name}: timestamps run backwards at event {_place(first, places)} (from {before} µs to {after} "
            "µs); sort the recording by time or fetch it again."
        )


def file_bytes(path: Path, name: str) -> bytes:
    """Content of a file that messages call ``name``. Raises UserError where it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{name}: the recording cannot be read ({error.strerror}); check it.") from error


def _place(index: int, places: NDArray[np.int64] | None) -> int:
    return index if places is None else int(places[index])
