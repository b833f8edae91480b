"""Bench of ``window_reader`` and ``tap_reader``: the beats of random frames, and the cycles they take."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.coverage import hit
from sim.readers import BEAT_FIELDS, beats, check_beats, hit_beats, planes, windows
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from sim.synapses import check_cycles, random_frames, reader_ends
from ssnn_fpga.rtl.stream import pack_tokens, token_integers


@cocotb.test()
async def frames(dut: Any) -> None:
    """Frames back to back after a reset in mid-frame.

    ``config``: frames, activity, stall_in, stall_out, hang; skipping: what ``sim.readers.beats`` takes.
    """
    run = case()
    p, config = run.parameters, run.config
    shape = (config["frames"], p["PLANES"] // p["ACT_BITS"], p["CHANNELS"], p["HEIGHT"], p["WIDTH"])
    x = random_frames(np.random.default_rng(run.seed), shape, p["ACT_BITS"], config["activity"])
    expected = beats(windows(planes(x, p["ACT_BITS"]), p), p, config["skipping"])
    skips = sum(beat["skip"] for beat in expected)
    assert config["activity"] == 1 or 0 < skips < len(expected), "the frames were meant to have zero windows"

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(
        dut, dut.clk_i, "beat", rng=run.rng, stall=config["stall_out"], data="x", sidebands=BEAT_FIELDS
    )
    await reset(dut)
    tokens = token_integers(pack_tokens(x, p["GROUP"], p["ACT_BITS"]))
    await interrupt(dut, [(source, tokens)], [sink], run.rng.randrange(len(tokens) // 4, len(tokens)))
    cocotb.start_soon(source.send(tokens))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    check_beats(expected, await sink.receive(len(expected)))
    if config["skipping"] == "beat":
        hit_beats("tap_reader", expected, p, p["KERNEL"] ** 2 * p["CHANNELS"] // p["CONV_GROUPS"])
    elif skips:
        hit("window_reader", "window of zeros")

    if config["stall_in"] == config["stall_out"] == 0 and not config["hang"]:
        counts, ends = reader_ends(x, p, taps=config["skipping"] == "beat")
        assert sum(counts) == len(expected), f"{len(expected)} beats, {sum(counts)} in the cycle model"
        check_cycles(ends, [sink.cycles[last - 1] for last in np.cumsum(counts)])
