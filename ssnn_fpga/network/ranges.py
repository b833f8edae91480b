"""Range analysis: the widths of membranes, thresholds, biases and logits, from the real weights.

Interval arithmetic over the contract's equations, each channel with its own weights, threshold
and bias, unrolled over the layer's T timesteps. A width that it states can neither wrap nor
saturate, whatever the input.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import (
    Accumulator,
    CurrentJoin,
    Integers,
    Network,
    Neuron,
    Readout,
    signed_bits,
)
from ssnn_fpga.network.shapes import edges

_WIDEST = 62
"""Bits of the widest value: the golden model computes in int64."""


@dataclass(frozen=True)
class NeuronRange:
    """Widths of one neuron layer, over all its channels and timesteps."""

    minimum: int
    """Least value that U or V can take."""
    maximum: int
    """Greatest value that U or V can take."""
    product_bits: int
    """Two's complement bits of V * leak_multiplier, before the shift."""
    theta_bits: int
    """Unsigned bits of the largest threshold."""
    bias_bits: int
    """Two's complement bits of the biases, at least 1."""
    current_minimum: int
    """Least current c, and least value of (a << fraction) + bias."""
    current_maximum: int
    """Greatest current c, and greatest value of (a << fraction) + bias."""

    @property
    def membrane_bits(self) -> int:
        """Two's complement bits that hold U, V and the current c at every timestep.

        c needs no more than U: where c has risen above 0, V is not below 0, and the other way round.
        """
        return signed_bits(self.minimum, self.maximum)

    @property
    def current_bits(self) -> int:
        """Two's complement bits that hold the current c alone at every timestep."""
        return signed_bits(self.current_minimum, self.current_maximum)


@dataclass(frozen=True)
class ReadoutRange:
    """Widths of the read-out, over all its classes."""

    minimum: int
    """Least partial sum of a logit, the bias added first, last or step by step."""
    maximum: int
    """Greatest partial sum of a logit."""
    bias_bits: int
    """Two's complement bits of the biases (not of T * bias), at least 1."""

    @property
    def logit_bits(self) -> int:
        """Two's complement bits that hold every partial sum of every logit."""
        return signed_bits(self.minimum, self.maximum)


@dataclass(frozen=True)
class Ranges:
    """Result of the analysis, by layer name."""

    neurons: dict[str, NeuronRange]
    readouts: dict[str, ReadoutRange]
    gain_bits: dict[str, int]
    """Two's complement bits of the gains of a join of currents."""


def analyse(network: Network) -> Ranges:
    """Widths of every Neuron, Readout and CurrentJoin of a consistent network.

    Raises UserError where a value would pass 62 bits, or where ``edges`` finds a fault.
    """
    edge_of = edges(network)
    neurons: dict[str, NeuronRange] = {}
    readouts: dict[str, ReadoutRange] = {}
    gain_bits: dict[str, int] = {}
    for layer in network.layers:
        if isinstance(layer, CurrentJoin):
            gain_bits[layer.name] = signed_bits(int(layer.gain.min()), int(layer.gain.max()))
        if not isinstance(layer, Neuron | Readout):
            continue
        source = edge_of[layer.inputs[0]]
        assert isinstance(source, Accumulator)  # edges() has seen to it
        low, high = np.array(source.lows, np.int64), np.array(source.highs, np.int64)
        if isinstance(layer, Neuron):
            neurons[layer.name] = neuron_range(layer, low, high, source.timesteps)
        else:
            readouts[layer.name] = readout_range(layer, low, high, source.timesteps)
    return Ranges(neurons, readouts, gain_bits)


