"""The neuron as a differentiable function of its current: leak, synaptic filter, several thresholds.

The equations are those of ``docs/arithmetic.md``; time is the first axis here, (T, N, C, H, W),
so that one timestep of a whole batch is one contiguous block.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from quant_models.surrogate import SLOPES, Surrogate


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


@dataclass(frozen=True)
class Firing:
    """How a neuron fires: number of thresholds, and the surrogate of its gradient times ``height``."""

    levels: int = 1
    strict: bool = False  # fires above the threshold, not at it
    surrogate: Surrogate = "triangular"
    height: float = 1.0

    def spikes(self, u: Tensor, threshold: Tensor, out: Tensor) -> None:
        """Fill ``out`` with the number of thresholds that ``u`` has reached."""
        if self.levels == 1:
            (torch.gt if self.strict else torch.ge)(u, threshold, out=out)
        elif self.strict:
            torch.div(u, threshold, out=out).ceil_().sub_(1).clamp_(0, self.levels)
        else:
            torch.div(u, threshold, out=out).floor_().clamp_(0, self.levels)

    def slope(self, relative: Tensor) -> Tensor:
        """ds/dz at z = ``relative``, a fresh tensor."""
        slope = SLOPES[self.surrogate](relative, self.levels)
        return slope if self.height == 1 else slope.mul_(self.height)


PLAIN = Firing()


class _IntegrateAndFire(torch.autograd.Function):
    """All timesteps at once: an order of magnitude fewer passes over memory than recorded steps."""

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        current: Tensor,
        threshold: Tensor,
        decay: Tensor | float,
        filter_decay: Tensor | float | None,
        firing: Firing,
        whole: bool,
    ) -> Tensor:
        filtered = current if filter_decay is None else _filter(current, filter_decay, whole)
        spikes, membranes = torch.empty_like(current), torch.empty_like(current)
        after = torch.zeros_like(current[0])  # V[t-1]
        for u, s, c in zip(membranes, spikes, filtered, strict=True):
            after.mul_(decay)
            if whole:
                after.floor_()
            torch.add(after, c, out=u)
            firing.spikes(u, threshold, s)
            torch.addcmul(u, s, threshold, value=-1, out=after)
        learned = any(ctx.needs_input_grad[2:4])  # type: ignore[attr-defined]
        ctx.save_for_backward(membranes, spikes, threshold, filtered if learned else None)
        ctx.decays = decay, filter_decay  # type: ignore[attr-defined]
        ctx.firing = firing  # type: ignore[attr-defined]
        return spikes

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, gradient: Tensor
    ) -> tuple[Tensor, Tensor | None, Tensor | None, Tensor | None, None, None]:
        membranes, spikes, threshold, filtered = ctx.saved_tensors  # type: ignore[attr-defined]
        decay, filter_decay = ctx.decays  # type: ignore[attr-defined]
        _, of_threshold, of_decay, of_filter, *_ = ctx.needs_input_grad  # type: ignore[attr-defined]
        to_current = torch.empty_like(membranes)
        to_threshold = torch.zeros_like(membranes[0]) if of_threshold else None
        to_decay = torch.zeros_like(membranes[0]) if of_decay else None
        to_filter = torch.zeros_like(membranes[0]) if of_filter else None
        to_after = torch.zeros_like(membranes[0])  # gradient of V[t]
        to_filtered = torch.zeros_like(membranes[0]) if filter_decay is not None else None
        for t in reversed(range(len(membranes))):
            u, s = membranes[t], spikes[t]
            to_spike = torch.addcmul(gradient[t], to_after, threshold, value=-1)
            relative = u / threshold
            to_spike.mul_(ctx.firing.slope(relative)).div_(threshold)  # type: ignore[attr-defined]
            if to_threshold is not None:
                to_threshold.addcmul_(to_spike, relative, value=-1).addcmul_(s, to_after, value=-1)
            to_u = torch.add(to_spike, to_after, out=to_current[t])
            if to_decay is not None and t > 0:
                to_decay.addcmul_(to_u, membranes[t - 1] - spikes[t - 1] * threshold)
            torch.mul(to_u, decay, out=to_after)
            if to_filtered is not None:
                to_filtered.mul_(filter_decay).add_(to_u)
                if to_filter is not None and t > 0:
                    to_filter.addcmul_(to_filtered, filtered[t - 1])
                to_u.copy_(to_filtered)
        return (
            to_current,
            None if to_threshold is None else to_threshold.sum_to_size(threshold.shape),
            None if to_decay is None else to_decay.sum(),
            None if to_filter is None else to_filter.sum(),
            None,
            None,
        )


def _filter(current: Tensor, decay: Tensor | float, whole: bool) -> Tensor:
    """c[t] = decay*c[t-1] + x[t], the product rounded up with ``whole``: c - (c >> k) of the contract."""
    filtered = torch.empty_like(current)
    last = torch.zeros_like(current[0])
    for c, x in zip(filtered, current, strict=True):
        torch.mul(last, decay, out=c)
        if whole:
            c.ceil_()
        last = c.add_(x)
    return filtered


def integrate_and_fire(
    current: Tensor,
    threshold: Tensor,
    decay: Tensor | float,
    *,
    filter_decay: Tensor | float | None = None,
    firing: Firing = PLAIN,
    whole: bool = False,
) -> Tensor:
    """Spikes (T, N, C, H, W) of the current x of the same shape; threshold theta is (C, 1, 1) or ().

    c[t] = filter_decay*c[t-1] + x[t]     (c[t] = x[t] without a filter)
    U[t] = decay*V[t-1] + c[t]
    s[t] = how many l in 1..L have U[t] >= l*theta (strict: >)
    V[t] = U[t] - s[t]*theta

    c[-1] = V[-1] = 0. ``decay`` and ``filter_decay`` are numbers or tensors of one value; threshold
    and both decays may be learned. In the gradient ds/dz, z = U/theta, is the surrogate of
    ``firing``. With ``whole`` the leaked membrane is floored and the decayed current rounded up (a
    gradient passes straight through), which on integer-valued inputs below 2**24 makes this the
    integer neuron with decay = m / 2**k and filter_decay = 1 - 2**-k_f.
    """
    return _IntegrateAndFire.apply(current, threshold, decay, filter_decay, firing, whole)  # type: ignore[no-any-return, no-untyped-call]
