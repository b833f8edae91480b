"""Rewrites that bring any supported QONNX graph into the one form the importer translates."""

from __future__ import annotations

from collections.abc import Callable

from ssnn_fpga.network.onnx_graph import Graph
from ssnn_fpga.network.passes.cancel_transposes import cancel_transposes
from ssnn_fpga.network.passes.find_weight_grids import find_weight_grids
from ssnn_fpga.network.passes.fold_constants import fold_constants
from ssnn_fpga.network.passes.merge_bias import merge_bias
from ssnn_fpga.network.passes.quantise_weights import quantise_weights
from ssnn_fpga.network.passes.remove_dead_nodes import remove_dead_nodes
from ssnn_fpga.network.passes.remove_identities import remove_identities
from ssnn_fpga.network.passes.sort_nodes import sort_nodes
from ssnn_fpga.network.passes.turn_dense_weights import turn_dense_weights

PASSES: tuple[Callable[[Graph], None], ...] = (
    sort_nodes,
    remove_dead_nodes,
    remove_identities,
    quantise_weights,
    fold_constants,
    cancel_transposes,
    turn_dense_weights,
    merge_bias,
    find_weight_grids,
    remove_dead_nodes,
)
"""In the order of their application; each rewrites the graph in place."""
