"""Writes an integer network as QONNX, in the several styles in which exporters write the same thing."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike
from onnx import TensorProto, helper, numpy_helper

from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Join,
    Layer,
    Logits,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.ops import DOMAIN, QUANT_DOMAIN
from ssnn_fpga.network.shapes import edges


@dataclass(frozen=True)
class Style:
    """How the file is written; every style means the same network."""

    real_scales: bool = False  # arbitrary float scales instead of powers of two
    per_channel: bool = True
    dense: str = "gemm"  # "gemm", "gemm_plain" (transB 0), "matmul", "transposed" (Transpose behind Quant)
    flatten: str = "flatten"  # "flatten", "reshape", "reshape_zero", "shape" (computed from Shape)
    folded: bool = False  # weights as plain floats, without their Quant nodes
    clutter: bool = False  # Identity, Dropout, Cast, pairs of Transpose, Constant nodes
    shuffled: bool = False  # nodes out of order
    bias: str = "add"  # "add", "gemm", "after" (behind the sum)
    average: bool = False  # sum pools as averages with the division in the next Lif's scale
    opset: int = 20


PLAIN = Style()


@dataclass
class File:
    """A file under construction."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)
    value_info: list[onnx.ValueInfoProto] = field(default_factory=list)

    def node(
        self, operator: str, inputs: Sequence[str], output: str, domain: str = "", **attributes: Any
    ) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], output, domain=domain, **attributes))
        return output

    def constant(self, name: str, value: ArrayLike) -> str:
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def quant(self, name: str, x: str, scale: ArrayLike, bits: int, *, signed: bool) -> str:
        parameters = [
            self.constant(f"{name}_scale", np.asarray(scale, np.float32)),
            self.constant(f"{name}_zero", np.float32(0)),
            self.constant(f"{name}_bits", np.float32(bits)),
        ]
        return self.node(
            "Quant",
            [x, *parameters],
            name,
            QUANT_DOMAIN,
            signed=int(signed),
            narrow=int(signed),
            rounding_mode="ROUND",
        )

    def model(self, network: Network, style: Style = PLAIN) -> onnx.ModelProto:
        outputs = edges(network)[network.layers[-1].name].channels
        nodes = self.nodes[::-1] if style.shuffled else self.nodes
        shape = list(network.input.shape)
        model = helper.make_model(
            helper.make_graph(
                nodes,
                network.name,
                [helper.make_tensor_value_info("frames", TensorProto.FLOAT, shape)],
                [helper.make_tensor_value_info(self.nodes[-1].output[0], TensorProto.FLOAT, [outputs])],
                initializer=self.initializers,
                value_info=self.value_info,
            ),
            opset_imports=[
                helper.make_opsetid("", style.opset),
                helper.make_opsetid(DOMAIN, 1),
                helper.make_opsetid(QUANT_DOMAIN, 2),
            ],
            ir_version=10,
        )
        helper.set_model_props(model, {"classes": json.dumps(list(network.classes))})
        return model


def qonnx_of(
    network: Network, rng: np.random.Generator, style: Style = PLAIN
) -> tuple[onnx.ModelProto, dict[str, float]]:
    """The QONNX model of ``network``, and what one integer step of each read-out is worth in its logits.

    A scale is positive, so the gains of ``network``'s joins must be, but for channels of weights 0.
    """
    return _Writer(network, rng, style).write()


