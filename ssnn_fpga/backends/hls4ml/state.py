"""What the C++ keeps from one timestep to the next."""

from __future__ import annotations

from ssnn_fpga.network.layers import Activation, Network, Neuron, TemporalTransform
from ssnn_fpga.network.ranges import analyse
from ssnn_fpga.network.shapes import edges


def state_bits(network: Network) -> int:
    """Bits of all membranes, filtered currents and sums of transformers."""
    edge_of, ranges = edges(network), analyse(network)
    bits = 0
    for layer in network.layers:
        edge = edge_of[layer.name]
        if not isinstance(edge, Activation):
            continue
        values = edge.channels * edge.height * edge.width
        if isinstance(layer, Neuron):
            width = ranges.neurons[layer.name]
            bits += values * (width.membrane_bits + (width.current_bits if layer.filter_shift else 0))
        elif isinstance(layer, TemporalTransform):
            source = edge_of[layer.inputs[0]]
            assert isinstance(source, Activation)  # edges() has seen to it
            bits += values * edge.timesteps * (source.maximum << layer.shift).bit_length()
    return bits
