"""Which exit a sample takes, against the logits that the network gave it."""

from __future__ import annotations

import numpy as np
import pytest

from ssnn_fpga.backends.onnxruntime_engine import trace
from ssnn_fpga.engines import classes_of
from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.compare import compare
from ssnn_fpga.golden.engine import classify, read_outs, run
from ssnn_fpga.golden.exits import exit_order, exits
from ssnn_fpga.network.layers import NETWORK_INPUT, Activation, Dense, EarlyExit, Network, Readout
from tests.random_networks import random_forked_network, random_frames, random_network


def _three_heads() -> Network:
    """One input pixel x; heads that lead by x, by 4 - x and by 0 for class 2, 1 and 0."""
    bias = np.zeros(3, np.int64)
    shapes = {"first": [0, 0, 1], "second": [0, -1, 0], "last": [0, 0, 0]}
    heads = [
        (Dense(f"{n}_fc", (NETWORK_INPUT,), np.array([[w] for w in ws]), 2), n) for n, ws in shapes.items()
    ]
    layers = [layer for dense, n in heads for layer in (dense, Readout(n, (dense.name,), bias, 0))]
    layers[3] = Readout("second", ("second_fc",), np.array([0, 4, 0]), 0)
    nested = EarlyExit("inner", ("second", "last"), 2)
    return Network(
        "n", Activation(1, 1, 1, 1, 7), (*layers, nested, EarlyExit("outer", ("first", "inner"), 3))
    )


def test_margins_decide_and_a_lead_of_exactly_the_margin_exits() -> None:
    network = _three_heads()
    values = run(network, np.arange(8).reshape(8, 1, 1, 1, 1))
    assert exit_order(network) == ("first", "second", "last")
    # x = 0, 1, 2: the second head leads by 4, 3, 2; from 3 on the first leads by x.
    assert exits(network, values).tolist() == [1, 1, 1, 0, 0, 0, 0, 0]
    assert values.classes.tolist() == [1, 1, 1, 2, 2, 2, 2, 2]
    reluctant = Network("n", network.input, (*network.layers[:-1], EarlyExit("outer", ("first", "inner"), 7)))
    values = run(reluctant, np.arange(8).reshape(8, 1, 1, 1, 1))
    # From x = 3 on the second head leads by less than 2, and the first by 7 at x = 7 only.
    assert exits(reluctant, values).tolist() == [1, 1, 1, 2, 2, 2, 2, 0]


def test_two_equal_logits_have_no_lead() -> None:
    network = _three_heads()
    eager = Network("n", network.input, (*network.layers[:-1], EarlyExit("outer", ("last", "inner"), 0)))
    with pytest.raises(UserError, match="layer 'first': is read by no layer"):
        run(eager, np.zeros((1, 1, 1, 1, 1), np.int64))
    inner = Network("n", network.input, (*network.layers[2:6], EarlyExit("outer", ("last", "second"), 0)))
    frames = np.zeros((1, 1, 1, 1, 1), np.int64)
    assert exits(inner, run(inner, frames)).tolist() == [0]  # a margin of 0 is always reached
    inner = Network("n", network.input, (*network.layers[2:6], EarlyExit("outer", ("last", "second"), 1)))
    assert exits(inner, run(inner, frames)).tolist() == [1]


@pytest.mark.parametrize("seed", range(12))
def test_the_answer_is_that_of_the_exit(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_forked_network(rng, heads=2, blocks=("plain", "join"))
    frames = random_frames(rng, network, 40)
    values = run(network, frames)
    order, taken = exit_order(network), exits(network, values)
    np.testing.assert_array_equal(exits(network, read_outs(network, frames)), taken)
    chosen = np.stack([values[head] for head in order])[taken, np.arange(40)]
    np.testing.assert_array_equal(values.logits, chosen)
    np.testing.assert_array_equal(values.classes, classify(network, frames))
    np.testing.assert_array_equal(values.classes, classes_of(values))
    np.testing.assert_array_equal(exits(network, trace(network, frames)), taken)


def test_a_wrong_logit_of_an_early_head_is_named() -> None:
    network = _three_heads()
    values = run(network, np.arange(8).reshape(8, 1, 1, 1, 1))
    got = dict(values)
    got["second"][3, 1] += 1
    assert compare(values, got).first == ("layer second, sample 3, class 1: expected 1, got 2",)


def test_a_network_without_early_exits_has_one() -> None:
    network = random_network(np.random.default_rng(0))
    values = run(network, random_frames(np.random.default_rng(0), network, 3))
    assert exit_order(network) == ("readout",)
    assert exits(network, values).tolist() == [0, 0, 0]
