"""edges(): shapes and maxima of every kind of layer, and one refusal for each rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Accumulator,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Join,
    Layer,
    Logits,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.shapes import edges, output_of

_LAYERS: tuple[Layer, ...] = (
    Conv("conv", (NETWORK_INPUT,), np.ones((4, 2, 3, 3), np.int64), 4, stride=2, padding=1),
    Neuron("lif", ("conv",), np.full(4, 3), np.zeros(4, np.int64), levels=2),
    Pool("pool", ("lif",), "sum", 2),
    TemporalTransform("shrink", ("pool",), np.array([[9, 5, 2], [0, 0, 16]]), 4, 1),
    Dense("fc", ("shrink",), np.ones((10, 36), np.int64), 4),
    Readout("readout", ("fc",), np.arange(10)),
)
_NETWORK = Network("n", Activation(3, 2, 13, 12, 3), _LAYERS, tuple("0123456789"))


def test_shapes_and_maxima() -> None:
    found = edges(_NETWORK)
    assert list(found) == ["input", "conv", "lif", "pool", "shrink", "fc", "readout"]
    assert found["conv"].shape == (3, 4, 7, 6)  # type: ignore[union-attr]
    assert found["conv"].maximum == 2 * 9 * 3
    assert found["lif"] == Activation(3, 4, 7, 6, 2)
    assert found["pool"] == Activation(3, 4, 3, 3, 8)
    assert found["shrink"] == Activation(2, 4, 3, 3, 16)
    assert found["fc"].maximum == 36 * 16
    assert found["readout"] == Logits(10, 0, (2 * 36 * 16 << 4) + 2 * 9)


_COLUMN = np.arange(4)
_RESIDUAL: tuple[Layer, ...] = (
    Conv("conv", (NETWORK_INPUT,), np.ones((4, 1, 3, 3), np.int64), 1, stride=2, padding=1, groups=2),
    Neuron("lif", ("conv",), np.full(4, 3), np.zeros(4, np.int64), filter_shift=2),
    Conv("deeper", ("lif",), np.full((4, 1, 3, 3), -1), 1, padding=1, groups=4),
    Conv("shortcut", ("lif",), np.eye(4, dtype=np.int64).reshape(4, 4, 1, 1), 2),
    CurrentJoin("sum", ("deeper", "shortcut"), np.array([-5, 3, 0, 100]), 2),
    Neuron("lif2", ("sum",), np.full(4, 3), np.zeros(4, np.int64), levels=3, fraction=0),
    Join("join", ("lif", "lif2", "lif")),
    Pool("pool", ("join",), "sum", 6),
    Dense("early_fc", ("pool",), np.ones((3, 4), np.int64), 4),
    Readout("early", ("early_fc",), np.array([0, -50, 1]), 1),
    Dense("fc", ("pool",), np.ones((3, 4), np.int64), 4),
    Readout("readout", ("fc",), np.zeros(3, np.int64), 3),
    EarlyExit("exit", ("early", "readout"), 7),
)
_FORKED = Network("n", Activation(3, 2, 12, 12, 3), _RESIDUAL, ("a", "b", "c"))


def test_edges_of_forks_and_joins() -> None:
    found = edges(_FORKED)
    assert found["conv"].shape == (3, 4, 6, 6)  # type: ignore[union-attr]
    assert found["conv"].maximum == 9 * 3  # one of the two channels
    assert found["sum"] == Accumulator(3, 4, 6, 6, (-9 * 4 - 5, -36, -36, -36), (0, 3, 0, 100))
    assert found["join"] == Activation(3, 4, 6, 6, 1 + 3 + 1)
    assert found["pool"] == Activation(3, 4, 1, 1, 36 * 5)
    assert found["early"] == Logits(3, -150, 2 * 3 * 4 * 180 + 3)
    assert found["exit"] == Logits(3, -150, 8 * 3 * 4 * 180)
    assert output_of(_FORKED) == "exit"


def test_a_layer_that_nobody_reads_is_named() -> None:
    unread = replace(_NETWORK, layers=(*_LAYERS[:4], replace(_LAYERS[2], name="lost"), *_LAYERS[4:]))
    with pytest.raises(UserError, match="layer 'lost': is read by no layer"):
        output_of(unread)
    with pytest.raises(UserError, match="'n' does not end in a read-out or early exit"):
        output_of(replace(_NETWORK, layers=_LAYERS[:-1]))


def _forked(name: str, **changes: Any) -> Network:
    layers = tuple(replace(layer, **changes) if layer.name == name else layer for layer in _RESIDUAL)
    return replace(_FORKED, layers=layers)


@pytest.mark.parametrize(
    ("network", "fault"),
    [
        (_forked("conv", groups=3), "'conv': 3 groups do not divide 2 input and 4 output channels"),
        (_forked("conv", groups=1), r"'conv': weight has shape \(4, 1, 3, 3\); it must be \(any, 2,"),
        (_forked("conv", weight=np.zeros((4, 1, 3, 3), np.int64)), "'conv': a weight of 1 bit is neither"),
        (_forked("lif", filter_shift=25), "'lif': filter shift 25"),
        (_forked("sum", inputs=("deeper",)), "'sum': has 1 inputs; it must have exactly two"),
        (_forked("sum", inputs=("conv", "deeper"), gain=_COLUMN[:3]), r"'sum': gain has shape \(3,\)"),
        (_forked("sum", inputs=("deeper", "lif")), "'sum': adds the currents of two synapse layers, but"),
        (_forked("sum", gain=np.full(4, 1 << 31)), "'sum': a gain of 2147483648"),
        (_forked("deeper", padding=0), r"'sum': its inputs have the shapes \(3, 4, 4, 4\), \(3, 4, 6, 6\)"),
        (_forked("lif2", fraction=4), "'lif2': reads a join on the membrane's grid; give it fraction 0"),
        (_forked("pool", inputs=("sum",)), "'pool': reads a join of currents; put a neuron before it"),
        (_forked("join", inputs=("lif",)), "'join': joins 1 inputs"),
        (_forked("join", inputs=("lif", "deeper")), "'join' needs activations"),
        (_forked("join", inputs=("lif", NETWORK_INPUT)), "'join': its inputs have the shapes"),
        (_forked("exit", inputs=("fc", "readout")), "'exit': its inputs are fc, readout; the first must be"),
        (_forked("exit", inputs=("early", "fc")), "'exit' needs logits"),
        (_forked("exit", margin=-1), "'exit': margin -1"),
        (
            _forked("early_fc", weight=np.ones((2, 4), np.int64)),
            r"'early': bias has shape \(3,\)",
        ),
        (replace(_FORKED, classes=("a",)), "names 1 classes but has 3 logits"),
    ],
)
def test_every_rule_of_forks_and_joins(network: Network, fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        edges(network)


def _with(index: int, **changes: Any) -> Network:
    layers = list(_LAYERS)
    layers[index] = replace(layers[index], **changes)
    return replace(_NETWORK, layers=tuple(layers))


@pytest.mark.parametrize(
    ("network", "fault"),
    [
        (_with(0, name="Conv-1"), "'Conv-1': a name must match"),
        (_with(1, name="conv"), "'conv' appears twice"),
        (_with(0, inputs=("lif",)), "'conv': reads 'lif', which is no earlier layer"),
        (_with(0, inputs=("input", "input")), "'conv': has 2 inputs"),
        (_with(0, weight=np.ones((4, 3, 3, 3), np.int64)), r"'conv': weight has shape \(4, 3, 3, 3\)"),
        (_with(0, weight=np.ones((4, 2, 3, 3))), "'conv': weight is float64"),
        (_with(0, weight=np.ones((4, 2, 3, 1), np.int64)), "'conv': its kernel is not square"),
        (_with(0, weight=np.ones((0, 2, 3, 3), np.int64)), "'conv': has no weights"),
        (_with(0, weight=np.full((4, 2, 3, 3), -8)), "'conv': a weight of magnitude 8 is outside ±7"),
        (_with(0, weight_bits=9), "'conv': weights of 9 bits"),
        (_with(0, stride=0), "'conv': stride 0"),
        (_with(0, padding=3), "'conv': padding 3"),
        (_with(0, weight=np.ones((4, 2, 15, 15), np.int64)), "'conv': a kernel of 15 does not fit"),
        (_with(0, inputs=("input",), name="input"), "'input' appears twice"),
        (_with(1, theta=np.full(3, 3)), r"'lif': theta has shape \(3,\)"),
        (_with(1, theta=np.array([1, 1, 0, 1])), "'lif': theta is 0"),
        (_with(1, bias=np.zeros(5, np.int64)), r"'lif': bias has shape \(5,\)"),
        (_with(1, levels=0), "'lif': 0 levels"),
        (_with(1, leak_multiplier=3), r"'lif': leak 3 / 2\^1"),
        (_with(1, fraction=-1), "'lif': fraction -1"),
        (_with(1, reset="hard"), "'lif': reset 'hard'"),
        (_with(1, inputs=("input",)), "'lif' needs accumulators"),
        (_with(2, inputs=("conv",)), "'pool' needs activations"),
        (_with(2, kind="median"), "'pool': pooling of kind 'median'"),
        (_with(2, size=8), "'pool': a pool of 8 does not fit"),
        (_with(3, matrix=np.array([[8, 8]])), r"'shrink': matrix has shape \(1, 2\)"),
        (_with(3, matrix=np.array([[8, 4, 3]])), r"'shrink': its matrix rows sum to \[15\]"),
        (_with(3, matrix=np.array([[20, -4, 0]])), "'shrink': its matrix has a negative entry"),
        (_with(4, weight=np.ones((10, 35), np.int64)), r"'fc': weight has shape \(10, 35\)"),
        (_with(5, bias=np.zeros(9, np.int64)), r"'readout': bias has shape \(9,\)"),
        (_with(5, inputs=("conv",)), "'readout': reads accumulators with pixels"),
        (replace(_NETWORK, classes=("a", "b")), "names 2 classes but has 10 logits"),
        (replace(_NETWORK, input=Activation(3, 2, 0, 12, 3)), "input: the shape"),
        (replace(_NETWORK, input=Activation(3, 2, 13, 12, 0)), "input: the largest value is 0"),
        (replace(_NETWORK, input=Activation(3, 2, 13, 12, 1 << 50)), r"'conv': its accumulators pass 2\^53"),
    ],
)
def test_every_rule_names_the_layer(network: Network, fault: str) -> None:
    with pytest.raises(UserError, match=fault):
        edges(network)
