"""Cycles of the readers for given activity: what ``docs/hardware.md``, "Cycles", says in words.

A reader paces its layer: the kernel takes a beat a cycle. How many beats a window or a frame
has depends on its zeros, so the model takes activations (of the data that a plan is made for)
and not only shapes. ``timing`` makes times of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.network.layers import Integers

Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class Windows:
    """Geometry of a convolution as its reader sees it; ``word`` channels make one token or word."""

    height: int
    width: int
    channels: int
    word: int
    kernel: int
    stride: int = 1
    padding: int = 0
    tokens: int = 1
    """Input tokens of a pixel, where a gearbox makes wider words of them."""

    @property
    def words(self) -> int:
        """Tokens (or words) of a pixel."""
        return self.channels // self.word

    @property
    def pace(self) -> int:
        """Cycles in which a pixel arrives."""
        return max(self.words, self.tokens)

    @property
    def out_height(self) -> int:
        """Rows of windows."""
        return (self.height + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def out_width(self) -> int:
        """Windows of a row."""
        return (self.width + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def fresh(self) -> int:
        """Columns that a window adds to the one before it."""
        return min(self.stride, self.kernel)

    def rows_of(self, row: int) -> tuple[int, int]:
        """Frame rows that output row ``row`` reads, as (first, end)."""
        top = row * self.stride - self.padding
        return max(0, top), min(self.height, top + self.kernel)

    def rows_done(self, row: int) -> range:
        """Frame rows that no output row after ``row`` reads."""
        end = self.height if row == self.out_height - 1 else self.rows_of(row + 1)[0]
        return range(self.rows_of(row)[0], end)


def scatter_steps(windows: Windows, taps: int, pe_groups: int) -> Integers:
    """Steps (H, W) of a ``scatter_conv`` that adds a word of each pixel to ``taps`` windows at a time."""

    def reached(size: int, count: int) -> Integers:
        offsets = np.arange(size)[:, None] + windows.padding - np.arange(count) * windows.stride
        return np.asarray(((offsets >= 0) & (offsets < windows.kernel)).sum(axis=1))

    reach = -(-windows.kernel // windows.stride)
    rows = reached(windows.height, windows.out_height)
    columns = reached(windows.width, windows.out_width)
    if taps > 1:
        columns = np.minimum(columns, 1)
    if taps > reach:
        rows = np.minimum(rows, 1)
    return np.asarray(rows[:, None] * columns * pe_groups)


def rows_complete(windows: Windows, row: int) -> int:
    """How many rows of windows are complete with the frame rows up to ``row``."""
    if row == windows.height - 1:
        return windows.out_height
    last = (row + windows.padding - windows.kernel + 1) // windows.stride
    return min(windows.out_height, max(0, last + 1))


def nonzero_words(x: Integers, bits: int, tp: int, word: int) -> Flags:
    """Which words have a bit set in which group of ``tp`` planes: (N, planes/tp, C/word, H, W).

    ``x`` is (N,T,C,H,W) of ``bits`` bits.
    """
    n, t, c, h, w = x.shape
    planes = np.stack([(x >> b) & 1 for b in range(bits)], axis=2).reshape(n, t * bits, c, h, w) != 0
    grouped = planes.reshape(n, t * bits // tp, tp, c // word, word, h, w)
    return np.asarray(grouped.any(axis=(2, 4)))


def window_sums(values: Integers, windows: Windows) -> Integers:
    """Sums of (..., H, W) over the K x K pixels of every window: (..., H', W')."""
    p, k, s = windows.padding, windows.kernel, windows.stride
    padded = np.pad(values, (*([(0, 0)] * (values.ndim - 2)), (p, p), (p, p)))
    view = np.lib.stride_tricks.sliding_window_view(padded, (k, k), axis=(-2, -1))
    return np.asarray(view[..., ::s, ::s, :, :].sum(axis=(-2, -1)))


def tap_beats(words: Flags, windows: Windows, pe_groups: int, bit_groups: int, slices: int = 1) -> Integers:
    """Beats of every timestep group of every window of a ``tap_reader``, in order: (N, H', W', groups).

    ``words`` comes from ``nonzero_words``, ``bit_groups`` is max(1, A/TP), ``slices`` the groups
    of the convolution (depthwise: the PE groups).
    """
    n, planes, count = words.shape[:3]
    sliced = words.reshape(n, planes // bit_groups, bit_groups, slices, count // slices, *words.shape[3:])
    counts = window_sums(sliced.sum(axis=(2, 4), dtype=np.int64), windows)  # (N, times, slices, H', W')
    beats = np.maximum(counts, 1).transpose(0, 3, 4, 2, 1)
    repeated = np.repeat(beats, pe_groups // slices, axis=3)
    return repeated.reshape(*repeated.shape[:3], -1)


def window_beats(words: Flags, windows: Windows, full: int, skipped: int) -> Integers:
    """Beats of every window of a ``window_reader``: ``skipped`` where it is all zero, else ``full``."""
    zero = window_sums(words.sum(axis=(1, 2), dtype=np.int64), windows) == 0
    return np.where(zero, skipped, full)


def dense_beats(words: Flags, bit_groups: int) -> Integers:
    """Beats of every token (N, timestep groups) of one PE group of a ``frame_reader``."""
    n, planes = words.shape[:2]
    counts = words.reshape(n, planes // bit_groups, -1).sum(axis=2, dtype=np.int64)
    return np.asarray(np.maximum(counts, 1))
