"""Cycles a sample of each kind of module in steady state.

The hardware's side of this model is ``docs/hardware.md``, "Cycles"; a test holds both together.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssnn_fpga.plan.activity import Activity
from ssnn_fpga.plan.folds import Fold, FoldSpace
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


def dense(space: FoldSpace, fold: Fold) -> int:
    """A ``dense`` layer: its tokens are written while the frame before is worked on."""
    return max(space.inputs // fold.simd, _beats(space, fold))


def _beats(space: FoldSpace, fold: Fold) -> int:
    """Kernel cycles of one window or frame."""
    timestep_groups = space.timesteps // space.resident(fold.tp)
    folds = -(-space.inputs // fold.simd)
    return space.outputs // fold.pe * timestep_groups * space.plane_groups(fold.tp) * folds


def neuron(source: AccumulatorStream, tl: int) -> int:
    """A ``lif``: TL timesteps of PE channels a cycle."""
    return source.tokens * (source.resident // tl)


def readout(source: AccumulatorStream) -> int:
    """A ``readout``: one accumulator token a cycle, then one comparison a cycle."""
    return source.tokens + source.channels


def token_rate(source: ActivationStream, output: ActivationStream) -> int:
    """A module that takes and gives one token a cycle: ``pool``, ``temporal_transform``, ``gearbox``."""
    return max(source.tokens, output.tokens)
