"""From the integer network to what hls4ml's own front ends give it: a list of layers, and types.

hls4ml's names of layers are the network's, so its traces compare with the other engines' by name.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ssnn_fpga.backends.hls4ml.types import Types, layer_types, unsigned
from ssnn_fpga.backends.whole_weights import whole_weight
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Accumulator,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Edge,
    Integers,
    Join,
    Layer,
    Logits,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.ranges import analyse
from ssnn_fpga.network.shapes import edges, output_of


class FrontEnd:
    """``layers``, hls4ml's descriptions of a network's layers, and ``types`` of their values by name.

    ``streamed``: frames travel pixel by pixel, and hls4ml's convolutions over streams know no padding.
    """

    def __init__(self, network: Network, *, streamed: bool) -> None:
        self.layers: list[dict[str, Any]] = []
        self.types: dict[str, Types] = {}
        self.output = output_of(network)
        self._edges = edges(network)
        self._ranges = analyse(network)
        self._streamed = streamed
        self.input = "frames"
        while self.input in self._edges:
            self.input += "_"
        self._add(
            "InputLayer",
            self.input,
            (),
            self._edges[NETWORK_INPUT],
            {"result": unsigned(network.input.maximum)},
        )
        for layer in network.layers:
            self._add_layer(layer)

    def _add(
        self, kind: str, name: str, inputs: tuple[str, ...], edge: Edge, types: Types, **attributes: Any
    ) -> None:
        sources = [self.input if source == NETWORK_INPUT else source for source in inputs]
        shape = "input_shape" if kind == "InputLayer" else "out_shape"
        self.layers.append(
            {"class_name": kind, "name": name, "inputs": sources, "outputs": [name], shape: _shape(edge)}
            | attributes
        )
        self.types[name] = types

    def _add_layer(self, layer: Layer) -> None:
        source, edge = self._edges[layer.inputs[0]], self._edges[layer.name]
        types = layer_types(layer, source, edge, self._ranges)
        match layer:
            case Conv():
                self._add_conv(layer, types)
            case Join():
                self._add_join(layer)
            case _:
                kind, attributes = _counterpart(layer, source)
                self._add(kind, layer.name, layer.inputs, edge, types, **attributes)

    def _add_conv(self, layer: Conv, types: Types) -> None:
        source, edge = self._edges[layer.inputs[0]], self._edges[layer.name]
        assert isinstance(source, Activation)
        assert isinstance(edge, Accumulator)
        if self._streamed:
            layer, source = self._prepared(layer, source)
        kernel = layer.weight.shape[2]
        self._add(
            "TimedConv2D",
            layer.name,
            layer.inputs,
            edge,
            types,
            timesteps=source.timesteps,
            data_format="channels_last",
            in_height=source.height,
            in_width=source.width,
            n_chan=source.channels,
            out_height=edge.height,
            out_width=edge.width,
            n_filt=edge.channels,
            filt_height=kernel,
            filt_width=kernel,
            stride_height=layer.stride,
            stride_width=layer.stride,
            **{f"pad_{side}": layer.padding for side in ("top", "bottom", "left", "right")},
            weight_data=_conv_weight(layer, source),
        )

    def _prepared(self, layer: Conv, source: Activation) -> tuple[Conv, Activation]:
        """What a convolution over streams cannot do goes into a layer before it."""
        name, frame = f"{layer.name}__frame", _frame(source)
        values = {"result": unsigned(source.maximum)}
        if layer.padding:
            height, width = source.height + 2 * layer.padding, source.width + 2 * layer.padding
            edge = replace(source, height=height, width=width)
            self._add("TimedPadding", name, layer.inputs, edge, values, **frame, padding=layer.padding)
            return replace(layer, inputs=(name,), padding=0), edge
        if layer.weight.shape[2] == 1 and layer.stride > 1:
            height, width = ((size - 1) // layer.stride + 1 for size in (source.height, source.width))
            edge = replace(source, height=height, width=width)
            self._add("TimedStride", name, layer.inputs, edge, values, **frame, stride=layer.stride)
            return replace(layer, inputs=(name,), stride=1), edge
        return layer, source

    def _add_join(self, layer: Join) -> None:
        """A chain of sums of two; the last has the layer's name."""
        sources = [self._edges[source] for source in layer.inputs]
        total, first = sources[0].maximum, layer.inputs[0]
        for place in range(1, len(sources)):
            last = place == len(sources) - 1
            name = layer.name if last else f"{layer.name}__{place}"
            total += sources[place].maximum
            self._add(
                "TimedJoin",
                name,
                (first, layer.inputs[place]),
                self._edges[layer.name],
                {"result": unsigned(total)},
                **_size(sources[0]),
            )
            first = name


