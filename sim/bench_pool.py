"""Bench of ``pool``: random frames against the golden pooling, under random stalls."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.scoreboard import check
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from ssnn_fpga.golden import arithmetic
from ssnn_fpga.rtl.stream import integer_tokens, pack_tokens, token_integers, unpack_tokens


@cocotb.test()
async def frames(dut: Any) -> None:
    """Frames back to back; ``config``: frames, maximum, stall_in, stall_out, hang."""
    run = case()
    p, config = run.parameters, run.config
    shape = (config["frames"], p["TIMESTEPS"], p["CHANNELS"], p["HEIGHT"], p["WIDTH"])
    x = np.random.default_rng(run.seed).integers(0, config["maximum"] + 1, shape)
    expected = arithmetic.pool(x, "sum" if p["SUM"] else "max", p["SIZE"])

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"])
    await reset(dut)
    tokens = token_integers(pack_tokens(x, p["GROUP"], p["ACT_BITS"]))
    if config["hang"]:
        await interrupt(dut, [(source, tokens)], [sink], 11)
    cocotb.start_soon(source.send(tokens))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    count = expected[:, 0, 0].size * (p["CHANNELS"] // p["GROUP"])
    received = await sink.receive(count)

    packed = integer_tokens(received, p["TIMESTEPS"] * p["OUT_BITS"] * p["GROUP"])
    check("pool", expected, unpack_tokens(packed, expected.shape[1:], p["GROUP"], p["OUT_BITS"]))
    if config["stall_in"] == config["stall_out"] == 0 and not config["hang"]:
        assert source.cycles == len(tokens), f"{len(tokens)} tokens took {source.cycles} cycles"
