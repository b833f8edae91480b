"""Bench of ``stream_fifo`` and ``stream_register``: what goes in comes out, in order."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from sim.bench import case
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset


@cocotb.test()
async def tokens(dut: Any) -> None:
    """``config``: tokens, stall_in, stall_out, hang, full_rate (no stalls: a token a cycle)."""
    run = case()
    config = run.config
    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"])
    await reset(dut)
    sent = [run.rng.getrandbits(run.parameters["WIDTH"]) for _ in range(config["tokens"])]
    if config["hang"]:
        await interrupt(dut, [(source, sent)], [sink], 7)
    cocotb.start_soon(source.send(sent))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(len(sent))
    for place, (expected, got) in enumerate(zip(sent, received, strict=True)):
        assert got == expected, f"token {place}: expected {expected:#x}, got {got:#x}"
    if config["full_rate"]:
        assert source.cycles == len(sent), f"{len(sent)} tokens took {source.cycles} cycles"


@cocotb.test()
async def capacity(dut: Any) -> None:
    """While the output stalls, ``config``'s capacity of tokens is taken, and ready then falls."""
    run = case()
    source = StreamSource(dut, dut.clk_i, rng=run.rng)
    sink = StreamSink(dut, dut.clk_i, rng=run.rng)
    await reset(dut)
    sent = list(range(run.config["capacity"] + 1))
    cocotb.start_soon(source.send(sent))
    for _ in range(3 * len(sent) + 10):
        await FallingEdge(dut.clk_i)
    await ReadOnly()
    assert not int(dut.in_ready_o.value), "ready stays high though nothing is taken from the output"
    taken = source.cycles
    assert taken >= run.config["capacity"], f"{taken} cycles, fewer than {run.config['capacity']} tokens"
    received = await sink.receive(len(sent))
    assert received == sent, f"expected {sent}, got {received}"
