"""Bench of a generated accelerator: random samples against the golden model, every stream watched.

The design is a folder that ``write_design`` wrote; its plan tells the formats of the streams.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import FallingEdge, ReadOnly

from sim.bench import case
from sim.scoreboard import check
from sim.stream import StreamSink, StreamSource, reset
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.network.layers import Activation, Integers
from ssnn_fpga.plan.plan import Plan, Stage
from ssnn_fpga.plan.streams import ActivationStream
from ssnn_fpga.rtl import stream
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.toplevel import signals
from ssnn_fpga.simulate.probes import probed


def random_frames(rng: np.random.Generator, edge: Activation, samples: int, activity: float) -> Integers:
    """Frames (N,T,C,H,W): a share ``activity`` of the values is not zero, up to the maximum."""
    shape = (samples, *edge.shape)
    return rng.integers(1, edge.maximum + 1, shape) * (rng.random(shape) < activity)


@cocotb.test()
async def samples(dut: Any) -> None:
    """``config``: design, samples, activity, stall_in, stall_out, layers (watch every stream), figures."""
    run = case()
    config = run.config
    design = Design.load(Path(config["design"]))
    plan = design.plan
    count = config["samples"]
    x = random_frames(np.random.default_rng(run.seed), design.network.input, count, config["activity"])
    expected = run_golden(design.network, x)

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"])
    await reset(dut)
    seen: dict[str, list[int]] = {}
    if config["layers"]:
        for stage in probed(plan)[:-1]:
            seen[stage.name] = []
            cocotb.start_soon(watch(dut, stage, seen[stage.name]))
    began = time.process_time()
    packed = stream.pack_tokens(x, plan.input.group, plan.input.bits)
    cocotb.start_soon(source.send(stream.token_integers(packed)))
    results = await sink.receive(count, patience=8 * plan.interval + 10_000, silence=0)
    seconds = time.process_time() - began
    await sink.receive(0, silence=64 + plan.interval if config["layers"] else 64)

    for stage in probed(plan)[:-1]:
        if stage.layer and config["layers"]:
            check(stage.layer, expected[stage.layer], values(stage, seen[stage.name]))
    check_results(plan, results, expected.logits, expected.classes)
    if config.get("figures"):
        figures = {"cycles": sink.cycles[-1] + 1, "seconds": seconds}
        Path(config["figures"]).write_text(json.dumps(figures))


def check_results(plan: Plan, results: list[int], logits: Integers, classes: Integers) -> None:
    """Logits and class of every result token."""
    output = plan.output
    tokens = stream.integer_tokens(results, output.token_bits)
    got, named = stream.unpack_logits(tokens, output.channels, output.bits)
    check("logits", logits, got)
    check("class", classes, named)


async def watch(dut: Any, stage: Stage, tokens: list[int]) -> None:
    """Keep every token that leaves a stage inside the accelerator."""
    names = signals(stage.name)
    valid, ready, data = (getattr(dut, name) for name in (names.valid, names.ready, names.data))
    while True:
        await FallingEdge(dut.clk_i)
        await ReadOnly()
        if int(valid.value) and int(ready.value):
            tokens.append(int(data.value))


def values(stage: Stage, tokens: list[int]) -> Integers:
    """The tokens of whole samples as (N,T,C,H,W)."""
    output = stage.output
    packed = stream.integer_tokens(tokens, output.token_bits)
    assert len(tokens) % output.tokens == 0, f"{stage.name}: {len(tokens)} tokens, {output.tokens} a sample"
    if isinstance(output, ActivationStream):
        return stream.unpack_tokens(packed, output.shape, output.group, output.bits)
    return stream.unpack_accumulators(packed, output.shape, output.pe, output.resident, output.bits)
