"""The neuron of the trained model against the golden function."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from quant_models.neuron import integer_neuron, integrate_and_fire
from ssnn_fpga.golden.arithmetic import neuron

LEAKS = [(1, 1), (1, 0), (0, 0), (200, 8)]


def _random(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    a = random.integers(-40, 60, (3, 6, 5, 4, 2))
    return a, random.integers(1, 900, 5), random.integers(-300, 300, 5)


@pytest.mark.parametrize("leak", LEAKS)
@pytest.mark.parametrize("seed", range(3))
def test_integer_neuron_is_the_golden_one(seed: int, leak: tuple[int, int]) -> None:
    a, theta, bias = _random(seed)
    expected = neuron(a, theta, bias, leak_multiplier=leak[0], leak_shift=leak[1], fraction=4)
    found = integer_neuron(
        torch.from_numpy(a).transpose(0, 1),
        torch.from_numpy(theta),
        torch.from_numpy(bias),
        multiplier=leak[0],
        shift=leak[1],
        fraction=4,
    )
    np.testing.assert_array_equal(found.transpose(0, 1).numpy(), expected)
    assert 0.05 < expected.mean() < 0.95  # else the comparison would say little


@pytest.mark.parametrize("leak", LEAKS)
def test_integer_valued_floats_give_the_integer_neuron(leak: tuple[int, int]) -> None:
    a, theta, bias = _random(7)
    expected = neuron(a, theta, bias, leak_multiplier=leak[0], leak_shift=leak[1], fraction=4)
    current = torch.from_numpy((a << 4) + bias.reshape(-1, 1, 1)).float().transpose(0, 1)
    threshold = torch.from_numpy(theta).float().reshape(-1, 1, 1)
    found = integrate_and_fire(current, threshold, leak[0] / 2 ** leak[1], whole=True)
    np.testing.assert_array_equal(found.transpose(0, 1).numpy(), expected)


def test_threshold_is_reached_exactly_at_equality() -> None:
    for theta in (1, 3, 7, 49, 1_000_003, (1 << 24) - 1):
        current = torch.tensor([theta - 1.0, theta]).reshape(1, 1, 1, 1, 2)
        fired = integrate_and_fire(current, torch.tensor(float(theta)).reshape(1, 1, 1), 1.0)
        assert fired.flatten().tolist() == [0, 1]


def _recorded(current: torch.Tensor, threshold: torch.Tensor, decay: float, whole: bool) -> torch.Tensor:
    """The same neuron written with recorded steps: autograd derives its gradient."""

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx, z):  # type: ignore[no-untyped-def]
            ctx.save_for_backward(z)
            return (z >= 0).to(z.dtype)

        @staticmethod
        def backward(ctx, gradient):  # type: ignore[no-untyped-def]
            (z,) = ctx.saved_tensors
            return gradient * (1 - z.abs()).clamp(min=0)

    spikes, after = [], torch.zeros_like(current[0])
    for c in current:
        leaked = after * decay
        u = (leaked + (leaked.floor() - leaked).detach() if whole else leaked) + c
        s = Spike.apply(u / threshold - 1)
        after = u - s * threshold
        spikes.append(s)
    return torch.stack(spikes)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("shape", [(5, 1, 1), (1, 1, 1)])
def test_gradient_is_the_one_that_autograd_derives(whole: bool, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    current = (torch.randn(6, 3, 5, 4, 2, dtype=torch.float64) * 5).round()
    threshold = torch.randint(1, 9, shape).double()
    towards = torch.randn(6, 3, 5, 4, 2, dtype=torch.float64)
    gradients = []
    for neuron_of in (_recorded, lambda c, t, d, w: integrate_and_fire(c, t, d, whole=w)):
        c, t = current.clone().requires_grad_(), threshold.clone().requires_grad_()
        spikes = neuron_of(c, t, 0.5, whole)
        (spikes * towards).sum().backward()
        gradients.append((spikes.detach(), c.grad, t.grad))
    for expected, found in zip(*gradients, strict=True):
        torch.testing.assert_close(found, expected)
    assert gradients[0][1].abs().max() > 0


def test_surrogate_is_the_triangle_of_its_docstring() -> None:
    u = torch.tensor([-0.5, 0.5, 1.0, 1.25, 2.0, 4.0]).reshape(1, 1, 1, 1, 6).requires_grad_()
    fired = integrate_and_fire(u, torch.ones(1, 1, 1), 1.0)
    fired.sum().backward()
    assert fired.flatten().tolist() == [0, 0, 1, 1, 1, 1]
    assert u.grad is not None
    assert u.grad.flatten().tolist() == [0, 0.5, 1, 0.75, 0, 0]
