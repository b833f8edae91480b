"""Recovers integers and scale of weights whose Quant node was folded away."""

from __future__ import annotations

import numpy as np

from ssnn_fpga.network.onnx_graph import Array, Constant, Graph, Node
from ssnn_fpga.network.passes.merge_bias import SYNAPSES

_LARGEST = 127  # the narrow range of 8 bits
_TOLERANCE = 1e-3  # of one step of the grid; float32 weights are within 1e-5


def find_weight_grids(graph: Graph) -> None:
    """Make every plain weight of Conv and Gemm (output channel first) a quantised constant.

    Tried in turn: the weights are integers; they lie on the grid of the scale that the Lif node
    behind states; they lie on one grid of at most 127 steps to each side. Raises UserError where
    none of these holds.
    """
    for node in graph.nodes:
        if node.domain != "" or node.operator not in SYNAPSES:
            continue
        weight = graph.constants.get(node.inputs[1])
        if weight is None:
            raise node.fault("its weights are not constant; export the trained values as constants")
        if weight.scale is not None:
            continue
        found = _on_grid(weight.values.astype(np.float64), _grids(graph, node, weight.values))
        if found is None:
            raise node.fault(
                "its weights are neither quantised nor on an integer grid; keep their Quant node on export"
            )
        name = f"{node.name}/integers"
        graph.constants[name] = found
        node.inputs[1] = name


def _grids(graph: Graph, node: Node, weight: Array) -> list[Array]:
    column = (-1,) + (1,) * (weight.ndim - 1)
    grids: list[Array] = [np.ones(1)]
    for reader in graph.consumers(node.output):
        scale = graph.constants.get(reader.inputs[1]) if reader.operator == "Lif" else None
        if scale is not None and scale.values.size in (1, weight.shape[0]) and (scale.values > 0).all():
            grids.append(scale.values.astype(np.float64).reshape(-1))
    largest = float(np.abs(weight).max(initial=0))
    grids += [np.array([largest / steps]) for steps in range(1, _LARGEST + 1) if largest > 0]
    return [grid.reshape(column) for grid in grids]


def _on_grid(weight: Array, grids: list[Array]) -> Constant | None:
    for grid in grids:
        steps = weight / grid
        integers = np.rint(steps)
        largest = int(np.abs(integers).max(initial=0))
        if largest <= _LARGEST and np.abs(steps - integers).max(initial=0) <= _TOLERANCE:
            binary = bool((np.abs(integers) == 1).all())
            bits = 1 if binary else max(2, largest.bit_length() + 1)
            return Constant(integers.astype(np.int64), np.broadcast_to(grid, weight.shape), bits)
    return None
