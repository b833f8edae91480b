"""Synaptic operations of a network on recordings, and the energy that the field's convention gives them.

The convention counts one accumulate of 0.9 pJ for every spike that meets a synapse, against one
multiply-accumulate of 4.6 pJ for every synapse of the same network without spikes: 32-bit
floating-point additions and multiplications in a 45 nm process (M. Horowitz, "Computing's energy
problem", ISSCC 2014). Where the input is analog (images, direct encoding) the first layer multiplies: its
synapses count as multiply-accumulates at every timestep. The convention leaves out neurons, memories,
clocks and wires, and says nothing of an FPGA. It is the network's figure, the same for every design of it,
and no measurement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Accumulator,
    Activation,
    Conv,
    Dense,
    Integers,
    Network,
)
from ssnn_fpga.network.shapes import edges

ACCUMULATE_PJ = 0.9
MULTIPLY_ACCUMULATE_PJ = 4.6


@dataclass(frozen=True)
class LayerWork:
    """Work of one synapse layer for one sample."""

    synapses: int
    """Weights times the places where they are used: multiply-accumulates without spikes, once a sample."""
    operations: float
    """Bits of inputs that are set, each counted once for every weight it meets; mean over samples."""
    multiplications: int
    """Multiply-accumulates of analog inputs, of which no operations are counted."""
    rate: float
    """Mean of the layer's inputs: of spikes, the spike rate."""

    @property
    def energy_uj(self) -> float:
        """By the convention."""
        return (self.operations * ACCUMULATE_PJ + self.multiplications * MULTIPLY_ACCUMULATE_PJ) / 1e6


@dataclass(frozen=True)
class SynapticWork:
    """Work of one sample, by layer and all layers together."""

    layers: Mapping[str, LayerWork]

    @property
    def operations(self) -> float:
        """Accumulates; mean over samples."""
        return sum(layer.operations for layer in self.layers.values())

    @property
    def multiplications(self) -> int:
        """Multiply-accumulates of analog inputs."""
        return sum(layer.multiplications for layer in self.layers.values())

    @property
    def synapses(self) -> int:
        """Multiply-accumulates of the network without spikes."""
        return sum(layer.synapses for layer in self.layers.values())

    def figures(self) -> dict[str, Any]:
        """For a report."""
        return {
            "synaptic_operations": self.operations,
            "multiply_accumulates": self.multiplications,
            "energy_uj": sum(layer.energy_uj for layer in self.layers.values()),
            "multiply_accumulates_without_spikes": self.synapses,
            "energy_without_spikes_uj": self.synapses * MULTIPLY_ACCUMULATE_PJ / 1e6,
            "layers": {
                name: {
                    "input_rate": layer.rate,
                    "synaptic_operations": layer.operations,
                    "multiply_accumulates": layer.multiplications,
                    "multiply_accumulates_without_spikes": layer.synapses,
                }
                for name, layer in self.layers.items()
            },
            "origin": f"convention: {ACCUMULATE_PJ} pJ an accumulate, {MULTIPLY_ACCUMULATE_PJ} pJ a "
            "multiply-accumulate (45 nm); not measured, the same for every design",
        }

    def sentence(self) -> str:
        """For a table's caption."""
        energy, without = self.figures()["energy_uj"], self.figures()["energy_without_spikes_uj"]
        analog = f" and {self.multiplications:,} multiplications" if self.multiplications else ""
        each = f"{ACCUMULATE_PJ} pJ each{f', {MULTIPLY_ACCUMULATE_PJ} a multiplication' if analog else ''}"
        return (
            f"{self.operations:,.0f} synaptic operations{analog} a sample: {energy:.2f} µJ by convention "
            f"({each}; {without:.2f} µJ without spikes), not measured, the same for every design"
        )


def synaptic_work(network: Network, frames: Integers, trace: Mapping[str, Integers]) -> SynapticWork:
    """Work of a sample, at the activity of ``frames`` (N, T, C, H, W) and all layers' values for them.

    An input of more than one bit is analog where the network has no compression, so no events.
    """
    layers = {}
    edge_of = {NETWORK_INPUT: network.input, **edges(network)}
    for layer in network.layers:
        if not isinstance(layer, Conv | Dense):
            continue
        source = layer.inputs[0]
        given, out = edge_of[source], edge_of[layer.name]
        assert isinstance(given, Activation)
        assert isinstance(out, Accumulator)
        x = frames if source == NETWORK_INPUT else trace[source]
        synapses = int(layer.weight.size) * out.height * out.width
        if source == NETWORK_INPUT and network.compression is None and given.maximum > 1:
            work = LayerWork(synapses, 0.0, synapses * given.timesteps, float(x.mean()))
        else:
            spikes = _set_bits(x, given.bits)
            met = float((spikes * _meets(layer, spikes.shape, out)).sum()) / len(spikes)
            work = LayerWork(synapses, met, 0, float(x.mean()))
        layers[layer.name] = work
    return SynapticWork(layers)


def mean_work(parts: Sequence[tuple[SynapticWork, int]]) -> SynapticWork:
    """Work of a sample of all parts together, each the work of a sample of so many."""
    samples = sum(count for _, count in parts)
    first = parts[0][0].layers

    def mean(name: str, figure: str) -> float:
        total: float = sum(getattr(part.layers[name], figure) * count for part, count in parts)
        return total / samples

    return SynapticWork(
        {
            name: replace(layer, operations=mean(name, "operations"), rate=mean(name, "rate"))
            for name, layer in first.items()
        }
    )


def _set_bits(values: Integers, bits: int) -> Integers:
    """Set bits (N, H, W) of ``values`` (N, T, C, H, W)."""
    ones = np.zeros((len(values), *values.shape[3:]), dtype=np.int64)
    for bit in range(bits):
        ones += (values >> bit & 1).sum(axis=(1, 2), dtype=np.int64)
    return ones


def _meets(layer: Conv | Dense, shape: tuple[int, ...], out: Accumulator) -> Integers:
    """Weights (H, W) that an input value at each place meets."""
    if isinstance(layer, Dense):
        return np.full(shape[1:], out.channels)
    kernel, per_group = layer.weight.shape[2], out.channels // layer.groups
    rows = _windows(shape[1], out.height, kernel, layer.stride, layer.padding)
    columns = _windows(shape[2], out.width, kernel, layer.stride, layer.padding)
    return per_group * np.outer(rows, columns)


def _windows(size: int, windows: int, kernel: int, stride: int, padding: int) -> Integers:
    """How many of the ``windows`` along one axis cover each of ``size`` places."""
    first = np.arange(windows) * stride - padding
    place = np.arange(size)[:, None]
    covered: Integers = ((first <= place) & (place < first + kernel)).astype(np.int64)
    return np.asarray(covered.sum(axis=1))
