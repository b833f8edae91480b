"""Brings every dense layer into one form: Gemm with weights (O, I)."""

from __future__ import annotations

from ssnn_fpga.network.onnx_graph import Constant, Graph, Node


def turn_dense_weights(graph: Graph) -> None:
    """Replace each MatMul by a constant, and each Gemm, by Gemm with transB = 1.

    Raises UserError where the weights are not the constant second operand, or are scaled.
    """
    for node in graph.nodes:
        if node.domain != "" or node.operator not in ("MatMul", "Gemm"):
            continue
        weight = graph.constants.get(node.inputs[1])
        if weight is None:
            raise node.fault("its second operand is not constant; only weights can be multiplied")
        if weight.values.ndim != 2:
            raise node.fault(f"its weights have {weight.values.ndim} axes; export a dense layer with 2")
        plain = {"alpha": 1.0, "beta": 1.0, "transA": 0}
        if any(node.attributes.get(key, value) != value for key, value in plain.items()):
            raise node.fault("has alpha, beta or transA; export it with plain weights and bias")
        if node.operator == "MatMul" or not node.attributes.get("transB", 0):
            _turn(graph, node, weight)
        node.operator, node.attributes = "Gemm", {"transB": 1}


def _turn(graph: Graph, node: Node, weight: Constant) -> None:
    name = f"{node.name}/turned"
    scale = None if weight.scale is None else weight.scale.T
    graph.constants[name] = Constant(weight.values.T, scale, weight.bits)
    node.inputs[1] = name
