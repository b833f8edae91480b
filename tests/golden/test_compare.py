"""compare() must catch one wrong bit, say where it is, and never pass on nothing."""

from __future__ import annotations

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.compare import compare
from ssnn_fpga.golden.engine import run
from tests.random_networks import random_frames, random_network


def test_one_bit_is_found_and_named() -> None:
    expected = {"conv1": np.zeros((5, 2, 3, 6, 8), np.int64), "readout": np.zeros((5, 10), np.int64)}
    got = {name: values.copy() for name, values in expected.items()}
    expected["conv1"][3, 0, 2, 5, 7] = 4
    got["conv1"][3, 0, 2, 5, 7] = 5
    got["readout"][4, 9] ^= 1
    comparison = compare(expected, got)
    assert comparison.values == 5 * 2 * 3 * 6 * 8 + 50
    assert comparison.mismatches == 2
    assert not comparison.equal
    assert comparison.first == (
        "layer conv1, sample 3, timestep 0, channel 2, row 5, column 7: expected 4, got 5",
        "layer readout, sample 4, class 9: expected 0, got 1",
    )


@pytest.mark.parametrize("seed", range(5))
def test_one_bit_anywhere_in_a_trace(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng)
    expected = run(network, random_frames(rng, network, 3))
    assert compare(expected, expected).equal
    got = dict(expected)
    layer = str(rng.choice(list(got)))
    place = tuple(rng.integers(0, size) for size in got[layer].shape)
    got[layer][place] ^= 1 << int(rng.integers(0, 20))
    assert compare(expected, got).mismatches == 1


def test_missing_layer_and_wrong_shape_are_failures() -> None:
    expected = {"a": np.zeros((2, 1, 1, 1, 1), np.int64), "b": np.zeros((2, 3), np.int64)}
    comparison = compare(expected, {"b": np.zeros((1, 3), np.int64)})
    assert comparison.mismatches == comparison.values == 8
    assert comparison.first == (
        "layer a: missing, expected shape (2, 1, 1, 1, 1)",
        "layer b: expected shape (2, 3), got (1, 3)",
    )


def test_many_differences_are_counted_but_not_all_shown() -> None:
    comparison = compare({"a": np.zeros((2, 50), np.int64)}, {"a": np.ones((2, 50), np.int64)}, shown=4)
    assert comparison.mismatches == 100
    assert len(comparison.first) == 4


@pytest.mark.parametrize("expected", [{}, {"a": np.zeros((0, 3), np.int64)}])
def test_comparing_nothing_is_an_error(expected: dict[str, np.ndarray]) -> None:
    with pytest.raises(UserError, match="not a single value"):
        compare(expected, {"a": np.zeros((0, 3), np.int64)})
