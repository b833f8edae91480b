"""Random small networks for tests: every kind of layer, every option, activity in the middle."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ssnn_fpga.golden.engine import run_layer
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Conv,
    Dense,
    Integers,
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


class _Growing:
    """A network under construction, with what random frames give at its end."""

    def __init__(self, rng: np.random.Generator, given_input: Activation) -> None:
        self._rng = rng
        self._input = given_input
        self._layers: list[Layer] = []
        self._values = _frames(rng, given_input, 6)
        self.edge = given_input
        self.last: tuple[str, ...] = (NETWORK_INPUT,)

    @property
    def features(self) -> int:
        return self.edge.channels * self.edge.height * self.edge.width

    def add(self, layer: Layer) -> None:
        self._layers.append(layer)
        self.last = (layer.name,)
        self.edge = edges(self.network())[layer.name]  # type: ignore[assignment]
        self._values = run_layer(layer, self._values)

    def add_neuron(self, name: str, *, levels: int, fraction: int, **options: Any) -> None:
        """Add a neuron with thresholds near its accumulators, its biases moved until it is half awake."""
        spread = np.abs(self._values << fraction).mean(axis=(0, 1, 3, 4))
        scale = spread * self._rng.uniform(0.6, 1.6, spread.shape) * 2 / (1 + levels)
        theta = np.maximum(1, np.rint(scale)).astype(np.int64)
        bias = np.rint(self._rng.normal(0.1, 0.3, theta.shape) * theta).astype(np.int64)
        for _ in range(8):
            layer = Neuron(name, self.last, theta, bias, levels=levels, fraction=fraction, **options)
            activity = run_layer(layer, self._values).mean() / levels
            if 0.03 <= activity <= 0.8:
                break
            bias = bias + (theta // 2 + 1 if activity < 0.03 else -(theta // 2 + 1))
        self.add(layer)

    def network(self, classes: tuple[str, ...] = ()) -> Network:
        return Network("random", self._input, tuple(self._layers), classes)


def _frames(rng: np.random.Generator, edge: Activation, n: int) -> Integers:
    values = rng.integers(1, edge.maximum + 1, (n, *edge.shape))
    return values * rng.integers(0, 2, values.shape)


def _weights(rng: np.random.Generator, shape: tuple[int, ...], bits: int) -> Integers:
    largest = (1 << (bits - 1)) - 1
    return rng.integers(-largest, largest + 1, shape)


def _random_schedule(rng: np.random.Generator) -> tuple[int, ...]:
    choices = [(1,), (2,), (3,), (4, 2), (4, 2, 1), (3, 2), (5, 2), (2, 2), (2, 1)]
    return choices[int(rng.integers(len(choices)))]


def _random_leak(rng: np.random.Generator) -> tuple[int, int]:
    k = int(rng.choice([0, 1, 2, 8]))
    return int(rng.integers(0, (1 << k) + 1)), k
