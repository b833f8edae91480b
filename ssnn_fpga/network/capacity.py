"""The widths that every trained network of one shape needs: those of a design whose weights are loaded.

Same shape means: the same layers with the same sizes, bits, timesteps, strides, levels, leak and so
on; only weights, thresholds, biases and gains differ. Range analysis of one network's real weights
would give widths that the next one breaks. Here each bound is that of the worst network:

- weights anywhere in their range, so accumulators reach ±(largest weight · inputs · largest input);
- biases up to what the synapses can reach, gains up to 4 (or beyond, where the network at hand is);
- thresholds up to one above all that a membrane can reach. A larger one never fires either, so it
  may be stored as the largest that fits, and none is ever too large.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ssnn_fpga.network.layers import (
    Accumulator,
    Conv,
    CurrentJoin,
    Dense,
    Edge,
    Integers,
    Network,
    Neuron,
    Readout,
    signed_bits,
)
from ssnn_fpga.network.ranges import NeuronRange, Ranges, ReadoutRange, neuron_range, readout_range
from ssnn_fpga.network.shapes import edge_after, edges

_LARGEST_GAIN = 4


def capacity(network: Network) -> tuple[dict[str, Edge], Ranges]:
    """Edges and ranges that hold for every network of the shape of a consistent ``network``.

    Raises UserError where a value could pass the widths that the engines are exact in.
    """
    real = edges(network)
    edge_of: dict[str, Edge] = {}
    ranges = Ranges({}, {}, {})
    for name, edge in real.items():
        layer = next((layer for layer in network.layers if layer.name == name), None)
        if layer is None:
            edge_of[name] = edge
            continue
        sources = [edge_of[source] for source in layer.inputs]
        match layer, sources[0]:
            case Neuron(), Accumulator() as source:
                ranges.neurons[name] = _neuron(layer, source)
            case Readout(), Accumulator() as source:
                layer = replace(layer, bias=np.full_like(layer.bias, _largest_bias(layer, source)))
                ranges.readouts[name] = _readout(layer, source)
            case CurrentJoin(), _:
                largest = max(int(np.abs(layer.gain).max()), _LARGEST_GAIN << layer.fraction)
                ranges.gain_bits[name] = signed_bits(-largest, largest)
                layer = replace(layer, gain=np.full_like(layer.gain, largest))
        edge_of[name] = edge_after(layer, sources)
        if isinstance(layer, Conv | Dense):
            edge_of[name] = _reached(layer, edge_of[name], sources[0])
    return edge_of, ranges


def _reached(layer: Conv | Dense, edge: Edge, source: Edge) -> Accumulator:
    """The accumulators with every weight at an end of its range."""
    assert isinstance(edge, Accumulator)
    weight = layer.weight
    largest = max(1, (1 << (layer.weight_bits - 1)) - 1)
    worst = replace(layer, weight=np.full_like(weight, largest))
    highest = edge_after(worst, [source])
    assert isinstance(highest, Accumulator)
    return replace(edge, lows=tuple(-high for high in highest.highs), highs=highest.highs)


def _largest_bias(layer: Neuron | Readout, source: Accumulator) -> int:
    return max(int(np.abs(layer.bias).max()), source.maximum << layer.fraction)


def _both(value: int) -> Integers:
    """The two ends of a range that is even about 0, as two channels."""
    return np.array([-value, value], dtype=np.int64)


def _neuron(layer: Neuron, source: Accumulator) -> NeuronRange:
    bias = _largest_bias(layer, source)
    # Beyond all that the membrane can reach: a gain at rest of 2**shift, and less than a step beyond it.
    steps = source.timesteps * (min(source.timesteps, 2 << layer.filter_shift) if layer.filter_shift else 1)
    silent = ((source.maximum << layer.fraction) + bias) * steps + 1
    # What never fires reaches furthest: a reset brings V into 0 .. U.
    worst = replace(layer, theta=np.full(2, silent, dtype=np.int64), bias=_both(bias))
    low, high = (np.array([bound, bound], dtype=np.int64) for bound in (source.minimum, source.maximum))
    found = neuron_range(worst, low, high, source.timesteps)
    return replace(found, theta_bits=(found.maximum + 1).bit_length())


def _readout(layer: Readout, source: Accumulator) -> ReadoutRange:
    worst = replace(layer, bias=_both(int(layer.bias.max())))
    low, high = (np.array([bound, bound], dtype=np.int64) for bound in (source.minimum, source.maximum))
    return readout_range(worst, low, high, source.timesteps)
