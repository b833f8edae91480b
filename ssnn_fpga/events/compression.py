"""Spatio-temporal compression: events become T frames of b-bit counts (docs/arithmetic.md, "Input")."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.recording import Events
from ssnn_fpga.network.layers import Compression


def frame_shape(compression: Compression) -> tuple[int, int, int, int]:
    """(T, 2, H, W) of one compressed recording.

    Raises UserError where the spatial factor does not divide the sensor: a border of smaller
    cells would count fewer events than the rest.
    """
    factor, height, width = compression.spatial_factor, compression.sensor_height, compression.sensor_width
    if factor < 1 or height % factor or width % factor:
        raise UserError(
            f"compression: spatial_factor {factor} does not divide the sensor of {width} × {height} pixels; "
            "choose a common divisor of both."
        )
    return (compression.timesteps, 2, height // factor, width // factor)


def compress(events: Events, compression: Compression) -> NDArray[np.int64]:
    """Count ``events`` into (T, 2, H, W): bin, polarity (0 is OFF, 1 is ON), row, column.

    bin = min(T - 1, (t - t0) * T // D), t0 the first timestamp, D = ``window_us``. Counts saturate
    at 2**bits - 1. Events must be in order of time and on the sensor (`read_recording` checks it).
    """
    shape = frame_shape(compression)
    timesteps, _, height, width = shape
    if not len(events):
        return np.zeros(shape, dtype=np.int64)
    t = events["t"]
    step = np.minimum(timesteps - 1, (t - t[0]) * timesteps // compression.window_us)
    row, column = events["y"] // compression.spatial_factor, events["x"] // compression.spatial_factor
    cell = ((step * 2 + events["p"]) * height + row) * width + column
    counts = np.bincount(cell, minlength=int(np.prod(shape)))
    return np.minimum(counts, (1 << compression.bits) - 1).reshape(shape)
