"""Slices of a placed netlist, made up at random: where they may go, what their wires and paths are."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssnn_fpga.boards.slice_annealing import shorten
from ssnn_fpga.boards.slice_timing import INSIDE_NS, TILE_NS, WIRE_NS, criticality
from ssnn_fpga.boards.slices import PlacedNetlist, read_placement

COLUMNS, ROWS = (2, 3, 5, 8, 9, 12), [*range(1, 13), *range(14, 26)]  # row 13 is a clock row
MEMORY = {(3, 0), (8, 0)}  # column and half
CHAINS = ([(5, 10, 1), (5, 9, 1), (5, 8, 1)], [(9, 22, 0), (9, 21, 0)], [(2, 14, 0), (2, 12, 0)])
"""Upwards; the last one crosses the clock row."""
STANDING = {"ram": ("RAMB18E1_RAMB18E1", "X6Y5/RAMB18_X0Y0.RAMB18E1"), "ps": ("PS7_PS7", "X0Y9/PS7.PS7")}


def sites(folder: Path) -> Path:
    file = folder / "sites.txt"
    file.write_text(
        "".join(f"X{x}Y{y}/SLICE_X{half}Y0.A6LUT\n" for x in COLUMNS for y in ROWS for half in (0, 1))
    )
    return file


def netlist(seed: int) -> dict[str, Any]:
    """Eighty slices of a look-up table and a flip-flop, some memory; three carry chains, two fixed cells."""
    chance = random.Random(seed)
    cells: dict[str, Any] = {}
    wires = iter(range(2, 10_000))

    def add(name: str, kind: str, bel: str, out: str | None, **attributes: str) -> int:
        bit = next(wires)
        connections = {} if out is None else {out: [bit]}
        cells[name] = {
            "type": kind, "attributes": {"NEXTPNR_BEL": bel, **attributes},
            "connections": connections, "port_directions": dict.fromkeys(connections, "output"),
        }  # fmt: skip
        return bit

    def join(name: str, port: str, bit: int) -> None:
        cells[name]["connections"][port] = [bit]
        cells[name]["port_directions"][port] = "input"

    clock = add("buffer", "BUFGCTRL", "X7Y13/BUFG.BUFGCTRL", "O")
    sources = [add(name, kind, bel, "OUT") for name, (kind, bel) in STANDING.items()]
    taken = {place for chain in CHAINS for place in chain}
    free = [(x, y, h) for x in COLUMNS for y in ROWS for h in (0, 1) if (x, y, h) not in taken]
    chance.shuffle(free)
    free.sort(key=lambda place: (place[0], place[2]) not in MEMORY)
    luts = []
    for number, (x, y, half) in enumerate(free[:6] + free[-74:]):
        memory = {"X_LUT_AS_DRAM": "1"} if number < 6 else {}
        site = f"X{x}Y{y}/SLICE_X{half}Y0"
        flop, lut = f"flop{number}", f"lut{number}"
        sources.append(add(flop, "SLICE_FFX", f"{site}.AFF", "Q"))
        luts.append((lut, add(lut, "SLICE_LUTX", f"{site}.A6LUT", "O6", **memory)))
        join(flop, "D", luts[-1][1])
        join(flop, "CK", clock)
        if memory:
            join(lut, "WE", sources[-1])
    for number, (lut, bit) in enumerate(luts):
        for pin in range(1, chance.randint(2, 5)):
            join(lut, f"A{pin}", chance.choice(sources + [b for _, b in luts[max(0, number - 6) : number]]))
        if number % 9 == 0:
            join("ram", f"DIADI{number}", bit)
            join("ps", f"RDATA{number}", bit)
    for number, chain in enumerate(CHAINS):
        below = None
        for link, (x, y, half) in enumerate(chain):
            name = f"carry{number}_{link}"
            bit = add(name, "CARRY4", f"X{x}Y{y}/SLICE_X{half}Y0.CARRY4", "CO3")
            join(name, "S0", chance.choice(sources))
            if below is not None:
                join(name, "CIN", below)
            below = bit
        flop = f"carried{number}"
        x, y, half = chain[-1]
        add(flop, "SLICE_FFX", f"X{x}Y{y}/SLICE_X{half}Y0.DFF", "Q")
        assert below is not None
        join(flop, "D", below)
    return {"modules": {"top": {"cells": cells}}}


@pytest.fixture(params=[1, 2, 3])
def placed(request: pytest.FixtureRequest, tmp_path: Path) -> PlacedNetlist:
    file = tmp_path / "placed.json"
    file.write_text(json.dumps(netlist(request.param)))
    return read_placement(file, sites(tmp_path))


def at(bel: str) -> tuple[int, int, int]:
    tile, site = bel.split("/")[0], bel.split("/")[1]
    x, y = tile[1:].split("Y")
    return int(x), int(y), int(site[7]) if site.startswith("SLICE") else 0


def test_moved_slices_are_legal_and_their_wires_shorter(placed: PlacedNetlist) -> None:
    before = dict(placed.bels)
    found = shorten(placed, seed=1, rounds=20)
    after = placed.placed()
    assert after.keys() == before.keys() - {"ps"}, "what nothing moves and nothing binds is told too"
    assert after["ram"] == before["ram"]
    moved = {name: bel for name, bel in after.items() if bel != before[name]}
    assert len(moved) > 100
    together = defaultdict(set)
    for name, bel in after.items():
        assert bel.split(".")[-1] == before[name].split(".")[-1]
        together[at(before[name])].add(at(bel))
    assert all(len(places) == 1 for places in together.values()), "a slice was torn apart"
    assert len({place for (place,) in together.values()}) == len(together), "two slices at one site"
    allowed = {(x, y, half) for x in COLUMNS for y in ROWS for half in (0, 1)}
    assert {at(bel) for name, bel in after.items() if name != "ram"} <= allowed
    for number in range(6):
        x, _, half = at(after[f"lut{number}"])
        assert (x, half) in MEMORY
    assert {"carry0_0", "carry1_0"} <= moved.keys(), "chains move too"
    for number, chain in enumerate(CHAINS[:2]):
        places = [at(after[f"carry{number}_{link}"]) for link in range(len(chain))]
        for (x, y, half), above in pairwise(places):
            assert above == (x, y - 1, half)
    assert all(name not in moved for name in ("carry2_0", "carry2_1")), "a chain over a clock row stays"
    assert found.wires[1] < 0.8 * found.wires[0]
    assert found.longest_ns[1] < found.longest_ns[0]


def test_lengths_are_those_of_the_nets(placed: PlacedNetlist, tmp_path: Path) -> None:
    """What the moves add up to, against half perimeters around the places that come out."""
    cells = json.loads((tmp_path / "placed.json").read_text())["modules"]["top"]["cells"]
    nets = defaultdict(set)
    for name, cell in cells.items():
        for port, (bit,) in cell["connections"].items():
            if port != "CK" and name != "buffer":
                nets[bit].add(name)

    def total(bels: dict[str, str]) -> int:
        whole = {**placed.bels, **bels}
        corners = [[at(whole[name])[:2] for name in names] for names in nets.values()]
        return sum(max(v) - min(v) for net in corners for v in zip(*net, strict=True))

    begin = total({})
    found = shorten(placed, seed=2, rounds=5)
    assert found.wires == (begin, total(placed.placed()))


def test_the_same_seed_gives_the_same_places(tmp_path: Path) -> None:
    file = tmp_path / "placed.json"
    file.write_text(json.dumps(netlist(4)))

    def places(seed: int) -> dict[str, str]:
        design = read_placement(file, sites(tmp_path))
        shorten(design, seed=seed, rounds=3)
        return design.placed()

    assert places(1) == places(1) != places(2)


def test_criticality_is_that_of_all_paths(placed: PlacedNetlist) -> None:
    """Against every path from register to register, one by one."""
    arcs, x, y = placed.arcs, placed.slices.x, placed.slices.y
    leaving, entering = defaultdict(list), defaultdict(list)
    for k, (a, b) in enumerate(zip(arcs.source.tolist(), arcs.sink.tolist(), strict=True)):
        leaving[a].append(k)
        if not arcs.ends[k]:
            entering[b].append(k)

    def delay(k: int) -> float:
        a, b = placed.place[arcs.source[k]], placed.place[arcs.sink[k]]
        wire = INSIDE_NS if a == b else WIRE_NS + TILE_NS * (abs(x[a] - x[b]) + abs(y[a] - y[b]))
        return float((0.0 if arcs.carried[k] else wire) + arcs.ns[k])

    @cache
    def before(cell: int) -> float:
        others = (before(int(arcs.source[k])) + delay(k) for k in entering[cell])
        return max([float(placed.begin_ns[cell]), *others])

    @cache
    def behind(k: int) -> float:
        if arcs.ends[k]:
            return delay(k)
        return delay(k) + max((behind(n) for n in leaving[int(arcs.sink[k])]), default=-np.inf)

    through = [before(int(arcs.source[k])) + behind(k) for k in range(len(arcs.source))]
    longest, critical = criticality(placed)
    assert longest == pytest.approx(max(through))
    expected = np.zeros(len(critical))
    for k, path in enumerate(through):
        if arcs.link[k] >= 0:
            expected[arcs.link[k]] = max(expected[arcs.link[k]], path / longest)
    np.testing.assert_allclose(critical, expected)
    assert (expected > 0.99).any()
    assert (arcs.carried & (arcs.link < 0)).sum() == 4
