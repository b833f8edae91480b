"""Synaptic operations: counted one by one beside what the account says."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.explore.front import explore
from ssnn_fpga.explore.page import front_figures, front_table
from ssnn_fpga.golden.energy import synaptic_work
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import NETWORK_INPUT, Compression, Conv, Dense, Network
from ssnn_fpga.network.shapes import edges
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


_EVENTS = Compression(8, 8, 1, 1, 1)  # whatever it is, it says that the input is events


@pytest.mark.parametrize("seed", range(6))
def test_every_set_bit_counts_once_for_each_weight_that_it_meets(seed: int) -> None:
    rng = np.random.default_rng(seed)
    network = random_network(rng) if seed % 2 else random_forked_network(rng)
    network = replace(network, compression=_EVENTS)
    frames = random_frames(rng, network, 3).astype(np.uint8)  # as recordings give them
    work = synaptic_work(network, frames, run(network, frames))
    assert (work.operations, work.synapses) == pytest.approx(counted(network, frames))
    assert work.figures()["energy_uj"] == pytest.approx(work.operations * 0.9e-6)


def test_the_front_carries_it_and_says_what_it_is() -> None:
    rng = np.random.default_rng(4)
    network = random_network(rng, schedule=(2,), size=(6, 6), channels=(2,), hidden=0, weight_bits=2)
    frames, board = random_frames(rng, network, 2), load_board("ulx3s")
    work = synaptic_work(network, frames, run(network, frames))
    points = explore(network, board, points=2)
    assert "not measured" in str(front_table(points, board, work).caption)
    written = json.loads(json.dumps(front_figures(points, "net", board, work)))
    assert written["synaptic_work"] == work.figures()
    assert "DSP slices" not in written["points"][0]["estimated"]  # its accumulators are logic


def test_the_first_layer_multiplies_analog_inputs_at_every_timestep() -> None:
    rng = np.random.default_rng(7)
    network = random_network(rng, schedule=(3, 1), input_maximum=15, hidden=0)
    frames = random_frames(rng, network, 3)
    trace = run(network, frames)
    events = synaptic_work(replace(network, compression=_EVENTS), frames, trace)
    analog = synaptic_work(network, frames, trace)
    first, *others = analog.layers
    assert analog.layers[first].multiplications == 3 * events.layers[first].synapses
    assert analog.layers[first].operations == 0
    assert all(analog.layers[name] == events.layers[name] for name in others)
    assert analog.synapses == events.synapses
    energy = analog.multiplications * 4.6e-6 + analog.operations * 0.9e-6
    assert analog.figures()["energy_uj"] == pytest.approx(energy)
    assert analog.figures()["energy_without_spikes_uj"] == pytest.approx(analog.synapses * 4.6e-6)
    assert f"and {analog.multiplications:,} multiplications" in analog.sentence()
    assert "multiplication" not in events.sentence()
    spikes = random_network(rng, input_maximum=1)
    ones = random_frames(rng, spikes, 1)
    assert synaptic_work(spikes, ones, run(spikes, ones)).multiplications == 0


def test_of_spikes_operations_are_rate_times_synapses_times_timesteps() -> None:
    """The papers' SOPs(l) = T · spike rate(l) · MACs(l), exact for dense layers, which no border cuts."""
    rng = np.random.default_rng(8)
    network = replace(
        random_network(rng, schedule=(4,), hidden=9, pool="none", levels=1), compression=_EVENTS
    )
    frames = random_frames(rng, network, 5)
    trace = run(network, frames)
    work = synaptic_work(network, frames, trace)
    last = [layer for layer in network.layers if isinstance(layer, Dense)][-1]
    found = work.layers[last.name]
    assert found.rate == trace[last.inputs[0]].mean()
    assert found.operations == pytest.approx(4 * found.rate * found.synapses)
