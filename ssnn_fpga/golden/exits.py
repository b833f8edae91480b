"""Tells by which exit of a network with early exits each sample left it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ssnn_fpga.golden.arithmetic import sure
from ssnn_fpga.network.layers import EarlyExit, Integers, Network
from ssnn_fpga.network.shapes import output_of


def exit_order(network: Network) -> tuple[str, ...]:
    """The read-outs that can give the network's logits, the one that decides first first.

    A network without early exits has one. Raises UserError where it does not end in logits.
    """
    heads: list[str] = []
    last = output_of(network)
    while isinstance(layer := network.layer(last), EarlyExit):
        early, last = layer.inputs
        heads.append(early)
    return (*heads, last)


def exits(network: Network, trace: Mapping[str, Integers]) -> Integers:
    """(N,) place in ``exit_order`` of the read-out whose logits each sample's answer is.

    ``trace`` holds at least the logits (N, O) of every early read-out, whichever engine gave them.
    """
    *heads, last = exit_order(network)
    margins = {layer.inputs[0]: layer.margin for layer in network.layers if isinstance(layer, EarlyExit)}
    taken = np.full(len(trace[last]), len(heads), np.int64)
    for place, head in reversed(list(enumerate(heads))):
        taken[sure(trace[head], margins[head])] = place
    return taken
