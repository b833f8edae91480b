"""Removes transposes that undo each other."""

from __future__ import annotations

from ssnn_fpga.network.onnx_graph import Graph


def cancel_transposes(graph: Graph) -> None:
    """Join each Transpose of a Transpose into one, and drop those that leave the axes in place."""
    for node in list(graph.nodes):
        if node.operator != "Transpose" or "perm" not in node.attributes:
            continue
        before = graph.producer(node.inputs[0])
        if before is not None and before.operator == "Transpose" and "perm" in before.attributes:
            first = before.attributes["perm"]
            node.attributes["perm"] = [first[axis] for axis in node.attributes["perm"]]
            node.inputs[0] = before.inputs[0]
        if node.attributes["perm"] == sorted(node.attributes["perm"]):
            graph.bypass(node)
    # The first of a pair may have lost its last reader.
    for node in list(graph.nodes):
        if node.operator == "Transpose" and node.output != graph.output and not graph.consumers(node.output):
            graph.nodes.remove(node)
