"""Bench of ``dense``: random frames and weights against the golden dense layer, under random stalls."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.coverage import hit
from sim.scoreboard import check
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from sim.synapses import check_cycles, frame_reader_ends, give_weights, random_frames, random_weights
from ssnn_fpga.golden import arithmetic
from ssnn_fpga.rtl.memory import dense_stream_order, weight_words
from ssnn_fpga.rtl.stream import integer_tokens, pack_tokens, token_integers, unpack_accumulators


@cocotb.test()
async def frames(dut: Any) -> None:
    """Frames back to back; ``config``: frames, channels, height, width, activity, stall_in, stall_out,
    hang."""
    run = case()
    p, config = run.parameters, run.config
    rng = np.random.default_rng(run.seed)
    channels, height, width = config["channels"], config["height"], config["width"]
    weight = random_weights(rng, (p["OUTPUTS"], p["INPUTS"]), p["WEIGHT_BITS"])
    shape = (config["frames"], p["TIMESTEPS"], channels, height, width)
    x = random_frames(rng, shape, p["ACT_BITS"], config["activity"])
    expected = arithmetic.dense(x, weight)

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"], sidebands=("skipped",))
    await reset(dut)
    ordered = dense_stream_order(weight, channels, height, width)
    words = weight_words(ordered, p["PE"], p["SIMD"], p["WEIGHT_BITS"])
    width_of_word = p["PE"] * p["SIMD"] * p["WEIGHT_BITS"]
    await give_weights(dut, words, width_of_word, run.rng, config["stall_in"])
    # In stream order (y, x, c), SIMD inputs a token, a frame is one row of pixels of SIMD channels.
    rows = x.transpose(0, 1, 3, 4, 2).reshape(*x.shape[:2], 1, -1, p["SIMD"]).transpose(0, 1, 4, 2, 3)
    tokens = token_integers(pack_tokens(rows, p["SIMD"], p["ACT_BITS"]))
    await interrupt(dut, [(source, tokens)], [sink], run.rng.randrange(len(tokens) // 4, len(tokens)))
    cocotb.start_soon(source.send(tokens))
    if config["hang"]:
        await sink.hold(LONG_STALL)

    resident = max(1, p["TP"] // p["ACT_BITS"])
    frame_tokens = p["OUTPUTS"] // p["PE"] * (p["TIMESTEPS"] // resident)
    received = await sink.receive(config["frames"] * frame_tokens)
    zero = ~x.any(axis=(2, 3, 4)).reshape(len(x), -1, resident).any(axis=2)  # (N, timestep groups)
    skips = np.tile(zero, p["OUTPUTS"] // p["PE"]).astype(np.int64)
    skipped = np.array([beat["skipped"] for beat in received]).reshape(skips.shape)
    check("dense skipped", skips, skipped, ("sample", "token"))
    if skips.any():
        hit("dense", "token of zeros")
    if config["frames"] > 1:
        hit("dense", "frames follow each other")

    packed = integer_tokens([beat["data"] for beat in received], resident * p["PE"] * p["ACC_BITS"])
    got = unpack_accumulators(packed, expected.shape[1:], p["PE"], resident, p["ACC_BITS"])
    check("dense", expected, got)

    steady = config["stall_in"] == config["stall_out"] == 0 and not config["hang"]
    if steady and not hasattr(dut, "ar_valid_o"):
        reader = {**p, "TOKENS": p["INPUTS"] // p["SIMD"], "PE_GROUPS": p["OUTPUTS"] // p["PE"]}
        _, ends = frame_reader_ends(rows, reader)
        check_cycles(ends, sink.cycles[frame_tokens - 1 :: frame_tokens])
