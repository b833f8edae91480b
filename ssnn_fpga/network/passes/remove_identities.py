"""Drops nodes that change nothing in inference."""

from __future__ import annotations

import onnx

from ssnn_fpga.network.onnx_graph import Graph, Node

_FLOATS = (onnx.TensorProto.FLOAT, onnx.TensorProto.DOUBLE)


def remove_identities(graph: Graph) -> None:
    """Remove Identity, Dropout, and Cast of the values that flow to a float type."""
    for node in list(graph.nodes):
        if node.domain == "" and _changes_nothing(graph, node):
            graph.bypass(node)


def _changes_nothing(graph: Graph, node: Node) -> bool:
    if node.operator in ("Identity", "Dropout"):
        return True
    # A Cast of a constant is folded instead: there the type may matter.
    return (
        node.operator == "Cast"
        and node.attributes.get("to") in _FLOATS
        and node.inputs[0] not in graph.constants
    )
