"""Bench of ``event_front_end``: recordings as address events against ``ssnn_fpga.events``."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import RisingEdge

from sim.bench import Case, case
from sim.coverage import hit
from sim.scoreboard import check
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from ssnn_fpga.events.address_events import END_WORD, KIND_BIT, X_BIT, Y_BIT, event_words, time_word
from ssnn_fpga.events.compression import compress, windows
from ssnn_fpga.events.recording import EVENT, Events
from ssnn_fpga.network.layers import Compression, Integers
from ssnn_fpga.rtl.stream import integer_tokens, pack_tokens, unpack_tokens

_OFFSETS = (0, 1, 0x7FFF, 0x8000, 0xFFF0, 0xFFFF_FF00, 0x7FFF_FFF0)


def recordings(run: Case) -> list[Events]:
    """Random recordings with bursts in one pixel, pauses of several bins and events at bins' edges."""
    p, rng = run.parameters, np.random.default_rng(run.seed)
    found = []
    for count in run.config["events"]:
        events = np.empty(count, dtype=EVENT)
        gaps = rng.integers(0, max(2, 2 * p["WINDOW"] // 40), count)
        gaps[rng.random(count) < 0.5] = 0
        longest = (
            (1 << p["TIME_BITS"] - 1) - 2 - p["WINDOW"] // p["TIMESTEPS"]
        )  # an edge may lie that far back
        gaps[rng.random(count) < 0.05] = min(2 * p["WINDOW"], longest)
        t = np.cumsum(gaps) - gaps[:1].sum()  # bins count from the first event
        bins = -(-((t * p["TIMESTEPS"] // p["WINDOW"]) * p["WINDOW"]) // p["TIMESTEPS"])
        edge = rng.random(count) < 0.2
        t = np.maximum.accumulate(np.where(edge, bins, t))  # first µs of a bin, else anywhere
        events["t"] = t + int(rng.choice(_OFFSETS))
        events["x"], events["y"] = (
            rng.integers(p["SENSOR_WIDTH"], size=count),
            rng.integers(p["SENSOR_HEIGHT"], size=count),
        )
        events["p"] = rng.integers(2, size=count)
        burst = rng.random(count) < 0.6  # far beyond saturation, back to back
        for axis in ("x", "y", "p"):
            events[axis][burst] = events[axis][0] if count else 0
        found.append(events)
    return found


def with_faults(events: Events, run: Case, rate: float) -> tuple[list[int], int, int]:
    """Words of ``events`` among words that must have no effect; how many are outside and backwards."""
    p, rng = run.parameters, run.rng
    words, outside, backwards = [], 0, 0
    for index, word in enumerate(event_words(events, p["TIME_BITS"]).tolist()):
        while rng.random() < rate:
            words.append(_outside(p, rng))
            outside += 1
        if index and rng.random() < rate:
            before, now = int(events["t"][index - 1]), int(events["t"][index])
            t = rng.randint(before, now)
            words.append(time_word(t, p["TIME_BITS"]))
            while rng.random() < rate:
                words.append(
                    time_word(t - rng.randint(1, (1 << p["TIME_BITS"] - 1) - 1), p["TIME_BITS"])
                    & ~(rng.getrandbits(1) << KIND_BIT)
                )
                backwards += 1
        words.append(word)
    return words, outside, backwards


def _outside(p: dict[str, Any], rng: random.Random) -> int:
    t = rng.getrandbits(32)
    kind = rng.choice(("x", "y", "kind"))
    if kind == "x":
        return t | rng.choice((p["SENSOR_WIDTH"], rng.randint(p["SENSOR_WIDTH"], (1 << 15) - 1))) << X_BIT
    if kind == "y":
        return t | rng.choice((p["SENSOR_HEIGHT"], rng.randint(p["SENSOR_HEIGHT"], (1 << 14) - 1))) << Y_BIT
    return t | 3 << KIND_BIT


def expected_frames(events: Events, p: Mapping[str, Any]) -> Integers:
    """(N, T, 2, H, W) of one recording, by the event station."""
    table = p.get("DECAY", "0'h0").split("h")[1]
    decay = tuple(int(table, 16) >> 5 * i & 31 for i in range(p.get("DECAY_ENTRIES", 0)))
    compression = Compression(
        p["SENSOR_HEIGHT"], p["SENSOR_WIDTH"], p["TIMESTEPS"], p["ACT_BITS"], p["WINDOW"],
        p["FACTOR"], p.get("BIN_EVENTS", 0), decay, p.get("DECAY_SHIFT", 0),
    )  # fmt: skip
    if p["STEP"]:
        return np.stack(list(windows(events, compression, p["STEP"])))
    return compress(events, compression)[None]


def _note(events: Events, p: Mapping[str, Any]) -> None:
    """Coverage points of a recording."""
    module = "event_front_end"
    if not len(events):
        hit(module, "recording without events")
        return
    if (expected_frames(events, {**p, "ACT_BITS": 8}) >> p["ACT_BITS"]).any():
        hit(module, "saturates")
    t = events["t"].astype(np.int64)
    if len(np.unique(t >> p["TIME_BITS"])) > 1:
        hit(module, "time wraps")
    if not p.get("BIN_EVENTS"):
        bins, place = np.divmod((t - t[0]) * p["TIMESTEPS"], p["WINDOW"])
        if ((place < p["TIMESTEPS"]) & (bins > 0)).any():
            hit(module, "event at a bin's edge")
        if (np.diff(bins) > 1).any():
            hit(module, "bin without events")


async def _waits(dut: Any) -> None:
    """Returns when an event waits for a readout, not for the pass after reset."""
    await RisingEdge(dut.out_valid_o)
    await RisingEdge(dut.full_o)
    hit("event_front_end", "waits for a readout")


@cocotb.test()
async def frames(dut: Any) -> None:
    """``config``: events (a count for each recording) or recordings (a file), faults, stall_in, stall_out,
    hang."""
    run = case()
    p, config = run.parameters, run.config
    if "recordings" in config:
        stored = json.loads(Path(config["recordings"]).read_text())
        given = [np.array([tuple(event) for event in events], dtype=EVENT) for events in stored]
    else:
        given = recordings(run)
    expected = np.concatenate([expected_frames(events, p) for events in given])
    words, outside, backwards = [], 0, 0
    for events in given:
        sent, out, back = with_faults(events, run, config["faults"])
        words += [*sent, END_WORD]
        outside, backwards = outside + out, backwards + back
        _note(events, p)
    seen = {"outside": outside, "backwards": backwards, "time alone": any(w >> KIND_BIT == 1 for w in words)}
    hit("event_front_end", *(point for point, count in seen.items() if count))

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"])
    await reset(dut)
    if "recordings" not in config:
        await interrupt(dut, [(source, words)], [sink], len(words) // 2)
    waits = cocotb.start_soon(_waits(dut))
    sending = cocotb.start_soon(source.send(words))
    pixels = expected[0, 0, 0].size
    if config.get("hang"):
        await sink.hold(LONG_STALL)
    received = await sink.receive(len(expected) * pixels, patience=20_000)
    await sending

    packed = integer_tokens(received, p["TIMESTEPS"] * p["ACT_BITS"] * 2)
    assert len(packed) == len(pack_tokens(expected, 2, p["ACT_BITS"]))
    got = unpack_tokens(packed, expected.shape[1:], 2, p["ACT_BITS"])
    check("event_front_end", expected, got)
    counts = [int(getattr(dut, name).value) for name in ("accepted_o", "outside_o", "backwards_o")]
    most = (1 << p.get("COUNT_BITS", 32)) - 1
    wanted = [min(count, most) for count in (sum(map(len, given)), outside, backwards)]
    if wanted == [most] * 3:
        hit("event_front_end", "counts at their largest value")
    assert counts == wanted, f"counters {counts}, not {wanted}"
    if config["stall_in"] == config["stall_out"] == 0 and "recordings" in config:
        if not p["STEP"] and min(map(len, given)) > 2 * pixels:
            assert not waits.done(), "an event waited although the window had been read out in time"
        # The pass after reset, a turn for each pixel of the other windows, and the ends of bins.
        limit = len(words) + pixels * (len(expected) + 1) + p["TIMESTEPS"] * (len(expected) + len(given)) + 16
        assert source.cycles <= limit, f"{len(words)} words took {source.cycles} cycles, more than {limit}"
