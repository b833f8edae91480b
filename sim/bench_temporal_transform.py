"""Bench of ``temporal_transform``: random tokens against the golden transform, random stalls."""

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
async def tokens(dut: Any) -> None:
    """``config``: matrix (T_OUT, T_IN), pixels, stall_in, stall_out, hang."""
    run = case()
    p, config = run.parameters, run.config
    shape = (1, p["T_IN"], p["GROUP"], config["pixels"], 1)
    x = np.random.default_rng(run.seed).integers(0, 1 << p["ACT_BITS"], shape)
    x[..., 0, :] = (1 << p["ACT_BITS"]) - 1  # the largest sum
    expected = arithmetic.temporal_transform(x, np.array(config["matrix"]), p["SHIFT"], p["FRACTION"])

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"])
    await reset(dut)
    sent = token_integers(pack_tokens(x, p["GROUP"], p["ACT_BITS"]))
    if config["hang"]:
        await interrupt(dut, [(source, sent)], [sink], 9)
    cocotb.start_soon(source.send(sent))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(config["pixels"])

    packed = integer_tokens(received, p["T_OUT"] * p["OUT_BITS"] * p["GROUP"])
    check(
        "temporal_transform", expected, unpack_tokens(packed, expected.shape[1:], p["GROUP"], p["OUT_BITS"])
    )
    if config["stall_in"] == config["stall_out"] == 0 and not config["hang"]:
        taken = sink.cycles[-1] - sink.cycles[0] + 1
        assert taken == config["pixels"], f"{config['pixels']} tokens took {taken} cycles"
