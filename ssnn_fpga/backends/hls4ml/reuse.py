"""hls4ml's reuse factors that do the work of a plan's folds."""

from __future__ import annotations

from math import ceil

from ssnn_fpga.network.layers import Activation, Conv, Dense, Network
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.folds import fold_space
from ssnn_fpga.plan.plan import Plan


def reuse_factors(network: Network, plan: Plan) -> dict[str, int]:
    """By synapse layer, the cycles that the plan gives a window, for each of its timesteps.

    hls4ml spends its reuse factor in cycles on one window at one timestep, where the plan's kernel
    works on all timesteps of a window: PE outputs, SIMD inputs and TP planes at once.
    """
    edge_of = edges(network)
    factors: dict[str, int] = {}
    for layer in network.layers:
        if not isinstance(layer, Conv | Dense):
            continue
        source, fold = edge_of[layer.inputs[0]], plan.folds[layer.name]
        assert isinstance(source, Activation)  # edges() has seen to it
        space = fold_space(layer, source)
        inputs = fold.simd * max(1, fold.scatter)  # a word that is scattered meets that many windows at once
        cycles = ceil(space.outputs / fold.pe) * ceil(space.inputs / inputs) * ceil(space.planes / fold.tp)
        factors[layer.name] = max(1, round(cycles / source.timesteps))
    return factors
