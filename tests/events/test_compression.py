"""Compression against an obvious loop over the events."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.compression import compress, exponential_decay, frame_shape, windows
from ssnn_fpga.events.recording import EVENT, Events
from ssnn_fpga.network.layers import Compression
from tests.events.places import some_events


def loop(events: Events, c: Compression, first: int = 0, continuous: bool = False) -> NDArray[np.int64]:
    """docs/arithmetic.md, "Input", one event at a time, in Python integers: bins from ``first`` on."""
    f = c.spatial_factor
    sums = np.zeros((c.timesteps, 2, c.sensor_height // f, c.sensor_width // f), dtype=np.int64)
    for index, event in enumerate(events):
        t, x, y, p = (int(event[name]) for name in ("t", "x", "y", "p"))
        t -= int(events[0]["t"])
        step = index // c.bin_events if c.bin_events else t * c.timesteps // c.window_us
        step = step if continuous else min(step, c.timesteps - 1)
        weight = 16
        if c.decay:
            end = next(u for u in range(t + 1, t + 10**7) if u * c.timesteps >= (step + 1) * c.window_us)
            place = max(0, end - 1 - t) >> c.decay_shift
            weight = c.decay[place] if place < len(c.decay) else 0
        if 0 <= step - first < c.timesteps:
            sums[step - first, p, y // f, x // f] += weight
    return np.minimum((sums + 8) // 16, 2**c.bits - 1)


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


@pytest.mark.parametrize(
    "options",
    [
        {"bin_events": 7},
        {"bin_events": 1000},
        {"decay": (16, 11, 8, 6, 4, 3), "decay_shift": 4},
        {"decay": (3,), "decay_shift": 0},
    ],
)
@pytest.mark.parametrize("step", [None, 1, 2, 3])
def test_count_decay_and_windows_equal_the_loop(options: dict[str, Any], step: int | None) -> None:
    random = np.random.default_rng(5)
    events = some_events(random, 120, (4, 6))
    events["t"] = events["t"] // 250  # about 1.2 ms: several events in the same µs
    events["t"][60:] += 900  # a pause of several bins
    compression = Compression(4, 6, timesteps=3, bits=3, window_us=350, spatial_factor=2, **options)
    if step is None:
        np.testing.assert_array_equal(compress(events, compression), loop(events, compression))
        return
    got = list(windows(events, compression, step))
    last = 119 // compression.bin_events if compression.bin_events else int(np.ptp(events["t"])) * 3 // 350
    assert (len(got) - 1) * step + 2 >= last  # the last window holds the last bin, the one before did not
    assert len(got) == 1 or (len(got) - 2) * step + 2 < last
    for index, frame in enumerate(got):
        np.testing.assert_array_equal(frame, loop(events, compression, index * step, continuous=True))


def test_windows_of_few_events() -> None:
    compression = Compression(1, 1, timesteps=3, bits=8, window_us=30)
    assert [frame.tolist() for frame in windows(np.empty(0, dtype=EVENT), compression)] == [
        [[[[0]], [[0]]]] * 3
    ]
    events = np.array([(5, 0, 0, 1), (34, 0, 0, 1), (35, 0, 0, 1)], dtype=EVENT)
    assert [frame[:, 1].ravel().tolist() for frame in windows(events, compression)] == [[1, 0, 1], [0, 1, 1]]
    with pytest.raises(UserError, match="step of 0"):
        next(windows(events, compression, 0))


def test_the_table_of_a_half_life() -> None:
    table, shift = exponential_decay(half_life_us=64, bin_us=200, entries=16)
    assert shift == 4
    assert table == tuple(round(16 * 2 ** (-(i + 0.5) / 4)) for i in range(13))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"decay": (4,), "bin_events": 3}, "only one"),
        ({"decay": (17,)}, "sixteenths"),
        ({"bin_events": -1}, "must not be negative"),
    ],
)
def test_senseless_bins_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UserError, match=message):
        frame_shape(Compression(4, 4, 2, 3, 1000, **options))
