"""The cycle model of the readers where the answer is known; the benches hold it to the hardware."""

from __future__ import annotations

import numpy as np
import pytest

from ssnn_fpga.plan.readers import Windows, dense_beats, nonzero_words, tap_beats, window_beats
from ssnn_fpga.plan.timing import dense_frame_ends, steady_cycles, tap_frame_ends, window_frame_ends


def _frames(value: int) -> np.ndarray:
    return np.full((4, 2, 8, 6, 6), value)


def test_a_full_frame_takes_every_beat_and_an_empty_one_a_beat_a_timestep_group() -> None:
    windows = Windows(6, 6, 8, 4, kernel=3)
    for value, each in ((3, 9 * 2 * 2), (0, 1)):
        beats = tap_beats(nonzero_words(_frames(value), 2, 1, 4), windows, pe_groups=3, bit_groups=2)
        assert beats.shape == (4, 4, 4, 3 * 2)
        assert (beats == each).all()


def test_a_word_counts_in_the_windows_that_see_it_and_in_its_planes() -> None:
    x = _frames(0)
    x[:, 1, 5, 2, 3] = 2  # second timestep, upper bit, second word of four channels
    words = nonzero_words(x, 2, 1, 4)
    assert words.sum(axis=(1, 2, 3, 4)).tolist() == [1] * 4
    assert words[0, 3, 1, 2, 3]
    beats = tap_beats(words, Windows(6, 6, 8, 4, kernel=1), pe_groups=1, bit_groups=2)
    assert (beats == 1).all()


def test_each_pe_group_of_a_grouped_layer_counts_its_own_slice() -> None:
    x = _frames(1)
    x[:, :, :4] = 0
    windows = Windows(6, 6, 8, 2, kernel=3)
    beats = tap_beats(nonzero_words(x, 1, 1, 2), windows, pe_groups=4, bit_groups=1, slices=2)
    assert beats[0, 0, 0].tolist() == [1, 1, 1, 1, 18, 18, 18, 18]


@pytest.mark.parametrize("stride", [1, 2])
def test_a_kernel_that_limits_sets_the_pace(stride: int) -> None:
    windows = Windows(6, 6, 8, 4, kernel=3, stride=stride, padding=1)
    words = nonzero_words(np.ones((4, 2, 8, 6, 6), dtype=np.int64), 1, 1, 4)
    taps = tap_beats(words, windows, pe_groups=16, bit_groups=1)
    assert steady_cycles(tap_frame_ends(taps, windows)) == taps[0].sum()
    full = window_beats(words, windows, full=200, skipped=20)
    refill = windows.out_height * (-(-3 // windows.fresh) - 1) * windows.fresh * windows.words
    assert steady_cycles(window_frame_ends(full, windows)) == full[0].sum() + refill


def test_arrival_limits_empty_frames() -> None:
    windows = Windows(6, 6, 8, 1, kernel=3, padding=1)
    words = nonzero_words(_frames(0), 1, 1, 1)
    assert steady_cycles(tap_frame_ends(tap_beats(words, windows, 1, 1), windows)) == 6 * 6 * 8
    assert steady_cycles(dense_frame_ends(dense_beats(words, 1).sum(axis=1), 288)) == 288
