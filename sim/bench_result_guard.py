"""Bench of ``result_guard``: random results and verdicts; those of good frames must leave, with a marker."""

from __future__ import annotations

from typing import Any

import cocotb

from sim.bench import case
from sim.coverage import hit
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset


@cocotb.test()
async def results(dut: Any) -> None:
    """Results back to back; ``config``: frames, stall_in, stall_out, stall_verdict, hang."""
    run = case()
    p, config, rng = run.parameters, run.config, run.rng
    size = p["TOKENS"]
    bad = [int(rng.random() < 0.4) for _ in range(config["frames"])]
    tokens = [rng.getrandbits(p["WIDTH"]) for _ in range(size * len(bad))]
    expected = [
        {"data": token, "last": int(place % size == size - 1)}
        for place, token in enumerate(tokens)
        if not bad[place // size]
    ]
    source = StreamSource(dut, dut.clk_i, rng=rng, stall=config["stall_in"])
    verdicts = StreamSource(dut, dut.clk_i, "verdict", rng=rng, stall=config["stall_verdict"], data="bad")
    sink = StreamSink(dut, dut.clk_i, rng=rng, stall=config["stall_out"], sidebands=("last",))
    await reset(dut)
    await interrupt(dut, [(source, tokens), (verdicts, bad)], [sink], 7 * size + 2)
    sending = cocotb.start_soon(source.send(tokens))
    cocotb.start_soon(verdicts.send(bad))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(len(expected))
    await sending
    for place, (want, seen) in enumerate(zip(expected, received, strict=True)):
        assert want == seen, f"result_guard, token {place}: expected {want}, got {seen}"
    hit("result_guard", *("discarded" if verdict else "kept" for verdict in bad))
    most = (1 << p["COUNT_BITS"]) - 1
    if sum(bad) > most:
        hit("result_guard", "count at its largest value")
    assert int(dut.discarded_o.value) == min(sum(bad), most)
