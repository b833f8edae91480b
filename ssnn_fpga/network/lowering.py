"""The lowered integer file: a network as ONNX with integer weights, scales 1, for any ONNX runtime.

One sample goes in, "input" (T, C, H, W); the logits (O,) come out, int64. Convolutions and dense
layers run in float32, whose integers are exact below 2**24: the exact bounds of every layer are
known, so what would pass that limit is computed in several exact pieces. Every layer's values are
a tensor of the layer's name.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, helper, numpy_helper

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.files import write_whole
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Accumulator,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Edge,
    Join,
    Layer,
    Logits,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.ops import DOMAIN, DOMAIN_VERSION, OPSET, append_functions
from ssnn_fpga.network.shapes import edges

LAYERS_KEY = "layers"
"""Key of the file's metadata: JSON list of the tensors that are layers, in order."""

_IR_VERSION = 10  # what onnxruntime 1.20 and later read
_EXACT_BITS = 24  # integers below 2**24 are exact in float32


def save(network: Network, path: str | Path) -> None:
    """Write the lowered file of ``network`` to ``path``. Raises UserError as ``lower`` does."""
    model = lower(network)
    write_whole(Path(path), lambda aside: aside.write_bytes(model.SerializeToString()))


def lower(network: Network, *, every_layer: bool = False) -> onnx.ModelProto:
    """The lowered model; with ``every_layer`` each layer's tensor is a graph output, in order.

    Raises UserError where a layer's values cannot be exact in float32 pieces.
    """
    edge_of = edges(network)
    graph = _Graph()
    for layer in network.layers:
        _check_exact(layer, edge_of[layer.name])
        graph.add_layer(layer, [edge_of[source] for source in layer.inputs], edge_of[layer.name])
    names = [layer.name for layer in network.layers]
    outputs = names if every_layer else names[-1:]
    infos = {name: _value_info(name, edge_of[name]) for name in (NETWORK_INPUT, *names)}
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            network.name,
            [infos[NETWORK_INPUT]],
            [infos[name] for name in outputs],
            initializer=graph.initializers,
            value_info=[infos[name] for name in names if name not in outputs],
        ),
        producer_name="ssnn-fpga",
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(DOMAIN, DOMAIN_VERSION)],
        ir_version=_IR_VERSION,
    )
    metadata = {LAYERS_KEY: json.dumps(names), "classes": json.dumps(list(network.classes))}
    if network.compression is not None:
        metadata["compression"] = json.dumps(asdict(network.compression))
    helper.set_model_props(model, metadata)
    return append_functions(model)


def _check_exact(layer: Layer, edge: Edge) -> None:
    if isinstance(edge, Activation) and edge.maximum >> _EXACT_BITS:
        raise UserError(
            f"layer {layer.name!r}: its values reach {edge.maximum}, which float32 in the lowered file does "
            "not hold; use fewer input bits, smaller pools or a smaller fraction in the transformer"
        )


def _is_wide(edge: Accumulator) -> bool:
    return max(-edge.minimum, edge.maximum) >> _EXACT_BITS > 0


def _value_info(name: str, edge: Edge) -> onnx.ValueInfoProto:
    if isinstance(edge, Logits):
        return helper.make_tensor_value_info(name, TensorProto.INT64, [edge.channels])
    wide = isinstance(edge, Accumulator) and _is_wide(edge)
    return helper.make_tensor_value_info(name, TensorProto.DOUBLE if wide else TensorProto.FLOAT, edge.shape)


