"""The neuron of training against the golden one, against autograd, and against snnTorch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from quant_models.neuron import Firing, integrate_and_fire
from quant_models.surrogate import SLOPES
from ssnn_fpga.golden.arithmetic import neuron

LEAKS = [(1, 1), (1, 0), (0, 0), (200, 8)]
FIRINGS = [Firing(), Firing(3), Firing(3, strict=True), Firing(1, strict=True)]


def _random(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    a = random.integers(-40, 60, (3, 6, 5, 4, 2))
    return a, random.integers(1, 900, 5), random.integers(-300, 300, 5)


@pytest.mark.parametrize("firing", FIRINGS)
@pytest.mark.parametrize("filter_shift", [0, 2])
@pytest.mark.parametrize("leak", LEAKS)
def test_integer_valued_floats_give_the_golden_neuron(
    leak: tuple[int, int], filter_shift: int, firing: Firing
) -> None:
    a, theta, bias = _random(7)
    expected = neuron(
        a,
        theta,
        bias,
        leak_multiplier=leak[0],
        leak_shift=leak[1],
        levels=firing.levels,
        strict=firing.strict,
        fraction=4,
        filter_shift=filter_shift,
    )
    current = torch.from_numpy((a << 4) + bias.reshape(-1, 1, 1)).float().transpose(0, 1)
    threshold = torch.from_numpy(theta).float().reshape(-1, 1, 1)
    found = integrate_and_fire(
        current,
        threshold,
        leak[0] / 2 ** leak[1],
        filter_decay=1 - 2.0**-filter_shift if filter_shift else None,
        firing=firing,
        whole=True,
    )
    np.testing.assert_array_equal(found.transpose(0, 1).numpy(), expected)
    assert 0.05 < (expected > 0).mean() < 0.95  # else the comparison would say little


def test_threshold_is_reached_exactly_at_equality() -> None:
    for theta in (1, 3, 7, 49, 1_000_003, (1 << 24) - 1):
        current = torch.tensor([theta - 1.0, theta]).reshape(1, 1, 1, 1, 2)
        for strict in (False, True):
            fired = integrate_and_fire(
                current, torch.tensor(float(theta)).reshape(1, 1, 1), 1.0, firing=Firing(strict=strict)
            )
            assert fired.flatten().tolist() == [0, 0 if strict else 1]


def _recorded(
    current: torch.Tensor,
    threshold: torch.Tensor,
    decay: torch.Tensor,
    filter_decay: torch.Tensor | None,
    firing: Firing,
    whole: bool,
) -> torch.Tensor:
    """The same neuron written with recorded steps: autograd derives its gradient."""

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):  # type: ignore[no-untyped-def]
            ctx.save_for_backward(z)
            return z.floor().clamp(0, firing.levels)

        @staticmethod
        def backward(ctx, gradient):  # type: ignore[no-untyped-def]
            (z,) = ctx.saved_tensors
            distance = [(z - level).abs() for level in range(1, firing.levels + 1)]
            bump = {
                "triangular": lambda d: (1 - d).clamp(min=0),
                "rectangular": lambda d: (d < 0.5).to(d.dtype),
                "arctangent": lambda d: 1 / (1 + (torch.pi * d) ** 2),
            }[firing.surrogate]
            return gradient * firing.height * sum(bump(d) for d in distance)

    def rounded(value: torch.Tensor, exact: torch.Tensor) -> torch.Tensor:
        return value + (exact - value).detach() if whole else value

    spikes, after, c = [], torch.zeros_like(current[0]), torch.zeros_like(current[0])
    for x in current:
        c = x if filter_decay is None else rounded(c * filter_decay, (c * filter_decay).ceil()) + x
        leaked = after * decay
        u = rounded(leaked, leaked.floor()) + c
        s = Spike.apply(u / threshold)
        after = u - s * threshold
        spikes.append(s)
    return torch.stack(spikes)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("shape", [(5, 1, 1), ()])
@pytest.mark.parametrize("surrogate", SLOPES)
@pytest.mark.parametrize(("levels", "filtered"), [(1, False), (1, True), (3, False), (3, True)])
def test_gradients_are_those_that_autograd_derives(
    whole: bool, shape: tuple[int, ...], surrogate: str, levels: int, filtered: bool
) -> None:
    torch.manual_seed(0)
    firing = Firing(levels, surrogate=surrogate, height=0.7)  # type: ignore[arg-type]
    # off the edges of the rectangular surrogate, where the two could fall on different sides
    current = (torch.randn(6, 3, 5, 4, 2, dtype=torch.float64) * 5).round() + (0 if whole else 0.1)
    threshold = torch.randint(1, 9, shape).double() * 3
    towards = torch.randn(6, 3, 5, 4, 2, dtype=torch.float64)
    results = []
    for recorded in (True, False):
        c, t = current.clone().requires_grad_(), threshold.clone().requires_grad_()
        d = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
        f = torch.tensor(0.75, dtype=torch.float64, requires_grad=True) if filtered else None
        if recorded:
            spikes = _recorded(c, t, d, f, firing, whole)
        else:
            spikes = integrate_and_fire(c, t, d, filter_decay=f, firing=firing, whole=whole)
        (spikes * towards).sum().backward()
        results.append((spikes.detach(), c.grad, t.grad, d.grad, None if f is None else f.grad))
    for expected, found in zip(*results, strict=True):
        if expected is not None:
            torch.testing.assert_close(found, expected)
            assert expected.abs().max() > 0


def test_surrogate_is_the_triangle_of_its_docstring() -> None:
    u = torch.tensor([-0.5, 0.5, 1.0, 1.25, 2.0, 4.0]).reshape(1, 1, 1, 1, 6).requires_grad_()
    fired = integrate_and_fire(u, torch.ones(1, 1, 1), 1.0)
    fired.sum().backward()
    assert fired.flatten().tolist() == [0, 0, 1, 1, 1, 1]
    assert u.grad is not None
    assert u.grad.flatten().tolist() == [0, 0.5, 1, 0.75, 0, 0]


def test_arctangent_is_snntorch_s() -> None:
    surrogate = pytest.importorskip("snntorch.surrogate")
    u = torch.linspace(-3, 5, 41).reshape(1, 1, 1, 1, -1)
    ours, theirs = u.clone().requires_grad_(), u.clone().requires_grad_()
    integrate_and_fire(ours, torch.ones(()), 1.0, firing=Firing(surrogate="arctangent")).sum().backward()
    surrogate.atan(alpha=2.0)(theirs - 1).sum().backward()
    torch.testing.assert_close(ours.grad, theirs.grad)