class _Writer:
    def __init__(self, network: Network, rng: np.random.Generator, style: Style) -> None:
        self._network, self._rng, self._style = network, rng, style
        self._file = File()
        self._edges = edges(network)
        self._tensor = {NETWORK_INPUT: "frames"}
        self._scale: dict[str, np.ndarray] = {}  # of accumulators
        self._activation_scale = {NETWORK_INPUT: 1.0}
        self._flat: set[str] = set()
        self._flattened: dict[str, str] = {}
        self._cluttered: set[str] = set()
        self._units: dict[str, float] = {}

    def write(self) -> tuple[onnx.ModelProto, dict[str, float]]:
        bits = self._network.input.maximum.bit_length()
        if self._network.input.maximum == (1 << bits) - 1:
            self._tensor[NETWORK_INPUT] = self._file.quant("counts", "frames", 1.0, bits, signed=False)
        for layer in self._network.layers:
            source = layer.inputs[0]
            for name in layer.inputs if self._style.clutter else ():
                self._add_clutter(name)
            match layer:
                case Conv() | Dense():
                    self._synapses(layer, source)
                case Neuron():
                    self._lif(layer, source)
                case TemporalTransform():
                    self._transform(layer, source)
                case Pool():
                    self._pool(layer, source)
                case Join():
                    tensors = [self._tensor[name] for name in layer.inputs]
                    operator = "Sum" if self._style.shuffled else "Add"
                    self._activation_scale[layer.name] = self._activation_scale[source]
                    self._tensor[layer.name] = self._file.node(operator, tensors, layer.name)
                case CurrentJoin():
                    tensors = [self._tensor[name] for name in layer.inputs]
                    self._tensor[layer.name] = self._file.node("Add", tensors, layer.name)
                case Readout():
                    self._readout(layer, source)
                case EarlyExit():
                    self._early_exit(layer)
        return self._file.model(self._network, self._style), self._units

    def _draw_scale(self, channels: int, readout: bool) -> np.ndarray:
        count = 1 if readout or not self._style.per_channel else channels
        if self._style.real_scales:
            return self._rng.uniform(0.01, 0.2, count).astype(np.float32)
        return np.exp2(self._rng.integers(-6, -2, count)).astype(np.float32)

    def _accumulator_scale(self, layer: Conv | Dense, reader: Layer, given: float) -> np.ndarray:
        """What one step of each accumulator is worth; behind a join, the two match on its grid."""
        if not isinstance(reader, CurrentJoin):
            return self._draw_scale(len(layer.weight), isinstance(reader, Readout)).astype(np.float64) * given
        if reader.name not in self._scale:
            self._scale[reader.name] = self._draw_scale(len(layer.weight), False).astype(np.float64)
        factor = 2**reader.fraction if layer.name == reader.inputs[0] else np.maximum(1, reader.gain)
        return self._scale[reader.name] * factor

    def _add_clutter(self, source: str) -> None:
        if source in self._cluttered:
            return
        self._cluttered.add(source)
        file, name, x = self._file, f"{source}_clutter", self._tensor[source]
        x = file.node("Identity", [x], f"{name}_identity")
        x = file.node("Dropout", [x], f"{name}_dropout")
        x = file.node("Cast", [x], f"{name}_cast", to=TensorProto.FLOAT)
        if source not in self._flat and not isinstance(self._edges[source], Logits):
            x = file.node("Transpose", [x], f"{name}_last", perm=[0, 2, 3, 1])
            x = file.node("Transpose", [x], f"{name}_first", perm=[0, 3, 1, 2])
        self._tensor[source] = x

    def _weights(self, layer: Conv | Dense, scale: np.ndarray) -> str:
        """The tensor of the real weights, output channel first."""
        name = f"{layer.name}_weights"
        column = scale.reshape((-1,) + (1,) * (layer.weight.ndim - 1))
        real = (layer.weight * column).astype(np.float32)
        if self._style.folded:
            return self._file.constant(name, real)
        # Anything that rounds to the integer is the weight; training leaves such values.
        noise = self._rng.uniform(-0.4, 0.4, real.shape).astype(np.float32) * column
        noise[np.abs(layer.weight) == (1 << (layer.weight_bits - 1)) - 1] = 0
        values = (real + noise).astype(np.float32)
        if layer.weight_bits == 1:  # the sign alone counts, and 0 is positive
            values = (real * self._rng.uniform(0.1, 3, real.shape)).astype(np.float32)
            values[(real > 0) & (self._rng.random(real.shape) < 0.1)] = 0
        if self._style.clutter:
            tensor = numpy_helper.from_array(values, f"{name}_values")
            self._file.node("Constant", [], f"{name}_values", value=tensor)
        else:
            self._file.constant(f"{name}_values", values)
        if layer.weight_bits == 1:
            parameter = self._file.constant(f"{name}_scale", column.astype(np.float32))
            return self._file.node("BipolarQuant", [f"{name}_values", parameter], name, QUANT_DOMAIN)
        return self._file.quant(name, f"{name}_values", column, layer.weight_bits, signed=True)

    def _synapses(self, layer: Conv | Dense, source: str) -> None:
        reader = next(other for other in self._network.layers if layer.name in other.inputs)
        given = self._activation_scale[source]
        self._scale[layer.name] = self._accumulator_scale(layer, reader, given)
        scale = (self._scale[layer.name] / given).astype(np.float32)
        if isinstance(layer, Conv):
            weights = self._weights(layer, scale)
            self._tensor[layer.name] = self._file.node(
                "Conv",
                [self._tensor[source], weights],
                layer.name,
                kernel_shape=list(layer.weight.shape[2:]),
                strides=[layer.stride] * 2,
                pads=[layer.padding] * 4,
                group=layer.groups,
            )
            return
        self._flat.add(layer.name)
        bias = self._bias_of(reader, layer.name)
        self._tensor[layer.name] = self._dense(layer, self._flatten(source), scale, bias)

    def _bias_of(self, reader: object, name: str) -> np.ndarray | None:
        """Real bias of a read-out in the unit of its logits before the sum."""
        if not isinstance(reader, Readout):
            return None
        return (reader.bias * self._scale[name][0] / 2.0**reader.fraction).astype(np.float32)

    def _dense(self, layer: Dense, x: str, scale: np.ndarray, bias: np.ndarray | None) -> str:
        style, file, name = self._style, self._file, layer.name
        inputs = []
        if bias is not None and style.bias == "gemm" and style.dense.startswith("gemm"):
            inputs = [file.constant(f"{name}_bias", bias)]
        if style.dense == "gemm":
            out = file.node("Gemm", [x, self._weights(layer, scale), *inputs], name, transB=1)
        else:
            weights = self._weights(layer, scale)
            turned = file.node("Transpose", [weights], f"{name}_turned", perm=[1, 0])
            out = file.node("Gemm" if style.dense == "gemm_plain" else "MatMul", [x, turned, *inputs], name)
        if bias is not None and not inputs and style.bias != "after":
            out = file.node("Add", [file.constant(f"{name}_bias", bias), out], f"{name}_biased")
        return out

    def _flatten(self, source: str) -> str:
        """The flat tensor of ``source``; other readers may still see its pixels."""
        if source in self._flat:
            return self._tensor[source]
        if source in self._flattened:
            return self._flattened[source]
        edge, file, x = self._edges[source], self._file, self._tensor[source]
        assert isinstance(edge, Activation)
        name = f"{source}_flat"
        if self._style.flatten == "flatten":
            x = file.node("Flatten", [x], name, axis=1)
        elif self._style.flatten == "shape":
            file.value_info.append(helper.make_tensor_value_info(x, TensorProto.FLOAT, edge.shape))
            sizes = file.node("Shape", [x], f"{name}_sizes")
            steps = file.node("Gather", [sizes, file.constant(f"{name}_place", 0)], f"{name}_steps")
            axes, rest = file.constant(f"{name}_axes", [0]), file.constant(f"{name}_rest", [-1])
            steps = file.node("Unsqueeze", [steps, axes], f"{name}_one")
            x = file.node("Reshape", [x, file.node("Concat", [steps, rest], f"{name}_shape", axis=0)], name)
        else:
            first = 0 if self._style.flatten == "reshape_zero" else edge.timesteps
            x = file.node("Reshape", [x, file.constant(f"{name}_shape", [first, -1])], name)
        self._flattened[source] = x
        return x

    def _lif(self, layer: Neuron, source: str) -> None:
        if source in self._flat:
            self._flat.add(layer.name)
        scale = self._scale[source].astype(np.float32)
        parameters = [
            self._file.constant(f"{layer.name}_scale", scale if len(scale) > 1 else scale[0]),
            self._file.constant(f"{layer.name}_theta", layer.theta),
            self._file.constant(f"{layer.name}_bias", layer.bias),
        ]
        self._activation_scale[layer.name] = 1.0
        self._tensor[layer.name] = self._file.node(
            "Lif",
            [self._tensor[source], *parameters],
            layer.name,
            DOMAIN,
            leak_multiplier=layer.leak_multiplier,
            leak_shift=layer.leak_shift,
            levels=layer.levels,
            strict=int(layer.strict),
            reset_to_zero=int(layer.reset == "zero"),
            fraction=layer.fraction,
            filter_shift=layer.filter_shift,
        )

    def _transform(self, layer: TemporalTransform, source: str) -> None:
        matrix = self._file.constant(f"{layer.name}_matrix", layer.matrix)
        self._activation_scale[layer.name] = 1.0
        self._tensor[layer.name] = self._file.node(
            "TemporalTransform",
            [self._tensor[source], matrix],
            layer.name,
            DOMAIN,
            shift=layer.shift,
            fraction=layer.fraction,
        )

    def _pool(self, layer: Pool, source: str) -> None:
        window = {"kernel_shape": [layer.size] * 2, "strides": [layer.size] * 2}
        area = layer.size**2
        edge = self._edges[source]
        assert isinstance(edge, Activation)
        self._activation_scale[layer.name] = self._activation_scale[source]
        if layer.kind == "max":
            x = self._file.node("MaxPool", [self._tensor[source]], layer.name, **window)
        elif self._style.average and edge.height == edge.width == layer.size:
            x = self._file.node("GlobalAveragePool", [self._tensor[source]], layer.name)
            self._activation_scale[layer.name] /= area
        else:
            x = self._file.node("AveragePool", [self._tensor[source]], layer.name, **window)
            if self._style.average:
                self._activation_scale[layer.name] /= area
            else:
                gain = self._file.constant(f"{layer.name}_area", np.float32(area))
                x = self._file.node("Mul", [x, gain], f"{layer.name}_sum")
        self._tensor[layer.name] = x

    def _readout(self, layer: Readout, source: str) -> None:
        file, name = self._file, layer.name
        edge = self._edges[source]
        unit = self._units[name] = float(self._scale[source][0]) / 2.0**layer.fraction
        out = file.node(
            "ReduceSum", [self._tensor[source], file.constant(f"{name}_axes", [0])], name, keepdims=0
        )
        if self._style.bias == "after":
            bias = layer.bias * edge.timesteps * unit  # type: ignore[union-attr]
            out = file.node(
                "Add", [out, file.constant(f"{name}_bias", bias.astype(np.float32))], f"{name}_biased"
            )
        self._tensor[name] = out

    def _early_exit(self, layer: EarlyExit) -> None:
        early, final = layer.inputs
        unit = self._file.constant(f"{layer.name}_scale", np.float32(self._units[early]))
        inputs = [self._tensor[early], unit, self._tensor[final]]
        self._tensor[layer.name] = self._file.node(
            "EarlyExit", inputs, layer.name, DOMAIN, margin=layer.margin
        )
