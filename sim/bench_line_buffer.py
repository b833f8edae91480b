"""Bench of ``line_buffer``: columns of random frames, padding included."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.coverage import hit
from sim.readers import column_tokens
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from ssnn_fpga.rtl.stream import pack_tokens, token_integers


@cocotb.test()
async def columns(dut: Any) -> None:
    """Frames back to back after a reset in mid-frame; ``config``: frames, stall_in, stall_out, hang."""
    run = case()
    p, config = run.parameters, run.config
    shape = (config["frames"], p["PLANES"], p["CHANNELS"], p["HEIGHT"], p["WIDTH"])
    x = np.random.default_rng(run.seed).integers(0, 2, shape)
    expected = column_tokens(x, p)

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"])
    await reset(dut)
    tokens = token_integers(pack_tokens(x, p["GROUP"], 1))
    await interrupt(dut, [(source, tokens)], [sink], run.rng.randrange(len(tokens) // 4, len(tokens)))
    cocotb.start_soon(source.send(tokens))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(len(expected))

    hit("line_buffer", "frames follow each other")
    frame = len(expected) // config["frames"]
    for place, (want, got) in enumerate(zip(expected, received, strict=True)):
        assert got == want, f"frame {place // frame}, column token {place % frame}: {want:#x} is not {got:#x}"
