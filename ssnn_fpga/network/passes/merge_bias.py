"""Moves a constant that is added behind synapses into their bias input."""

from __future__ import annotations

import numpy as np

from ssnn_fpga.network.onnx_graph import Constant, Graph, Node

SYNAPSES = ("Conv", "Gemm")
"""Operators that become synapses; every MatMul has become a Gemm before."""


def merge_bias(graph: Graph) -> None:
    """Turn a Conv or Gemm followed by Add or Sub of a channel constant into one with a bias."""
    for node in list(graph.nodes):
        if node.domain != "" or node.operator not in ("Add", "Sub"):
            continue
        constants = [name for name in node.inputs if name in graph.constants]
        others = [name for name in node.inputs if name not in graph.constants]
        synapses = graph.producer(others[0]) if len(others) == 1 else None
        if synapses is None or synapses.operator not in SYNAPSES or len(graph.consumers(others[0])) != 1:
            continue
        if node.operator == "Sub" and node.inputs[0] in graph.constants:
            raise node.fault("subtracts synapses from a constant; negate the weights and add instead")
        _merge(graph, synapses, node, graph.constants[constants[0]])


def _merge(graph: Graph, synapses: Node, node: Node, constant: Constant) -> None:
    values = constant.values if constant.scale is None else constant.values * constant.scale
    # Channels are axis 1 of a convolution's (T, O, H, W), and the last of a dense layer's (T, O).
    axis_from_right = 3 if synapses.operator == "Conv" else 1
    places = [size for place, size in enumerate(values.shape[::-1], start=1) if place != axis_from_right]
    if any(size != 1 for size in places):
        raise node.fault(f"adds a constant of shape {values.shape}; only one value a channel can be a bias")
    bias = values.reshape(-1) if node.operator == "Add" else -values.reshape(-1)
    if len(synapses.inputs) > 2 and synapses.inputs[2]:
        before = graph.constants.get(synapses.inputs[2])
        if before is None:
            raise synapses.fault("its bias is not constant; export the trained value as a constant")
        bias = bias + np.asarray(before.values if before.scale is None else before.values * before.scale)
    name = f"{synapses.name}/bias"
    graph.constants[name] = Constant(bias)
    synapses.inputs = [*synapses.inputs[:2], name]
    graph.bypass(node, synapses.output)
