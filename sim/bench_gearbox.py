"""Bench of ``gearbox``: one frame's tokens in two group sizes."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from ssnn_fpga.rtl.stream import pack_tokens, token_integers


@cocotb.test()
async def regroup(dut: Any) -> None:
    """``config``: pixels, stall_in, stall_out, hang."""
    run = case()
    p, config = run.parameters, run.config
    channels = max(p["IN_GROUP"], p["OUT_GROUP"]) * 2
    shape = (1, p["PLANES"], channels, 1, config["pixels"])
    x = np.random.default_rng(run.seed).integers(0, 2, shape)
    sent = token_integers(pack_tokens(x, p["IN_GROUP"], 1))
    expected = token_integers(pack_tokens(x, p["OUT_GROUP"], 1))

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"])
    await reset(dut)
    if config["hang"]:
        await interrupt(dut, [(source, sent)], [sink], 9)
    cocotb.start_soon(source.send(sent))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(len(expected))
    for place, (want, got) in enumerate(zip(expected, received, strict=True)):
        assert got == want, f"token {place}: expected {want:#x}, got {got:#x}"
    if config["stall_in"] == config["stall_out"] == 0 and not config["hang"]:
        narrow = max(len(sent), len(expected))
        assert sink.cycles[-1] <= narrow + 5, f"{narrow} narrow tokens took {sink.cycles[-1]} cycles"
