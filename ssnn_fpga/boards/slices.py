"""A placed netlist as arrays: the slices with what lies in them, their sites, nets and connections.

nextpnr writes the netlist that it has placed, with the BEL of each cell: ``X133Y18/SLICE_X0Y0.A5FF`` is a
flip-flop in the first of two slices at column 133 and row 18, and rows are counted downwards. A slice is
legal with all that is in it wherever it stands, so it can be moved as a whole; carry chains bind slices to
those above.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_Join = tuple[int, int, str]
"""Cells at both ends of a connection, and the port at the second."""
_BEL = re.compile(r"X(\d+)Y(\d+)/(?:SLICE_X(\d)Y0\.)?(\w+)")
_CONSTANT = ("PSEUDO", "BUFG")
"""Drivers of nets that lie everywhere: constants and clocks."""
_TIED = ("PS7", "PAD", "IOB")
"""Cells that constraints or the device put where they are."""
_REGISTERED = ("SLICE_FFX", "RAMB", "DSP", "PS7", "PAD", "IOB")
_WRITTEN = re.compile("WA|WE|DI|CLK")
"""Ports of a look-up table as memory that a clock samples; its other inputs are a path to its output."""
_MOST_PINS = 400
"""Nets with more slices are reset and the like: they lie everywhere, and would only take time."""

# Nanoseconds of a -1 device, rounded: from the clock to an output, through a cell, before the clock.
_CLOCK_TO_OUTPUT = (("RAMB", 2.45), ("DSP", 1.0), ("PS7", 1.6), ("SLICE_LUTX", 1.3), ("", 0.46))
_SETUP = (("RAMB", 0.6), ("DSP", 1.5), ("PS7", 1.0), ("", 0.1))
_CONTROL_SETUP = 0.4
"""Of a flip-flop's enable and reset, which have a longer way into the slice."""
_THROUGH = (("CARRY4", 0.5), ("SELMUX", 0.25), ("", 0.13))
_CARRY_THROUGH = 0.12


class Sites(NamedTuple):
    """Where slices can stand."""

    x: Floats
    y: Floats
    half: Ints
    """0 or 1: which slice of its tile."""
    above: Ints
    """The site that a carry chain goes on to, or -1."""
    memory: Flags
    """Its look-up tables can be memories."""
    columns: Ints
    """The x that have sites, ascending."""
    grid: Ints
    """(column, y, half): the site, or -1."""


class Slices(NamedTuple):
    """What is moved: U slices in use. Behind them, in ``x`` and ``y``, come cells that stay."""

    site: Ints
    x: Floats
    y: Floats
    column: Ints
    """Place of ``x`` in ``Sites.columns``."""
    memory: Flags
    """Needs a site with memory."""
    head: Ints
    """Lowest slice of its carry chain, or itself."""
    length: Ints
    """Slices of its carry chain."""
    above: Ints
    """The next slice of its chain, or -1."""
    fixed: Flags


class Nets(NamedTuple):
    """Net k lies at the slices and cells ``pins[first[k]:first[k + 1]]``; slice u has the nets
    ``of[start[u]:start[u + 1]]``."""

    first: Ints
    pins: Ints
    start: Ints
    of: Ints


class Links(NamedTuple):
    """Connections of pairs of slices or cells, all of one pair in one; slice u has the links
    ``of[start[u]:start[u + 1]]``."""

    source: Ints
    sink: Ints
    start: Ints
    of: Ints


class Arcs(NamedTuple):
    """Connections from cell to cell, each source's behind all that lead to it."""

    source: Ints
    sink: Ints
    ns: Floats
    """Through the sink, or before its clock."""
    ends: Flags
    """The sink's clock samples it."""
    carried: Flags
    """Along a carry chain, without wires."""
    link: Ints
    """Its pair in ``Links``, or -1 inside a slice."""


@dataclass
class PlacedNetlist:
    """All of it; ``slices`` changes as slices are moved."""

    bels: dict[str, str]
    """By cell, as the placer left it."""
    tied: frozenset[str]
    """Cells that need not be told where they belong."""
    sites: Sites
    slices: Slices
    nets: Nets
    links: Links
    arcs: Arcs
    place: Ints
    """Of each cell, in the order of ``bels``: its slice, or its cell behind them, or -1."""
    begin_ns: Floats
    """Of each cell: from the clock to its output; 0 where it has no clock."""

    def placed(self) -> dict[str, str]:
        """The BEL of each cell that nothing ties to its place, where its slice stands now."""
        found = {}
        for (name, bel), place in zip(self.bels.items(), self.place.tolist(), strict=True):
            if 0 <= place < len(self.slices.site):
                site = self.slices.site[place]
                x, y, half = int(self.sites.x[site]), int(self.sites.y[site]), self.sites.half[site]
                found[name] = f"X{x}Y{y}/SLICE_X{half}Y0.{_parts(bel)[3]}"
            elif place >= 0 and name not in self.tied:
                found[name] = bel
        return found


