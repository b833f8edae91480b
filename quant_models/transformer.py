"""The temporal transformer between two stages: T1 timesteps become T2 < T1."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from quant_models.integers import Integers, transform_matrix
from quant_models.neuron import straight_through


def uniform_groups(t1: int, t2: int) -> Tensor:
    """Rows (T2, T1), float64, each the mean over [r*T1/T2, (r+1)*T1/T2), fractional at the ends."""
    step = torch.arange(t1, dtype=torch.float64)
    first = torch.arange(t2, dtype=torch.float64)[:, None] * t1 / t2
    overlap = torch.minimum(step + 1, first + t1 / t2) - torch.maximum(step, first)
    return overlap.clamp(min=0) * t2 / t1


class LinearTransformer(nn.Module):
    """Learned rows of weights over time, each row a softmax.

    The paper (arXiv 2401.01912) gives no formula; this one is the project's own. The rows start
    at the mean of uniform groups of timesteps. The forward pass is the integer one of
    ``docs/arithmetic.md`` from the first epoch on, with straight-through gradients: rounding that
    training never saw is what costs accuracy.
    """

    def __init__(self, t1: int, t2: int, shift: int, fraction: int) -> None:
        super().__init__()
        self.shift = shift
        self.fraction = fraction
        # a floor of 1 % keeps the softmax movable where a group has no share in a timestep
        self.logits = nn.Parameter(torch.log(uniform_groups(t1, t2) * 0.99 + 0.01 / t1).float())

    def matrix(self) -> Integers:
        """The integer matrix (T2, T1); every row sums to 2**shift."""
        return transform_matrix(torch.softmax(self.logits.detach().double(), dim=1).numpy(), self.shift)

    def forward(self, x: Tensor) -> Tensor:
        """Integer-valued floats (T1, N, C, H, W) to (T2, N, C, H, W), in units of 2**-fraction."""
        steps = x.flatten(1)
        smooth = torch.softmax(self.logits, dim=1) @ steps * 2.0**self.fraction
        with torch.no_grad():
            summed = torch.from_numpy(self.matrix()).to(x.dtype) @ steps * 2.0**self.fraction
            half = float((1 << self.shift) >> 1)
            exact = ((summed + half) / 2.0**self.shift).floor()
        return straight_through(exact, smooth).reshape(-1, *x.shape[1:])

    def integers(self, x: Tensor) -> Tensor:
        """The same map on int64 (T1, N, C, H, W)."""
        summed = torch.tensordot(torch.from_numpy(self.matrix()), x, dims=1) << self.fraction
        return (summed + ((1 << self.shift) >> 1)) >> self.shift
