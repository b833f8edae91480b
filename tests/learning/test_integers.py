"""From trained reals to integers: the equations of docs/arithmetic.md, case by case."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
import torch

from quant_models.integers import (
    Branch,
    Membrane,
    join_integers,
    neuron_integers,
    readout_bias,
    transform_matrix,
)

ONE = torch.tensor(1.0)
# one timestep: the bound is twice the largest accumulator, 3 * 2 * 104 * 16 * 2 = 19968
STEP = Membrane(timesteps=1, decay=0.5, filter_shift=0, fraction=4)
BOUND = 2 * 6 * 104 * 16


def _branch(gain: float, offset: float, weight: int = 3, x_maximum: int = 104) -> Branch:
    double = {"dtype": torch.float64}
    weights = torch.full((1, 2), weight, **double)  # type: ignore[call-overload]
    return Branch(weights, torch.tensor([gain], **double), torch.tensor([offset], **double), x_maximum)  # type: ignore[arg-type]


def _integers(gain: float, offset: float, weight: int = 3) -> tuple[int, int, int]:
    found = neuron_integers(_branch(gain, offset, weight), ONE, STEP)
    return int(found.weight[0, 0]), int(found.theta[0]), int(found.bias[0])


@pytest.mark.parametrize(
    ("gain", "offset", "expected"),
    [
        (0.5, 0.25, (3, 32, 8)),
        (-0.5, 0.25, (-3, 32, 8)),  # the weights change sign; the bias does not
        (0.0, 0.75, (0, 16, 12)),  # runs on its bias alone
        (0.0, -0.75, (0, 16, -12)),
        (32.0, 1.0, (3, 1, 0)),  # theta 0.5 rounds to even 0 and is lifted to 1; bias 0.5 to 0
        (16 / 1.5, 1.0, (3, 2, 2)),  # 1.5 rounds to even 2
        (16 / 2.5, -1.0, (3, 2, -2)),  # 2.5 rounds to even 2
        (1e-9, 1.0, (3, BOUND, BOUND)),  # clamped: never by its weights
        (1e-9, -1.0, (3, BOUND, -BOUND)),
        (5e-324, 1.0, (3, BOUND, BOUND)),  # the quotient is infinite
    ],
)
def test_neuron_integers(gain: float, offset: float, expected: tuple[int, int, int]) -> None:
    assert _integers(gain, offset) == expected


def test_a_channel_without_weights_runs_on_its_bias() -> None:
    assert _integers(1e-12, 0.75, weight=0) == (0, 16, 12)


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        # (weight, gain, offset) of both; weights, r, theta, bias
        ((3, 0.5, 0.25), (2, 0.25, 0.5), (3, 2, 8, 32, 24)),
        ((3, -0.5, 0.25), (2, 0.25, 0.5), (-3, 2, 8, 32, 24)),
        ((3, 0.5, 0.25), (2, -0.25, 0.5), (3, -2, 8, 32, 24)),
        ((3, 0.5, 0.0), (2, 0.01, 0.5), (3, 0, 0, 32, 16)),  # lost in the grid
        ((3, 0.0, 0.25), (2, 0.25, 0.5), (0, 2, 16, 64, 48)),  # on the second branch's grid
        ((3, 0.0, 0.25), (2, 0.0, 0.5), (0, 0, 0, 16, 12)),  # on the bias alone
    ],
)
def test_join_integers(
    first: tuple[int, float, float], second: tuple[int, float, float], expected: tuple[int, ...]
) -> None:
    branches = [_branch(gain, offset, weight) for weight, gain, offset in (first, second)]
    found = join_integers(*branches, ONE, STEP)
    assert (*(int(w[0, 0]) for w in found[:2]), *(int(x[0]) for x in found[2:])) == expected


def test_membrane_bound_covers_what_a_membrane_reaches() -> None:
    largest = torch.tensor([7 * 3 << 4, 2 << 4]).double()
    assert Membrane(1, 0.5, 0, 4).bound(largest) == 2 * (7 * 3 << 4)
    assert Membrane(3, 0.5, 0, 4).bound(largest) == 2 * (7 * 3 << 4) * 1.75
    assert Membrane(4, 1.0, 0, 4).bound(largest) == 8 * (7 * 3 << 4)
    assert Membrane(1, 1.0, 2, 4).bound(largest) == 8 * (7 * 3 << 4)
    assert Membrane(1, 1.0, 0, 4).bound(torch.zeros(2).double()) >= 16


def test_readout_bias_rounds_half_to_even() -> None:
    bias = torch.tensor([0.5, 1.5, -2.5, 1.0]) / 16 * 0.25
    assert readout_bias(bias, torch.tensor(0.25), fraction=4).tolist() == [0, 2, -2, 1]


def _matrix(rows: list[list[float]] | np.ndarray, shift: int) -> list[list[int]]:
    matrix = transform_matrix(torch.tensor(np.asarray(rows)), shift).long().tolist()
    return matrix  # type: ignore[no-any-return]


def test_transform_rows_sum_to_the_whole_by_largest_fractions() -> None:
    assert _matrix([[1 / 3, 1 / 3, 1 / 3]], 4) == [[6, 5, 5]]  # tie: earliest
    assert _matrix([[0.5, 0.5], [0.2, 0.8]], 4) == [[8, 8], [3, 13]]
    assert _matrix([[0.3, 0.7]], 0) == [[0, 1]]


@pytest.mark.parametrize("seed", range(5))
def test_transform_matrix_against_exact_fractions(seed: int) -> None:
    random = np.random.default_rng(seed)
    t1 = int(random.integers(1, 9))
    rows = random.dirichlet(np.ones(t1), size=3)
    for row, integers in zip(rows, _matrix(rows, 4), strict=True):
        assert sum(integers) == 16
        rests = [Fraction(p) * 16 - int(Fraction(p) * 16) for p in row]
        lifted = [int(m) - int(Fraction(p) * 16) for p, m in zip(row, integers, strict=True)]
        assert set(lifted) <= {0, 1}
        raised = [r for r, up in zip(rests, lifted, strict=True) if up]
        left = [r for r, up in zip(rests, lifted, strict=True) if not up]
        assert not raised or not left or min(raised) >= max(left)