def neuron_range(layer: Neuron, low: Integers, high: Integers, timesteps: int) -> NeuronRange:
    """Ranges of a neuron whose accumulators lie in low..high, (C,) each, for ``timesteps`` steps."""
    _check_room(layer, low, high, timesteps)
    drive_low = (low << layer.fraction) + layer.bias
    drive_high = (high << layer.fraction) + layer.bias
    v_low, v_high = np.zeros_like(low), np.zeros_like(high)
    c_low, c_high = np.zeros_like(low), np.zeros_like(high)
    current_low, current_high = [0], [0]
    seen_low, seen_high = [0], [0]
    products = [0]
    for _ in range(timesteps):
        # Neither the leak nor the filter's decay falls with its argument: bounds map to bounds.
        c_low = c_low - (c_low >> layer.filter_shift) + drive_low
        c_high = c_high - (c_high >> layer.filter_shift) + drive_high
        current_low.append(int(c_low.min()))
        current_high.append(int(c_high.max()))
        products += [int((v_low * layer.leak_multiplier).min()), int((v_high * layer.leak_multiplier).max())]
        u_low = ((v_low * layer.leak_multiplier) >> layer.leak_shift) + c_low
        u_high = ((v_high * layer.leak_multiplier) >> layer.leak_shift) + c_high
        v_low, v_high = _after_reset(layer, u_low, u_high)
        seen_low += [int(u_low.min()), int(v_low.min())]
        seen_high += [int(u_high.max()), int(v_high.max())]
    return NeuronRange(
        minimum=min(seen_low),
        maximum=max(seen_high),
        product_bits=signed_bits(min(products), max(products)),
        theta_bits=int(layer.theta.max()).bit_length(),
        bias_bits=signed_bits(int(layer.bias.min()), int(layer.bias.max())),
        current_minimum=min(current_low),
        current_maximum=max(current_high),
    )


def _after_reset(layer: Neuron, u_low: Integers, u_high: Integers) -> tuple[Integers, Integers]:
    """Bounds of V for U in u_low..u_high: the union over the numbers of spikes that can occur."""
    first = layer.theta + int(layer.strict)  # the least U that spikes
    unfired = u_low < first
    fired = u_high >= first
    largest = np.iinfo(np.int64).max
    v_low = np.where(unfired, u_low, largest)
    v_high = np.where(unfired, np.minimum(u_high, first - 1), -largest)
    if layer.reset == "zero":
        return np.where(fired, np.minimum(v_low, 0), v_low), np.where(fired, np.maximum(v_high, 0), v_high)
    for spikes in range(1, layer.levels + 1):
        begin = spikes * layer.theta + int(layer.strict)
        end = begin + layer.theta - 1 if spikes < layer.levels else np.full_like(begin, largest)
        begin, end = np.maximum(begin, u_low), np.minimum(end, u_high)
        possible = begin <= end
        v_low = np.where(possible, np.minimum(v_low, begin - spikes * layer.theta), v_low)
        v_high = np.where(possible, np.maximum(v_high, end - spikes * layer.theta), v_high)
    return v_low, v_high


def readout_range(layer: Readout, low: Integers, high: Integers, timesteps: int) -> ReadoutRange:
    """Ranges of a read-out whose accumulators lie in low..high, (O,) each, for ``timesteps`` steps."""
    _check_room(layer, low, high, timesteps)
    bias = timesteps * layer.bias
    return ReadoutRange(
        minimum=int(((timesteps * low << layer.fraction) + np.minimum(bias, 0)).min()),
        maximum=int(((timesteps * high << layer.fraction) + np.maximum(bias, 0)).max()),
        bias_bits=signed_bits(int(layer.bias.min()), int(layer.bias.max())),
    )


def _check_room(layer: Neuron | Readout, low: Integers, high: Integers, timesteps: int) -> None:
    """Refuse what could pass int64, by a bound in Python's unlimited integers."""
    accumulator = max(-int(low.min()), int(high.max()))
    drive = (accumulator << layer.fraction) + int(np.abs(layer.bias).max())
    largest = drive * timesteps
    if isinstance(layer, Neuron):
        if layer.filter_shift:  # a gain at rest of 2**shift, and less than another step beyond it
            largest *= min(timesteps, 2 << layer.filter_shift)
        largest += int(layer.theta.max()) * layer.levels + 1
        largest <<= layer.leak_shift
    if largest.bit_length() > _WIDEST:
        raise UserError(
            f"layer {layer.name!r}: its values need {largest.bit_length() + 1} bits, more than {_WIDEST}; "
            "use fewer fraction bits, smaller weights or a smaller threshold"
        )
