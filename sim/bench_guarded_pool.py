"""Bench of ``guarded_pool``: results of good frames arrive all and in order, those of bad ones never."""

from __future__ import annotations

from typing import Any

import cocotb

from sim.bench import case
from sim.bench_frame_guard import traffic
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset


@cocotb.test()
async def results(dut: Any) -> None:
    """Frames of random kinds back to back; ``config``: frames, stall_in, stall_out, hang."""
    run = case()
    p, config = run.parameters, run.config
    given = traffic(run.rng, config["frames"], p["SIDE"] ** 2, p["ACT_BITS"])
    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"], sidebands=("last",))
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"], sidebands=("last",))
    await reset(dut)
    await interrupt(dut, [(source, given.beats)], [sink], 7 * p["SIDE"] ** 2 + 2)
    sending = cocotb.start_soon(source.send(given.beats))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(len(given.good))
    await sending
    assert all(beat["last"] for beat in received)
    for place, (frame, beat) in enumerate(zip(given.good, received, strict=True)):
        assert beat["data"] == sum(frame), f"good frame {place}: expected {sum(frame)}, got {beat['data']}"
    # Bad frames behind the last good one still go through.
    await sink.receive(0, silence=20 * p["SIDE"] ** 2)
    counts = [int(getattr(dut, name).value) for name in ("frames_o", "early_o", "missing_o", "discarded_o")]
    wanted = [len(given.good), given.early, given.missing, given.total - len(given.good)]
    assert counts == wanted, f"counters {counts}, not {wanted}"
