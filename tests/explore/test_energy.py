"""Synaptic operations: counted one by one beside what the explorer says."""

from __future__ import annotations

import json
from itertools import product

import numpy as np
import pytest

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.explore.energy import synaptic_work
from ssnn_fpga.explore.front import explore
from ssnn_fpga.explore.page import front_figures, front_table
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import NETWORK_INPUT, Conv, Dense, Network
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.activity import measure_activity
from tests.random_networks import random_forked_network, random_frames, random_network


def counted(network: Network, frames: np.ndarray) -> tuple[float, int]:
    """Set input bits at every place of every window, times the channels that see them."""
    values, operations, synapses = {NETWORK_INPUT: frames, **run(network, frames)}, 0, 0
    edge_of = edges(network)
    for layer in network.layers:
        if not isinstance(layer, Conv | Dense):
            continue
        x, out = values[layer.inputs[0]], edge_of[layer.name]
        ones = sum(int(value).bit_count() for value in x.flat)
        if isinstance(layer, Dense):
            operations += ones * out.channels
            synapses += layer.weight.size
            continue
        size, pad = layer.weight.shape[2], layer.padding
        padded = np.pad(x, ((0, 0), (0, 0), (0, 0), (pad, pad), (pad, pad)))
        for row, column in product(range(out.height), range(out.width)):
            top, left = row * layer.stride, column * layer.stride
            window = padded[:, :, :, top : top + size, left : left + size]
            operations += sum(int(v).bit_count() for v in window.flat) * out.channels // layer.groups
            synapses += layer.weight.size
    return operations / len(frames), synapses


@pytest.mark.parametrize("seed", range(6))
def test_every_set_bit_counts_once_for_each_weight_that_it_meets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng) if seed % 2 else random_forked_network(rng)
    frames = random_frames(rng, network, 3).astype(np.uint8)  # as recordings give them
    work = synaptic_work(network, measure_activity(network, frames, run(network, frames)))
    assert (work.operations, work.synapses) == pytest.approx(counted(network, frames))
    assert work.figures()["energy_uj"] == pytest.approx(work.operations * 0.9e-6)


def test_the_front_carries_it_and_says_what_it_is() -> None:
    rng = np.random.default_rng(4)
    network = random_network(rng, schedule=(2,), size=(6, 6), channels=(2,), hidden=0, weight_bits=2)
    frames, board = random_frames(rng, network, 2), load_board("ulx3s")
    work = synaptic_work(network, measure_activity(network, frames, run(network, frames)))
    points = explore(network, board, points=2)
    assert "not measured" in str(front_table(points, board, work).caption)
    written = json.loads(json.dumps(front_figures(points, "net", board, work)))
    assert written["synaptic_work"] == work.figures()
    assert "DSP slices" not in written["points"][0]["estimated"]  # its accumulators are logic
