"""Evaluates Quant nodes on constants: real weights become integers with a scale."""

from __future__ import annotations

import numpy as np

from ssnn_fpga.network.onnx_graph import Array, Constant, Graph, Node, integer_scalar
from ssnn_fpga.network.passes.fold_constants import fold_constants

QUANT_DOMAINS = ("qonnx.custom_op.general", "onnx.brevitas", "finn.custom_op.general")
"""Domains under which exporters have put Quant."""


def is_quant(node: Node) -> bool:
    """Whether ``node`` is QONNX's uniform quantiser."""
    return node.domain in QUANT_DOMAINS and node.operator in ("Quant", "IntQuant")


def quantise_weights(graph: Graph) -> None:
    """Replace each Quant or BipolarQuant of a constant by a quantised constant.

    Raises UserError where its parameters are not constant or not those of signed weights.
    """
    fold_constants(graph)  # parameters may come out of Constant nodes
    for node in list(graph.nodes):
        if node.domain not in QUANT_DOMAINS or node.inputs[0] not in graph.constants:
            continue
        if is_quant(node):
            graph.constants[node.output] = _quantised(graph, node)
        elif node.operator == "BipolarQuant":
            graph.constants[node.output] = _bipolar(graph, node)
        else:
            continue
        graph.nodes.remove(node)


def _quantised(graph: Graph, node: Node) -> Constant:
    values = graph.constants[node.inputs[0]].values
    scale, bits, low, high = quant_parameters(graph, node)
    # In the file's own precision: rounding at ties must be what the exporter's framework computed.
    integers = np.clip(np.rint(values / scale.astype(values.dtype)), low, high).astype(np.int64)
    return Constant(integers, np.broadcast_to(scale, values.shape), bits)


def _bipolar(graph: Graph, node: Node) -> Constant:
    values = graph.constants[node.inputs[0]].values
    scale = _positive_scale(graph, node)
    return Constant(np.where(values >= 0, 1, -1), np.broadcast_to(scale, values.shape), 1)


def quant_parameters(graph: Graph, node: Node) -> tuple[Array, int, int, int]:
    """Scale, bits, least and greatest integer of a Quant node.

    Raises UserError for parameters that are not constant, a zero point, or another rounding.
    """
    scale = _positive_scale(graph, node)
    if np.any(_parameter(graph, node, 2, "zero point") != 0):
        raise node.fault("has a zero point; quantise symmetrically, with zero point 0")
    bits = integer_scalar(_parameter(graph, node, 3, "bit width"))
    if bits is None or not 1 <= bits <= 32:
        raise node.fault("its bit width is not one integer from 1 to 32; use one for the whole tensor")
    rounding = str(node.attributes.get("rounding_mode", "ROUND")).upper()
    if rounding not in ("ROUND", "HALF_EVEN"):
        raise node.fault(f"rounds by {rounding!r}; export it with ROUND")
    signed, narrow = (
        bool(node.attributes.get(key, default)) for key, default in (("signed", 1), ("narrow", 0))
    )
    if signed:
        return scale, bits, -(1 << (bits - 1)) + narrow, (1 << (bits - 1)) - 1
    return scale, bits, 0, (1 << bits) - 1 - narrow


def _positive_scale(graph: Graph, node: Node) -> Array:
    scale = _parameter(graph, node, 1, "scale")
    if not (np.isfinite(scale).all() and (scale > 0).all()):
        raise node.fault("its scale is not positive; export it with positive scales")
    return scale


def _parameter(graph: Graph, node: Node, index: int, what: str) -> Array:
    if index >= len(node.inputs) or node.inputs[index] not in graph.constants:
        raise node.fault(f"its {what} is not constant; export the trained value as a constant")
    return graph.constants[node.inputs[index]].values
