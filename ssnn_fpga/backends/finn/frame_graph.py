"""The integer network as a graph of frames for FINN: one timestep, (1, H, W, C), scales 1.

FINN streams one frame after the other through one graph and knows no time. The graph holds what its
own transformations turn into hardware (Im2Col, MatMul, pooling, sums, Reshape) and, already as
operators of FINN, what it lacks: neurons, temporal transformers, joins of currents, the read-out.
Behind an operator that shrinks time fewer frames pass than in front of it. Every scale went into
integer thresholds when the file was exported, so nothing is left to streamline. A layer's values
are the tensor of the layer's name; weights lie beside as NAME/weight.

Needs onnx and qonnx, not FINN.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import TensorProto, helper
from qonnx.core.datatype import DataType
from qonnx.core.modelwrapper import ModelWrapper

from ssnn_fpga.backends.whole_weights import whole_weight
from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
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
from ssnn_fpga.rtl.memory import dense_stream_order

DOMAIN = "finn.custom_op.fpgadataflow"
_EXACT_BITS = 24  # FINN's tensors are float32: integers below 2**24 are exact


def frame_graph(network: Network) -> ModelWrapper:
    """The graph of ``network``, every tensor with its shape and its type.

    Raises UserError for early exits, of which FINN has none, and for values that float32 does not
    hold.
    """
    graph = _Graph(network)
    for layer in network.layers:
        graph.add(layer)
    return graph.finished()


def check(network: Network) -> None:
    """Raise UserError, naming the layer, for what FINN cannot take."""
    edge_of, ranges = edges(network), analyse(network)
    for layer in network.layers:
        if isinstance(layer, EarlyExit):
            raise UserError(
                f"layer {layer.name!r}: FINN has no early exits, all frames go one way; "
                "export the model without them"
            )
        edge, source = edge_of[layer.name], edge_of[layer.inputs[0]]
        if isinstance(layer, Conv) and isinstance(source, Activation):
            smallest = min(source.height, source.width) + 2 * layer.padding
            if max(layer.weight.shape[2], layer.stride) > smallest:
                raise UserError(
                    f"layer {layer.name!r}: FINN takes no stride {layer.stride} over {smallest} padded "
                    "pixels; use a smaller stride or a larger frame"
                )
        largest = edge.maximum if isinstance(edge, Activation) else max(-edge.minimum, edge.maximum)
        if isinstance(layer, Readout):
            partial = ranges.readouts[layer.name]
            largest = max(largest, -partial.minimum, partial.maximum)
        if largest >> _EXACT_BITS:
            raise UserError(
                f"layer {layer.name!r}: its values reach {largest}, and FINN's float32 holds integers "
                f"below {1 << _EXACT_BITS}; use fewer input bits or smaller weights"
            )


class _Graph:
    """Nodes, weights and tensors of the graph under construction."""

    def __init__(self, network: Network) -> None:
        check(network)
        self._network = network
        self._edges = edges(network)
        self._ranges = analyse(network)
        self._nodes: list[Any] = []
        self._shapes: dict[str, tuple[int, ...]] = {}
        self._types: dict[str, str] = {}
        self._weights: dict[str, np.ndarray[Any, Any]] = {}
        self._depthwise: dict[str, int] = {}
        self._tensor(NETWORK_INPUT, self._edges[NETWORK_INPUT])

    def add(self, layer: Layer) -> None:
        """The nodes of ``layer``."""
        name, source = layer.name, self._edges[layer.inputs[0]]
        edge = self._edges[name]
        assert not isinstance(source, Logits)  # check() has refused early exits
        match layer:
            case Conv():
                self._conv(layer)
            case Dense():
                self._dense(layer)
            case Neuron():
                width = self._ranges.neurons[name]
                self._own(
                    "LIF", layer, Timesteps=source.timesteps, theta=layer.theta.tolist(),
                    bias=layer.bias.tolist(), levels=layer.levels, strict=int(layer.strict),
                    reset_to_zero=int(layer.reset == "zero"), leak_multiplier=layer.leak_multiplier,
                    leak_shift=layer.leak_shift, fraction=layer.fraction, filter_shift=layer.filter_shift,
                    mem_bits=width.membrane_bits, current_bits=width.current_bits,
                )  # fmt: skip
            case TemporalTransform():
                self._own(
                    "TemporalTransformer", layer, Timesteps=source.timesteps, OutTimesteps=len(layer.matrix),
                    matrix=layer.matrix.reshape(-1).tolist(), shift=layer.shift, fraction=layer.fraction,
                )  # fmt: skip
            case CurrentJoin():
                self._own("CurrentJoin", layer, gain=layer.gain.tolist(), fraction=layer.fraction)
            case Readout():
                self._own(
                    "SumOverTime", layer, Timesteps=source.timesteps, bias=layer.bias.tolist(),
                    fraction=layer.fraction, logit_bits=self._ranges.readouts[name].logit_bits,
                )  # fmt: skip
            case Pool() if layer.kind == "max" or layer.size == 1:
                self._node(
                    "MaxPoolNHWC", layer.inputs, name, "qonnx.custom_op.general",
                    kernel_shape=[layer.size] * 2, strides=[layer.size] * 2, pads=[0] * 4,
                )  # fmt: skip
            case Pool():
                self._sum_pool(layer)
            case Join():
                self._sum(layer)
        if name not in self._shapes:
            self._tensor(name, edge)

    def finished(self) -> ModelWrapper:
        """The graph with all that is known about its tensors."""
        infos = {
            tensor: helper.make_tensor_value_info(tensor, TensorProto.FLOAT, shape)
            for tensor, shape in self._shapes.items()
        }
        last = output_of(self._network)
        inner = [info for tensor, info in infos.items() if tensor not in (NETWORK_INPUT, last)]
        proto = helper.make_graph(
            self._nodes, self._network.name, [infos[NETWORK_INPUT]], [infos[last]], value_info=inner
        )
        model = ModelWrapper(helper.make_model(proto, opset_imports=[helper.make_opsetid("", 13)]))
        for tensor, values in self._weights.items():
            model.set_initializer(tensor, values)
        for tensor, kind in self._types.items():
            model.set_tensor_datatype(tensor, DataType[kind])
        for tensor, size in self._depthwise.items():
            model.set_tensor_sparsity(tensor, {"dw": {"kernel_shape": [size, size]}})
        for tensor in self._shapes:
            model.set_tensor_layout(tensor, ["N", "H", "W", "C"][: len(self._shapes[tensor])])
        return model

    def _conv(self, layer: Conv) -> None:
        source, edge = self._edges[layer.inputs[0]], self._edges[layer.name]
        assert isinstance(source, Activation)
        assert not isinstance(edge, Logits)
        outputs, _, kernel, _ = layer.weight.shape
        depthwise = layer.groups == source.channels == outputs
        whole = whole_weight(layer, source.channels)
        rows, given = kernel * kernel * source.channels, layer.inputs[0]
        if kernel > 1 or layer.stride > 1 or layer.padding:
            given = f"{layer.name}/windows"
            self._windows(layer, source, kernel, layer.stride, layer.padding, depthwise=depthwise)
            self._describe(given, (1, edge.height, edge.width, rows), _unsigned(source.maximum))
        self._product(layer, given, whole.transpose(2, 3, 1, 0).reshape(rows, outputs))
        if depthwise:
            self._depthwise[f"{layer.name}/weight"] = kernel

    def _dense(self, layer: Dense) -> None:
        source, given = self._edges[layer.inputs[0]], layer.inputs[0]
        assert isinstance(source, Activation)
        inputs = layer.weight.shape[1]
        if source.height * source.width > 1:
            given = f"{layer.name}/flat"
            self._reshape(layer.inputs[0], given, (1, 1, 1, inputs))
            self._describe(given, (1, 1, 1, inputs), _unsigned(source.maximum))
        weight = dense_stream_order(layer.weight, source.channels, source.height, source.width)
        self._product(layer, given, weight.T)

    def _product(self, layer: Conv | Dense, given: str, weight: Integers) -> None:
        tensor = f"{layer.name}/weight"
        self._weights[tensor] = np.ascontiguousarray(weight, np.float32)
        binary = layer.weight_bits == 1 and weight.all()  # no zeros of other groups
        self._types[tensor] = "BIPOLAR" if binary else f"INT{max(2, layer.weight_bits)}"
        self._node("MatMul", (given, tensor), layer.name)

    def _sum_pool(self, layer: Pool) -> None:
        """Windows and a sum over each: FINN's average would shift what it finds too wide."""
        source, edge, name, size = (
            self._edges[layer.inputs[0]], self._edges[layer.name], layer.name, layer.size
        )  # fmt: skip
        assert isinstance(source, Activation)
        assert isinstance(edge, Activation)
        frame, taps = (1, edge.height, edge.width), size * size
        self._windows(layer, source, size, size, 0, depthwise=True)
        self._describe(f"{name}/windows", (*frame, taps * edge.channels), _unsigned(source.maximum))
        self._reshape(f"{name}/windows", f"{name}/taps", (*frame, taps, edge.channels))
        self._describe(f"{name}/taps", (*frame, taps, edge.channels), _unsigned(source.maximum))
        self._weights[f"{name}/axis"] = np.array([-2], np.int64)
        self._node("ReduceSum", (f"{name}/taps", f"{name}/axis"), name, keepdims=0)
        self._describe(name, (*frame, edge.channels), _unsigned(taps * ((1 << source.bits) - 1)))

    def _windows(
        self,
        layer: Conv | Pool,
        source: Activation,
        kernel: int,
        stride: int,
        padding: int,
        *,
        depthwise: bool,
    ) -> None:
        self._node(
            "Im2Col", layer.inputs, f"{layer.name}/windows", "qonnx.custom_op.general", stride=[stride] * 2,
            kernel_size=[kernel] * 2, pad_amount=[padding] * 4, depthwise=int(depthwise), dilations=[1, 1],
            input_shape=str((1, source.height, source.width, source.channels)),
        )  # fmt: skip

    def _reshape(self, given: str, output: str, shape: tuple[int, ...]) -> None:
        self._weights[f"{output}/shape"] = np.array(shape, np.int64)
        self._node("Reshape", (given, f"{output}/shape"), output)

    def _sum(self, layer: Join) -> None:
        """A chain of sums of two; the last has the layer's name."""
        edge, first = self._edges[layer.name], layer.inputs[0]
        assert isinstance(edge, Activation)
        for place, second in enumerate(layer.inputs[1:], 1):
            last = place == len(layer.inputs) - 1
            name = layer.name if last else f"{layer.name}/{place}"
            self._node("Add", (first, second), name)
            bits = 1 + max(
                int(self._types[tensor].removeprefix("UINT").replace("BINARY", "1"))
                for tensor in (first, second)
            )
            self._describe(name, (1, edge.height, edge.width, edge.channels), f"UINT{bits}")
            first = name

    def _own(self, kind: str, layer: Layer, **attributes: Any) -> None:
        """An operator of ``ops``; its types are those of the tensors."""
        source = self._edges[layer.inputs[0]]
        assert not isinstance(source, Logits)
        self._node(
            kind, layer.inputs, layer.name, DOMAIN, backend="fpgadataflow", NumChannels=source.channels, PE=1,
            numInputVectors=[1, source.height, source.width],
            inputDataTypes=[_type(self._edges[tensor]) for tensor in layer.inputs],
            outputDataType=_type(self._edges[layer.name]), **attributes,
        )  # fmt: skip

    def _node(
        self, operator: str, inputs: tuple[str, ...], output: str, domain: str = "", **attributes: Any
    ) -> None:
        self._nodes.append(
            helper.make_node(
                operator, list(inputs), [output], name=f"{operator}_{output}", domain=domain, **attributes
            )
        )

    def _tensor(self, name: str, edge: Edge) -> None:
        shape = (
            (1, edge.channels) if isinstance(edge, Logits) else (1, edge.height, edge.width, edge.channels)
        )
        self._describe(name, shape, _type(edge))

    def _describe(self, name: str, shape: tuple[int, ...], kind: str) -> None:
        self._shapes[name], self._types[name] = shape, kind


def _type(edge: Edge) -> str:
    return _unsigned(edge.maximum) if isinstance(edge, Activation) else f"INT{edge.bits}"


def _unsigned(maximum: int) -> str:
    """FINN's name of the narrowest type for 0..maximum."""
    bits = max(1, maximum.bit_length())
    return "BINARY" if bits == 1 else f"UINT{bits}"
