"""From trained real values to the integers of ``docs/arithmetic.md``: computed here and nowhere else.

All in float64 on the device of the weights; halves round to even.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Branch(NamedTuple):
    """Synapses whose current is y = g*a + h: integer weights, gain and offset of each output channel."""

    weight: Tensor  # (O, ...), whole numbers
    gain: Tensor  # (O,)
    offset: Tensor  # (O,)
    x_maximum: int

    def doubled(self) -> Branch:
        """The same in float64, without gradients."""
        return Branch(*(each.detach().double() for each in self[:3]), self.x_maximum)

    def silent(self) -> Tensor:
        """(O,) channels of gain 0 or without a single weight."""
        return (self.gain == 0) | ~self.weight.flatten(1).any(dim=1)

    def folded(self) -> tuple[Tensor, Tensor]:
        """Weights with the sign of their gain, 0 in silent channels; magnitudes of the gains."""
        sign = torch.where(self.silent(), 0, self.gain.sign())
        return self.weight * sign.reshape(-1, *[1] * (self.weight.ndim - 1)), self.gain.abs()

    def largest(self) -> Tensor:
        """(O,) largest magnitude of the accumulators."""
        return self.weight.abs().flatten(1).sum(dim=1) * self.x_maximum


class NeuronIntegers(NamedTuple):
    """What one synapse layer and the neuron behind it compute with: whole numbers in float64."""

    weight: Tensor  # (O, ...), channels of negative gain negated
    theta: Tensor  # (O,), >= 1, on the membrane's grid of 2**-F
    bias: Tensor  # (O,), on the membrane's grid


class JoinIntegers(NamedTuple):
    """What two synapse layers that are joined before a neuron compute with."""

    first: Tensor
    second: Tensor
    gain: Tensor  # (O,), of the second branch on the membrane's grid; 0 where it is lost in it
    theta: Tensor
    bias: Tensor


class Membrane(NamedTuple):
    """What decides how far a membrane can rise: steps, leak and filter of its neuron, and its grid."""

    timesteps: int
    decay: float
    filter_shift: int
    fraction: int

    def bound(self, largest: Tensor) -> Tensor:
        """B of the contract for accumulators of up to ``largest`` (O,), already on the grid of 2**-F.

        Twice what accumulators alone can raise a membrane to, so that a bias as large as the largest
        accumulator still lies inside the bound.
        """
        gain = sum(self.decay**t for t in range(self.timesteps)) * 2.0**self.filter_shift
        return torch.ceil(2 * gain * largest.max().clamp(min=1 << self.fraction))


def neuron_integers(branch: Branch, threshold: Tensor, membrane: Membrane) -> NeuronIntegers:
    """Integers of a layer whose current is y = g*a + h for each output channel.

    theta_int = clamp(round(theta/g * 2**F), 1, B) and b_int = clamp(round(h/g * 2**F), -B, B). A
    channel of g < 0 changes the sign of its weights and of g; a channel of g = 0, or without a
    single weight, gets zero weights and g = 1.
    """
    branch = branch.doubled()
    weight, gain = branch.folded()
    gain = torch.where(branch.silent(), 1.0, gain)
    bound = membrane.bound(branch.largest() * 2.0**membrane.fraction)
    return NeuronIntegers(weight, *_grid(threshold, branch.offset, gain, bound, membrane))


def join_integers(first: Branch, second: Branch, threshold: Tensor, membrane: Membrane) -> JoinIntegers:
    """Integers of two layers whose currents g1*a1 + h1 and g2*a2 + h2 are added.

    Signs are folded first; r = round(g2/g1 * 2**F), and where it is 0 the second branch's weights
    become 0; theta and b come from g1 and h1 + h2. Where the first branch is silent, g1 = g2.
    """
    first, second = first.doubled(), second.doubled()
    (weight, gain), (other, other_gain) = first.folded(), second.folded()
    other_gain = torch.where(second.silent(), 0.0, other_gain)
    gain = torch.where(first.silent(), torch.where(second.silent(), 1.0, other_gain), gain)
    grid = 2.0**membrane.fraction
    ratio = torch.round(other_gain / gain * grid)
    other = torch.where(ratio.reshape(-1, *[1] * (other.ndim - 1)) == 0, 0.0, other)
    bound = membrane.bound(first.largest() * grid + second.largest() * ratio)
    return JoinIntegers(
        weight, other, ratio, *_grid(threshold, first.offset + second.offset, gain, bound, membrane)
    )


def _grid(
    threshold: Tensor, offset: Tensor, gain: Tensor, bound: Tensor, membrane: Membrane
) -> tuple[Tensor, Tensor]:
    """theta and b on the membrane's grid. An infinite quotient is clamped like any other."""
    grid = 2.0**membrane.fraction
    theta = torch.round(threshold.detach().double() / gain * grid)
    bias = torch.round(offset / gain * grid)
    return torch.minimum(theta.clamp(min=1), bound), torch.maximum(torch.minimum(bias, bound), -bound)


def readout_bias(bias: Tensor, scale: Tensor, *, fraction: int) -> Tensor:
    """b = round(bias / (s_w*s_x) * 2**F) of the read-out; ``scale`` is s_w*s_x."""
    return torch.round(bias.detach().double() / scale.detach().double() * 2.0**fraction)


def transform_matrix(rows: Tensor, shift: int) -> Tensor:
    """Whole-numbered rows that sum to 2**shift from rows (T2, T1), float64, that sum to one.

    Each weight is floored on the grid; what a row lacks goes to its largest fractions, one unit
    each, ties to the earliest timestep.
    """
    exact = rows * 2.0**shift
    matrix = exact.floor()
    missing = 2.0**shift - matrix.sum(dim=1, keepdim=True)
    order = torch.argsort(matrix - exact, dim=1, stable=True)
    places = torch.arange(rows.shape[1], device=rows.device, dtype=rows.dtype).expand_as(rows)
    return matrix.scatter_add(1, order, (places < missing).to(rows.dtype))
