"""Moves the slices of a placed netlist until its wires are short: simulated annealing by whole slices.

nextpnr's placer spreads cells over the device without regard to where it has none, such as around PS7;
making that legal throws many far away, and its own refinement moves single cells a little. A slice is legal
wherever it stands, so whole slices, or carry chains of them, can change places quickly: half a million tries
a second.

What is made small is the sum over nets of half the perimeter around their slices, in tiles, and over
connections of their length times a weight that grows steeply with their share of the longest path.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from rich.console import Console
from rich.progress import Progress

from ssnn_fpga.boards.slice_timing import criticality
from ssnn_fpga.boards.slices import Floats, Ints, Links, Nets, PlacedNetlist, Sites, Slices

ROUNDS = 600
TRIES, TRIES_A_SLICE = 100_000, 200
"""Most a round, and fewer where a design is small; criticality is found anew in each round."""
HOTTEST = 60.0
"""First temperature, in tiles: about what a move of a slice by some tens of tiles changes."""
FARTHEST, NEAREST = 40, 3
"""Tiles that a slice moves by at most, in the first round and in the last."""
WEIGHT, STEEPNESS = 30.0, 8
"""A connection of the longest path weighs as much as thirty nets; one of half that path an eighth of one."""


@dataclass(frozen=True)
class Improvement:
    """Before and after."""

    wires: tuple[float, float]
    """Sum over nets of half the perimeter, in tiles."""
    longest_ns: tuple[float, float]
    """Estimated longest path."""


def shorten(placed: PlacedNetlist, *, seed: int, rounds: int = ROUNDS, progress: bool = False) -> Improvement:
    """Moves the slices of ``placed``; the same for the same seed."""
    slices, nets, links = placed.slices, placed.nets, placed.links
    occupant = np.full(len(placed.sites.x), -1, dtype=np.int64)
    occupant[slices.site] = np.arange(len(slices.site))
    lengths = _lengths(nets, slices.x, slices.y)
    first = lengths.sum(), criticality(placed)[0]
    seen = np.zeros(len(lengths), dtype=np.int64)
    clock, random = 0, np.random.default_rng(seed)
    with Progress(console=Console(stderr=True), disable=not progress, transient=True) as bar:
        task = bar.add_task("moving slices", total=rounds)
        for number in range(rounds):
            left = 1 - number / rounds
            _, critical = criticality(placed)
            clock = _round(
                placed.sites, slices, nets, links, occupant, lengths, WEIGHT * critical**STEEPNESS,
                HOTTEST * left**2.5, NEAREST + int((FARTHEST - NEAREST) * left**1.5), seen, clock, random,
            )  # fmt: skip
            bar.advance(task)
    return Improvement((first[0], lengths.sum()), (first[1], criticality(placed)[0]))


@numba.njit(cache=True)
def _length(net: int, nets: Nets, x: Floats, y: Floats) -> float:
    pin = nets.pins[nets.first[net]]
    left = right = x[pin]
    top = bottom = y[pin]
    for k in range(nets.first[net] + 1, nets.first[net + 1]):
        pin = nets.pins[k]
        left, right = min(left, x[pin]), max(right, x[pin])
        top, bottom = min(top, y[pin]), max(bottom, y[pin])
    return float((right - left) + (bottom - top))


@numba.njit(cache=True)
def _lengths(nets: Nets, x: Floats, y: Floats) -> Floats:
    found = np.empty(len(nets.first) - 1)
    for net in range(len(found)):
        found[net] = _length(net, nets, x, y)
    return found


@numba.njit(cache=True)
def _pull(moved: Ints, count: int, slices: Slices, links: Links, weight: Floats) -> float:
    """Weighted length of the connections of some slices; those between two of them hardly change."""
    total = 0.0
    for i in range(count):
        for k in range(links.start[moved[i]], links.start[moved[i] + 1]):
            link = links.of[k]
            a, b = links.source[link], links.sink[link]
            total += weight[link] * (abs(slices.x[a] - slices.x[b]) + abs(slices.y[a] - slices.y[b]))
    return total


@numba.njit(cache=True)
def _stand(slice_: int, site: int, sites: Sites, slices: Slices) -> None:
    slices.site[slice_] = site
    slices.x[slice_] = sites.x[site]
    slices.y[slice_] = sites.y[site]
    slices.column[slice_] = np.searchsorted(sites.columns, sites.x[site])


@numba.njit(cache=True)
def _round(
    sites: Sites, slices: Slices, nets: Nets, links: Links, occupant: Ints, lengths: Floats, weight: Floats,
    temperature: float, reach: int, seen: Ints, clock: int, random: np.random.Generator,
) -> int:  # fmt: skip
    columns, rows, _ = sites.grid.shape
    half = (reach + 1) // 2  # about every second column has slices
    # Of what a try moves: the slices, where they go, and where they were.
    longest = 2 * slices.length.max()
    moved, goal, origin = np.empty((3, longest), np.int64)
    touched, changed = np.empty(len(lengths), np.int64), np.empty(len(lengths))
    for _ in range(min(TRIES, TRIES_A_SLICE * len(slices.site))):
        chain = slices.head[random.integers(0, len(slices.site))]
        if slices.fixed[chain]:
            continue
        column = slices.column[chain] + random.integers(-half, half + 1)
        row = int(slices.y[chain]) + random.integers(-reach, reach + 1)
        if column < 0 or column >= columns or row < 0 or row >= rows:
            continue
        site = sites.grid[column, row, random.integers(0, 2)]
        if site == slices.site[chain]:
            continue
        count, member, possible = 0, chain, True
        while member >= 0:
            if site < 0 or (slices.memory[member] and not sites.memory[site]):
                possible = False
                break
            there, here = occupant[site], slices.site[member]
            if there >= 0:
                bound = slices.length[there] > 1 or slices.fixed[there]
                if bound or (slices.memory[there] and not sites.memory[here]):
                    possible = False
                    break
                moved[count], goal[count], origin[count] = there, here, site
                count += 1
            moved[count], goal[count], origin[count] = member, site, here
            count += 1
            site, member = sites.above[site], slices.above[member]
        if not possible:
            continue

        clock += 1
        nets_touched, change = 0, 0.0
        for i in range(count):
            for k in range(nets.start[moved[i]], nets.start[moved[i] + 1]):
                net = nets.of[k]
                if seen[net] != clock:
                    seen[net] = clock
                    touched[nets_touched] = net
                    nets_touched += 1
                    change -= lengths[net]
        change -= _pull(moved, count, slices, links, weight)
        for i in range(count):
            _stand(moved[i], goal[i], sites, slices)
        for i in range(nets_touched):
            changed[i] = _length(touched[i], nets, slices.x, slices.y)
            change += changed[i]
        change += _pull(moved, count, slices, links, weight)

        if change <= 0 or (temperature > 0 and random.random() < np.exp(-change / temperature)):
            for i in range(nets_touched):
                lengths[touched[i]] = changed[i]
            for i in range(count):
                occupant[origin[i]] = -1
            for i in range(count):
                occupant[goal[i]] = moved[i]
        else:
            for i in range(count):
                _stand(moved[i], origin[i], sites, slices)
    return clock
