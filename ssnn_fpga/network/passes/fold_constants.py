"""Evaluates nodes whose inputs are all known at import."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from onnx import helper

from ssnn_fpga.network.onnx_graph import Array, Constant, Graph, Node


def fold_constants(graph: Graph) -> None:
    """Replace Constant nodes, Shape of known shapes, and what is computed from constants alone.

    Quantised constants stay quantised: values and scale are rearranged alike.
    """
    for node in list(graph.nodes):
        result = _evaluate(graph, node)
        if result is not None:
            graph.constants[node.output] = result
            graph.nodes.remove(node)


def _evaluate(graph: Graph, node: Node) -> Constant | None:
    if node.domain != "":
        return None
    if node.operator == "Constant":
        return Constant(_constant(node))
    if node.operator == "Shape" and node.inputs[0] in graph.shapes:
        shape = graph.shapes[node.inputs[0]]
        return Constant(
            np.array(shape[node.attributes.get("start", 0) : node.attributes.get("end")], np.int64)
        )
    if not all(name in graph.constants or name == "" for name in node.inputs):
        return None
    inputs = [graph.constants[name] for name in node.inputs if name]
    if node.operator in _REARRANGE:
        first, parameters = inputs[0], [other.values for other in inputs[1:]]
        rearrange = _REARRANGE[node.operator]
        values = rearrange(node, first.values, parameters)
        scale = None if first.scale is None else rearrange(node, first.scale, parameters)
        return Constant(values, scale, first.bits)
    if node.operator in _COMPUTE and all(constant.scale is None for constant in inputs):
        return Constant(np.asarray(_COMPUTE[node.operator](node, [constant.values for constant in inputs])))
    return None


def _constant(node: Node) -> Array:
    (value,) = node.attributes.values()
    kinds = {
        "value_int": np.int64,
        "value_ints": np.int64,
        "value_float": np.float32,
        "value_floats": np.float32,
    }
    return np.asarray(value, kinds.get(next(iter(node.attributes))))


def _reshape(node: Node, x: Array, parameters: list[Array]) -> Array:
    shape = [int(size) for size in parameters[0]]
    if not node.attributes.get("allowzero", 0):
        shape = [x.shape[axis] if size == 0 else size for axis, size in enumerate(shape)]
    return x.reshape(shape)


def _axes(node: Node, parameters: list[Array]) -> tuple[int, ...] | None:
    axes = parameters[0] if parameters else node.attributes.get("axes")
    return None if axes is None else tuple(int(axis) for axis in np.atleast_1d(axes))


def _flatten(node: Node, x: Array, parameters: list[Array]) -> Array:
    axis = node.attributes.get("axis", 1) % (x.ndim + 1)
    return x.reshape(int(np.prod(x.shape[:axis])), -1)


_REARRANGE: dict[str, Callable[[Node, Array, list[Array]], Array]] = {
    "Transpose": lambda node, x, _: np.transpose(x, node.attributes.get("perm")),
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Squeeze": lambda node, x, parameters: np.squeeze(x, _axes(node, parameters)),
    "Unsqueeze": lambda node, x, parameters: np.expand_dims(x, _axes(node, parameters) or ()),
}

_COMPUTE: dict[str, Callable[[Node, list[Array]], Array]] = {
    "Cast": lambda node, x: x[0].astype(helper.tensor_dtype_to_np_dtype(node.attributes["to"])),
    "Add": lambda _, x: x[0] + x[1],
    "Sub": lambda _, x: x[0] - x[1],
    "Mul": lambda _, x: x[0] * x[1],
    "Div": lambda _, x: x[0] / x[1] if x[0].dtype.kind == "f" else x[0] // x[1],
    "Neg": lambda _, x: -x[0],
    "Gather": lambda node, x: np.take(x[0], x[1], axis=node.attributes.get("axis", 0)),
    "Concat": lambda node, x: np.concatenate(x, axis=node.attributes["axis"]),
}
