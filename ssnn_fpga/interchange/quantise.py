"""From a network in real numbers to the integer network: post-training quantisation, calibrated on data.

Each output channel gets the weight scale that changes its currents least on the calibration frames: with
R the mean of x·xᵀ over what the layer's outputs see, rounding that turns the weights w into w + d costs
dᵀ·R·d. Thresholds and biases then go onto the membrane's grid as docs/arithmetic.md says ("From trained
values to integers"), leaks onto a grid of 1/256 unless a coarser one holds them. What comes out is
compared with what went in, so that nobody has to guess what it cost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import run as run_integers
from ssnn_fpga.interchange.float_network import (
    FloatLayer,
    FloatNetwork,
    FloatNeuron,
    FloatPool,
    FloatSynapses,
    Reals,
    logits,
    patches,
    run,
)
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Compression,
    Conv,
    Dense,
    Integers,
    Layer,
    Network,
    Neuron,
    Pool,
    Readout,
)
from ssnn_fpga.network.names import LayerNames

_RATIOS = np.linspace(0.3, 1.0, 29)  # clipped ranges to try, of the largest weight
_MOST_PATCHES = 20_000  # what an output sees, that many times, says enough of R
_LEAK_SHIFT = 8
_GRID_STEP = 1e-4  # of a weight's step: what float32 leaves of one
_GRID = 1e-6  # relative: what floats leave of a number that is on a grid


@dataclass(frozen=True)
class Quantised:
    """An integer network, and how far it agrees with the real one on the calibration frames."""

    network: Network
    leaks: Mapping[str, tuple[float, float]]  # of neurons whose leak is on no grid: given, taken
    spikes: Mapping[str, float]  # of each neuron layer, the share of values that differ
    classes: Integers  # (N,) of the real network
    integer_classes: Integers  # (N,)

    @property
    def agreement(self) -> float:
        """Share of the calibration samples that both put into the same class."""
        return float((self.classes == self.integer_classes).mean())


def quantise(
    real: FloatNetwork,
    frames: NDArray[np.integer],
    *,
    weight_bits: int,
    fraction: int,
    maximum: int,
    classes: tuple[str, ...] = (),
    compression: Compression | None = None,
) -> Quantised:
    """The integer network of ``real``, calibrated on ``frames`` (N, T, C, H, W) of 0 … ``maximum``.

    Weights get ``weight_bits`` bits, membranes ``fraction`` fractional ones. Raises UserError without
    frames, and as `analyse` does.
    """
    if not len(frames):
        raise UserError(f"{real.name}: quantisation is calibrated on data; give at least one sample.")
    values = run(real, frames)
    build = _Build(frames, values, weight_bits, fraction, maximum)
    for layer in real.layers:
        build.add(layer)
    build.end()
    timesteps, channels, height, width = frames.shape[1:]
    given = Activation(timesteps, channels, height, width, maximum)
    network = Network(real.name, given, tuple(build.layers), classes, compression)
    trace = run_integers(network, frames.astype(np.int64))
    spikes = {
        build.names[layer.name]: float((trace[build.names[layer.name]] != values[layer.name]).mean())
        for layer in real.layers
        if isinstance(layer, FloatNeuron)
    }
    return Quantised(network, build.leaks, spikes, logits(real, values).argmax(axis=1), trace.classes)


class _Build:
    """The integer layers so far."""

    def __init__(
        self,
        frames: NDArray[np.integer],
        values: Mapping[str, Reals],
        weight_bits: int,
        fraction: int,
        maximum: int,
    ) -> None:
        self.layers: list[Layer] = []
        self.names: dict[str, str] = {}
        self.leaks: dict[str, tuple[float, float]] = {}
        self._numbers = LayerNames()
        self._values, self._bits, self._fraction = values, weight_bits, fraction
        self._x = frames.astype(np.float64)  # what the next layer reads, in real numbers
        self._x_scale = 1.0  # of the integers that stand for it
        self._x_maximum = maximum
        self._timesteps = frames.shape[1]
        self._synapses: FloatSynapses | None = None  # not followed by a neuron yet

    def add(self, layer: FloatLayer) -> None:
        """Append ``layer``; synapses wait for the neuron behind them, which decides on their scales."""
        if isinstance(layer, FloatSynapses):
            self._synapses = layer
        elif isinstance(layer, FloatNeuron):
            assert self._synapses is not None
            self._neuron(self._synapses, layer)
            self._synapses = None
            self._x, self._x_scale, self._x_maximum = self._values[layer.name], 1.0, 1
        else:
            self._pool(layer)
            self._x = self._values[layer.name]

    def end(self) -> None:
        """Append the read-out: of the last synapses, or of spikes, which are counted."""
        if self._synapses is not None:
            weight, scale = self._weights(self._synapses, per_channel=False)
            bias = np.rint(self._synapses.bias / scale * 2.0**self._fraction).astype(np.int64)
            name = self._append_synapses(self._synapses, weight)
            self._append(Readout(self._numbers.new("readout"), (name,), bias, self._fraction))
        else:
            outputs = self._x.shape[2] * self._x.shape[3] * self._x.shape[4]
            name = self._numbers.new("count")
            self._append(Dense(name, (self._last,), np.eye(outputs, dtype=np.int64), 2))
            zero = np.zeros(outputs, dtype=np.int64)
            # The importer takes the fraction of the neuron before: counts are shifted, their order stays.
            self._append(Readout(self._numbers.new("readout"), (name,), zero, self._fraction))

    @property
    def _last(self) -> str:
        return self.layers[-1].name if self.layers else NETWORK_INPUT

    def _append(self, layer: Layer) -> str:
        self.layers.append(layer)
        return layer.name

    def _append_synapses(self, layer: FloatSynapses, weight: Integers) -> str:
        name = self.names[layer.name] = self._numbers.new(layer.name)
        if layer.dense:
            return self._append(Dense(name, (self._last,), weight, self._bits))
        shape = layer.stride, layer.padding, layer.groups
        return self._append(Conv(name, (self._last,), weight, self._bits, *shape))

    def _pool(self, layer: FloatPool) -> None:
        name = self.names[layer.name] = self._numbers.new(layer.name)
        self._append(Pool(name, (self._last,), "sum", layer.size))
        self._x_maximum *= layer.size**2
        if layer.kind == "mean":
            self._x_scale /= layer.size**2

    def _neuron(self, synapses: FloatSynapses, neuron: FloatNeuron) -> None:
        weight, scale = self._weights(synapses, per_channel=True)
        # A channel without weights runs on its bias alone: on the threshold's own scale.
        scale = np.where(weight.reshape(len(weight), -1).any(axis=1), scale, neuron.threshold)
        grid = 2.0**self._fraction / scale
        largest = np.abs(weight).reshape(len(weight), -1).sum(axis=1) * self._x_maximum
        filter_shift = self._filter(neuron)
        gain = sum(neuron.leak**t for t in range(self._timesteps)) * 2**filter_shift
        bound = np.ceil(2 * gain * (np.maximum(largest, 1) * 2.0**self._fraction))
        threshold = neuron.threshold * grid
        if neuron.reset == "zero":
            # A threshold that is only compared with is exact: the first integer that reaches it.
            near = np.abs(threshold - np.rint(threshold)) <= _GRID * threshold
            theta = np.where(near, np.rint(threshold) + int(neuron.strict), np.ceil(threshold))
            strict = False
        else:
            theta, strict = np.rint(threshold), neuron.strict
        bias = np.rint(synapses.bias * grid)
        multiplier, shift = self._leak(neuron)
        source = self._append_synapses(synapses, weight)
        name = self.names[neuron.name] = self._numbers.new(neuron.name)
        self._append(
            Neuron(
                name,
                (source,),
                np.clip(theta, 1, np.maximum(bound, 1)).astype(np.int64),
                np.clip(bias, -bound, bound).astype(np.int64),
                multiplier,
                shift,
                strict=strict,
                reset=neuron.reset,
                fraction=self._fraction,
                filter_shift=filter_shift,
            )
        )

    def _filter(self, neuron: FloatNeuron) -> int:
        """k of the current filter, whose decay is 1 - 2**-k."""
        for shift in range(_LEAK_SHIFT + 1):
            if abs(neuron.decay - (1 - 2.0**-shift)) <= _GRID:
                return shift
        raise UserError(
            f"neuron {neuron.name!r}: its synaptic current decays by {neuron.decay:g} a timestep, and the "
            "hardware's by 1 - 2**-k; train with 0.5, 0.75 or 0.875."
        )

    def _leak(self, neuron: FloatNeuron) -> tuple[int, int]:
        """(m, k) of m / 2**k, the coarsest grid that holds the leak; else the nearest of 1/256."""
        for shift in range(_LEAK_SHIFT + 1):
            multiplier = round(neuron.leak * 2**shift)
            if abs(neuron.leak - multiplier / 2**shift) <= _GRID:
                return multiplier, shift
        multiplier = round(neuron.leak * 2**_LEAK_SHIFT)
        self.leaks[neuron.name] = (neuron.leak, multiplier / 2**_LEAK_SHIFT)
        return multiplier, _LEAK_SHIFT

    def _weights(self, layer: FloatSynapses, *, per_channel: bool) -> tuple[Integers, Reals]:
        """Integer weights, and the scales (O,) of what they accumulate, all equal without ``per_channel``."""
        flat = layer.weight.reshape(len(layer.weight), -1)
        largest = np.abs(flat).max(axis=1) if per_channel else np.full(len(flat), np.abs(flat).max())
        largest = np.where(largest > 0, largest, 1.0)
        moments = self._moments(layer)
        most = max(1, (1 << (self._bits - 1)) - 1)
        best, scale = np.full(len(flat), np.inf), largest / most
        on_grid = _grid_scale(flat if per_channel else flat.reshape(1, -1), most)
        scale = np.where(np.isnan(on_grid), scale, on_grid)
        best = np.where(np.isnan(on_grid), best, 0.0)
        for ratio in _RATIOS:
            tried = largest * ratio / most
            lost = _rounded(flat, tried, most) * tried[:, None] - flat
            cost = np.concatenate(
                [
                    np.einsum("oi,ij,oj->o", part, moment, part)
                    for part, moment in zip(np.split(lost, len(moments)), moments, strict=True)
                ]
            )
            cost = cost if per_channel else np.full(len(flat), cost.sum())
            scale = np.where(cost < best, tried, scale)
            best = np.minimum(cost, best)
        weight = _rounded(flat, scale, most).astype(np.int64).reshape(layer.weight.shape)
        return weight, scale * self._x_scale

    def _moments(self, layer: FloatSynapses) -> list[Reals]:
        """R of each group of channels: (inputs, inputs) means of products of what an output sees."""
        seen = patches(layer, self._x)
        step = max(1, seen.shape[1] // _MOST_PATCHES)
        moments = []
        for group in seen[:, ::step]:
            # A trace of the unit matrix: inputs that no sample has used still round to the nearest.
            moment = group.T @ group / len(group)
            moments.append(moment + 1e-9 * (1 + np.trace(moment)) * np.eye(len(moment)))
        return moments


def _grid_scale(weight: Reals, most: int) -> Reals:
    """(O,) the coarsest scale of which a row of weights (O, inputs) holds whole multiples, NaN for none."""
    largest = np.abs(weight).max(axis=1)
    scale = np.full(len(weight), np.nan)
    for steps in range(most, 0, -1):
        tried = np.where(largest > 0, largest, 1.0) / steps
        exact = np.abs(weight / tried[:, None] - np.rint(weight / tried[:, None])).max(axis=1) < _GRID_STEP
        scale = np.where(exact, tried, scale)
    return scale


def _rounded(weight: Reals, scale: Reals, most: int) -> Reals:
    return np.clip(np.rint(weight / scale[:, None]), -most, most)
