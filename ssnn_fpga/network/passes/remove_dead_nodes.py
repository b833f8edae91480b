"""Drops nodes whose results nobody reads."""

from __future__ import annotations

from ssnn_fpga.network.onnx_graph import Graph


def remove_dead_nodes(graph: Graph) -> None:
    """Keep only the nodes, in topological order already, that the output depends on."""
    needed = {graph.output}
    kept = []
    for node in reversed(graph.nodes):
        if needed.intersection(node.outputs):
            kept.append(node)
            needed.update(node.inputs)
    graph.nodes = kept[::-1]
