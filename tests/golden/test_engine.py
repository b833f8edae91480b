"""The golden engine against the contract's equations written out value by value."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import classify, run
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Integers,
    Join,
    Layer,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from tests.random_networks import random_forked_network, random_frames, random_network


def _plain(layer: Layer, *inputs: Integers) -> Integers:
    """One sample (T, C, H, W) or (O,) through one layer, in Python's integers, one value at a time."""
    x = inputs[0]
    if isinstance(layer, EarlyExit):
        first, second, *_ = sorted((int(value) for value in x), reverse=True)
        return x if first - second >= layer.margin else inputs[1]
    t, c, h, w = x.shape
    match layer:
        case Conv():
            o, inner, k, _ = layer.weight.shape
            rows, columns = ((size + 2 * layer.padding - k) // layer.stride + 1 for size in (h, w))
            y = np.zeros((t, o, rows, columns), np.int64)
            for step, out, i, j, ky, kx in np.ndindex(t, o, rows, columns, k, k):
                row, column = i * layer.stride + ky - layer.padding, j * layer.stride + kx - layer.padding
                seen = out // (o // layer.groups) * inner
                if 0 <= row < h and 0 <= column < w:
                    pixel = x[step, seen : seen + inner, row, column]
                    y[step, out, i, j] += layer.weight[out, :, ky, kx] @ pixel
            return y
        case Dense():
            return np.stack([layer.weight @ step.reshape(-1) for step in x]).reshape(t, -1, 1, 1)
        case Neuron():
            y = np.zeros_like(x)
            for channel, i, j in np.ndindex(c, h, w):
                theta, v, current = int(layer.theta[channel]), 0, 0
                for step in range(t):
                    a = int(x[step, channel, i, j])
                    current -= current >> layer.filter_shift
                    current += (a << layer.fraction) + int(layer.bias[channel])
                    u = (v * layer.leak_multiplier >> layer.leak_shift) + current
                    s = sum(u >= level * theta + layer.strict for level in range(1, layer.levels + 1))
                    v = u - s * theta if layer.reset == "subtract" else u if s == 0 else 0
                    y[step, channel, i, j] = s
            return y
        case TemporalTransform():
            y = np.zeros((len(layer.matrix), c, h, w), np.int64)
            half = 1 << (layer.shift - 1) if layer.shift >= 1 else 0
            for place in np.ndindex(*y.shape):
                summed = sum(int(m) * int(x[(s, *place[1:])]) for s, m in enumerate(layer.matrix[place[0]]))
                y[place] = ((summed << layer.fraction) + half) >> layer.shift
            return y
        case Pool():
            y = np.zeros((t, c, h // layer.size, w // layer.size), np.int64)
            for step, channel, i, j in np.ndindex(*y.shape):
                rows, columns = i * layer.size, j * layer.size
                block = x[step, channel, rows : rows + layer.size, columns : columns + layer.size]
                y[step, channel, i, j] = block.max() if layer.kind == "max" else block.sum()
            return y
        case Join():
            return np.array(
                [sum(map(int, values)) for values in zip(*(y.flat for y in inputs), strict=True)]
            ).reshape(x.shape)
        case CurrentJoin():
            y = np.zeros_like(x)
            for place in np.ndindex(*y.shape):
                gain = int(layer.gain[place[1]])
                y[place] = (int(x[place]) << layer.fraction) + gain * int(inputs[1][place])
            return y
        case Readout():
            return (x[:, :, 0, 0].sum(axis=0) << layer.fraction) + t * layer.bias


@pytest.mark.parametrize("generate", [random_network, random_forked_network])
@pytest.mark.parametrize("seed", range(25))
def test_engine_is_the_contract(seed: int, generate: Callable[..., Network]) -> None:
    rng = np.random.default_rng(seed)
    network = generate(rng, size=(int(rng.integers(3, 8)), int(rng.integers(3, 8))))
    frames = random_frames(rng, network, 2)
    trace = run(network, frames)
    assert list(trace) == [layer.name for layer in network.layers]
    for sample, frame in enumerate(frames):
        values = {NETWORK_INPUT: frame}
        for layer in network.layers:
            values[layer.name] = _plain(layer, *(values[source] for source in layer.inputs))
            assert trace[layer.name].dtype == np.int64
            np.testing.assert_array_equal(trace[layer.name][sample], values[layer.name], layer.name)
    np.testing.assert_array_equal(trace.classes, classify(network, frames))


def test_values_past_int32_and_float32_are_exact() -> None:
    """Weights, inputs and fraction bits that overflow every narrow type on the way."""
    rng = np.random.default_rng(3)
    weight = rng.integers(-127, 128, (3, 2 * 5 * 5))
    network = Network(
        "wide",
        Activation(3, 2, 5, 5, maximum=(1 << 20) - 1),
        (
            Dense("dense", (NETWORK_INPUT,), weight, 8),
            Neuron(
                "lif", ("dense",), np.array([1 << 34] * 3), np.array([0, 1 << 33, -5]), 200, 8, fraction=10
            ),
            Dense("classifier", ("lif",), rng.integers(-7, 8, (4, 3)), 4),
            Readout("readout", ("classifier",), rng.integers(-9, 9, 4)),
        ),
    )
    frames = random_frames(rng, network, 4)
    trace = run(network, frames)
    for sample, x in enumerate(frames):
        for layer in network.layers:
            x = _plain(layer, x)
            np.testing.assert_array_equal(trace[layer.name][sample], x, layer.name)
    assert abs(trace["dense"]).max() > 1 << 24
    assert 0 < trace["lif"].mean() < 1


@pytest.mark.parametrize("theta", [1 << 15, 1 << 16, 1 << 31, 1 << 32])
def test_a_threshold_beyond_the_membrane_means_never(theta: int) -> None:
    """It must not wrap around in the narrow type that the small membranes would allow."""
    network = Network(
        "silent",
        Activation(2, 1, 1, 1, maximum=3),
        (
            Dense("dense", (NETWORK_INPUT,), np.array([[1], [-1]]), 2),
            Neuron("lif", ("dense",), np.array([theta, theta]), np.array([0, 0]), levels=2),
            Dense("classifier", ("lif",), np.array([[1, 1]]), 2),
            Readout("readout", ("classifier",), np.array([0])),
        ),
    )
    frames = np.arange(8).reshape(4, 2, 1, 1, 1) % 4
    assert not run(network, frames)["lif"].any()


def test_class_is_the_first_largest_logit() -> None:
    network = Network(
        "ties",
        Activation(1, 1, 1, 1, maximum=1),
        (
            Dense("classifier", (NETWORK_INPUT,), np.array([[0], [1], [1]]), 2),
            Readout("readout", ("classifier",), np.zeros(3, np.int64)),
        ),
    )
    frames = np.array([0, 1]).reshape(2, 1, 1, 1, 1)
    assert run(network, frames).classes.tolist() == [0, 1]
    assert classify(network, frames).tolist() == [0, 1]


def test_no_samples_give_empty_results() -> None:
    network = random_network(np.random.default_rng(0))
    assert run(network, np.zeros((0, *network.input.shape), np.int64)).logits.shape[0] == 0


def test_frames_that_do_not_fit_are_refused() -> None:
    network = random_network(np.random.default_rng(0), input_maximum=3)
    good = random_frames(np.random.default_rng(0), network, 2)
    with pytest.raises(UserError, match="do not fit network 'random'"):
        run(network, good[:, :, :, 1:])
    with pytest.raises(UserError, match="takes 0 to 3"):
        run(network, good + 1 + good.max())
    with pytest.raises(UserError, match="give integers"):
        run(network, good.astype(np.float32))  # type: ignore[arg-type]


def test_a_network_without_readout_has_no_logits() -> None:
    network = random_network(np.random.default_rng(0))
    headless = Network("headless", network.input, network.layers[:-1])
    with pytest.raises(UserError, match="'headless' does not end in a read-out or early exit"):
        run(headless, random_frames(np.random.default_rng(0), network, 1))
