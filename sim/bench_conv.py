"""Bench of ``conv``: random frames and weights against the golden convolution, under random stalls."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.coverage import hit
from sim.scoreboard import check
from sim.stream import StreamSink, StreamSource, reset
from sim.synapses import conv_cycles, load_weights, random_frames, random_weights
from ssnn_fpga.golden import arithmetic
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.rtl.memory import weight_words
from ssnn_fpga.rtl.stream import integer_tokens, pack_tokens, token_integers, unpack_accumulators


def _note(zero: Integers, x: Integers, p: Mapping[str, int]) -> None:
    """Coverage points of the frames ``x``; ``zero`` (N,H',W') marks windows of zeros."""
    rows, columns = zero.shape[1:]
    for n, row, column in np.argwhere(~zero):
        edges = (row in (0, rows - 1)) + (column in (0, columns - 1))
        hit("conv", ("window inside", "window on an edge", "window in a corner")[edges])
        top, left = row * p["STRIDE"] - p["PADDING"], column * p["STRIDE"] - p["PADDING"]
        window = x[n, ..., max(top, 0) : top + p["KERNEL"], max(left, 0) : left + p["KERNEL"]]
        if window.any(axis=(0, 1)).all():
            hit("conv", "window full")
    if zero.any():
        hit("conv", "window of zeros")
    if len(zero) > 1:
        hit("conv", "frames follow each other")


@cocotb.test()
async def frames(dut: Any) -> None:
    """Frames back to back; ``config``: frames, activity, stall_in, stall_out.

    ``activity`` is the share of pixels that are not zero in every channel and timestep.
    """
    run = case()
    p, config = run.parameters, run.config
    rng = np.random.default_rng(run.seed)
    weight = random_weights(
        rng, (p["OUT_CHANNELS"], p["IN_CHANNELS"], p["KERNEL"], p["KERNEL"]), p["WEIGHT_BITS"]
    )
    shape = (config["frames"], p["TIMESTEPS"], p["IN_CHANNELS"], p["HEIGHT"], p["WIDTH"])
    x = random_frames(rng, shape, p["ACT_BITS"], config["activity"])
    expected = arithmetic.conv(x, weight, p["STRIDE"], p["PADDING"])
    zero = arithmetic.conv(x, np.ones_like(weight[:1]), p["STRIDE"], p["PADDING"]).sum(axis=(1, 2)) == 0

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"], sidebands=("skipped",))
    await reset(dut)
    await load_weights(dut, weight_words(weight, p["PE"], p["SIMD"], p["WEIGHT_BITS"]))
    tokens = token_integers(pack_tokens(x, p["IN_GROUP"], p["ACT_BITS"]))
    cocotb.start_soon(source.send(tokens))

    resident = max(1, p["TP"] // p["ACT_BITS"])
    pixel_tokens = p["OUT_CHANNELS"] // p["PE"] * (p["TIMESTEPS"] // resident)
    received = await sink.receive(zero.size * pixel_tokens)

    width = resident * p["PE"] * p["ACC_BITS"]
    packed = integer_tokens([beat["data"] for beat in received], width)
    got = unpack_accumulators(packed, expected.shape[1:], p["PE"], resident, p["ACC_BITS"])
    check("conv", expected, got)
    skipped = np.array([beat["skipped"] for beat in received]).reshape(*zero.shape, pixel_tokens)
    flags = np.broadcast_to(zero[..., None], skipped.shape).astype(np.int64)
    check("conv skipped", flags, skipped, ("sample", "row", "column", "token"))
    _note(zero, x, p)
    if config["activity"] < 1:
        assert 0 < zero.sum() < zero.size, "the frames were meant to have windows of zeros, and others"

    if config["stall_in"] == config["stall_out"] == 0:
        frame_tokens = len(received) // config["frames"]
        ends = sink.cycles[frame_tokens - 1 :: frame_tokens]
        taken = np.diff(ends).tolist()
        wanted = [conv_cycles(p, zero[n]) for n in range(1, config["frames"])]
        print(f"cycles a frame: {taken}, by the formula {wanted}")
        for cycles, formula in zip(taken, wanted, strict=True):
            # With a stride, the formula is an upper bound: a row is free before its last windows are done.
            low = 0.98 * formula - 2 if p["STRIDE"] == 1 else p["HEIGHT"] * p["WIDTH"]
            assert low <= cycles <= 1.02 * formula + 2, (
                f"a frame took {cycles} cycles, the formula says {formula}"
            )
