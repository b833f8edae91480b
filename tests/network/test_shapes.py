"""edges(): shapes and maxima of every kind of layer, and one refusal for each rule."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Conv,
    Dense,
    Layer,
    Logits,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.shapes import edges

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
