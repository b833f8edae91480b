"""Cycles of the readers for given activity: what ``docs/hardware.md``, "Cycles", says in words.

A reader paces its layer: the kernel takes a beat a cycle. How many beats a window or a frame
has depends on its zeros, so the model takes activations (of the data that a plan is made for)
and not only shapes. Times are clock edges counted from the first token; every neighbour keeps up.
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
    def arrival(self) -> int:
        """Cycles in which a row arrives."""
        return self.width * max(self.words, self.tokens)

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


def dense_beats(words: Flags, pe_groups: int, bit_groups: int) -> Integers:
    """Beats of every frame (N,) of a ``frame_reader`` whose tokens have the flags ``words``."""
    n, planes = words.shape[:2]
    counts = words.reshape(n, planes // bit_groups, -1).sum(axis=2, dtype=np.int64)
    return np.asarray(pe_groups * np.maximum(counts, 1).sum(axis=1))


class _Rows:
    """When the rows of all frames are written into a memory that holds ``held`` of them."""

    def __init__(self, windows: Windows, held: int) -> None:
        self._windows, self._held = windows, held
        self._written: list[int] = []
        self._free: dict[int, int] = {}

    def available(self, frame: int, row: int) -> int:
        """The edge that writes the last token which output row ``row`` needs."""
        last = frame * self._windows.height + self._windows.rows_of(row)[1] - 1
        for k in range(len(self._written), last + 1):
            before = self._written[-1] if k else 0
            start = max(before, self._free.get(k - self._held, 0))
            self._written.append(start + self._windows.arrival)
        return self._written[last]

    def release(self, frame: int, row: int, edge: int) -> None:
        """Output row ``row`` was the last to need its rows, until ``edge``."""
        for k in self._windows.rows_done(row):
            self._free[frame * self._windows.height + k] = edge


def tap_frame_ends(beats: Integers, windows: Windows) -> Integers:
    """The edge (N,) at which the last beat of each frame of a ``tap_reader`` is picked.

    ``beats`` (N, H', W', groups) comes from ``tap_beats``; ``windows.word`` is the reader's word.
    """
    rows = _Rows(windows, windows.kernel + windows.stride)
    total, final = beats.sum(axis=3).tolist(), beats[..., -1].tolist()
    ends: list[int] = []
    loaded = last_taken = end = 0  # the window before: passed on, its last timestep group taken, done
    for frame in range(len(beats)):
        for row in range(windows.out_height):
            arrived = rows.available(frame, row) + 1
            columns = windows.kernel
            for work, last in zip(total[frame][row], final[frame][row], strict=True):
                loaded = max(max(loaded, arrived) + columns, last_taken)
                end = max(loaded + 1, end) + work
                last_taken = end - last
                columns = windows.fresh
            rows.release(frame, row, end + 2)
        ends.append(end)
    return np.array(ends)


def window_frame_ends(beats: Integers, windows: Windows) -> Integers:
    """The edge (N,) at which the last beat of each frame of a ``window_reader`` is taken.

    ``beats`` (N, H', W') comes from ``window_beats``; ``windows.word`` is the input group.
    """
    rows = _Rows(windows, windows.kernel + 1)
    tokens = windows.fresh * windows.words
    loads = -(-windows.kernel // windows.fresh)
    absent = (loads * windows.fresh - windows.kernel) * windows.words
    ends: list[int] = []
    loaded = issued = 0  # the load before; the last column token read from the rows
    done = 0  # the edge from which the window registers are free
    for frame in beats.tolist():
        for row, works in enumerate(frame):
            issue = max(issued, rows.available(len(ends), row)) + 1
            collected: list[int] = []
            for place, work in enumerate(works):
                for load in range(loads if place == 0 else 1):
                    fresh = tokens - (absent if place == load == 0 else 0)
                    first = max(loaded, issue + 2 if not collected else 0)
                    collected += range(first, first + fresh)
                    loaded = max(first + fresh, done)
                done = loaded + work
            # Three tokens wait between the rows and the columns being collected.
            issued = max(issue + len(collected) - 1, collected[-4] + 1 if len(collected) > 3 else 0)
            rows.release(len(ends), row, issued)
        ends.append(done)
    return np.array(ends)


def dense_frame_ends(beats: Integers, tokens: int) -> Integers:
    """The edge (N,) at which the last beat of each frame of a ``frame_reader`` is read."""
    written, read = [0], [0, 0]
    for work in beats.tolist():
        written.append(max(written[-1], read[-2]) + tokens)
        read.append(max(read[-1], written[-1]) + work)
    return np.array(read[2:])


def steady_cycles(ends: Integers) -> float:
    """Mean cycles a frame once the pipeline is full: ``ends`` of some frames, the first left out."""
    return float(ends[-1] - ends[0]) / (len(ends) - 1)
