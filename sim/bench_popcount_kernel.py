"""Bench of ``popcount_kernel``: random beats and weights against integer dot products."""

from __future__ import annotations

import itertools
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, ReadOnly

from sim.bench import case
from sim.readers import integer
from sim.scoreboard import check
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from sim.synapses import random_weights
from ssnn_fpga.rtl.memory import weight_words
from ssnn_fpga.rtl.stream import integer_tokens, unpack_accumulators


async def present_weights(dut: Any, words: list[int], noise: Any) -> None:
    """Drive ``weight_i`` as the weight memory does: a beat's word after the edge that takes it."""
    pending = itertools.cycle(words)
    while True:
        await ReadOnly()
        taken = int(dut.beat_valid_i.value) and int(dut.beat_ready_o.value)
        moved = int(dut.beat_ready_o.value)
        await FallingEdge(dut.clk_i)
        if moved:
            dut.weight_i.value = next(pending) if taken else noise(len(dut.weight_i))


@cocotb.test()
async def dot_products(dut: Any) -> None:
    """Timestep groups of random beats; ``config``: groups, folds, largest, stall_in, stall_out, hang.

    ``largest`` drives every input and weight to an extreme, so that the sums reach their bounds.
    """
    run = case()
    p, config = run.parameters, run.config
    rng = np.random.default_rng(run.seed)
    pe, simd, tp, act_bits = p["PE"], p["SIMD"], p["TP"], p["ACT_BITS"]
    groups, folds = config["groups"], config["folds"]
    sets = p.get("X_SETS", 1)
    timesteps, bit_groups, resident = max(1, tp // act_bits), max(1, act_bits // tp), min(tp, act_bits)

    x = rng.integers(0, 1 << act_bits, (groups, timesteps, folds, sets, simd))
    weight = np.stack([random_weights(rng, (pe, folds * simd), p["WEIGHT_BITS"]) for _ in range(groups)])
    if config["largest"]:
        x[:] = (1 << act_bits) - 1
        limit = max(1, (1 << (p["WEIGHT_BITS"] - 1)) - 1)
        weight[:] = np.where(np.arange(pe) % 2, limit, -limit)[None, :, None]
    skip = rng.random(groups) < 0.3
    x[skip] = 0
    seen = np.broadcast_to(x, (groups, timesteps, folds, pe, simd))
    expected = np.einsum("gtfpi,gpfi->gtp", seen, weight.reshape(groups, pe, folds, simd))

    beats, words = [], []
    for g in range(groups):
        image = weight_words(weight[g], pe, simd, p["WEIGHT_BITS"])
        for b in range(1 if skip[g] else bit_groups):
            for f in range(1 if skip[g] else folds):
                planes = [
                    (x[g, t, f, s] >> (b * tp + low)) & 1
                    for s in range(sets)
                    for t in range(timesteps)
                    for low in range(resident)
                ]
                last = skip[g] or (b == bit_groups - 1 and f == folds - 1)
                beats.append({
                    "x": integer(rng.integers(0, 2, np.shape(planes)) if skip[g] else np.array(planes)),
                    "shift": b * tp,
                    "first": int(b == f == 0),
                    "last": int(last),
                    "skip": int(skip[g]),
                })  # fmt: skip
                words.append(image[f])

    sidebands = ("shift", "first", "last", "skip")
    source = StreamSource(
        dut, dut.clk_i, "beat", rng=run.rng, stall=config["stall_in"], data="x", sidebands=sidebands
    )
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"], sidebands=("skipped",))
    await reset(dut)
    presenting = cocotb.start_soon(present_weights(dut, words, run.rng.getrandbits))
    await interrupt(dut, [(source, beats)], [sink], run.rng.randrange(len(beats) // 4, len(beats)))
    presenting.cancel()
    cocotb.start_soon(present_weights(dut, words, run.rng.getrandbits))
    cocotb.start_soon(source.send(beats))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(groups)

    packed = integer_tokens([beat["data"] for beat in received], timesteps * pe * p["ACC_BITS"])
    got = unpack_accumulators(packed, (timesteps, pe, 1, 1), pe, timesteps, p["ACC_BITS"])[..., 0, 0]
    check("popcount_kernel", expected, got, ("group", "timestep", "channel"))
    flags = np.array([beat["skipped"] for beat in received])
    check("popcount_kernel skipped", skip.astype(np.int64), flags, ("group",))
    if config["stall_in"] == config["stall_out"] == 0 and not config["hang"]:
        assert source.cycles == len(beats), f"{len(beats)} beats took {source.cycles} cycles"
