"""C++ integer types of every value of a layer: as wide as range analysis says, and no wider."""

from __future__ import annotations

from ssnn_fpga.network.layers import (
    Accumulator,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Edge,
    Layer,
    Logits,
    Neuron,
    Readout,
    TemporalTransform,
    signed_bits,
)
from ssnn_fpga.network.ranges import Ranges

Types = dict[str, str]


def unsigned(maximum: int) -> str:
    """The narrowest unsigned type that holds 0 .. ``maximum``."""
    return f"ap_uint<{max(1, maximum.bit_length())}>"


def signed(minimum: int, maximum: int) -> str:
    """The narrowest signed type that holds both bounds."""
    return f"ap_int<{signed_bits(minimum, maximum)}>"


def layer_types(layer: Layer, source: Edge, edge: Edge, ranges: Ranges) -> Types:
    """Types by the names that hls4ml and the kernels use; "result" is that of the layer's values.

    ``source`` is the edge that the layer reads, the first of several, ``edge`` the one behind it.
    """
    types = {"result": _values(edge)}
    match layer:
        case Conv() | Dense():
            # Binary weights are -1 and +1: hls4ml's own type of one bit means something else.
            types |= {"accum": types["result"], "weight": f"ap_int<{max(2, layer.weight_bits)}>"}
        case Neuron():
            width = ranges.neurons[layer.name]
            types |= {
                "membrane": f"ap_int<{width.membrane_bits}>",
                "current": f"ap_int<{width.current_bits}>",
                "product": f"ap_int<{width.product_bits}>",
                "threshold": signed(0, layer.levels * int(layer.theta.max()) + 1),
                "leak": unsigned(layer.leak_multiplier),
                "theta": unsigned(int(layer.theta.max())),
                "bias": f"ap_int<{width.bias_bits}>",
            }
        case TemporalTransform():
            assert isinstance(source, Activation)
            summed = source.maximum << layer.shift
            types |= {
                "sum": unsigned(summed),
                "scaled": unsigned((summed << layer.fraction) + (1 << layer.shift >> 1)),
                "matrix": unsigned(int(layer.matrix.max())),
            }
        case CurrentJoin():
            types["gain"] = f"ap_int<{ranges.gain_bits[layer.name]}>"
        case Readout():
            assert isinstance(source, Accumulator)
            bias = source.timesteps * layer.bias
            types["result"] = f"ap_int<{ranges.readouts[layer.name].logit_bits}>"
            types["bias"] = signed(int(bias.min()), int(bias.max()))
        case EarlyExit():
            assert isinstance(source, Logits)
            span = source.maximum - source.minimum
            types["lead"] = signed(-span, span)
    return types


def _values(edge: Edge) -> str:
    return unsigned(edge.maximum) if isinstance(edge, Activation) else signed(edge.minimum, edge.maximum)
