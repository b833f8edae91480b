"""Synaptic operations of a network on recordings, and the energy that the field's convention gives them.

The convention counts one accumulate of 0.9 pJ for every spike that meets a synapse, against one
multiply-accumulate of 4.6 pJ for every synapse of the same network without spikes: 32-bit
floating-point additions and multiplications in a 45 nm process (M. Horowitz, "Computing's energy
problem", ISSCC 2014). It leaves out neurons, memories, clocks and wires, and says nothing of an FPGA.
It is the network's figure, the same for every design of it, and no measurement.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ssnn_fpga.network.layers import Accumulator, Conv, Dense, Integers, Network
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.activity import Activity

ACCUMULATE_PJ = 0.9
MULTIPLY_ACCUMULATE_PJ = 4.6


@dataclass(frozen=True)
class SynapticWork:
    """Work of one sample, all layers together."""

    operations: float
    """Bits of inputs that are set, each counted once for every weight it meets; mean over recordings."""
    synapses: int
    """Weights times the places where they are used: multiply-accumulates without spikes, once a sample."""

    def figures(self) -> dict[str, Any]:
        """For a report."""
        return {
            "synaptic_operations": self.operations,
            "energy_uj": self.operations * ACCUMULATE_PJ / 1e6,
            "multiply_accumulates_without_spikes": self.synapses,
            "energy_without_spikes_uj": self.synapses * MULTIPLY_ACCUMULATE_PJ / 1e6,
            "origin": f"convention: {ACCUMULATE_PJ} pJ an accumulate, {MULTIPLY_ACCUMULATE_PJ} pJ a "
            "multiply-accumulate (45 nm); not measured, the same for every design",
        }

    def sentence(self) -> str:
        """For a table's caption."""
        energy, without = self.figures()["energy_uj"], self.figures()["energy_without_spikes_uj"]
        return (
            f"{self.operations:,.0f} synaptic operations a sample: {energy:.2f} µJ by convention "
            f"({ACCUMULATE_PJ} pJ each; {without:.2f} µJ without spikes), not measured, the same for "
            "every design"
        )


def synaptic_work(network: Network, activity: Mapping[str, Activity]) -> SynapticWork:
    """Work of a sample at the measured activity of every synapse layer of ``network``."""
    operations, synapses = 0.0, 0
    edge_of = edges(network)
    for layer in network.layers:
        if isinstance(layer, Conv | Dense):
            out = edge_of[layer.name]
            assert isinstance(out, Accumulator)
            seen = activity[layer.name]
            spikes = _set_bits(seen.values, seen.bits)
            operations += float((spikes * _meets(layer, spikes.shape, out)).sum()) / len(spikes)
            synapses += int(layer.weight.size) * out.height * out.width
    return SynapticWork(operations, synapses)


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
