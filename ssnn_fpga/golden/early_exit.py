"""Margins of early exits, chosen on calibration data for a given loss of accuracy.

What an exit saves is counted in timesteps: every layer of neurons that is needed for a sample's answer
runs its T timesteps, and a sample's timesteps are their mean over all layers of neurons of the network,
0 for those that its answer does not need. Without early exits that is the papers' average.

A compiled design gives a sure sample's answer early; its later layers still compute the sample.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.exits import exit_order, exits
from ssnn_fpga.network.layers import Activation, EarlyExit, Integers, Network, Neuron
from ssnn_fpga.network.shapes import edges

_COMBINATIONS = 4096  # of margins to try
_SLACK = 1e-9  # of an accuracy: floats


@dataclass(frozen=True)
class ExitFigures:
    """What a network with early exits does to given samples."""

    accuracy: float
    timesteps: float  # run for a sample's answer, mean over samples
    shares: tuple[float, ...]  # of the samples, by exit in `exit_order`


def timesteps_until(network: Network) -> tuple[float, ...]:
    """Timesteps of an answer by each exit in `exit_order`: that of an exit needs those before it too."""
    edge_of = edges(network)
    timesteps = {}
    for layer in network.layers:
        if isinstance(layer, Neuron):
            edge = edge_of[layer.name]
            assert isinstance(edge, Activation)
            timesteps[layer.name] = edge.timesteps
    if not timesteps:
        raise UserError(f"network {network.name!r} has no neurons; nothing of it takes timesteps.")
    needed: set[str] = set()
    totals = []
    for head in exit_order(network):
        needed |= _ancestors(network, head)
        totals.append(sum(t for name, t in timesteps.items() if name in needed) / len(timesteps))
    return tuple(totals)


def measure_exits(network: Network, trace: Mapping[str, Integers], labels: Integers) -> ExitFigures:
    """Accuracy and timesteps of ``network`` with its own margins; ``trace`` holds all read-outs' logits."""
    order, taken = exit_order(network), exits(network, trace)
    answers = np.stack([trace[head].argmax(axis=1) for head in order])
    right = answers[taken, np.arange(len(taken))] == labels
    shares = np.bincount(taken, minlength=len(order)) / len(taken)
    timesteps = float(shares @ np.array(timesteps_until(network)))
    return ExitFigures(float(right.mean()), timesteps, tuple(shares.tolist()))


def with_margins(network: Network, margins: Mapping[str, int]) -> Network:
    """``network`` with the margin of each early read-out that ``margins`` names."""
    layers = tuple(
        replace(layer, margin=margins.get(layer.inputs[0], layer.margin))
        if isinstance(layer, EarlyExit)
        else layer
        for layer in network.layers
    )
    return replace(network, layers=layers)


def calibrate(
    network: Network, trace: Mapping[str, Integers], labels: Integers, allowed_loss: float
) -> Network:
    """``network`` with the margins that need the fewest timesteps for at most ``allowed_loss`` of accuracy.

    ``trace`` holds the logits of all read-outs for calibration samples of the classes ``labels`` (N,); the
    loss, 0 to 1, is against the last read-out on these samples. Margins are tried at quantiles of the
    leads that each early read-out has; of equal ones the larger accuracy wins. Never give test samples.
    Raises UserError for a network without early exits, and without samples.
    """
    *heads, last = exit_order(network)
    if not heads:
        raise UserError(
            f"network {network.name!r} has no early exits; export it with its early classifiers kept."
        )
    if not len(labels):
        raise UserError("Early exits are calibrated on data; give at least one labelled sample.")
    leads = {head: _leads(trace[head]) for head in heads}
    right = {head: trace[head].argmax(axis=1) == labels for head in (*heads, last)}
    until = timesteps_until(network)
    wanted = right[last].mean() - allowed_loss - _SLACK
    candidates = [_candidates(leads[head], round(_COMBINATIONS ** (1 / len(heads)))) for head in heads]

    best = (until[-1], -float(right[last].mean()))
    chosen = tuple(options[-1] for options in candidates)  # nobody leaves early
    for margins in product(*candidates):
        accuracy, timesteps = np.zeros(len(labels)), np.zeros(len(labels))
        waiting = np.ones(len(labels), dtype=bool)
        for place, (head, margin) in enumerate(zip(heads, margins, strict=True)):
            leaves = waiting & (leads[head] >= margin)
            accuracy[leaves], timesteps[leaves] = right[head][leaves], until[place]
            waiting &= ~leaves
        accuracy[waiting], timesteps[waiting] = right[last][waiting], until[-1]
        figures = (float(timesteps.mean()), -float(accuracy.mean()))
        if -figures[1] >= wanted and figures < best:
            best, chosen = figures, margins
    return with_margins(network, dict(zip(heads, chosen, strict=True)))


def _leads(logits: Integers) -> Integers:
    """(N,) by how much the largest logit of (N, O) leads the second largest."""
    if logits.shape[1] == 1:
        return np.zeros(len(logits), np.int64)
    ordered = np.sort(logits, axis=1)
    leads: Integers = ordered[:, -1] - ordered[:, -2]
    return leads


def _candidates(leads: Integers, most: int) -> list[int]:
    """At most ``most`` margins: 0, at which all leave, and leads; the last one above every lead."""
    distinct = np.unique(np.append(leads[leads > leads.min()], 0))
    if len(distinct) > most - 1:
        distinct = distinct[np.linspace(0, len(distinct) - 1, most - 1).astype(int)]
    return [*np.unique(distinct).tolist(), int(leads.max()) + 1]


def _ancestors(network: Network, name: str) -> set[str]:
    """The layers that the layer ``name`` needs, itself among them."""
    layers = {layer.name: layer for layer in network.layers}
    found, waiting = set(), [name]
    while waiting:
        current = waiting.pop()
        if current in layers and current not in found:
            found.add(current)
            waiting += layers[current].inputs
    return found
