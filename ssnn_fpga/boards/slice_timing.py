"""Slacks of a placed netlist: how long the way from register to register takes through each connection.

Wires are estimated from the distance, as no route is known yet: ``WIRE_NS`` and ``TILE_NS`` a tile, near
those of routed paths of an XC7Z020-1. A connection matters by the share of the longest path that the longest
one through it takes.
"""

from __future__ import annotations

import numba
import numpy as np

from ssnn_fpga.boards.slices import Arcs, Floats, Ints, PlacedNetlist

WIRE_NS, TILE_NS = 0.42, 0.021
INSIDE_NS = 0.2
"""Inside a slice, from look-up table to flip-flop or to another look-up table."""


def criticality(placed: PlacedNetlist) -> tuple[float, Floats]:
    """The longest path in ns, and by link the share of it that the longest path through the link takes."""
    longest, critical = _slacks(
        placed.arcs, placed.place, placed.begin_ns, placed.slices.x, placed.slices.y, len(placed.links.source)
    )
    return longest, critical


@numba.njit(cache=True)
def _slacks(arcs: Arcs, place: Ints, begin: Floats, x: Floats, y: Floats, links: int) -> tuple[float, Floats]:
    arrival, wires = begin.copy(), np.empty(len(arcs.source))
    longest = 0.0
    for k in range(len(arcs.source)):
        a, b = place[arcs.source[k]], place[arcs.sink[k]]
        if arcs.carried[k]:
            wires[k] = 0.0
        elif arcs.link[k] < 0:
            wires[k] = INSIDE_NS
        else:
            wires[k] = WIRE_NS + TILE_NS * (abs(x[a] - x[b]) + abs(y[a] - y[b]))
        there = arrival[arcs.source[k]] + wires[k] + arcs.ns[k]
        if arcs.ends[k]:
            longest = max(longest, there)
        else:
            arrival[arcs.sink[k]] = max(arrival[arcs.sink[k]], there)
    due, critical = np.full(len(place), np.inf), np.zeros(links)
    for k in range(len(arcs.source) - 1, -1, -1):
        latest = (longest if arcs.ends[k] else due[arcs.sink[k]]) - wires[k] - arcs.ns[k]
        due[arcs.source[k]] = min(due[arcs.source[k]], latest)
        if arcs.link[k] >= 0:
            share = 1.0 - (latest - arrival[arcs.source[k]]) / longest
            critical[arcs.link[k]] = max(critical[arcs.link[k]], share)
    return longest, critical
