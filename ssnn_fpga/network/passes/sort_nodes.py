"""Puts nodes into topological order."""

from __future__ import annotations

from ssnn_fpga.network.onnx_graph import Graph, Node


def sort_nodes(graph: Graph) -> None:
    """Every node after the nodes it reads from; otherwise the file's order.

    Raises UserError where a node reads a tensor that nothing makes, or its own result.
    """
    known = {"", graph.input, *graph.constants}
    ordered: list[Node] = []
    waiting = list(graph.nodes)
    while waiting:
        ready = [node for node in waiting if known.issuperset(node.inputs)]
        if not ready:
            missing = next(name for name in waiting[0].inputs if name not in known)
            raise waiting[0].fault(
                f"reads the tensor {missing!r}, which nothing makes before it; repair the graph"
            )
        ordered += ready
        known.update(name for node in ready for name in node.outputs)
        waiting = [node for node in waiting if node not in ready]
    graph.nodes = ordered
