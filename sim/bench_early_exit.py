"""Bench of ``early_exit``: random logits, many near the margin, against the golden exit."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.coverage import hit
from sim.scoreboard import check
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from ssnn_fpga.golden import arithmetic
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.rtl.stream import integer_tokens, readout_width, unpack_logits


def _tokens(logits: Integers, bits: int) -> list[int]:
    """Read-out tokens of logits (N,O): the class above them."""
    outputs = logits.shape[1]
    return [
        sum((int(value) & ((1 << bits) - 1)) << (o * bits) for o, value in enumerate(row))
        | int(row.argmax()) << (outputs * bits)
        for row in logits
    ]


def _note(early: Integers, margin: int) -> None:
    """Coverage points of the early logits: how far the largest is above the next."""
    largest = np.sort(early, axis=1)
    lead = largest[:, -1] - largest[:, -2]
    for point, seen in (
        ("exit", lead >= margin), ("no exit", lead < margin), ("tie", lead == 0),
        ("on the margin", lead == margin), ("one below the margin", lead == margin - 1),
    ):  # fmt: skip
        if seen.any():
            hit("early_exit", point)


@cocotb.test()
async def samples(dut: Any) -> None:
    """``config``: samples, stalls_in of the early and the final stream, stall_out, hang; and
    ``late``: the final logits come only once every early token that can leave has left."""
    run = case()
    p, config = run.parameters, run.config
    random = np.random.default_rng(run.seed)
    early, final = (
        random.integers(-(1 << (bits - 1)), 1 << (bits - 1), (config["samples"], p["OUTPUTS"]))
        for bits in (p["EARLY_BITS"], p["FINAL_BITS"])
    )
    # Two thirds of the samples: the second largest is the margin below the largest, or one off it.
    for row in early[::3], early[1::3]:
        row[...] = -(1 << (p["EARLY_BITS"] - 1))
    for sample in range(config["samples"]):
        if sample % 3 < 2:
            first, second = random.permutation(p["OUTPUTS"])[:2]
            early[sample, first] = random.integers(0, 1 << (p["EARLY_BITS"] - 2))
            early[sample, second] = early[sample, first] - p["MARGIN"] + random.integers(-1, 2)
    early[2], early[5] = -(1 << (p["EARLY_BITS"] - 1)), (1 << (p["EARLY_BITS"] - 1)) - 1  # ties
    if config["late"]:
        early[: p["DEPTH"] + 1] = 0
        early[: p["DEPTH"] + 1, 1] = p["MARGIN"]
    expected = arithmetic.early_exit(early, final, p["MARGIN"])
    exited = arithmetic.sure(early, p["MARGIN"])
    assert 0.15 < exited.mean() < 0.85, f"the stimulus tests little: {exited.mean():.0%} exit"
    _note(early, p["MARGIN"])

    early_source, final_source = (
        StreamSource(dut, dut.clk_i, name, rng=run.rng, stall=stall)
        for name, stall in zip(("early", "final"), config["stalls_in"], strict=True)
    )
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"], sidebands=("exited",))
    await reset(dut)
    traffic = [
        (early_source, _tokens(early, p["EARLY_BITS"])),
        (final_source, _tokens(final, p["FINAL_BITS"])),
    ]
    if config["hang"]:
        await interrupt(dut, traffic, [sink], 3 * p["OUTPUTS"])
    received = []
    cocotb.start_soon(early_source.send(traffic[0][1]))
    if config["late"]:  # DEPTH samples leave without a final token, and not one more
        received = await sink.receive(p["DEPTH"])
        hit("early_exit", "DEPTH tokens owed")
    cocotb.start_soon(final_source.send(traffic[1][1]))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received += await sink.receive(config["samples"] - len(received))

    packed = integer_tokens((beat["data"] for beat in received), readout_width(p["OUTPUTS"], p["OUT_BITS"]))
    logits, classes = unpack_logits(packed, p["OUTPUTS"], p["OUT_BITS"])
    flags = np.array([beat["exited"] for beat in received])
    check("early_exit exited", exited.astype(np.int64), flags, axes=("sample",))
    check("early_exit logits", expected, logits, axes=("sample", "class"))
    check("early_exit class", expected.argmax(axis=1), classes, axes=("sample",))
