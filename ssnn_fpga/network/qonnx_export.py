"""Writes an integer network as QONNX, the file that ``qonnx_import`` reads back into the same network.

One sample is (T, C, H, W), so axis 0 is time: convolutions, pooling and dense layers see a batch of
frames. Activations are integers of scale 1 on every edge; weight scales are 1 where the caller
gives none, and lie between a layer and its neuron or behind the logits only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import onnx
from numpy.typing import ArrayLike, NDArray
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
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.ops import DOMAIN, DOMAIN_VERSION, OPSET, QUANT_DOMAIN, append_functions
from ssnn_fpga.network.shapes import edges

_QUANT_DOMAIN_VERSION = 1
_IR_VERSION = 10


def to_qonnx(network: Network, scales: Mapping[str, float] | None = None) -> onnx.ModelProto:
    """The QONNX model of ``network``; nodes and their outputs are called as its layers.

    ``scales`` gives the weight scale of dense layers in front of read-outs by name, where logits
    shall come out in real units; it changes no class.

    Raises UserError, naming the layer, where the network contradicts the contract.
    """
    return append_functions(_Writer(network, scales or {}).model())


class _Writer:
    def __init__(self, network: Network, scales: Mapping[str, float]) -> None:
        self._network = network
        self._edges = edges(network)
        self._scales: dict[str, NDArray[np.float64]] = {
            name: np.asarray(scale, dtype=np.float64) for name, scale in scales.items()
        }
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._tensors = {NETWORK_INPUT: "counts"}  # of each layer, its output tensor
        self._flat: dict[str, str] = {}  # of each layer, its output as (T, C*H*W)

    def model(self) -> onnx.ModelProto:
        network = self._network
        self._prepare_joins()
        bits = network.input.bits
        self._quant("counts", "frames", bits, np.ones(()), signed=False)
        for layer in network.layers:
            self._write(layer)
        last = network.layers[-1]
        self._nodes[-1].output[0] = "logits"
        frames = helper.make_tensor_value_info("frames", TensorProto.FLOAT, network.input.shape)
        classes = [self._edges[last.name].channels]
        logits = helper.make_tensor_value_info("logits", TensorProto.FLOAT, classes)
        graph = helper.make_graph(self._nodes, network.name, [frames], [logits], self._initializers)
        graph.value_info.extend(
            helper.make_tensor_value_info(layer.name, TensorProto.FLOAT, self._shape(layer))
            for layer in network.layers[:-1]
        )
        versions = {"": OPSET, DOMAIN: DOMAIN_VERSION, QUANT_DOMAIN: _QUANT_DOMAIN_VERSION}
        imports = [helper.make_opsetid(domain, version) for domain, version in versions.items()]
        model = helper.make_model(graph, opset_imports=imports, ir_version=_IR_VERSION)
        properties = {"classes": json.dumps(list(network.classes))} if network.classes else {}
        if network.compression is not None:
            properties["compression"] = json.dumps(asdict(network.compression))
        helper.set_model_props(model, properties)
        return model

    def _shape(self, layer: Layer) -> tuple[int, ...]:
        edge = self._edges[layer.name]
        if isinstance(layer, Readout | EarlyExit):
            return (edge.channels,)
        shape: tuple[int, ...] = edge.shape  # type: ignore[union-attr]
        return shape[:2] if self._is_flat(layer.name) else shape

    def _is_flat(self, name: str) -> bool:
        return self._flat.get(name) == self._tensors.get(name, "")

    def _prepare_joins(self) -> None:
        """Weight scales of joined currents: 2**F and the gain, in steps of the neuron's scale 1."""
        for layer in self._network.layers:
            if isinstance(layer, CurrentJoin):
                first, second = layer.inputs
                gain = np.where(layer.gain == 0, 1, layer.gain)  # the scale of weights 0 says nothing
                self._scales[first] = np.asarray(2.0**layer.fraction)
                self._scales[second] = gain.astype(np.float64)

    # Nodes

    def _constant(self, name: str, values: ArrayLike) -> str:
        self._initializers.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def _node(self, operator: str, layer: str, inputs: list[str], domain: str = "", **attributes: Any) -> str:
        self._nodes.append(
            helper.make_node(operator, inputs, [layer], name=layer, domain=domain, **attributes)
        )
        return layer

    def _quant(self, name: str, source: str, bits: int, scale: NDArray[np.float64], *, signed: bool) -> str:
        inputs = [source, self._constant(f"{name}_scale", scale.astype(np.float32))]
        if signed and bits == 1:
            return self._node("BipolarQuant", name, inputs, QUANT_DOMAIN)
        inputs.append(self._constant(f"{name}_zero_point", np.float32(0)))
        inputs.append(self._constant(f"{name}_bits", np.float32(bits)))
        narrow = int(signed)
        return self._node(
            "Quant", name, inputs, QUANT_DOMAIN, signed=int(signed), narrow=narrow, rounding_mode="ROUND"
        )

    def _weights(self, layer: Conv | Dense) -> str:
        """The layer's weights: stored times their scale, and quantised back by a Quant node."""
        scale = self._scales.get(layer.name, np.ones(())).astype(np.float32)
        scale = scale.reshape(-1, *[1] * (layer.weight.ndim - 1)) if scale.ndim else scale
        name = f"{layer.name}_weights"
        stored = self._constant(f"{name}_values", (layer.weight * scale).astype(np.float32))
        return self._quant(name, stored, layer.weight_bits, scale.astype(np.float64), signed=True)

    def _flattened(self, name: str) -> str:
        if name not in self._flat:
            edge = self._edges[name]
            assert isinstance(edge, Activation)
            shape = self._constant(f"{name}_flat_shape", np.array([edge.timesteps, -1]))
            self._flat[name] = self._node("Reshape", f"{name}_flat", [self._tensors[name], shape])
        return self._flat[name]

    # Layers

    def _write(self, layer: Layer) -> None:
        sources = [self._tensors[source] for source in layer.inputs]
        name = self._tensors[layer.name] = layer.name
        if isinstance(layer, Conv):
            strides, pads = [layer.stride] * 2, [layer.padding] * 4
            inputs = [sources[0], self._weights(layer)]
            self._node("Conv", name, inputs, group=layer.groups, strides=strides, pads=pads)
        elif isinstance(layer, Dense):
            inputs = [self._flattened(layer.inputs[0]), self._weights(layer)]
            self._flat[layer.name] = self._node("Gemm", name, inputs, transB=1)
        elif isinstance(layer, Neuron):
            self._lif(layer, sources[0])
        elif isinstance(layer, TemporalTransform):
            inputs = [sources[0], self._constant(f"{name}_matrix", layer.matrix)]
            self._node("TemporalTransform", name, inputs, DOMAIN, shift=layer.shift, fraction=layer.fraction)
        elif isinstance(layer, Pool):
            self._pool(layer, sources[0])
        elif isinstance(layer, Join):
            self._node("Sum", name, sources)
        elif isinstance(layer, CurrentJoin):
            if all(self._is_flat(source) for source in layer.inputs):
                self._flat[name] = name
            self._node("Add", name, sources)
        elif isinstance(layer, Readout):
            self._readout(layer, sources[0])
        else:
            early = self._network.layer(layer.inputs[0])
            assert isinstance(early, Readout)
            step = self._constant(f"{name}_scale", np.float32(self._step(early)))
            self._node("EarlyExit", name, [sources[0], step, sources[1]], DOMAIN, margin=layer.margin)

    def _lif(self, layer: Neuron, source: str) -> None:
        if self._is_flat(layer.inputs[0]):
            self._flat[layer.name] = layer.name
        inputs = [
            source,
            self._constant(f"{layer.name}_scale", np.float32(1)),
            self._constant(f"{layer.name}_theta", layer.theta),
            self._constant(f"{layer.name}_bias", layer.bias),
        ]
        self._node(
            "Lif",
            layer.name,
            inputs,
            DOMAIN,
            leak_multiplier=layer.leak_multiplier,
            leak_shift=layer.leak_shift,
            levels=layer.levels,
            strict=int(layer.strict),
            reset_to_zero=int(layer.reset == "zero"),
            fraction=layer.fraction,
            filter_shift=layer.filter_shift,
        )

    def _pool(self, layer: Pool, source: str) -> None:
        window: dict[str, Any] = {"kernel_shape": [layer.size] * 2, "strides": [layer.size] * 2}
        if layer.kind == "max":
            self._node("MaxPool", layer.name, [source], **window)
            return
        # A sum is a mean times the number of its cells: every edge holds integers.
        mean = self._node("AveragePool", layer.name, [source], **window)
        cells = self._constant(f"{layer.name}_cells", np.float32(layer.size**2))
        self._tensors[layer.name] = self._node("Mul", f"{layer.name}_sum", [mean, cells])

    def _step(self, layer: Readout) -> float:
        """What one integer step of a read-out's logits is worth."""
        scale = self._scales.get(layer.inputs[0], np.ones(()))
        return float(scale) / float(2**layer.fraction)

    def _readout(self, layer: Readout, source: str) -> None:
        bias = (layer.bias * self._step(layer)).astype(np.float32)
        inputs = [source, self._constant(f"{layer.name}_bias_values", bias)]
        biased = self._node("Add", f"{layer.name}_bias", inputs)
        axes = self._constant(f"{layer.name}_axes", np.array([0]))
        self._node("ReduceSum", layer.name, [biased, axes], keepdims=0)