def read_placement(netlist: Path, sites: Path) -> PlacedNetlist:
    """``netlist``: what nextpnr wrote once all was placed; ``sites``: a line a slice, the BEL A6LUT in it."""
    (module,) = (m for m in json.loads(netlist.read_text())["modules"].values() if m["cells"])
    cells = {name: c for name, c in module["cells"].items() if not c["type"].startswith(_CONSTANT)}
    bels = {name: str(cell["attributes"].get("NEXTPNR_BEL", "")) for name, cell in cells.items()}
    where = [_parts(line)[:3] for line in sites.read_text().split()]
    site_of = {place: number for number, place in enumerate(where)}
    kinds = [cell["type"] for cell in cells.values()]
    tied = frozenset(name for name, kind in zip(cells, kinds, strict=True) if kind.startswith(_TIED))
    memories = np.array(["X_LUT_AS_DRAM" in cell["attributes"] for cell in cells.values()])

    used: dict[int, int] = {}
    place = np.full(len(cells), -1, dtype=np.int64)
    standing: list[tuple[int, int]] = []
    for number, bel in enumerate(bels.values()):
        if "/SLICE_" in bel:
            place[number] = used.setdefault(site_of[_parts(bel)[:3]], len(used))
    for number, bel in enumerate(bels.values()):
        if bel and place[number] < 0:
            place[number] = len(used) + len(standing)
            standing.append(_parts(bel)[:2])
    count = len(used)

    needs = np.zeros(count, dtype=np.bool_)
    needs[place[memories]] = True
    chip = _sites(where, site_of, {where[site] for site, slice_ in used.items() if needs[slice_]})
    joins, joined = _connections(cells)
    slices = _slices(np.fromiter(used, np.int64), standing, chip, needs, _chained(joins, kinds, place))
    pins = [sorted({int(p) for p in place[list(net)]} - {-1}) for net in joined]
    nets = _nets([net for net in pins if 1 < len(net) <= _MOST_PINS], count)
    begin = np.array([
        _of(_CLOCK_TO_OUTPUT, kind) if memory or kind.startswith(_REGISTERED) else 0.0
        for kind, memory in zip(kinds, memories, strict=True)
    ])  # fmt: skip
    arcs, links = _arcs(joins, kinds, memories, place, count)
    return PlacedNetlist(bels, tied, chip, slices, nets, links, arcs, place, begin)


def _parts(bel: str) -> tuple[int, int, int, str]:
    found = _BEL.match(bel)
    assert found, bel
    return int(found[1]), int(found[2]), int(found[3] or 0), bel.rsplit(".", 1)[-1]


def _sites(
    where: list[tuple[int, int, int]], site_of: dict[tuple[int, int, int], int], memory: set[Any]
) -> Sites:
    """Sites of a column and half that hold a memory somewhere take one anywhere."""
    x, y, half = (np.array(values) for values in zip(*where, strict=True))
    columns = np.unique(x)
    grid = np.full((len(columns), y.max() + 1, 2), -1, dtype=np.int64)
    grid[np.searchsorted(columns, x), y, half] = np.arange(len(where))
    above = np.array([site_of.get((a, b - 1, c), -1) for a, b, c in where])
    kinds = {(a, c) for a, _, c in memory}
    return Sites(
        x.astype(np.float64), y.astype(np.float64), half, above,
        np.array([(a, c) in kinds for a, _, c in where]), columns, grid,
    )  # fmt: skip


def _connections(cells: dict[str, Any]) -> tuple[list[_Join], list[set[int]]]:
    """All connections but those to clocks, and all cells of each net."""
    driver: dict[int, int] = {}
    users: defaultdict[int, list[tuple[int, str]]] = defaultdict(list)
    for number, cell in enumerate(cells.values()):
        for port, (bit, *_) in ((port, bits) for port, bits in cell["connections"].items() if bits):
            if cell["port_directions"][port] == "output":
                driver[bit] = number
            elif port not in ("CK", "CLK"):
                users[bit].append((number, port))
    joins = [(number, user, port) for bit, number in driver.items() for user, port in users[bit]]
    nets = [{number, *(user for user, _ in users[bit])} for bit, number in driver.items()]
    return joins, nets


def _chained(joins: list[_Join], kinds: list[str], place: Ints) -> Ints:
    """(2, chained): slices whose carry goes on, and those it goes on to."""
    found = [(a, b) for a, b, port in joins if port == "CIN" and kinds[a] == kinds[b] == "CARRY4"]
    return place[np.array(found, dtype=np.int64).reshape(-1, 2).T]


