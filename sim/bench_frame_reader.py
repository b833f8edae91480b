"""Bench of ``frame_reader``: the kernel's beats for random frames of a dense layer."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.readers import BEAT_FIELDS, beats, check_beats, planes
from sim.stream import StreamSink, StreamSource, reset
from ssnn_fpga.rtl.stream import pack_tokens, token_integers


@cocotb.test()
async def frames(dut: Any) -> None:
    """Frames back to back; ``config``: frames, stall_in, stall_out."""
    run = case()
    p, config = run.parameters, run.config
    shape = (config["frames"], p["PLANES"] // p["ACT_BITS"], p["SIMD"], 1, p["TOKENS"])
    x = np.random.default_rng(run.seed).integers(0, 1 << p["ACT_BITS"], shape)
    flat = planes(x, p["ACT_BITS"])[:, :, :, 0].swapaxes(2, 3).reshape(len(x), p["PLANES"], -1)
    expected = beats(flat, p)

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(
        dut, dut.clk_i, "beat", rng=run.rng, stall=config["stall_out"], data="x", sidebands=BEAT_FIELDS
    )
    await reset(dut)
    cocotb.start_soon(source.send(token_integers(pack_tokens(x, p["SIMD"], p["ACT_BITS"]))))
    check_beats(expected, await sink.receive(len(expected)))
