"""From trained reals to integers: the equations of docs/arithmetic.md, case by case."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from quant_models.integers import membrane_bound, neuron_integers, readout_bias, transform_matrix


def _integers(gain: float, offset: float, weight: int = 3, bound: int = 10_000) -> tuple[int, int, int]:
    found = neuron_integers(
        np.full((1, 2), weight, dtype=np.int64),
        np.array([gain]),
        np.array([offset]),
        1.0,
        fraction=4,
        bound=bound,
    )
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
        (1e-9, 1.0, (3, 10_000, 10_000)),  # clamped: never by its weights
        (1e-9, -1.0, (3, 10_000, -10_000)),
        (5e-324, 1.0, (3, 10_000, 10_000)),  # the quotient is infinite
    ],
)
def test_neuron_integers(gain: float, offset: float, expected: tuple[int, int, int]) -> None:
    assert _integers(gain, offset) == expected


def test_a_channel_without_weights_runs_on_its_bias() -> None:
    assert _integers(1e-12, 0.75, weight=0) == (0, 16, 12)


def test_membrane_bound_covers_what_a_membrane_reaches() -> None:
    weight = np.array([[3, -4], [1, 1]])
    largest = 7 * 3 << 4
    assert membrane_bound(weight, 3, timesteps=1, decay=0.5, fraction=4) == 2 * largest
    assert membrane_bound(weight, 3, timesteps=3, decay=0.5, fraction=4) == 2 * largest * 1.75
    assert membrane_bound(weight, 3, timesteps=4, decay=1.0, fraction=4) == 8 * largest
    assert membrane_bound(np.zeros((2, 2), dtype=np.int64), 1, timesteps=1, decay=1.0, fraction=4) >= 16


def test_readout_bias_rounds_half_to_even() -> None:
    found = readout_bias(np.array([0.5, 1.5, -2.5, 1.0]) / 16 * 0.25, 0.25, fraction=4)
    assert found.tolist() == [0, 2, -2, 1]


def test_transform_rows_sum_to_the_whole_by_largest_fractions() -> None:
    assert transform_matrix(np.array([[1 / 3, 1 / 3, 1 / 3]]), 4).tolist() == [[6, 5, 5]]  # tie: earliest
    assert transform_matrix(np.array([[0.5, 0.5], [0.2, 0.8]]), 4).tolist() == [[8, 8], [3, 13]]
    assert transform_matrix(np.array([[0.3, 0.7]]), 0).tolist() == [[0, 1]]


@pytest.mark.parametrize("seed", range(5))
def test_transform_matrix_against_exact_fractions(seed: int) -> None:
    random = np.random.default_rng(seed)
    t1 = int(random.integers(1, 9))
    rows = random.dirichlet(np.ones(t1), size=3)
    matrix = transform_matrix(rows, 4)
    assert (matrix.sum(axis=1) == 16).all()
    for row, integers in zip(rows, matrix, strict=True):
        rests = [Fraction(p) * 16 - int(Fraction(p) * 16) for p in row]
        lifted = [int(m) - int(Fraction(p) * 16) for p, m in zip(row, integers, strict=True)]
        assert set(lifted) <= {0, 1}
        raised = [r for r, up in zip(rests, lifted, strict=True) if up]
        left = [r for r, up in zip(rests, lifted, strict=True) if not up]
        assert not raised or not left or min(raised) >= max(left)
