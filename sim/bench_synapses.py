"""Bench of ``synapses``: beats that name weight words, and what a damaged word sets."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.coverage import hit
from sim.readers import BEAT_FIELDS, integer
from sim.scoreboard import check
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from sim.synapses import random_weights
from sim.write_port import write_words
from ssnn_fpga.rtl.memory import weight_words
from ssnn_fpga.rtl.stream import integer_tokens, unpack_accumulators


@cocotb.test()
async def parity(dut: Any) -> None:
    """The image's word ``config["damaged"]`` is told when a beat uses it, not by a skip or another word.

    Comes first, before the other test writes the words anew.
    """
    run = case()
    damaged = run.config["damaged"]
    if damaged is None:
        return
    source = StreamSource(dut, dut.clk_i, "beat", rng=run.rng, data="x", sidebands=BEAT_FIELDS)
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, sidebands=("skipped",))
    dut.write_en_i.value = 0
    dut.beat_address_i.value = damaged  # what a reset finds there is no beat's
    await reset(dut)
    assert not int(dut.parity_error_o.value), "a parity error although no beat came"
    for address, skip, error in ((damaged - 1, 0, 0), (damaged, 1, 0), (damaged, 0, 1), (damaged - 1, 0, 1)):
        fields = {"address": address, "shift": 0, "first": 1, "last": 1, "skip": skip}
        cocotb.start_soon(source.send([{"x": 0, **fields}]))
        await sink.receive(1)
        seen = int(dut.parity_error_o.value)
        assert seen == error, f"word {address}, skip {skip}: parity error {seen}, expected {error}"
        if error:
            hit("synapses", "parity error")


@cocotb.test()
async def sums_of_words(dut: Any) -> None:
    """Sums of one to three beats at random addresses; ``config``: groups, stall_in, stall_out, hang.

    The words come through the write port, whole, over those of an image. One bit a plane, one
    plane: what the kernel does with more is its own bench's matter.
    """
    run = case()
    p, config = run.parameters, run.config
    rng = np.random.default_rng(run.seed)
    pe, simd, bits, depth, sets = p["PE"], p["SIMD"], p["WEIGHT_BITS"], p["DEPTH"], p["X_SETS"]
    weight = random_weights(rng, (pe, depth * simd), bits)
    split = weight.reshape(pe, depth, simd)
    words = weight_words(weight, pe, simd, bits)
    source = StreamSource(
        dut, dut.clk_i, "beat", rng=run.rng, stall=config["stall_in"], data="x", sidebands=BEAT_FIELDS
    )
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"], sidebands=("skipped",))
    dut.write_en_i.value = 0
    await reset(dut)
    await write_words(dut, words, run.rng)

    beats, expected = [], np.zeros((config["groups"], 1, pe), dtype=np.int64)
    skip = rng.random(config["groups"]) < 0.2
    for g in range(config["groups"]):
        count = 1 if skip[g] else int(rng.integers(1, 4))
        for b in range(count):
            address = int(rng.integers(depth))
            x = rng.integers(0, 2, (sets, simd)) * (not skip[g])
            expected[g, 0] += (np.broadcast_to(x, (pe, simd)) * split[:, address]).sum(axis=1)
            last = int(b == count - 1)
            fields = {
                "address": address,
                "shift": 0,
                "first": int(b == 0),
                "last": last,
                "skip": int(skip[g]),
            }
            beats.append({"x": integer(x), **fields})
    await interrupt(dut, [(source, beats)], [sink], len(beats) // 3)
    cocotb.start_soon(source.send(beats))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(config["groups"])
    packed = integer_tokens([token["data"] for token in received], pe * p["ACC_BITS"])
    got = unpack_accumulators(packed, (1, pe, 1, 1), pe, 1, p["ACC_BITS"])[..., 0, 0]
    check("synapses", expected, got, ("group", "timestep", "channel"))
    flags = np.array([token["skipped"] for token in received])
    check("synapses skipped", skip.astype(np.int64), flags, ("group",))
    assert not int(dut.parity_error_o.value), "a parity error although every word was written whole"
