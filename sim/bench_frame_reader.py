"""Bench of ``frame_reader``: the kernel's beats for random frames of a dense layer, zeros left out."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.readers import BEAT_FIELDS, beats, check_beats, hit_beats, planes
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from sim.synapses import check_cycles, frame_reader_ends, random_frames
from ssnn_fpga.rtl.stream import pack_tokens, token_integers


@cocotb.test()
async def frames(dut: Any) -> None:
    """Frames back to back after a reset in mid-frame; ``config``: frames, activity, stall_in, stall_out,
    hang."""
    run = case()
    p, config = run.parameters, run.config
    shape = (config["frames"], p["PLANES"] // p["ACT_BITS"], p["SIMD"], 1, p["TOKENS"])
    x = random_frames(np.random.default_rng(run.seed), shape, p["ACT_BITS"], config["activity"])
    flat = planes(x, p["ACT_BITS"])[:, :, :, 0].swapaxes(2, 3).reshape(len(x), p["PLANES"], -1)
    expected = beats(flat, p, "beat")

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(
        dut, dut.clk_i, "beat", rng=run.rng, stall=config["stall_out"], data="x", sidebands=BEAT_FIELDS
    )
    await reset(dut)
    tokens = token_integers(pack_tokens(x, p["SIMD"], p["ACT_BITS"]))
    await interrupt(dut, [(source, tokens)], [sink], run.rng.randrange(len(tokens) // 4, len(tokens)))
    cocotb.start_soon(source.send(tokens))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    check_beats(expected, await sink.receive(len(expected)))
    hit_beats("frame_reader", expected, p, p["TOKENS"] * p["SIMD"])

    if config["stall_in"] == config["stall_out"] == 0 and not config["hang"]:
        counts, ends = frame_reader_ends(x, p)
        check_cycles(ends, [sink.cycles[last - 1] for last in np.cumsum(counts)])
