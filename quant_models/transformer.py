"""Temporal transformers between two stages: T1 timesteps become T2 < T1.

The SSNN paper (arXiv 2401.01912) has such a layer; we could not read its formula. Those here are the
project's own.
"""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor, nn

from quant_models.integer_network import NetworkBuilder
from quant_models.integers import transform_matrix
from quant_models.neuron import straight_through
from quant_models.recipe import NetworkRecipe


def uniform_groups(t1: int, t2: int) -> Tensor:
    """Rows (T2, T1), float64, each the mean over [r*T1/T2, (r+1)*T1/T2), fractional at the ends."""
    step = torch.arange(t1, dtype=torch.float64)
    first = torch.arange(t2, dtype=torch.float64)[:, None] * t1 / t2
    overlap = torch.minimum(step + 1, first + t1 / t2) - torch.maximum(step, first)
    return overlap.clamp(min=0) * t2 / t1


class GroupTransformer(nn.Module):
    """The means of uniform groups of timesteps; nothing is learned.

    The forward pass is the integer one of ``docs/arithmetic.md`` from the first epoch on, with
    straight-through gradients: rounding that training never saw is what costs accuracy.
    """

    groups: Tensor

    def __init__(self, t1: int, t2: int, shift: int, fraction: int) -> None:
        super().__init__()
        self.shift, self.fraction = shift, fraction
        self.register_buffer("groups", uniform_groups(t1, t2), persistent=False)

    def rows(self, kind: torch.dtype) -> Tensor:
        """Rows (T2, T1) of weights over time that sum to one."""
        return self.groups.to(kind)

    def matrix(self) -> Tensor:
        """The integer matrix (T2, T1), whole numbers in float64; every row sums to 2**shift."""
        return transform_matrix(self.rows(torch.float64).detach(), self.shift)

    def forward(self, x: Tensor) -> Tensor:
        """Integer-valued floats (T1, N, C, H, W) to (T2, N, C, H, W), in units of 2**-fraction."""
        last = x.movedim(
            2, -1
        )  # as it lies in memory: another order would be copied, here and in the gradient
        steps = last.flatten(1)
        smooth = self.rows(x.dtype) @ steps * 2.0**self.fraction
        with torch.no_grad():
            summed = self.matrix().to(x.dtype) @ steps * 2.0**self.fraction
            half = float((1 << self.shift) >> 1)
            exact = ((summed + half) / 2.0**self.shift).floor()
        return straight_through(exact, smooth).reshape(-1, *last.shape[1:]).movedim(-1, 2)

    def lower(self, builder: NetworkBuilder, source: str) -> str:
        """Add the transformer."""
        return builder.shrink(source, self.matrix(), self.shift, self.fraction)


class FirstTransformer(GroupTransformer):
    """The first T2 timesteps; the others are dropped. What shrinking is without a transformer."""

    def __init__(self, t1: int, t2: int, shift: int, fraction: int) -> None:
        super().__init__(t1, t2, shift, fraction)
        self.groups = torch.eye(t2, t1, dtype=torch.float64)


class LinearTransformer(GroupTransformer):
    """Learned rows of weights over time, each a softmax that starts at a uniform group."""

    def __init__(self, t1: int, t2: int, shift: int, fraction: int) -> None:
        super().__init__(t1, t2, shift, fraction)
        # a floor of 1 % keeps the softmax movable where a group has no share in a timestep
        self.logits = nn.Parameter(torch.log(self.groups * 0.99 + 0.01 / t1).float())

    def rows(self, kind: torch.dtype) -> Tensor:
        """Rows (T2, T1) of weights over time that sum to one."""
        return torch.softmax(self.logits.to(kind), dim=1)


class AttentionTransformer(nn.Module):
    """Rows predicted for each sample from its mean activity at every timestep, by two dense layers.

    For comparison, in floating point only: rows that depend on the sample have no place in the
    integer network. Starts at uniform groups.
    """

    groups: Tensor

    def __init__(self, t1: int, t2: int, fraction: int) -> None:
        super().__init__()
        self.fraction = fraction
        self.register_buffer("groups", uniform_groups(t1, t2), persistent=False)
        self.inner, self.outer = nn.Linear(t1, 4 * t1), nn.Linear(4 * t1, t1 * t2)
        nn.init.zeros_(self.outer.weight)
        nn.init.zeros_(self.outer.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Real frames (T2, N, C, H, W) of x (T1, N, C, H, W), in units of 2**-fraction."""
        start = torch.log(self.groups * 0.99 + 0.01 / len(x)).to(x.dtype)
        predicted = self.outer(torch.relu(self.inner(x.mean(dim=(2, 3, 4)).T)))
        rows = torch.softmax(predicted.unflatten(1, start.shape) + start, dim=2)
        return torch.einsum("nst,tnchw->snchw", rows, x) * 2.0**self.fraction

    def lower(self, builder: NetworkBuilder, source: str) -> str:
        """Not possible: ``NetworkRecipe.inexact`` says so before."""
        raise NotImplementedError


def make_transformer(t1: int, t2: int, network: NetworkRecipe) -> nn.Module:
    """The transformer of the kind that the recipe asks."""
    if network.transformer == "attention":
        return AttentionTransformer(t1, t2, network.transform_fraction)
    kinds = {"linear": LinearTransformer, "group": GroupTransformer, "first": FirstTransformer}
    kind = kinds[network.transformer]
    return cast(nn.Module, kind(t1, t2, network.transform_shift, network.transform_fraction))
