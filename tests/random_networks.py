"""Random small networks for tests: every kind of layer, every option, activity in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ssnn_fpga.golden.engine import run_layer
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
from ssnn_fpga.network.shapes import edges


def random_frames(rng: np.random.Generator, network: Network, n: int) -> Integers:
    """(N, T, C, H, W) frames for ``network``: half of the values 0, the others up to the maximum."""
    return _frames(rng, network.input, n)


def random_network(
    rng: np.random.Generator,
    *,
    schedule: Sequence[int] | None = None,
    input_channels: int | None = None,
    size: tuple[int, int] | None = None,
    input_maximum: int | None = None,
    channels: Sequence[int] | None = None,
    kernel: int | None = None,
    stride: int | None = None,
    padding: int | None = None,
    weight_bits: int | None = None,
    pool: str | None = None,
    pool_size: int | None = None,
    transform_shift: int | None = None,
    transform_fraction: int | None = None,
    hidden: int | None = None,
    outputs: int | None = None,
    leak: tuple[int, int] | None = None,
    levels: int | None = None,
    strict: bool | None = None,
    reset: str | None = None,
    fraction: int | None = None,
) -> Network:
    """A valid network that ends in Dense + Readout; what is not given is drawn from ``rng``.

    ``schedule``: timesteps of the stages, one convolution block each, a transformer where they
    change. ``channels``: output channels of each convolution. ``pool``: "max", "sum" or "none".
    ``hidden``: neurons of a hidden dense layer, 0 for none. ``leak``: (multiplier, shift).
    Thresholds follow the accumulators of random frames, so that neurons neither all fire nor all rest.
    """
    steps = tuple(schedule) if schedule is not None else _random_schedule(rng)
    if channels is None:
        channels = [int(rng.integers(1, 6)) for _ in steps]
    height, width = size if size is not None else (int(rng.integers(5, 11)), int(rng.integers(5, 11)))
    given_input = Activation(
        steps[0],
        input_channels if input_channels is not None else int(rng.integers(1, 4)),
        height,
        width,
        input_maximum if input_maximum is not None else int(rng.integers(1, 16)),
    )
    net = _Growing(rng, given_input)

    def bits() -> int:
        return weight_bits if weight_bits is not None else int(rng.integers(2, 9))

    def add_neuron(name: str) -> None:
        m, k = leak if leak is not None else _random_leak(rng)
        f = fraction if fraction is not None else int(rng.integers(0, 7))
        count = levels if levels is not None else int(rng.choice([1, 1, 2, 3, 5]))
        net.add_neuron(
            name,
            *net.last,
            leak_multiplier=m,
            leak_shift=k,
            levels=count,
            strict=strict if strict is not None else bool(rng.integers(2)),
            reset=reset if reset is not None else str(rng.choice(["subtract", "zero"])),
            fraction=f,
        )

    for number, (timesteps, out) in enumerate(zip(steps, channels, strict=True), start=1):
        edge = net.edge
        if number > 1 and timesteps != edge.timesteps:
            shift = transform_shift if transform_shift is not None else int(rng.integers(0, 6))
            rise = transform_fraction if transform_fraction is not None else int(rng.integers(0, 3))
            matrix = rng.multinomial(1 << shift, rng.dirichlet(np.ones(edge.timesteps)), size=timesteps)
            net.add(TemporalTransform(f"transform{number}", net.last, matrix, shift, rise))
        k = kernel if kernel is not None else int(rng.choice([1, 3, 5]))
        pad = padding if padding is not None else int(rng.integers(0, k // 2 + 1))
        if min(edge.height, edge.width) + 2 * pad < k:
            k, pad = 1, 0
        s = stride if stride is not None else int(rng.choice([1, 1, 2]))
        b = bits()
        net.add(Conv(f"conv{number}", net.last, _weights(rng, (out, edge.channels, k, k), b), b, s, pad))
        add_neuron(f"lif{number}")
        kind = pool if pool is not None else str(rng.choice(["none", "max", "sum"]))
        if kind != "none" and min(net.edge.height, net.edge.width) >= 2:
            largest = min(3, net.edge.height, net.edge.width)
            window = pool_size if pool_size is not None else int(rng.integers(2, largest + 1))
            net.add(Pool(f"pool{number}", net.last, kind, window))  # type: ignore[arg-type]
    count = hidden if hidden is not None else int(rng.choice([0, 0, 4, 9]))
    if count:
        b = bits()
        net.add(Dense("hidden", net.last, _weights(rng, (count, net.features), b), b))
        add_neuron("lif_hidden")
    o = outputs if outputs is not None else int(rng.integers(2, 11))
    b = bits()
    net.add(Dense("classifier", net.last, _weights(rng, (o, net.features), b), b))
    f = fraction if fraction is not None else int(rng.integers(0, 7))
    net.add(Readout("readout", net.last, rng.integers(-(8 << f), (8 << f) + 1, o), f))
    return net.network(classes=tuple(f"class{i}" for i in range(o)))


BLOCKS = ("plain", "grouped", "depthwise", "join", "currents")
"""Kinds of blocks of ``random_forked_network``."""


def random_forked_network(
    rng: np.random.Generator,
    *,
    blocks: Sequence[str] | None = None,
    timesteps: int | None = None,
    input_channels: int | None = None,
    size: tuple[int, int] | None = None,
    input_maximum: int | None = None,
    channels: int | None = None,
    weight_bits: int | None = None,
    stride: int | None = None,
    levels: int | None = None,
    leak: tuple[int, int] | None = None,
    reset: str | None = None,
    filter_shift: int | None = None,
    heads: int | None = None,
    outputs: int | None = None,
) -> Network:
    """A valid network of ``blocks`` behind a first convolution; what is not given is drawn from ``rng``.

    "plain": a convolution; "grouped": one in groups; "depthwise": one a channel, and one of kernel 1
    behind it; "join": two paths whose spikes are added; "currents": two convolutions of different
    stretch whose currents are added. ``channels``: even; of every block. Pools and transformers come
    between them by chance. ``heads``: early exits, at most one behind each block.
    """
    if blocks is None:
        blocks = [str(rng.choice(BLOCKS)) for _ in range(int(rng.integers(1, 4)))]
    steps = timesteps if timesteps is not None else int(rng.integers(1, 5))
    height, width = size if size is not None else (int(rng.integers(5, 11)), int(rng.integers(5, 11)))
    start = Activation(
        steps,
        input_channels if input_channels is not None else int(rng.integers(1, 4)),
        height,
        width,
        input_maximum if input_maximum is not None else int(rng.integers(1, 16)),
    )
    net = _Growing(rng, start)
    wide = channels if channels is not None else 2 * int(rng.integers(1, 4))
    classes = outputs if outputs is not None else int(rng.integers(2, 11))
    early = heads if heads is not None else int(rng.integers(0, len(blocks) + 1))
    if early > len(blocks):
        raise ValueError(f"{early} heads need as many blocks, not {len(blocks)}")

    def bits() -> int:
        return weight_bits if weight_bits is not None else int(rng.choice([1, 1, 2, 2, 3, 4, 8]))

    def conv(name: str, source: str, kernel: int, step: int = 1, groups: int = 1) -> str:
        b, inner = bits(), net.edge_of(source).channels // groups
        weight = _weights(rng, (wide, inner, kernel, kernel), b)
        return net.add(Conv(name, (source,), weight, b, step, kernel // 2, groups))

    def neuron(name: str, source: str, fraction: int | None = None) -> str:
        m, k = leak if leak is not None else _random_leak(rng)
        return net.add_neuron(
            name,
            source,
            leak_multiplier=m,
            leak_shift=k,
            levels=levels if levels is not None else int(rng.choice([1, 1, 2, 3])),
            strict=bool(rng.integers(2)),
            reset=reset if reset is not None else str(rng.choice(["subtract", "zero"])),
            fraction=fraction if fraction is not None else int(rng.integers(0, 6)),
            filter_shift=filter_shift if filter_shift is not None else int(rng.choice([0, 1, 2, 3])),
        )

    def block(kind: str, number: int, x: str) -> str:
        name = f"block{number}"
        step = stride if stride is not None else int(rng.choice([1, 1, 2]))
        kernel = int(rng.choice([1, 3, 5]))
        if kind == "plain":
            return neuron(f"{name}_lif", conv(f"{name}_conv", x, kernel, step))
        if kind == "grouped":
            return neuron(f"{name}_lif", conv(f"{name}_conv", x, kernel, step, 2))
        if kind == "depthwise":
            deep = neuron(f"{name}_lif1", conv(f"{name}_deep", x, 3, step, wide))
            return neuron(f"{name}_lif2", conv(f"{name}_point", deep, 1))
        if kind == "join":
            path = neuron(f"{name}_lif", conv(f"{name}_conv", x, kernel))
            return net.add(Join(f"{name}_join", (path, x)))
        inner = neuron(f"{name}_lif1", conv(f"{name}_conv1", x, 3, step))
        ways = (conv(f"{name}_conv2", inner, 3), conv(f"{name}_shortcut", x, 1, step))
        fraction = int(rng.integers(0, 6))
        gain = np.rint(rng.uniform(-2, 2, wide) * (1 << fraction)).astype(np.int64)
        joined = net.add(CurrentJoin(f"{name}_sum", ways, gain, fraction))
        return neuron(f"{name}_lif2", joined, fraction=0)

    def head(name: str, source: str) -> str:
        edge, b = net.edge_of(source), bits()
        if edge.height == edge.width > 1:
            source = net.add(Pool(f"{name}_pool", (source,), "sum", edge.height))
            edge = net.edge_of(source)
        features = edge.channels * edge.height * edge.width
        dense = net.add(Dense(f"{name}_fc", (source,), _weights(rng, (classes, features), b), b))
        f = int(rng.integers(0, 6))
        return net.add(Readout(name, (dense,), rng.integers(-(4 << f), (4 << f) + 1, classes), f))

    # By chance a depthwise one with several output channels for each input channel.
    apart = wide % start.channels == 0 and rng.integers(3) == 0
    x = neuron("lif", conv("conv", NETWORK_INPUT, 3, groups=start.channels if apart else 1))
    exits: list[str] = []
    for number, kind in enumerate(blocks, start=1):
        x = block(kind, number, x)
        if number <= early:
            exits.append(head(f"early{number}", x))
        edge = net.edge_of(x)
        if edge.timesteps > 1 and rng.integers(3) == 0:
            matrix = rng.multinomial(1 << 4, rng.dirichlet(np.ones(edge.timesteps)), size=edge.timesteps - 1)
            x = net.add(TemporalTransform(f"transform{number}", (x,), matrix))
        if min(edge.height, edge.width) >= 4 and rng.integers(2):
            x = net.add(Pool(f"pool{number}", (x,), "max" if rng.integers(2) else "sum"))
    last = head("readout", x)
    for number, exit_ in reversed(list(enumerate(exits, start=1))):
        top = np.sort(net.values(exit_), axis=1)
        margin = int(np.quantile(top[:, -1] - top[:, -2], rng.uniform(0, 1)))
        last = net.add(EarlyExit(f"exit{number}", (exit_, last), margin))
    return net.network(classes=tuple(f"class{i}" for i in range(classes)))


def wide_network(rng: np.random.Generator) -> Network:
    """What the others draw rarely or never: activations of 5 to 8 bits, kernels 3 and 5 with stride 2,
    a depthwise and a grouped layer of stride 2, a global OR."""
    net = _Growing(rng, Activation(2, 2, 17, 17, 255))

    def block(number: int, kernel: int, weight_bits: int, levels: int, groups: int = 1) -> None:
        inner = net.edge.channels // groups
        weight = _weights(rng, (4, inner, kernel, kernel), weight_bits)
        net.add(Conv(f"conv{number}", net.last, weight, weight_bits, 2, kernel // 2, groups))
        net.add_neuron(f"lif{number}", *net.last, levels=levels, fraction=2, leak_multiplier=3, leak_shift=2)

    block(1, 5, 6, 31)
    block(2, 5, 4, 31)
    net.add(TemporalTransform("transform", net.last, np.array([[3, 1], [0, 4]]), 2, 2))
    block(3, 3, 3, 63, groups=4)
    block(4, 3, 2, 1, groups=2)
    net.add(Pool("pool", net.last, "max", net.edge.height))
    net.add(Dense("classifier", net.last, _weights(rng, (3, net.features), 8), 8))
    net.add(Readout("readout", net.last, rng.integers(-9, 10, 3), 0))
    return net.network()


def redrawn(rng: np.random.Generator, network: Network, *, extreme: bool = False) -> Network:
    """Another network of the same shape: other weights, thresholds, biases and gains.

    ``extreme``: every weight of a channel at the same end of its range, biases as large as the
    synapses' sums, some thresholds beyond all of them: what a design must have room for.
    """
    new = _Growing(rng, network.input)
    for layer in network.layers:
        match layer:
            case Conv() | Dense():
                weight = _weights(rng, layer.weight.shape, layer.weight_bits)
                if extreme:
                    largest = max(1, (1 << (layer.weight_bits - 1)) - 1)
                    ends = rng.choice([-largest, largest], len(weight))
                    weight = np.broadcast_to(ends.reshape(-1, *[1] * (weight.ndim - 1)), weight.shape).copy()
                layer = replace(layer, weight=weight)
            case CurrentJoin():
                limit = 4 if extreme else 2
                gain = np.rint(rng.uniform(-limit, limit, layer.gain.shape) * (1 << layer.fraction))
                layer = replace(layer, gain=gain.astype(np.int64))
            case Neuron() | Readout():
                edge = new.edge_of(layer.inputs[0])
                reach = max(1, max(-edge.minimum, edge.maximum) << layer.fraction)  # type: ignore[attr-defined]
                shape = layer.bias.shape
                bias = (
                    rng.choice([-reach, 0, reach], shape)
                    if extreme
                    else rng.integers(-reach, reach, shape) // 4
                )
                layer = replace(layer, bias=bias)
                if isinstance(layer, Neuron):
                    theta = rng.integers(1, max(2, reach // 2), shape)
                    never = rng.random(shape) < (0.25 if extreme else 0)
                    layer = replace(layer, theta=np.where(never, reach << 12, theta))
        new.add(layer)
    return new.network(network.classes)


class _Growing:
    """A network under construction, with what random frames give on every edge."""

    def __init__(self, rng: np.random.Generator, given_input: Activation) -> None:
        self._rng = rng
        self._input = given_input
        self._layers: list[Layer] = []
        self._values = {NETWORK_INPUT: _frames(rng, given_input, 6)}
        self._edges: dict[str, Any] = {NETWORK_INPUT: given_input}
        self._last = NETWORK_INPUT

    @property
    def edge(self) -> Activation:
        """The edge behind the layer that was added last."""
        return self.edge_of(self._last)

    @property
    def last(self) -> tuple[str, ...]:
        return (self._last,)

    @property
    def features(self) -> int:
        return self.edge.channels * self.edge.height * self.edge.width

    def edge_of(self, name: str) -> Activation:
        edge: Activation = self._edges[name]
        return edge

    def values(self, name: str) -> Integers:
        return self._values[name]

    def add(self, layer: Layer) -> str:
        self._layers.append(layer)
        self._last = layer.name
        self._edges = edges(self.network())  # type: ignore[assignment]
        self._values[layer.name] = run_layer(layer, *(self._values[name] for name in layer.inputs))
        return layer.name

    def add_neuron(self, name: str, source: str, *, levels: int, fraction: int, **options: Any) -> str:
        """Add a neuron with thresholds near its accumulators, its biases moved until it is half awake."""
        sums = self._values[source]
        spread = np.abs(sums << fraction).mean(axis=(0, 1, 3, 4))
        scale = spread * self._rng.uniform(0.6, 1.6, spread.shape) * 2 / (1 + levels)
        theta = np.maximum(1, np.rint(scale)).astype(np.int64)
        bias = np.rint(self._rng.normal(0.1, 0.3, theta.shape) * theta).astype(np.int64)
        for _ in range(8):
            layer = Neuron(name, (source,), theta, bias, levels=levels, fraction=fraction, **options)
            activity = run_layer(layer, sums).mean() / levels
            if 0.03 <= activity <= 0.8:
                break
            bias = bias + (theta // 2 + 1 if activity < 0.03 else -(theta // 2 + 1))
        return self.add(layer)

    def network(self, classes: tuple[str, ...] = ()) -> Network:
        return Network("random", self._input, tuple(self._layers), classes)


def _frames(rng: np.random.Generator, edge: Activation, n: int) -> Integers:
    values = rng.integers(1, edge.maximum + 1, (n, *edge.shape))
    return values * rng.integers(0, 2, values.shape)


def _weights(rng: np.random.Generator, shape: tuple[int, ...], bits: int) -> Integers:
    if bits == 1:
        return rng.choice(np.array([-1, 1]), shape)
    largest = (1 << (bits - 1)) - 1
    return rng.integers(-largest, largest + 1, shape)


def _random_schedule(rng: np.random.Generator) -> tuple[int, ...]:
    choices = [(1,), (2,), (3,), (4, 2), (4, 2, 1), (3, 2), (5, 2), (2, 2), (2, 1)]
    return choices[int(rng.integers(len(choices)))]


def _random_leak(rng: np.random.Generator) -> tuple[int, int]:
    k = int(rng.choice([0, 1, 2, 8]))
    return int(rng.integers(0, (1 << k) + 1)), k
