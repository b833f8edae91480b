"""The widths of a loadable design hold for every network of its shape, and no wider ones are needed."""

from __future__ import annotations

import numpy as np
import pytest

from ssnn_fpga.network.capacity import capacity
from ssnn_fpga.network.layers import Accumulator, Activation, Conv, Dense, Network, Neuron, Readout
from ssnn_fpga.network.ranges import analyse
from ssnn_fpga.network.shapes import edges
from tests.random_networks import random_forked_network, redrawn


@pytest.mark.parametrize("seed", range(12))
def test_every_network_of_the_shape_fits(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_forked_network(rng)
    room, ranges = capacity(network)
    for extreme in (False, True, True):
        other = redrawn(rng, network, extreme=extreme)
        found = analyse(other)
        for name, edge in edges(other).items():
            if isinstance(edge, Accumulator):
                wide = room[name]
                assert isinstance(wide, Accumulator)
                assert wide.minimum <= edge.minimum
                assert edge.maximum <= wide.maximum
            elif isinstance(edge, Activation):
                assert room[name] == edge
        for name, neuron in found.neurons.items():
            wide_neuron = ranges.neurons[name]
            assert wide_neuron.minimum <= neuron.minimum, name
            assert neuron.maximum <= wide_neuron.maximum, name
            assert wide_neuron.current_minimum <= neuron.current_minimum, name
            assert neuron.current_maximum <= wide_neuron.current_maximum, name
            assert neuron.bias_bits <= wide_neuron.bias_bits, name
            # No membrane reaches the largest threshold that can be stored.
            assert neuron.maximum < (1 << wide_neuron.theta_bits) - 1
        for name, readout in found.readouts.items():
            assert readout.logit_bits <= ranges.readouts[name].logit_bits
            assert readout.bias_bits <= ranges.readouts[name].bias_bits
        for name, bits in found.gain_bits.items():
            assert bits <= ranges.gain_bits[name]


def test_the_widths_of_a_known_case() -> None:
    """9 inputs of at most 3 and weights of at most 1: sums of 27; biases as much; leak 1/2, two steps."""
    ones = np.ones(1, dtype=np.int64)
    network = Network(
        "known",
        Activation(2, 1, 3, 3, 3),
        (
            Conv("conv", ("input",), np.zeros((1, 1, 3, 3), dtype=np.int64), 2),
            Neuron("lif", ("conv",), ones, ones * 0, leak_multiplier=1, leak_shift=1, fraction=1),
            Dense("fc", ("lif",), np.zeros((2, 1), dtype=np.int64), 4),
            Readout("out", ("fc",), np.zeros(2, dtype=np.int64), fraction=0),
        ),
    )
    room, ranges = capacity(network)
    conv, fc = room["conv"], room["fc"]
    assert isinstance(conv, Accumulator)
    assert isinstance(fc, Accumulator)
    assert (conv.minimum, conv.maximum, fc.minimum, fc.maximum) == (-27, 27, -7, 7)
    lif = ranges.neurons["lif"]
    # Each step drives with (27 << 1) + 54; what is left of the first one is half.
    assert (lif.minimum, lif.maximum) == (-162, 162)
    assert (lif.bias_bits, lif.theta_bits, lif.membrane_bits) == (7, 8, 9)
    # Two steps of 7, and twice a bias of 7.
    assert (ranges.readouts["out"].minimum, ranges.readouts["out"].maximum) == (-28, 28)
