"""Range analysis against every input there is: bounds are never passed, and they are reached."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Accumulator,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    Network,
    Neuron,
    Readout,
    signed_bits,
)
from ssnn_fpga.network.ranges import analyse, neuron_range, readout_range
from ssnn_fpga.network.shapes import channel_bounds, edges
from tests.random_networks import random_forked_network, random_frames, random_network


def _column(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


def _reached(neuron: Neuron, low: int, high: int, timesteps: int) -> tuple[set[int], set[int], set[int]]:
    """Every U and V, every V * m, and every c, over all sequences of accumulators low..high."""
    theta, bias = int(neuron.theta[0]), int(neuron.bias[0])
    values, products, currents = {0}, {0}, {0}
    for sequence in itertools.product(range(low, high + 1), repeat=timesteps):
        v = c = 0
        for a in sequence:
            products.add(v * neuron.leak_multiplier)
            drive = (a << neuron.fraction) + bias
            currents.update((c - (c >> neuron.filter_shift), drive))
            c = c - (c >> neuron.filter_shift) + drive
            u = (v * neuron.leak_multiplier >> neuron.leak_shift) + c
            s = sum(u >= level * theta + neuron.strict for level in range(1, neuron.levels + 1))
            v = u - s * theta if neuron.reset == "subtract" else 0 if s else u
            currents.add(c)
            values.update((u, v))
    return values, products, currents


@st.composite
def _neurons(draw: st.DrawFn) -> Neuron:
    shift = draw(st.integers(0, 3))
    return Neuron(
        "lif",
        ("dense",),
        _column(draw(st.integers(1, 12))),
        _column(draw(st.integers(-6, 6))),
        leak_multiplier=draw(st.integers(0, 1 << shift)),
        leak_shift=shift,
        levels=draw(st.integers(1, 3)),
        strict=draw(st.booleans()),
        reset=draw(st.sampled_from(["subtract", "zero"])),
        fraction=draw(st.integers(0, 2)),
        filter_shift=draw(st.integers(0, 3)),
    )


@settings(max_examples=120, deadline=None)
@given(_neurons(), st.integers(-3, 0), st.integers(0, 3), st.integers(1, 4))
def test_no_sequence_passes_the_bounds(neuron: Neuron, low: int, high: int, timesteps: int) -> None:
    found = neuron_range(neuron, _column(low), _column(high), timesteps)
    values, products, currents = _reached(neuron, low, high, timesteps)
    assert found.minimum <= min(values)
    assert max(values) <= found.maximum
    assert (found.current_minimum, found.current_maximum) == (min(currents), max(currents))
    assert found.membrane_bits >= found.current_bits
    assert found.product_bits >= signed_bits(min(products), max(products))
    assert found.membrane_bits <= signed_bits(min(values), max(values)) + 1  # and they are no luxury


@settings(max_examples=60, deadline=None)
@given(_neurons(), st.integers(-9, 0), st.integers(0, 9), st.integers(1, 40), st.integers(0, 2**32))
def test_extreme_sequences_stay_inside(
    neuron: Neuron, low: int, high: int, timesteps: int, seed: int
) -> None:
    """Long sequences of nothing but the bounds, from one of them to the other at random times."""
    found = neuron_range(neuron, _column(low), _column(high), timesteps)
    assert found.membrane_bits >= found.current_bits
    rng = np.random.default_rng(seed)
    turns = np.cumsum(rng.random((64, timesteps)) < rng.uniform(0, 1, (64, 1)), axis=1) % 2
    v = c = np.zeros(64, np.int64)
    theta, bias = neuron.theta[0], neuron.bias[0]
    for a in np.where(turns, low, high).T:
        c = c - (c >> neuron.filter_shift) + (a << neuron.fraction) + bias
        u = (v * neuron.leak_multiplier >> neuron.leak_shift) + c
        s = np.clip((u - neuron.strict) // theta, 0, neuron.levels)
        v = u - s * theta if neuron.reset == "subtract" else u * (s == 0)
        for values, least, most in (
            (c, found.current_minimum, found.current_maximum),
            (u, found.minimum, found.maximum),
            (v, found.minimum, found.maximum),
        ):
            assert least <= values.min()
            assert values.max() <= most


@pytest.mark.parametrize("reset", ["subtract", "zero"])
@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("levels", [1, 2, 3])
@pytest.mark.parametrize("leak", [(1, 0), (1, 1), (3, 2), (0, 0)])
def test_bounds_are_reached(leak: tuple[int, int], levels: int, strict: bool, reset: str) -> None:
    """On a grid without gaps (fraction 0) both bounds occur: no width is wider than it must be."""
    neuron = Neuron("lif", ("d",), _column(4), _column(0), *leak, levels, strict, reset, 0)  # type: ignore[arg-type]
    values, _, _ = _reached(neuron, -3, 3, 4)
    found = neuron_range(neuron, _column(-3), _column(3), 4)
    assert (found.minimum, found.maximum) == (min(values), max(values))


def test_each_channel_has_its_own_bounds() -> None:
    """A large threshold beside small weights must not add up to a width that no channel needs."""
    neuron = Neuron("lif", ("dense",), _column(1, 1000), _column(0, 0), 1, 0, fraction=0)
    apart = neuron_range(neuron, _column(0, 0), _column(100, 1), 2)
    assert apart.maximum == 200 - 1  # 100, less the spike, plus 100
    together = neuron_range(replace(neuron, theta=_column(1000, 1000)), _column(0, 0), _column(100, 1), 20)
    assert together.maximum == 999 + 100


def test_widths_of_parameters() -> None:
    neuron = Neuron("lif", ("dense",), _column(1, 255), _column(-128, 127), fraction=0)
    found = neuron_range(neuron, _column(0, 0), _column(1, 1), 1)
    assert (found.theta_bits, found.bias_bits) == (8, 8)
    found = neuron_range(
        replace(neuron, theta=_column(256, 1), bias=_column(0, 128)), _column(0, 0), _column(1, 1), 1
    )
    assert (found.theta_bits, found.bias_bits) == (9, 9)


@given(st.integers(-5, 0), st.integers(0, 5), st.integers(1, 5), st.integers(-40, 40), st.integers(0, 3))
def test_readout_covers_every_partial_sum(low: int, high: int, steps: int, bias: int, fraction: int) -> None:
    """With the bias first, last or at every step, in the sequences that go farthest."""
    found = readout_range(Readout("r", ("d",), _column(bias), fraction), _column(low), _column(high), steps)
    partial = {0}
    for a in (low, high):
        sums = [(a * t) << fraction for t in range(steps + 1)]
        partial.update(sums)
        partial.update(s + steps * bias for s in sums)
        partial.update(s + t * bias for t, s in enumerate(sums))
    assert min(partial) == found.minimum
    assert max(partial) == found.maximum


@pytest.mark.parametrize(
    ("low", "high", "bits"), [(0, 0, 1), (-1, 0, 1), (0, 1, 2), (-2, 1, 2), (-3, 1, 3), (-8, 8, 5)]
)
def test_signed_bits(low: int, high: int, bits: int) -> None:
    assert signed_bits(low, high) == bits


@pytest.mark.parametrize("generate", [random_network, random_forked_network])
@pytest.mark.parametrize("seed", range(20))
def test_real_values_stay_inside_every_edge(seed: int, generate: Callable[..., Network]) -> None:
    rng = np.random.default_rng(seed)
    network = generate(rng)
    edge_of = edges(network)
    analyse(network)
    for layer, values in run(network, random_frames(rng, network, 4)).items():
        edge = edge_of[layer]
        low = 0 if isinstance(edge, Activation) else edge.minimum
        assert low <= values.min()
        assert values.max() <= edge.maximum
        assert values.shape[1:] == (
            edge.shape if isinstance(edge, Activation | Accumulator) else (edge.channels,)
        )


@pytest.mark.parametrize("seed", range(30))
def test_extreme_frames_stay_inside_every_width(seed: int) -> None:
    """U, V, c and V * m of every neuron, where every input is 0 or the most that there is."""
    rng = np.random.default_rng(seed)
    network = random_forked_network(rng)
    maximum = network.input.maximum
    density = rng.uniform(0, 1, (24, 1, network.input.channels, 1, 1))
    frames = maximum * (rng.random((24, *network.input.shape)) < density).astype(np.int64)
    frames[0], frames[1] = 0, maximum
    trace, ranges, edge_of = run(network, frames), analyse(network), edges(network)
    for layer in network.layers:
        edge = edge_of[layer.name]
        if isinstance(edge, Accumulator):
            values = trace[layer.name]
            assert (values.min(axis=(0, 1, 3, 4)) >= edge.lows).all()
            assert (values.max(axis=(0, 1, 3, 4)) <= edge.highs).all()
        if isinstance(layer, Neuron):
            found = ranges.neurons[layer.name]
            a = trace[layer.inputs[0]]
            v = c = np.zeros_like(a[:, 0])
            for t in range(a.shape[1]):
                drive = (a[:, t] << layer.fraction) + layer.bias.reshape(-1, 1, 1)
                c = c - (c >> layer.filter_shift) + drive
                product = v * layer.leak_multiplier
                u = (product >> layer.leak_shift) + c
                v = u - trace[layer.name][:, t] * layer.theta.reshape(-1, 1, 1)
                if layer.reset == "zero":
                    v = u * (trace[layer.name][:, t] == 0)
                for values, bits in (
                    (drive, found.current_bits),
                    (c, found.current_bits),
                    (product, found.product_bits),
                    (u, found.membrane_bits),
                    (v, found.membrane_bits),
                ):
                    assert signed_bits(int(values.min()), int(values.max())) <= bits


_SMALL_WEIGHTS = st.lists(st.integers(-3, 3), min_size=5, max_size=5)


@settings(max_examples=60, deadline=None)
@given(_SMALL_WEIGHTS, _SMALL_WEIGHTS, st.integers(-40, 40), st.integers(0, 4), st.integers(1, 7))
def test_no_frame_passes_the_bounds_of_a_join(
    first: list[int], second: list[int], gain: int, fraction: int, maximum: int
) -> None:
    """Every frame of extremes through two dense layers, their join; reached where they share no input."""
    network = Network(
        "n",
        Activation(1, 5, 1, 1, maximum),
        (
            Dense("a1", (NETWORK_INPUT,), np.array([first]), 3),
            Dense("a2", (NETWORK_INPUT,), np.array([second]), 3),
            CurrentJoin("sum", ("a1", "a2"), _column(gain), fraction),
            Neuron("lif", ("sum",), _column(1), _column(0), fraction=0),
            Dense("fc", ("lif",), np.array([[1], [-1]]), 2),
            Readout("readout", ("fc",), _column(0, 3)),
        ),
    )
    edge = edges(network)["sum"]
    assert isinstance(edge, Accumulator)
    frames = np.array(list(itertools.product((0, maximum), repeat=5))).reshape(-1, 1, 5, 1, 1)
    sums = run(network, frames)["sum"]
    assert edge.lows[0] <= sums.min()
    assert sums.max() <= edge.highs[0]
    if not any(a and b for a, b in zip(first, second, strict=True)):
        assert (edge.lows[0], edge.highs[0]) == (sums.min(), sums.max())


def test_accumulator_bounds_are_those_of_the_weights() -> None:
    weight = np.array([[1, -2, 3], [-4, 0, 1]])
    low, high = channel_bounds(weight, 5)
    assert low == (-10, -20)
    assert high == (20, 5)
    network = Network("n", Activation(2, 3, 1, 1, 5), (Dense("d", (NETWORK_INPUT,), weight, 4),))
    edge = edges(network)["d"]
    assert isinstance(edge, Accumulator)
    assert (edge.minimum, edge.maximum, edge.bits) == (-20, 20, 6)


def test_more_than_sixty_two_bits_are_refused() -> None:
    weight = np.full((1, 1, 1, 1), 127)
    network = Network(
        "n",
        Activation(4, 1, 1, 1, (1 << 40) - 1),
        (
            Conv("conv", (NETWORK_INPUT,), weight, 8),
            Neuron("lif", ("conv",), _column(1), _column(0), fraction=20),
        ),
    )
    with pytest.raises(UserError, match="layer 'lif': its values need"):
        analyse(network)
