"""Bench of ``window_reader``: the kernel's beats for random frames, zero windows skipped."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.readers import BEAT_FIELDS, beats, check_beats, planes, windows
from sim.stream import StreamSink, StreamSource, reset
from sim.synapses import random_frames
from ssnn_fpga.rtl.stream import pack_tokens, token_integers


@cocotb.test()
async def frames(dut: Any) -> None:
    """Frames back to back; ``config``: frames, activity, stall_in, stall_out."""
    run = case()
    p, config = run.parameters, run.config
    shape = (config["frames"], p["PLANES"] // p["ACT_BITS"], p["CHANNELS"], p["HEIGHT"], p["WIDTH"])
    x = random_frames(np.random.default_rng(run.seed), shape, p["ACT_BITS"], config["activity"])
    expected = beats(windows(planes(x, p["ACT_BITS"]), p), p, skipping=True)
    skips = sum(beat["skip"] for beat in expected)
    assert config["activity"] == 1 or 0 < skips < len(expected), "the frames were meant to have zero windows"

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(
        dut, dut.clk_i, "beat", rng=run.rng, stall=config["stall_out"], data="x", sidebands=BEAT_FIELDS
    )
    await reset(dut)
    cocotb.start_soon(source.send(token_integers(pack_tokens(x, p["GROUP"], p["ACT_BITS"]))))
    check_beats(expected, await sink.receive(len(expected)))
