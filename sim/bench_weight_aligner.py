"""Bench of ``weight_aligner``: beats with any of them left out, each with its word, and resets in between."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from sim.bench import case
from sim.stream import reset

Place = tuple[int, int, int, int]
"""PE group, timestep group, bit group, fold."""


def _places(p: Mapping[str, int]) -> tuple[int, list[Place]]:
    """Bit groups of a timestep group, and the words of a window in loop order."""
    groups = max(1, p["ACT_BITS"] // p["TP"])
    times = p["PLANES"] // p["TP"] // groups
    return groups, list(product(range(p["PE_GROUPS"]), range(times), range(groups), range(p["FOLDS"])))


def _beats(rng: random.Random, p: Mapping[str, int]) -> Iterator[tuple[Place, bool, bool]]:
    """Beats of window after window: (the word's place, last of its timestep group, skip)."""
    groups, places = _places(p)
    size = groups * p["FOLDS"]
    while True:
        share = rng.choice((0.1, 0.5, 1.0))
        for start in range(0, len(places), size):
            group = places[start : start + size]
            kept = [place for place in group if rng.random() < share]
            for place in kept:
                yield place, place == kept[-1], False
            if not kept:
                yield group[-1], True, True


@cocotb.test()
async def pairs(dut: Any) -> None:
    """``config``: cycles, and the shares of cycles without a beat, a word, or room behind."""
    run = case()
    p, config, rng = run.parameters, run.config, run.rng
    _, places = _places(p)
    dut.beat_valid_i.value = dut.word_valid_i.value = dut.out_ready_i.value = 0
    await reset(dut)
    beats, word, offered, came = _beats(rng, p), 0, [False, False], 0
    beat = next(beats)
    restarts = 0
    for cycle in range(config["cycles"]):
        await FallingEdge(dut.clk_i)
        restart = cycle % 97 == 96
        dut.rst_i.value = int(restart)
        if restart:  # wherever both are
            beats, word, offered = _beats(rng, p), 0, [False, False]
            beat = next(beats)
            restarts += 1
        for side, stall in enumerate(("no_beat", "no_word")):
            offered[side] = not restart and (offered[side] or rng.random() >= config[stall])
        place, last, skip = beat
        dut.beat_valid_i.value, dut.word_valid_i.value = map(int, offered)
        dut.beat_address_i.value = place[0] * p["FOLDS"] + (0 if skip else place[3])
        dut.beat_shift_i.value = 0 if skip else place[2] * p["TP"]
        dut.beat_last_i.value, dut.beat_skip_i.value = int(last), int(skip)
        dut.out_ready_i.value = int(rng.random() >= config["no_room"])
        await ReadOnly()
        if restart:
            continue
        pair = int(dut.out_valid_o.value) and int(dut.out_ready_i.value)
        taken = offered[0] and int(dut.beat_ready_o.value)
        assert bool(pair) == bool(taken), "a beat leaves without its pair, or a pair without its beat"
        passed = offered[1] and int(dut.word_ready_o.value)
        if taken:
            assert passed, "a beat leaves and its word stays"
            got = places[word % len(places)]
            assert got == place, f"beat {came}: expected the word of {place}, got that of {got}"
            came += 1
            beat, offered[0] = next(beats), False
        if passed:
            word, offered[1] = word + 1, False
    assert restarts > 3
    assert came > config["cycles"] / 40, f"only {came} beats in {config['cycles']} cycles"
