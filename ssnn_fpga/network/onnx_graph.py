"""An ONNX graph in memory, small enough to rewrite: nodes, constants, one input, one output."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from ssnn_fpga.errors import UserError

Array = NDArray[Any]


@dataclass
class Node:
    """One operator. ``domain`` is "" for the standard operators."""

    name: str
    operator: str
    domain: str
    inputs: list[str]
    outputs: list[str]
    attributes: dict[str, Any] = field(default_factory=dict)

    def fault(self, text: str) -> UserError:
        """The error that this node is at fault, as ``text`` says."""
        return UserError(f"node {self.name!r} ({self.operator}): {text}")

    @property
    def output(self) -> str:
        """The first output; the supported operators use no other."""
        return self.outputs[0]


@dataclass(frozen=True)
class Constant:
    """A tensor known at import: plain, or quantised if ``scale`` is set.

    Quantised: ``values`` are integers (int64), the tensor is values * scale, elementwise.
    """

    values: Array
    scale: Array | None = None
    bits: int = 0


@dataclass
class Graph:
    """A graph with one input and one output tensor."""

    name: str
    input: str
    input_shape: tuple[int, ...]
    output: str
    nodes: list[Node]
    constants: dict[str, Constant]
    shapes: dict[str, tuple[int, ...]]
    """Shapes that the file states, by tensor."""
    metadata: dict[str, str]

    def producer(self, tensor: str) -> Node | None:
        """The node that makes ``tensor``, or None for the input and constants."""
        return next((node for node in self.nodes if tensor in node.outputs), None)

    def consumers(self, tensor: str) -> list[Node]:
        """The nodes that read ``tensor``."""
        return [node for node in self.nodes if tensor in node.inputs]

    def bypass(self, node: Node, source: str | None = None) -> None:
        """Remove ``node``; who read its result reads ``source`` instead, by default its first input."""
        instead = node.inputs[0] if source is None else source
        for other in self.nodes:
            other.inputs = [instead if name == node.output else name for name in other.inputs]
        if self.output == node.output:
            self.output = instead
        self.nodes.remove(node)


def read(path: Path) -> Graph:
    """The graph of the file ``path``. Raises UserError where it is no usable ONNX file."""
    if path.is_dir():
        raise UserError(f"{path} is a folder; give a QONNX file, such as the model.onnx that `export` writes")
    if not path.is_file():
        raise UserError(f"{path} does not exist; export a model first")
    try:
        model = onnx.load(path)
    except Exception as error:  # protobuf and onnx raise several unrelated kinds
        raise UserError(f"{path} cannot be read as an ONNX file; export it again") from error
    graph = model.graph
    if not graph.node:
        raise UserError(f"{path} holds no ONNX graph; export it again")
    constants = {tensor.name: Constant(numpy_helper.to_array(tensor)) for tensor in graph.initializer}
    for tensor, constant in constants.items():
        if constant.values.dtype.kind == "f" and not np.isfinite(constant.values).all():
            raise UserError(f"{path}: constant {tensor!r} holds NaN or infinity; train again and export")
    inputs = [info for info in graph.input if info.name not in constants]
    if len(inputs) != 1 or len(graph.output) != 1:
        raise UserError(
            f"{path} has {len(inputs)} inputs and {len(graph.output)} outputs; "
            "export a model with one input, the frames, and one output, the logits"
        )
    known = {info.name: _shape(info) for info in (*graph.value_info, *inputs)}
    shapes = {name: shape for name, shape in known.items() if shape is not None}
    if inputs[0].name not in shapes:
        raise UserError(f"{path}: input {inputs[0].name!r} has no fixed shape; export it as (T, C, H, W)")
    return Graph(
        name=graph.name or path.stem,
        input=inputs[0].name,
        input_shape=shapes[inputs[0].name],
        output=graph.output[0].name,
        nodes=[_node(proto) for proto in graph.node],
        constants=constants,
        shapes=shapes,
        metadata={entry.key: entry.value for entry in model.metadata_props},
    )


def _shape(info: onnx.ValueInfoProto) -> tuple[int, ...] | None:
    kind = info.type.tensor_type
    if not kind.HasField("shape") or not all(size.HasField("dim_value") for size in kind.shape.dim):
        return None
    return tuple(size.dim_value for size in kind.shape.dim)


def _node(proto: onnx.NodeProto) -> Node:
    attributes = {entry.name: _attribute(entry) for entry in proto.attribute}
    name = proto.name or (proto.output[0] if proto.output else proto.op_type)
    domain = "" if proto.domain == "ai.onnx" else proto.domain
    return Node(name, proto.op_type, domain, list(proto.input), list(proto.output), attributes)


def _attribute(proto: onnx.AttributeProto) -> Any:
    value = helper.get_attribute_value(proto)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, onnx.TensorProto):
        return numpy_helper.to_array(value)
    return list(value) if proto.type in (onnx.AttributeProto.INTS, onnx.AttributeProto.FLOATS) else value


def integer_scalar(values: Array) -> int | None:
    """The single integer that ``values`` holds, or None."""
    if values.size != 1 or float(values.item()) != round(values.item()):
        return None
    return int(values.item())