class _Graph:
    """Nodes and initializers of the file under construction.

    Tensors inside a layer are called layer/part, so they never meet a layer's name.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def add_layer(self, layer: Layer, sources: Sequence[Edge], edge: Edge) -> None:
        """Append the nodes that compute ``layer`` from its input edges."""
        name, x, source = layer.name, layer.inputs[0], sources[0]
        match layer:
            case Conv() | Dense():
                assert isinstance(source, Activation)
                assert isinstance(edge, Accumulator)
                self._synapses(layer, source, edge)
            case Neuron():
                wide = isinstance(source, Accumulator) and _is_wide(source)
                scale = self._constant(f"{name}/scale", np.ones((), np.float64 if wide else np.float32))
                theta = self._constant(f"{name}/theta", layer.theta)
                bias = self._constant(f"{name}/bias", layer.bias)
                self._node(
                    "Lif",
                    [x, scale, theta, bias],
                    name,
                    domain=DOMAIN,
                    leak_multiplier=layer.leak_multiplier,
                    leak_shift=layer.leak_shift,
                    levels=layer.levels,
                    strict=int(layer.strict),
                    reset_to_zero=int(layer.reset == "zero"),
                    fraction=layer.fraction,
                    filter_shift=layer.filter_shift,
                )
            case TemporalTransform():
                matrix = self._constant(f"{name}/matrix", layer.matrix)
                self._node(
                    "TemporalTransform",
                    [x, matrix],
                    name,
                    domain=DOMAIN,
                    shift=layer.shift,
                    fraction=layer.fraction,
                )
            case Pool():
                assert isinstance(source, Activation)
                self._pool(layer, source.channels)
            case Join():
                self._node("Sum", layer.inputs, name)
            case CurrentJoin():
                assert isinstance(edge, Accumulator)
                self._current_join(layer, edge)
            case Readout():
                assert isinstance(source, Accumulator)
                self._readout(layer, source)
            case EarlyExit():
                self._early_exit(layer)

    def _synapses(self, layer: Conv | Dense, source: Activation, edge: Accumulator) -> None:
        name = layer.name
        stored = self._constant(f"{name}/weight_int8", layer.weight.astype(np.int8))
        weight = self._node("Cast", [stored], f"{name}/weight", to=TensorProto.FLOAT)
        if not _is_wide(edge):
            self._multiply(layer, source, layer.inputs[0], weight, name)
            return
        total = int(np.abs(layer.weight).reshape(len(layer.weight), -1).sum(axis=1).max())
        digit_bits = ((1 << _EXACT_BITS) // (total + 1)).bit_length() - 1
        if digit_bits < 1:
            raise UserError(
                f"layer {name!r}: the magnitudes of its weights sum to {total}, too many for float32 "
                "in the lowered file; use fewer weight bits or fewer inputs"
            )
        digits = range(0, source.bits, digit_bits)
        pieces = [self._digit(layer, source, weight, start, digit_bits) for start in digits]
        self._node("Sum", pieces, name)

    def _digit(self, layer: Conv | Dense, source: Activation, weight: str, start: int, bits: int) -> str:
        """The exact product of bits start..start+bits-1 of the input, in float64, at its place value."""
        part = f"{layer.name}/digit{start}"
        place = self._constant(f"{part}/place", np.float32(2.0**start))
        base = self._constant(f"{part}/base", np.float32(2.0**bits))
        shifted = self._node("Div", [layer.inputs[0], place], f"{part}/shifted")
        whole = self._node("Floor", [shifted], f"{part}/whole")
        digit = self._node("Mod", [whole, base], f"{part}/value", fmod=1)
        self._multiply(layer, source, digit, weight, f"{part}/product")
        product = self._node("Cast", [f"{part}/product"], f"{part}/wide", to=TensorProto.DOUBLE)
        return self._node(
            "Mul", [product, self._constant(f"{part}/gain", np.float64(2.0**start))], f"{part}/sum"
        )

    def _multiply(self, layer: Conv | Dense, source: Activation, x: str, weight: str, out: str) -> None:
        if isinstance(layer, Conv):
            kernel = layer.weight.shape[2]
            self._node(
                "Conv",
                [x, weight],
                out,
                kernel_shape=[kernel, kernel],
                strides=[layer.stride] * 2,
                pads=[layer.padding] * 4,
                group=layer.groups,
            )
            return
        flat = self._node("Flatten", [x], f"{out}/flat", axis=1)
        product = self._node("Gemm", [flat, weight], f"{out}/product", transB=1)
        shape = [source.timesteps, len(layer.weight), 1, 1]
        self._node("Reshape", [product, self._constant(f"{out}/shape", shape)], out)

    def _pool(self, layer: Pool, channels: int) -> None:
        window: dict[str, Any] = {"kernel_shape": [layer.size] * 2, "strides": [layer.size] * 2}
        if layer.kind == "max":
            self._node("MaxPool", [layer.inputs[0]], layer.name, **window)
            return
        ones = np.ones((channels, 1, layer.size, layer.size), np.float32)
        weight = self._constant(f"{layer.name}/ones", ones)
        self._node("Conv", [layer.inputs[0], weight], layer.name, group=channels, **window)

    def _readout(self, layer: Readout, source: Accumulator) -> None:
        name = layer.name
        a = self._node("Cast", [layer.inputs[0]], f"{name}/a", to=TensorProto.INT64)
        axes = self._constant(f"{name}/axes", [0, 2, 3])
        summed = self._node("ReduceSum", [a, axes], f"{name}/summed", keepdims=0)
        gain = self._constant(f"{name}/gain", 1 << layer.fraction)
        scaled = self._node("Mul", [summed, gain], f"{name}/scaled")
        bias = self._constant(f"{name}/bias", source.timesteps * layer.bias)
        self._node("Add", [scaled, bias], name)

    def _current_join(self, layer: CurrentJoin, edge: Accumulator) -> None:
        """In float64, where every accumulator is exact, and back."""
        name = layer.name
        a1, a2 = (
            self._node("Cast", [source], f"{name}/a{place}", to=TensorProto.DOUBLE)
            for place, source in enumerate(layer.inputs, start=1)
        )
        grid = self._constant(f"{name}/grid", np.float64(1 << layer.fraction))
        gain = self._constant(f"{name}/gain", layer.gain.astype(np.float64).reshape(-1, 1, 1))
        raised = self._node("Mul", [a1, grid], f"{name}/raised")
        weighted = self._node("Mul", [a2, gain], f"{name}/weighted")
        summed = self._node("Add", [raised, weighted], f"{name}/sum")
        kind = TensorProto.DOUBLE if _is_wide(edge) else TensorProto.FLOAT
        self._node("Cast", [summed], name, to=kind)

    def _early_exit(self, layer: EarlyExit) -> None:
        name = layer.name
        early, final = layer.inputs
        count = self._constant(f"{name}/two", np.array([2]))
        self.nodes.append(
            helper.make_node("TopK", [early, count], [f"{name}/top", f"{name}/places"], name=f"{name}/top")
        )
        parts = [f"{name}/first", f"{name}/second"]
        self.nodes.append(
            helper.make_node("Split", [f"{name}/top"], parts, name=f"{name}/parts", num_outputs=2)
        )
        lead = self._node("Sub", parts, f"{name}/lead")
        margin = self._constant(f"{name}/margin", np.array([layer.margin]))
        sure = self._node("GreaterOrEqual", [lead, margin], f"{name}/sure")
        self._node("Where", [sure, early, final], name)

    def _node(
        self, operator: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Any
    ) -> str:
        self.nodes.append(
            helper.make_node(operator, inputs, [output], name=output, domain=domain, **attributes)
        )
        return output

    def _constant(self, name: str, value: ArrayLike) -> str:
        array: NDArray[np.generic] = np.asarray(value)
        self.initializers.append(numpy_helper.from_array(array, name))
        return name
