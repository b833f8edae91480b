"""Spatio-temporal compression: events become T frames of b-bit counts (docs/arithmetic.md, "Input")."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.recording import Events
from ssnn_fpga.network.layers import Compression

DECAY_FRACTION = 4
"""Fractional bits of a decay weight."""

Integers = NDArray[np.int64]


def frame_shape(compression: Compression) -> tuple[int, int, int, int]:
    """(T, 2, H, W) of one compressed recording.

    Raises UserError where the spatial factor does not divide the sensor, because a border of
    smaller cells would count fewer events than the rest; and for binning that makes no sense.
    """
    factor, height, width = compression.spatial_factor, compression.sensor_height, compression.sensor_width
    if factor < 1 or height % factor or width % factor:
        raise UserError(
            f"compression: spatial_factor {factor} does not divide the sensor of {width} × {height} pixels; "
            "choose a common divisor of both."
        )
    if compression.bin_events < 0 or compression.decay_shift < 0:
        raise UserError("compression: bin_events and decay_shift must not be negative; leave them out or 0.")
    if compression.decay and compression.bin_events:
        raise UserError(
            "compression: decay needs bins of equal duration, since a bin of bin_events ends at no known "
            "time; give only one of them."
        )
    if any(not 0 <= weight <= 1 << DECAY_FRACTION for weight in compression.decay):
        raise UserError(
            f"compression: a weight of decay is outside 0 to {1 << DECAY_FRACTION}; give sixteenths."
        )
    return (compression.timesteps, 2, height // factor, width // factor)


def compress(events: Events, compression: Compression) -> Integers:
    """Count ``events`` into (T, 2, H, W): bin, polarity (0 is OFF, 1 is ON), row, column.

    Events later than the last bin count in it. Events must be in order of time and on the sensor
    (`read_recording` checks it). Raises UserError as `frame_shape`.
    """
    shape = frame_shape(compression)
    last = compression.timesteps - 1
    step = np.minimum(last, _bins(events, compression))
    return _counts(events, step, compression, shape)


def windows(events: Events, compression: Compression, step: int = 1) -> Iterator[Integers]:
    """Continuous operation: the frames (T, 2, H, W) of bins 0 … T - 1, of ``step`` … ``step`` + T - 1, ….

    Bins go on with the recording at D/T (or ``bin_events``) each. The last window is the first that
    holds the last event's bin; bins that have not begun by then are empty. A recording
    without events has one empty window. Raises UserError as `frame_shape`, and for ``step`` < 1.
    """
    if step < 1:
        raise UserError(f"windows: a step of {step} bins goes nowhere; give at least 1.")
    shape = frame_shape(compression)
    timesteps = compression.timesteps
    bins = _bins(events, compression)
    beyond = int(bins[-1]) - timesteps + 1 if len(events) else 0
    for window in range(1 + max(0, -(-beyond // step))):
        first = window * step
        low, high = np.searchsorted(bins, (first, first + timesteps))
        yield _counts(events[low:high], bins[low:high] - first, compression, shape, events["t"][:1], first)


def exponential_decay(half_life_us: float, bin_us: int, entries: int = 16) -> tuple[tuple[int, ...], int]:
    """(``decay``, ``decay_shift``) of a `Compression` for w = 2^(-age / half_life) in bins of ``bin_us``.

    An entry is the weight at the middle of its range of ages; the table covers the bin with at most
    ``entries`` of them.
    """
    shift = max(0, -(-bin_us // entries) - 1).bit_length()
    middles = (np.arange(-(-bin_us >> shift)) + 0.5) * (1 << shift)
    weights = np.rint(np.exp2(DECAY_FRACTION - middles / half_life_us)).astype(int)
    return tuple(weights.tolist()), shift


def _bins(events: Events, compression: Compression) -> Integers:
    """The bin of each event, without an upper limit."""
    if compression.bin_events:
        return np.arange(len(events), dtype=np.int64) // compression.bin_events
    t = events["t"]
    return np.asarray((t - t[:1]) * compression.timesteps // compression.window_us)


def _weights(
    events: Events, step: Integers, compression: Compression, start: Integers, first: int
) -> Integers:
    """Weight of each event in sixteenths, by its age at the end of its bin ``first + step``."""
    table = np.append(np.array(compression.decay, dtype=np.int64), 0)
    ends = start - (-(first + step + 1) * compression.window_us // compression.timesteps)
    age = np.maximum(0, ends - 1 - events["t"]) >> compression.decay_shift
    return np.asarray(table[np.minimum(age, len(compression.decay))])


def _counts(
    events: Events,
    step: Integers,
    compression: Compression,
    shape: tuple[int, int, int, int],
    start: Integers | None = None,
    first: int = 0,
) -> Integers:
    """Sum the events of one frame. ``start`` (1,) is when the recording's bin 0 began."""
    _, _, height, width = shape
    row, column = events["y"] // compression.spatial_factor, events["x"] // compression.spatial_factor
    cell = ((step * 2 + events["p"]) * height + row) * width + column
    counts = np.zeros(int(np.prod(shape)), dtype=np.int64)
    if compression.decay:
        start = events["t"][:1] if start is None else start
        np.add.at(counts, cell, _weights(events, step, compression, start, first))
        counts = (counts + (1 << (DECAY_FRACTION - 1))) >> DECAY_FRACTION
    else:
        counts += np.bincount(cell, minlength=len(counts))
    return np.minimum(counts, (1 << compression.bits) - 1).reshape(shape)
