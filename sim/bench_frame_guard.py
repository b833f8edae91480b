"""Bench of ``frame_guard``: frames with their marker in its place, early, late or missing."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge

from sim.bench import case
from sim.coverage import hit
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset


@dataclass
class Traffic:
    """Beats of good and bad frames, and what the guard must make of them."""

    beats: list[dict[str, int]]
    good: list[list[int]]  # frames whose result must leave, in order
    early: int
    missing: int
    total: int  # frames that the guard passes on
    passed: list[list[int]]  # those frames, filled up with zeros


def traffic(rng: random.Random, frames: int, size: int, width: int) -> Traffic:
    """Frames of ``size`` tokens whose marker is in its place, early, late or missing."""
    kinds = ["good", "good", "missing", "late", *(["early"] if size > 1 else [])]
    made = Traffic([], [], 0, 0, 0, [])
    for _ in range(frames):
        kind = rng.choice(kinds)
        hit("frame_guard", kind if kind == "good" else f"marker {kind}")
        # A frame too long by whole frames looks like missing markers: its last part would be good.
        extra = rng.choice([n for n in range(1, 3 * size + 1) if n % size or size == 1])
        length = {"early": rng.randint(1, max(1, size - 1)), "late": size + extra}.get(kind, size)
        data = [rng.getrandbits(width) for _ in range(length)]
        last = [int(place == length - 1 and kind != "missing") for place in range(length)]
        made.beats += [{"data": d, "last": m} for d, m in zip(data, last, strict=True)]
        made.passed += [(data[k : k + size] + [0] * size)[:size] for k in range(0, length, size)]
        made.total += -(-length // size)
        made.early += length % size != 0
        made.missing += (length - 1) // size + (kind == "missing")
        if kind == "good" or (kind == "late" and size == 1):
            made.good.append(data[-size:])
    return made


@cocotb.test()
async def frames(dut: Any) -> None:
    """Frames of random kinds back to back; ``config``: frames, stall_in, stall_out, stall_verdict, hang."""
    run = case()
    p, config, rng = run.parameters, run.config, run.rng
    size = p["TOKENS"]
    given = traffic(rng, config["frames"], size, p["WIDTH"])

    source = StreamSource(dut, dut.clk_i, rng=rng, stall=config["stall_in"], sidebands=("last",))
    sink = StreamSink(dut, dut.clk_i, rng=rng, stall=config["stall_out"])
    verdicts = StreamSink(dut, dut.clk_i, "verdict", rng=rng, stall=config["stall_verdict"], data="bad")
    dut.status_clear_i.value = 0
    await reset(dut)
    assert not int(dut.bad_o.value)
    await interrupt(dut, [(source, given.beats)], [sink, verdicts], 7 * size + 2)
    assert not int(dut.bad_o.value)
    cocotb.start_soon(source.send(given.beats))
    judging = cocotb.start_soon(verdicts.receive(given.total, patience=LONG_STALL + 5000))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    tokens = await sink.receive(given.total * size)
    bad = await judging

    left = [tokens[place : place + size] for place in range(0, len(tokens), size)]
    for place, (want, seen) in enumerate(zip(given.passed, left, strict=True)):
        assert want == seen, f"frame_guard, frame {place}: expected {want}, got {seen}"
    got = [frame for frame, verdict in zip(left, bad, strict=True) if not verdict]
    for place, (want, seen) in enumerate(zip(given.good, got, strict=False)):
        assert want == seen, f"frame_guard, good frame {place}: expected {want}, got {seen}"
    assert len(got) == len(given.good), (
        f"frame_guard: {len(given.good)} frames were good, {len(got)} verdicts say so"
    )
    counts = [int(getattr(dut, name).value) for name in ("frames_o", "early_o", "missing_o")]
    most = (1 << p["COUNT_BITS"]) - 1
    wanted = [min(count, most) for count in (len(given.good), given.early, given.missing)]
    if wanted[0] == most:
        hit("frame_guard", "count at its largest value")
    assert counts == wanted, f"counters {counts}, not {wanted}"
    assert int(dut.bad_o.value) == (given.early + given.missing > 0)
    dut.status_clear_i.value = 1
    await FallingEdge(dut.clk_i)
    await FallingEdge(dut.clk_i)
    dut.status_clear_i.value = 0
    await FallingEdge(dut.clk_i)
    assert not int(dut.bad_o.value)
    assert [int(getattr(dut, name).value) for name in ("frames_o", "early_o", "missing_o")] == wanted
