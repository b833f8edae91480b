"""Cycles a sample of each kind of module in steady state.

The hardware's side of this model is ``docs/hardware.md``, "Cycles"; a test holds both together.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ssnn_fpga.network.layers import Integers
from ssnn_fpga.plan.activity import Activity
from ssnn_fpga.plan.folds import Fold, FoldSpace
from ssnn_fpga.plan.readers import Windows, rows_complete, scatter_steps, window_sums
from ssnn_fpga.plan.streams import AccumulatorStream, ActivationStream


@dataclass(frozen=True)
class Window:
    """Geometry of a convolution."""

    kernel: int
    stride: int
    height: int
    width: int
    out_height: int
    out_width: int
    padding: int


def conv(space: FoldSpace, fold: Fold, groups: int, window: Window, activity: Activity | None = None) -> int:
    """A ``conv`` fed with ``groups`` tokens a pixel: rows at the pace of kernel, columns or tokens.

    The mean over the samples of ``activity``; without it, no window is zero.
    """
    timestep_groups = space.outputs // fold.pe * (space.timesteps // space.resident(fold.tp))
    fresh = min(window.stride, window.kernel)
    columns = fresh * groups
    refill = (-(-window.kernel // fresh) - 1) * columns
    full, zero = max(_beats(space, fold), columns), max(timestep_groups, columns)
    row_tokens = window.width * groups
    rows = (float(window.out_height),) if activity is None else activity.rows
    cycles = sum(
        count * max(refill + window.out_width * full - zeros * (full - zero), row_tokens)
        for zeros, count in enumerate(rows)
        if count
    )
    return round(cycles) + max(0, window.height - window.out_height) * row_tokens


def taps(space: FoldSpace, fold: Fold, window: Window, tokens: int, activity: Activity | None = None) -> int:
    """A ``conv`` whose window is read tap by tap, fed with ``tokens`` tokens a pixel.

    Each row at the pace of its beats, of the columns of zero flags or of the tokens that arrive.
    """
    pe_groups = space.outputs // fold.pe
    fresh = min(window.stride, window.kernel)
    lanes = fold.pe if space.depthwise else fold.simd
    words = space.channels * space.groups // lanes
    if activity is None:
        # Taps in the padding are zero whatever the frame holds.
        work = _taps_inside(window) * (_beats(space, fold) // window.kernel**2)
    else:
        windows = Windows(
            window.height, window.width, space.channels * space.groups, lanes, window.kernel, window.stride,
            window.padding,
        )  # fmt: skip
        slices = words if space.depthwise else space.groups
        work = activity.tap_beats(windows, fold.tp, slices) * (pe_groups // slices)
    rows = np.maximum(work, fresh).sum(axis=2) + np.maximum(0, window.kernel - work[:, :, 0])
    arrival = window.width * max(words, tokens)
    paced = np.maximum(rows, window.stride * arrival).sum(axis=1)
    return round(float(np.maximum(paced, window.height * arrival).mean()))


def scatter(
    space: FoldSpace, fold: Fold, window: Window, tokens: int, activity: Activity | None = None
) -> int:
    """A convolution that scatters its input, fed with ``tokens`` tokens a pixel.

    Each row at the pace of its steps, those that read sums out included, or of the words that arrive.
    """
    times, pe_groups = space.planes // fold.tp, space.outputs // fold.pe
    windows = Windows(
        window.height, window.width, space.channels, fold.simd, window.kernel, window.stride, window.padding
    )
    counts = (
        np.full((1, window.height, window.width), space.channels // fold.simd * times)
        if activity is None
        else activity.scatter_words(fold.tp, fold.simd)
    )
    steps = scatter_steps(windows, fold.scatter, pe_groups)
    complete = np.diff([0, *(rows_complete(windows, row) for row in range(window.height))])
    work = (counts * steps).sum(axis=2) + complete * (windows.out_width * pe_groups * times)
    return round(float(np.maximum(work, np.maximum(counts, tokens).sum(axis=2)).sum(axis=1).mean()))


@lru_cache
def _taps_inside(window: Window) -> Integers:
    """(1, H', W') taps of each window that lie in the frame."""
    geometry = Windows(window.height, window.width, 1, 1, window.kernel, window.stride, window.padding)
    return window_sums(np.ones((1, window.height, window.width), dtype=np.int64), geometry)


def dense(space: FoldSpace, fold: Fold, activity: Activity | None = None) -> int:
    """A ``dense`` layer: its tokens are written while the frame before is worked on."""
    arrival = space.inputs // fold.simd
    if activity is None:
        return max(arrival, _beats(space, fold))
    beats = activity.dense_beats(fold.tp, fold.simd).sum(axis=1) * (space.outputs // fold.pe)
    return round(float(np.maximum(arrival, beats).mean()))


def fetch(space: FoldSpace, fold: Fold, windows: int, weight_bits: int) -> int:
    """Cycles a sample in which the memory port brings the words of a layer with streamed weights.

    Every window takes every word, once for each plane group; the port gives a beat a cycle.
    """
    if not fold.streamed:
        return 0
    words = space.outputs // fold.pe * -(-space.inputs // fold.simd) * (space.planes // fold.tp)
    return windows * words * -(-fold.pe * fold.simd * weight_bits // fold.streamed)


def _beats(space: FoldSpace, fold: Fold) -> int:
    """Kernel cycles of one window or frame."""
    timestep_groups = space.timesteps // space.resident(fold.tp)
    folds = -(-space.inputs // fold.simd)
    return space.outputs // fold.pe * timestep_groups * space.plane_groups(fold.tp) * folds


def neuron(source: AccumulatorStream, tl: int) -> int:
    """A ``lif``: TL timesteps of PE channels a cycle."""
    return source.tokens * (source.resident // tl)


def readout(source: AccumulatorStream) -> int:
    """A ``readout``: one accumulator token a cycle, then a comparison a cycle and one cycle before."""
    return source.tokens + source.channels + 1


def token_rate(source: ActivationStream, output: ActivationStream) -> int:
    """A module that takes and gives one token a cycle: ``pool``, ``temporal_transform``, ``gearbox``."""
    return max(source.tokens, output.tokens)