def _arcs(
    joins: list[_Join], kinds: list[str], memories: Flags, place: Ints, count: int
) -> tuple[Arcs, Links]:
    source = np.array([a for a, _, _ in joins], dtype=np.int64)
    sink = np.array([b for _, b, _ in joins], dtype=np.int64)
    carried = np.array([port == "CIN" and kinds[a] == kinds[b] for a, b, port in joins], dtype=np.bool_)
    ends = np.array(
        [
            kinds[b].startswith(_REGISTERED) or bool(memories[b] and _WRITTEN.match(port))
            for _, b, port in joins
        ],
        dtype=np.bool_,
    )
    ns = np.array(
        [_sink_ns(kinds[b], port, bool(end)) for (_, b, port), end in zip(joins, ends, strict=True)]
    )
    order = _forward(source, sink, ends, len(kinds))
    source, sink = source[order], sink[order]
    ends, carried, ns = ends[order], carried[order], ns[order]
    outside = (place[source] != place[sink]) & ~carried & (place[source] >= 0) & (place[sink] >= 0)
    pairs, link = np.unique(
        np.stack([place[source[outside]], place[sink[outside]]]), axis=1, return_inverse=True
    )
    number = np.full(len(source), -1, dtype=np.int64)
    number[outside] = link.ravel()
    return Arcs(source, sink, ns, ends, carried, number), Links(pairs[0], pairs[1], *_lists(pairs.T, count))


def _slices(
    site: Ints, standing: list[tuple[int, int]], sites: Sites, memory: Flags, chained: Ints
) -> Slices:
    count = len(site)
    above = np.full(count, -1, dtype=np.int64)
    above[chained[0]] = chained[1]
    head, length, fixed = np.arange(count), np.ones(count, dtype=np.int64), np.zeros(count, dtype=np.bool_)
    for first in set(range(count)) - set(chained[1].tolist()):
        chain = [first]
        while above[chain[-1]] >= 0:
            chain.append(int(above[chain[-1]]))
        head[chain], length[chain] = first, len(chain)
        # Over a clock row, where no slice is, a chain goes on: such a one stays.
        fixed[chain] = any(sites.above[site[a]] != site[b] for a, b in pairwise(chain))
    x = np.concatenate([sites.x[site], [float(a) for a, _ in standing]])
    y = np.concatenate([sites.y[site], [float(b) for _, b in standing]])
    return Slices(
        site, x, y, np.searchsorted(sites.columns, sites.x[site]), memory, head, length, above, fixed
    )


def _nets(pins: list[list[int]], count: int) -> Nets:
    first = np.cumsum([0, *map(len, pins)])
    flat = np.array([pin for net in pins for pin in net], dtype=np.int64)
    number = np.repeat(np.arange(len(pins)), np.diff(first))
    moved = flat < count
    order = np.argsort(flat[moved], kind="stable")
    return Nets(first, flat, _starts(flat[moved], count), number[moved][order])


def _lists(pairs: Ints, count: int) -> tuple[Ints, Ints]:
    """Of each slice its pairs: where they start, and which they are."""
    ends, number = pairs.ravel(), np.repeat(np.arange(len(pairs)), 2)
    moved = ends < count
    order = np.argsort(ends[moved], kind="stable")
    return _starts(ends[moved], count), number[moved][order]


def _starts(values: Ints, count: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(values, minlength=count))])


def _forward(source: Ints, sink: Ints, ends: Flags, count: int) -> Ints:
    """Order in which every arc comes behind those that lead to its source."""
    followers: defaultdict[int, list[int]] = defaultdict(list)
    waiting = np.bincount(sink[~ends], minlength=count)
    for a, b in zip(source[~ends].tolist(), sink[~ends].tolist(), strict=True):
        followers[a].append(b)
    rank, ready = np.full(count, count, dtype=np.int64), deque(np.flatnonzero(waiting == 0).tolist())
    for number in range(count):
        if not ready:
            break
        cell = ready.popleft()
        rank[cell] = number
        for follower in followers[cell]:
            waiting[follower] -= 1
            if not waiting[follower]:
                ready.append(follower)
    return np.argsort(rank[source], kind="stable")


def _of(table: Iterable[tuple[str, float]], kind: str) -> float:
    return next(ns for start, ns in table if kind.startswith(start))


def _sink_ns(kind: str, port: str, ends: bool) -> float:
    if ends:
        return _CONTROL_SETUP if kind == "SLICE_FFX" and port in ("CE", "SR") else _of(_SETUP, kind)
    return _CARRY_THROUGH if port == "CIN" else _of(_THROUGH, kind)
