"""Bench of ``stream_fork``: every copy gets every token, whoever waits."""

from __future__ import annotations

from typing import Any

import cocotb

from sim.bench import case
from sim.coverage import hit
from sim.stream import LONG_STALL, Streams, StreamSink, StreamSource, interrupt, reset


@cocotb.test()
async def copies(dut: Any) -> None:
    """``config``: tokens, stall_in, stalls_out a copy, hang."""
    run = case()
    config = run.config
    streams = Streams(dut)
    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sinks = [
        StreamSink(streams.lane(index), dut.clk_i, rng=run.rng, stall=stall)
        for index, stall in enumerate(config["stalls_out"])
    ]
    await reset(dut)
    sent = [run.rng.getrandbits(run.parameters["WIDTH"]) for _ in range(config["tokens"])]
    if config["hang"]:
        await interrupt(dut, [(source, sent)], sinks, 7)
    cocotb.start_soon(source.send(sent))
    if config["hang"]:
        await sinks[0].hold(LONG_STALL)
    for index, task in enumerate([cocotb.start_soon(sink.receive(len(sent))) for sink in sinks]):
        for place, (expected, got) in enumerate(zip(sent, await task, strict=True)):
            assert got == expected, f"copy {index}, token {place}: expected {expected:#x}, got {got:#x}"
    if any(len(set(cycles)) > 1 for cycles in zip(*(sink.cycles for sink in sinks), strict=True)):
        hit("stream_fork", "copies at different tokens")
    if not (config["stall_in"] or any(config["stalls_out"]) or config["hang"]):
        assert source.cycles == len(sent), f"{len(sent)} tokens took {source.cycles} cycles"
