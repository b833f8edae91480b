"""Surrogate gradients: what stands for the derivative of a neuron's step in the backward pass.

All are functions of z = U/theta, in which the thresholds of an L-level neuron lie at 1, 2 ... L; a
surrogate of several levels is the sum of one bump at each. snnTorch has the arctangent (its alpha
is 2 here) as an autograd function of one threshold; the fused backward pass needs the slope itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

Surrogate = Literal["triangular", "rectangular", "arctangent"]


def triangular(z: Tensor, levels: int) -> Tensor:
    """ds/dz = sum over l of max(0, 1 - |z - l|): flat 1 between the first and the last threshold."""
    if levels == 1:
        return (z - 1).abs_().neg_().add_(1).clamp_(min=0)
    return torch.minimum(z, levels + 1 - z).clamp_(0, 1)


def rectangular(z: Tensor, levels: int) -> Tensor:
    """ds/dz = sum over l of 1 where |z - l| < 1/2, else 0 (width a = 1)."""
    return ((z - (levels + 1) / 2).abs_() < levels / 2).to(z.dtype)


def arctangent(z: Tensor, levels: int) -> Tensor:
    """ds/dz = sum over l of 1 / (1 + (pi*(z - l))**2)."""
    bumps = [((z - level).mul_(math.pi).square_()).add_(1).reciprocal_() for level in range(1, levels + 1)]
    total = bumps[0]
    for bump in bumps[1:]:
        total.add_(bump)
    return total


SLOPES: dict[str, Callable[[Tensor, int], Tensor]] = {
    "triangular": triangular,
    "rectangular": rectangular,
    "arctangent": arctangent,
}
