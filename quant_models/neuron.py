"""The leaky integrate-and-fire neuron: differentiable for training, in integers for evaluation.

The equations are those of ``docs/arithmetic.md``; time is the first axis here, (T, N, C, H, W),
so that one timestep of a whole batch is one contiguous block.
"""

from __future__ import annotations

import torch
from torch import Tensor


class _StraightThrough(torch.autograd.Function):
    """Forward one tensor, send the gradient to another."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, exact: Tensor, smooth: Tensor) -> Tensor:
        return exact.clone()

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[None, Tensor]:
        return None, gradient


def straight_through(exact: Tensor, smooth: Tensor) -> Tensor:
    """The value of ``exact`` with the gradient of ``smooth``; both have one shape."""
    return _StraightThrough.apply(exact, smooth)  # type: ignore[no-any-return, no-untyped-call]


class _IntegrateAndFire(torch.autograd.Function):
    """All timesteps at once: an order of magnitude fewer passes over memory than recorded steps."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        current: Tensor,
        threshold: Tensor,
        decay: float,
        whole: bool,
    ) -> Tensor:
        spikes, membranes = torch.empty_like(current), torch.empty_like(current)
        after = torch.zeros_like(current[0])  # V[t-1]
        for u, s, c in zip(membranes, spikes, current, strict=True):
            after.mul_(decay)
            if whole:
                after.floor_()
            torch.add(after, c, out=u)
            torch.ge(u, threshold, out=s)
            torch.addcmul(u, s, threshold, value=-1, out=after)
        ctx.save_for_backward(membranes, spikes, threshold)
        ctx.decay = decay  # type: ignore[attr-defined]
        return spikes

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, gradient: Tensor
    ) -> tuple[Tensor, Tensor | None, None, None]:
        membranes, spikes, threshold = ctx.saved_tensors  # type: ignore[attr-defined]
        wanted = ctx.needs_input_grad[1]
        to_current = torch.empty_like(membranes)
        to_threshold = torch.zeros_like(membranes[0]) if wanted else None
        to_after = torch.zeros_like(membranes[0])  # gradient of V[t]
        for t in reversed(range(len(membranes))):
            u, s = membranes[t], spikes[t]
            to_spike = torch.addcmul(gradient[t], to_after, threshold, value=-1)
            relative = u / threshold
            surrogate = (relative - 1).abs_().neg_().add_(1).clamp_(min=0)
            to_spike.mul_(surrogate).div_(threshold)  # now with respect to U, through the spike
            if to_threshold is not None:
                to_threshold.addcmul_(to_spike, relative, value=-1).addcmul_(s, to_after, value=-1)
            torch.add(to_spike, to_after, out=to_current[t])
            torch.mul(to_current[t], ctx.decay, out=to_after)  # type: ignore[attr-defined]
        if to_threshold is None:
            return to_current, None, None, None
        return to_current, to_threshold.sum_to_size(threshold.shape), None, None


def integrate_and_fire(current: Tensor, threshold: Tensor, decay: float, *, whole: bool = False) -> Tensor:
    """Spikes (T, N, C, H, W) of the current c of the same shape; threshold theta is (C, 1, 1).

    U[t] = decay*V[t-1] + c[t];  s[t] = 1 where U[t] >= theta, else 0;  V[t] = U[t] - s[t]*theta

    V[-1] = 0. In the gradient ds/dz = max(0, 1 - |z|) with z = U/theta - 1. With ``whole`` the
    leaked membrane is floored (a gradient passes straight through), which on integer-valued
    inputs below 2**24 makes this the integer neuron with decay = m / 2**k.
    """
    return _IntegrateAndFire.apply(current, threshold, decay, whole)  # type: ignore[no-any-return, no-untyped-call]


def integer_neuron(
    accumulator: Tensor, theta: Tensor, bias: Tensor, *, multiplier: int, shift: int, fraction: int
) -> Tensor:
    """Spikes (T, N, C, H, W) of int64 accumulators of the same shape; theta and bias are int64 (C,).

    c[t] = (a[t] << F) + b;  U[t] = ((V[t-1]*m) >> k) + c[t];  s and V as in ``integrate_and_fire``.
    """
    theta = theta.reshape(-1, 1, 1)
    current = (accumulator << fraction) + bias.reshape(-1, 1, 1)
    spikes = torch.empty_like(current)
    membrane = torch.zeros_like(current[0])
    for t, step in enumerate(current):
        membrane = ((membrane * multiplier) >> shift) + step
        spikes[t] = membrane >= theta
        membrane = membrane - spikes[t] * theta
    return spikes
