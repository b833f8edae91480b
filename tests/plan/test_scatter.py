"""The plan's choice between reading windows and scattering words."""

from __future__ import annotations

import numpy as np
import pytest

from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import NETWORK_INPUT, Activation, Conv, Dense, Network, Neuron, Pool, Readout
from ssnn_fpga.plan.activity import measure_activity
from ssnn_fpga.plan.plan import Plan
from ssnn_fpga.plan.readers import Windows, rows_complete, scatter_steps
from ssnn_fpga.plan.solve import make_plan

TARGET = 5_000


def network() -> Network:
    """One convolution of 16 channels, and what makes a network of it."""
    rng = np.random.default_rng(0)
    layers = (
        Conv("conv", (NETWORK_INPUT,), rng.integers(-1, 2, (16, 16, 3, 3)), 2, padding=1),
        Neuron("lif", ("conv",), np.full(16, 32), np.zeros(16, dtype=np.int64)),
        Pool("pool", ("lif",), "max", 12),
        Dense("fc", ("pool",), rng.integers(-1, 2, (4, 16)), 2),
        Readout("readout", ("fc",), np.zeros(4, dtype=np.int64)),
    )
    return Network("one_layer", Activation(4, 16, 12, 12, 1), layers)


def planned(share: float, scatter: int | None = None) -> Plan:
    """A plan for inputs of which a ``share`` of the bits is set."""
    net = network()
    frames = (np.random.default_rng(1).random((8, *net.input.shape)) < share).astype(np.int64)
    activity = measure_activity(net, frames, run(net, frames))
    overrides = None if scatter is None else {"conv": {"scatter": scatter}}
    return make_plan(net, target_cycles=TARGET, activity=activity, overrides=overrides)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.9])
def test_words_are_scattered_where_that_makes_the_design_smaller(share: float) -> None:
    free, read = planned(share), planned(share, 0)
    assert free.interval <= TARGET
    assert free.resources.luts <= read.resources.luts
    assert free.folds["conv"].scatter == 0 or free.resources.luts < read.resources.luts


def test_a_sparse_layer_of_many_channels_is_scattered_and_a_full_one_is_not() -> None:
    assert planned(0.01).folds["conv"].scatter > 0
    assert planned(0.9).folds["conv"].scatter == 0


def test_nothing_is_scattered_without_measured_activity_but_by_hand() -> None:
    assert make_plan(network(), target_cycles=TARGET).folds["conv"].scatter == 0
    plan = make_plan(network(), overrides={"conv": {"scatter": 3}})
    assert plan.stage("conv").module == "scatter_conv"
    assert Plan.from_json(plan.to_json()) == plan
    assert "scatter" in plan.fold_rows()[0]


def test_the_steps_of_a_word_are_the_windows_that_see_it() -> None:
    shape = Windows(height=5, width=6, channels=2, word=1, kernel=3, stride=2, padding=1)
    seen = np.zeros((5, 6), dtype=np.int64)
    for row in range(shape.out_height):
        for column in range(shape.out_width):
            top, left = 2 * row - 1, 2 * column - 1
            seen[max(top, 0) : top + 3, max(left, 0) : left + 3] += 1
    np.testing.assert_array_equal(scatter_steps(shape, 1, 1), seen)
    np.testing.assert_array_equal(scatter_steps(shape, 4, 3), 3 * (seen > 0))
    assert [rows_complete(shape, row) for row in range(5)] == [0, 1, 1, 2, 3]
