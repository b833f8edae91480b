"""The leaky integrate-and-fire neuron: differentiable for training, in integers for evaluation.

The equations are those of ``docs/arithmetic.md``; time is the first axis here, (T, N, C, H, W),
so that one timestep of a whole batch is one contiguous block.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor


class _Spike(torch.autograd.Function):
    """Heaviside step with a triangular surrogate derivative."""

    @staticmethod
    def forward(ctx: torch.autograd.function.FunctionCtx, z: Tensor) -> Tensor:
        ctx.save_for_backward(z)
        return (z >= 0).to(z.dtype)

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> Tensor:
        (z,) = ctx.saved_tensors  # type: ignore[attr-defined]
        return gradient * (1 - z.abs()).clamp_(min=0)


def spike(z: Tensor) -> Tensor:
    """1 where z >= 0, else 0, with the derivative taken as ds/dz = max(0, 1 - |z|)."""
    return _Spike.apply(z)  # type: ignore[no-any-return, no-untyped-call]


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


def integrate_and_fire(current: Tensor, threshold: Tensor, leak: Callable[[Tensor], Tensor]) -> Tensor:
    """Spikes (T, N, C, H, W) of the current c of the same shape; threshold theta is (C, 1, 1).

    U[t] = leak(V[t-1]) + c[t];  s[t] = 1 where U[t] >= theta, else 0;  V[t] = U[t] - s[t]*theta

    V[-1] = 0. The surrogate derivative is taken at z = U/theta - 1. Called with integer-valued
    current, threshold and leak it computes the integer neuron: for |U| < 2**24 the quotient
    reaches 1 exactly where U reaches theta.
    """
    spikes: list[Tensor] = []
    membrane = torch.zeros_like(current[0])
    for step in current:
        membrane = step if not spikes else leak(membrane) + step
        fired = spike(membrane / threshold - 1)
        membrane = membrane - fired * threshold
        spikes.append(fired)
    return torch.stack(spikes)


def leak_integer_valued(membrane: Tensor, multiplier: int, shift: int) -> Tensor:
    """(V*m) >> k on integer-valued floats, towards minus infinity, with the gradient m / 2**k."""
    smooth = membrane * (multiplier / 2**shift)
    return straight_through(smooth.floor(), smooth)


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
