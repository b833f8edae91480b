"""Compression against an obvious loop over the events."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.compression import compress, frame_shape
from ssnn_fpga.events.recording import EVENT, Events
from ssnn_fpga.network.layers import Compression
from tests.events.places import some_events


def loop(events: Events, c: Compression) -> NDArray[np.int64]:
    """docs/arithmetic.md, "Input", one event at a time, in Python integers."""
    f = c.spatial_factor
    counts = np.zeros((c.timesteps, 2, c.sensor_height // f, c.sensor_width // f), dtype=np.int64)
    t0 = int(events[0]["t"])
    for event in events:
        t, x, y, p = (int(event[name]) for name in ("t", "x", "y", "p"))
        step = (t - t0) * c.timesteps // c.window_us
        counts[min(step, c.timesteps - 1), p, y // f, x // f] += 1
    return np.minimum(counts, 2**c.bits - 1)


@pytest.mark.parametrize("seed", range(12))
def test_equals_the_loop(seed: int) -> None:
    random = np.random.default_rng(seed)
    factor = int(random.choice([1, 2, 3]))
    height, width = (int(n) * factor for n in random.integers(1, 10, 2))
    compression = Compression(
        sensor_height=height,
        sensor_width=width,
        timesteps=int(random.integers(1, 9)),
        bits=int(random.integers(1, 9)),
        window_us=int(random.choice([1_000, 99_991, 306_000, 5_000_000])),
        spatial_factor=factor,
    )
    events = some_events(random, 3000, (height, width))
    frames = compress(events, compression)
    assert frames.dtype == np.int64
    assert frames.shape == frame_shape(compression)
    np.testing.assert_array_equal(frames, loop(events, compression))


def test_the_bounds_of_a_bin() -> None:
    times = [1000, 1249, 1250, 1499, 1500, 1999, 2000, 90_000]  # D = 1000 from the first event on
    events = np.array([(t, 0, 0, 1) for t in times], dtype=EVENT)
    frames = compress(events, Compression(1, 1, timesteps=4, bits=8, window_us=1000))
    assert frames[:, 1].ravel().tolist() == [2, 2, 1, 3]  # what comes after D counts in the last bin
    assert not frames[:, 0].any()


def test_a_window_that_the_timesteps_do_not_divide_is_cut_without_drift() -> None:
    """One event at each µs of 100: bin k holds those with k·100/7 ≤ t < (k + 1)·100/7."""
    events = np.array([(50 + t, 0, 0, 0) for t in range(100)], dtype=EVENT)
    frames = compress(events, Compression(1, 1, timesteps=7, bits=8, window_us=100))
    assert frames[:, 0].ravel().tolist() == [15, 14, 14, 15, 14, 14, 14]


def test_counts_saturate_at_the_end() -> None:
    events = np.array([(0, 1, 0, 0)] * 9, dtype=EVENT)
    for bits, count in ((1, 1), (3, 7), (4, 9)):
        frames = compress(events, Compression(1, 2, timesteps=1, bits=bits, window_us=10))
        assert frames.ravel().tolist() == [0, count, 0, 0]


def test_no_events_make_empty_frames() -> None:
    assert not compress(np.empty(0, dtype=EVENT), Compression(34, 34, 4, 4, 1000)).any()


def test_a_factor_that_does_not_divide_the_sensor_is_refused() -> None:
    with pytest.raises(UserError, match=r"spatial_factor 4 .* 34 × 36"):
        frame_shape(Compression(36, 34, 4, 4, 1000, spatial_factor=4))
