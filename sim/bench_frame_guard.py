"""Bench of ``frame_guard``: frames with their marker in its place, early, late or missing."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import FallingEdge

from sim.bench import case
from sim.stream import StreamSink, StreamSource, reset


@cocotb.test()
async def frames(dut: Any) -> None:
    """Frames of random kinds back to back; ``config``: frames, stall_in, stall_out, stall_verdict."""
    run = case()
    p, config, rng = run.parameters, run.config, run.rng
    size, kinds = p["TOKENS"], ["good", "missing", "late", *(["early"] if p["TOKENS"] > 1 else [])]
    sent: list[dict[str, int]] = []
    good: list[list[int]] = []  # what must leave with a good verdict, in order
    total = early = missing = 0
    for _ in range(config["frames"]):
        kind = rng.choice([*kinds, "good"])
        # A frame too long by whole frames looks like missing markers: its last part would be good.
        extra = rng.choice([n for n in range(1, 3 * size + 1) if n % size or size == 1])
        length = {"early": rng.randint(1, max(1, size - 1)), "late": size + extra}.get(kind, size)
        data = [rng.getrandbits(p["WIDTH"]) for _ in range(length)]
        last = [int(place == length - 1 and kind != "missing") for place in range(length)]
        sent += [{"data": d, "last": m} for d, m in zip(data, last, strict=True)]
        total += -(-length // size)
        early += length % size != 0
        missing += (length - 1) // size + (kind == "missing")
        if kind == "good" or (kind == "late" and size == 1):
            good.append(data[-size:])

    source = StreamSource(dut, dut.clk_i, rng=rng, stall=config["stall_in"], sidebands=("last",))
    sink = StreamSink(dut, dut.clk_i, rng=rng, stall=config["stall_out"])
    verdicts = StreamSink(dut, dut.clk_i, "verdict", rng=rng, stall=config["stall_verdict"], data="bad")
    dut.status_clear_i.value = 0
    await reset(dut)
    assert not int(dut.bad_o.value)
    cocotb.start_soon(source.send(sent))
    judging = cocotb.start_soon(verdicts.receive(total))
    tokens = await sink.receive(total * size)
    bad = await judging

    left = [tokens[place : place + size] for place in range(0, len(tokens), size)]
    got = [frame for frame, verdict in zip(left, bad, strict=True) if not verdict]
    for place, (want, seen) in enumerate(zip(good, got, strict=False)):
        assert want == seen, f"frame_guard, good frame {place}: expected {want}, got {seen}"
    assert len(got) == len(good), f"frame_guard: {len(good)} frames were good, {len(got)} verdicts say so"
    counts = [int(getattr(dut, name).value) for name in ("frames_o", "early_o", "missing_o")]
    assert counts == [len(good), early, missing], f"counters {counts}, not {[len(good), early, missing]}"
    assert int(dut.bad_o.value) == (early + missing > 0)
    dut.status_clear_i.value = 1
    await FallingEdge(dut.clk_i)
    await FallingEdge(dut.clk_i)
    assert not int(dut.bad_o.value)