def _counterpart(layer: Layer, source: Edge) -> tuple[str, dict[str, Any]]:
    """Class and attributes of hls4ml's layer for ``layer``, whose input is ``source``."""
    match layer:
        case Dense():
            assert isinstance(source, Activation)
            weight = _dense_weight(layer, source)
            inputs, outputs = weight.shape
            return "TimedDense", {
                "timesteps": source.timesteps,
                "n_in": inputs,
                "n_out": outputs,
                "weight_data": weight,
            }
        case Neuron():
            return "TimedLif", _size(source) | {
                "levels": layer.levels,
                "strict": int(layer.strict),
                "reset_to_zero": int(layer.reset == "zero"),
                "leak_multiplier": layer.leak_multiplier,
                "leak_shift": layer.leak_shift,
                "fraction": layer.fraction,
                "filter_shift": layer.filter_shift,
                "theta_data": layer.theta,
                "bias_data": layer.bias,
            }
        case TemporalTransform():
            return "TimedTransform", _size(source) | {
                "out_timesteps": len(layer.matrix),
                "shift": layer.shift,
                "fraction": layer.fraction,
                "matrix_data": layer.matrix,
            }
        case Pool():
            return "TimedPool", _frame(source) | {"size": layer.size, "is_sum": int(layer.kind == "sum")}
        case CurrentJoin():
            return "TimedCurrentJoin", _size(source) | {"fraction": layer.fraction, "gain_data": layer.gain}
        case Readout():
            assert isinstance(source, Accumulator)
            return "TimedReadout", {
                "timesteps": source.timesteps,
                "channels": source.channels,
                "fraction": layer.fraction,
                "bias_data": source.timesteps * layer.bias,
            }
        case EarlyExit():
            return "TimedEarlyExit", {"channels": source.channels, "margin": layer.margin}
        case _:
            raise TypeError(f"{layer.name}: no layer of hls4ml for a {type(layer).__name__}")


def _shape(edge: Edge) -> list[int]:
    """(T, H, W, C), or (O,) for logits."""
    if isinstance(edge, Logits):
        return [edge.channels]
    return [edge.timesteps, edge.height, edge.width, edge.channels]


def _size(edge: Edge) -> dict[str, int]:
    assert not isinstance(edge, Logits)
    return {"timesteps": edge.timesteps, "pixels": edge.height * edge.width, "channels": edge.channels}


def _frame(edge: Edge) -> dict[str, int]:
    assert isinstance(edge, Activation)
    return {
        "timesteps": edge.timesteps,
        "in_height": edge.height,
        "in_width": edge.width,
        "channels": edge.channels,
    }


def _dense_weight(layer: Dense, source: Activation) -> Integers:
    """(H*W*C, O): rows in the order in which hls4ml's frames travel."""
    outputs = len(layer.weight)
    weight = layer.weight.reshape(outputs, source.channels, source.height, source.width)
    return np.ascontiguousarray(weight.transpose(2, 3, 1, 0).reshape(-1, outputs))


def _conv_weight(layer: Conv, source: Activation) -> Integers:
    """(K, K, C, O). hls4ml has no groups: weights of channels outside a group are 0."""
    whole = whole_weight(layer, source.channels)
    return np.ascontiguousarray(whole.transpose(2, 3, 1, 0))
