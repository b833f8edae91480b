"""Bench of ``stream_gate``: it closes between frames only, and loses nothing."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, FallingEdge, ReadOnly

from sim.bench import case
from sim.coverage import hit
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset


@cocotb.test()
async def frames(dut: Any) -> None:
    """``config``: frames, stall_in, stall_out. open_i changes at random; it decides on a frame."""
    run = case()
    p, config = run.parameters, run.config
    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"])
    dut.open_i.value = 1
    await reset(dut)
    sent = [run.rng.getrandbits(p["WIDTH"]) for _ in range(config["frames"] * p["FRAME_TOKENS"])]
    await interrupt(dut, [(source, sent)], [sink], p["FRAME_TOKENS"] + 1)  # in the middle of a frame

    async def door() -> None:
        taken, closed = 0, 0
        while True:
            await FallingEdge(dut.clk_i)
            opened = run.rng.random() < 0.3
            dut.open_i.value = int(opened)
            await ReadOnly()
            inside = taken % p["FRAME_TOKENS"] != 0
            if not opened and int(dut.in_valid_i.value) and bool(int(dut.in_ready_o.value)) == inside:
                hit("stream_gate", "closes in mid-frame" if inside else "closed before a frame")
            if int(dut.in_valid_i.value) and int(dut.in_ready_o.value):
                late = closed > 0 and taken % p["FRAME_TOKENS"] == 0
                assert not late, f"token {taken} begins a frame after {closed} closed cycles"
                taken += 1
            closed = 0 if opened else closed + 1

    cocotb.start_soon(door())
    cocotb.start_soon(source.send(sent))
    await sink.hold(LONG_STALL)
    received = await sink.receive(len(sent))
    assert received == sent, f"expected {sent}, got {received}"


@cocotb.test()
async def closed(dut: Any) -> None:
    """A closed gate takes nothing; closing in mid-frame lets the frame pass whole."""
    run = case()
    length = run.parameters["FRAME_TOKENS"]
    source, sink = (kind(dut, dut.clk_i, rng=run.rng) for kind in (StreamSource, StreamSink))
    dut.open_i.value = 0
    await reset(dut)
    dut.rst_i.value = 1
    task = cocotb.start_soon(source.send(range(2 * length)))  # a token waits from the reset on
    await ClockCycles(dut.clk_i, 2, FallingEdge)
    dut.rst_i.value = 0
    await sink.hold(20)
    assert not int(dut.in_ready_o.value), "a closed gate is ready"
    assert not int(dut.out_valid_o.value), "a closed gate let a token pass"
    await FallingEdge(dut.clk_i)
    dut.open_i.value = 1
    await sink.receive(1, silence=0)
    dut.open_i.value = 0
    rest = await sink.receive(length - 1)  # and no token of the next frame
    assert rest == list(range(1, length)), f"got {rest}"
    dut.open_i.value = 1
    assert await sink.receive(length) == list(range(length, 2 * length))
    await task
