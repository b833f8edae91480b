"""From trained real values to the integers of ``docs/arithmetic.md``: computed here and nowhere else."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Reals = NDArray[np.float64]


class NeuronIntegers(NamedTuple):
    """What a convolution and the neuron behind it compute with."""

    weight: Integers  # (O, ...), channels of negative gain negated
    theta: Integers  # (O,), >= 1, on the membrane's grid of 2**-F
    bias: Integers  # (O,), on the membrane's grid


def membrane_bound(weight: Integers, x_maximum: int, timesteps: int, decay: float, fraction: int) -> int:
    """B of the contract: twice what accumulators alone can raise a membrane to in ``timesteps`` steps.

    Twice, so that a bias as large as the largest accumulator still lies inside the bound.
    """
    largest = max(1, int(np.abs(weight).reshape(len(weight), -1).sum(axis=1).max(initial=0)) * x_maximum)
    gain = sum(decay**t for t in range(timesteps))
    return int(np.ceil(2 * gain * (largest << fraction)))


def neuron_integers(
    weight: Integers, gain: Reals, offset: Reals, threshold: float, *, fraction: int, bound: int
) -> NeuronIntegers:
    """Integers of a layer whose current is y = g*a + h for each output channel.

    theta_int = clamp(round(theta/g * 2**F), 1, B) and b_int = clamp(round(h/g * 2**F), -B, B) with
    halves to even. A channel of g < 0 changes the sign of its weights and of g; a channel of g = 0,
    or without a single weight, gets zero weights and g = 1.
    """
    column = (-1,) + (1,) * (weight.ndim - 1)
    silent = (gain == 0) | ~weight.reshape(len(weight), -1).any(axis=1)
    sign = np.where(silent, 0, np.sign(gain)).astype(np.int64)
    divisor = np.where(silent, 1.0, np.abs(gain))
    grid = float(1 << fraction)
    with np.errstate(over="ignore"):  # an infinite quotient is clamped like any other
        theta = np.clip(np.rint(threshold / divisor * grid), 1, bound)
        bias = np.clip(np.rint(offset / divisor * grid), -bound, bound)
    return NeuronIntegers(weight * sign.reshape(column), theta.astype(np.int64), bias.astype(np.int64))


def readout_bias(bias: Reals, scale: float, *, fraction: int) -> Integers:
    """b = round(bias / (s_w*s_x) * 2**F) of the read-out, halves to even; ``scale`` is s_w*s_x."""
    return np.rint(bias / scale * float(1 << fraction)).astype(np.int64)


def transform_matrix(rows: Reals, shift: int) -> Integers:
    """Integer rows that sum to 2**shift from rows (T2, T1) of real weights that sum to one.

    Each weight is floored on the grid; what a row lacks goes to its largest fractions, one unit
    each, ties to the earliest timestep.
    """
    exact = rows * float(1 << shift)
    matrix = np.floor(exact).astype(np.int64)
    for row, fractions in zip(matrix, exact - matrix, strict=True):
        missing = (1 << shift) - int(row.sum())
        row[np.argsort(-fractions, kind="stable")[:missing]] += 1
    return matrix
