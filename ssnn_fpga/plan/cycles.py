"""Cycles a sample of each kind of module in steady state, no window skipped.

The hardware's side of this model is ``docs/hardware.md``, "Cycles"; a test holds both together.
"""

from __future__ import annotations

from ssnn_fpga.plan.folds import Fold, FoldSpace
from ssnn_fpga.plan.streams import AccumulatorStream, ActivationStream


def synapses(space: FoldSpace, fold: Fold, source: ActivationStream, pixels: int) -> int:
    """A ``conv`` of ``pixels`` output pixels, or a ``dense`` layer (one pixel)."""
    folds = -(-space.inputs // fold.simd)
    timestep_groups = space.timesteps // space.resident(fold.tp)
    beats = space.outputs // fold.pe * timestep_groups * space.plane_groups(fold.tp) * folds
    return max(source.tokens, pixels * beats)


def neuron(source: AccumulatorStream, tl: int) -> int:
    """A ``lif``: TL timesteps of PE channels a cycle."""
    return source.tokens * (source.resident // tl)


def readout(source: AccumulatorStream) -> int:
    """A ``readout``: one accumulator token a cycle, then the search for the largest logit."""
    return source.tokens + source.channels // source.pe + 1


def token_rate(source: ActivationStream, output: ActivationStream) -> int:
    """A module that takes and gives one token a cycle: ``pool``, ``temporal_transform``, ``gearbox``."""
    return max(source.tokens, output.tokens)
