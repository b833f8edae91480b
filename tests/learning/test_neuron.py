"""The neuron of the trained model against the golden function."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from quant_models.neuron import integer_neuron, integrate_and_fire, leak_integer_valued, spike
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
    found = integrate_and_fire(current, threshold, lambda v: leak_integer_valued(v, *leak))
    np.testing.assert_array_equal(found.transpose(0, 1).numpy(), expected)


def test_threshold_is_reached_exactly_at_equality() -> None:
    for theta in (1, 3, 7, 49, 1_000_003, (1 << 24) - 1):
        current = torch.tensor([theta - 1.0, theta]).reshape(1, 1, 1, 1, 2)
        fired = integrate_and_fire(current, torch.tensor(float(theta)).reshape(1, 1, 1), lambda v: v)
        assert fired.flatten().tolist() == [0, 1]


def test_surrogate_is_the_triangle_of_its_docstring() -> None:
    z = torch.tensor([-1.5, -0.5, 0.0, 0.25, 1.0, 3.0], requires_grad=True)
    fired = spike(z)
    fired.sum().backward()
    assert fired.tolist() == [0, 0, 1, 1, 1, 1]
    assert z.grad is not None
    assert z.grad.tolist() == [0, 0.5, 1, 0.75, 0, 0]
