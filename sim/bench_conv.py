"""Bench of ``conv``, ``streamed_conv`` and ``scatter_conv``: random frames against the golden convolution."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge

from sim.bench import case
from sim.coverage import hit
from sim.scoreboard import check
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from sim.synapses import (
    check_cycles,
    give_weights,
    random_frames,
    random_weights,
    reader_ends,
    scatter_ends,
)
from ssnn_fpga.golden import arithmetic
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.rtl.memory import scatter_words, weight_words
from ssnn_fpga.rtl.stream import integer_tokens, pack_tokens, token_integers, unpack_accumulators


def _note(module: str, zero: Integers, x: Integers, p: Mapping[str, int]) -> None:
    """Coverage points of the frames ``x``; ``zero`` (N,H',W') marks windows of zeros."""
    rows, columns = zero.shape[1:]
    for n, row, column in np.argwhere(~zero):
        edges = (row in (0, rows - 1)) + (column in (0, columns - 1))
        hit(module, ("window inside", "window on an edge", "window in a corner")[edges])
        top, left = row * p["STRIDE"] - p["PADDING"], column * p["STRIDE"] - p["PADDING"]
        window = x[n, ..., max(top, 0) : top + p["KERNEL"], max(left, 0) : left + p["KERNEL"]]
        if window.any(axis=(0, 1)).all():
            hit(module, "window full")
    if zero.any():
        hit(module, "window of zeros")
    if len(zero) > 1:
        hit(module, "frames follow each other")


async def _watch_steps(dut: Any) -> None:
    """Note when words that follow each other are added to the same sum."""
    while True:
        await FallingEdge(dut.clk_i)
        if int(dut.step_valid.value) and not int(dut.step_read.value) and int(dut.step_forward.value):
            hit("scatter_conv", "sum taken on before it is written")
            return


@cocotb.test(skip="damaged" not in case().config)
async def parity(dut: Any) -> None:
    """Damaged words of the image, those of the first word of channels, are told when added, and not before.

    Comes first, before the other test writes the words anew.
    """
    run = case()
    p = run.parameters
    source = StreamSource(dut, dut.clk_i, rng=run.rng)
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, sidebands=("skipped",))
    dut.write_en_i.value = 0
    await reset(dut)
    for word, error in ((None, 0), (1, 0), (0, 1), (None, 1)):
        x = np.zeros((1, p["TIMESTEPS"], p["IN_CHANNELS"], p["HEIGHT"], p["WIDTH"]), dtype=np.int64)
        if word is not None:
            x[:, :, word * p["SIMD"] : (word + 1) * p["SIMD"]] = 1
        cocotb.start_soon(source.send(token_integers(pack_tokens(x, p["IN_GROUP"], p["ACT_BITS"]))))
        await sink.receive(run.config["tokens"])
        seen = int(dut.parity_error_o.value)
        assert seen == error, f"pixels in word {word} of the channels: parity error {seen}, expected {error}"
    hit("scatter_conv", "parity error")


@cocotb.test()
async def frames(dut: Any) -> None:
    """Frames back to back; ``config``: frames, activity, stall_in, stall_out, hang.

    ``activity`` is the share of pixels that are not zero in every channel and timestep.
    """
    run = case()
    p, config = run.parameters, run.config
    rng = np.random.default_rng(run.seed)
    groups, taps = p.get("CONV_GROUPS", 1), bool(p.get("TAP_SERIAL", 0))
    scatters = "TAPS" in p
    weight = random_weights(
        rng, (p["OUT_CHANNELS"], p["IN_CHANNELS"] // groups, p["KERNEL"], p["KERNEL"]), p["WEIGHT_BITS"]
    )
    shape = (config["frames"], p["TIMESTEPS"], p["IN_CHANNELS"], p["HEIGHT"], p["WIDTH"])
    x = random_frames(rng, shape, p["ACT_BITS"], config["activity"])
    expected = arithmetic.conv(x, weight, p["STRIDE"], p["PADDING"], groups)

    # What a token sees: the inputs of its PE channels in its resident timesteps.
    resident = max(1, p["TP"] // p["ACT_BITS"])
    active = arithmetic.conv(x, np.ones_like(weight), p["STRIDE"], p["PADDING"], groups)
    n, t, o, rows, columns = active.shape
    active = active.reshape(n, t // resident, resident, o // p["PE"], p["PE"], rows, columns)
    zero = (active.sum(axis=(2, 4)) == 0).transpose(0, 3, 4, 2, 1).reshape(n, rows, columns, -1)
    skips = zero if taps or scatters else np.broadcast_to(zero.all(axis=3, keepdims=True), zero.shape)

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"], sidebands=("skipped",))
    await reset(dut)
    if scatters:
        cocotb.start_soon(_watch_steps(dut))
    words = (
        scatter_words(weight, p["PE"], p["SIMD"], p["WEIGHT_BITS"], p["TAPS"], p["STRIDE"])
        if scatters
        else weight_words(weight, p["PE"], p["SIMD"], p["WEIGHT_BITS"])
    )
    width = p.get("TAPS", 1) * p["PE"] * p["SIMD"] * p["WEIGHT_BITS"]
    await give_weights(dut, words, width, run.rng, config["stall_in"])
    tokens = token_integers(pack_tokens(x, p["IN_GROUP"], p["ACT_BITS"]))
    await interrupt(dut, [(source, tokens)], [sink], run.rng.randrange(len(tokens) // 4, len(tokens)))
    cocotb.start_soon(source.send(tokens))
    if config.get("hang"):
        await sink.hold(LONG_STALL)
    received = await sink.receive(skips.size)

    width = resident * p["PE"] * p["ACC_BITS"]
    packed = integer_tokens([beat["data"] for beat in received], width)
    got = unpack_accumulators(packed, expected.shape[1:], p["PE"], resident, p["ACC_BITS"])
    check("conv", expected, got)
    skipped = np.array([beat["skipped"] for beat in received]).reshape(skips.shape)
    check("conv skipped", skips.astype(np.int64), skipped, ("sample", "row", "column", "token"))
    if p.get("PARITY"):
        assert not int(dut.parity_error_o.value), "a parity error although every word was written whole"
    _note("scatter_conv" if scatters else "conv", skips.all(axis=-1), x, p)
    if config["activity"] < 1:
        assert 0 < skips.sum() < skips.size, "the frames were meant to have windows of zeros, and others"

    steady = config["stall_in"] == config["stall_out"] == 0 and not config.get("hang")
    if steady and scatters:
        frame_tokens = len(received) // config["frames"]
        check_cycles(scatter_ends(x, p), sink.cycles[frame_tokens - 1 :: frame_tokens])
    elif steady and not hasattr(dut, "ar_valid_o"):
        depthwise = 1 < groups == p["IN_CHANNELS"] == p["OUT_CHANNELS"]
        reader = {
            **p,
            "CHANNELS": p["IN_CHANNELS"],
            "GROUP": p["IN_GROUP"],
            "PLANES": p["TIMESTEPS"] * p["ACT_BITS"],
            "PE_GROUPS": p["OUT_CHANNELS"] // p["PE"],
            "X_SETS": p["PE"] if depthwise else 1,
        }
        frame_tokens = len(received) // config["frames"]
        check_cycles(reader_ends(x, reader, taps=taps)[1], sink.cycles[frame_tokens - 1 :: frame_tokens])
