"""Bench of ``join_sum``: random activations of several widths against the golden join."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.coverage import hit
from sim.scoreboard import check
from sim.stream import LONG_STALL, Streams, StreamSink, StreamSource, interrupt, reset
from ssnn_fpga.golden import arithmetic
from ssnn_fpga.rtl.stream import integer_tokens, pack_tokens, token_integers, unpack_tokens


@cocotb.test()
async def frames(dut: Any) -> None:
    """``config``: bits of each input, frame (N,C,H,W), stalls_in of each input, stall_out, hang."""
    run = case()
    p, config = run.parameters, run.config
    random = np.random.default_rng(run.seed)
    samples, channels, height, width = config["frame"]
    shape = (samples, p["TIMESTEPS"], channels, height, width)
    xs = [random.integers(0, 1 << bits, shape) for bits in config["bits"]]
    for x, bits in zip(xs, config["bits"], strict=True):
        x[..., 0] = (1 << bits) - 1  # the largest sum
    expected = arithmetic.join(xs)
    hit("join_sum", "largest sum")

    plane, streams, sources, first = p["TIMESTEPS"] * p["GROUP"], Streams(dut), [], 0
    for index, (bits, stall) in enumerate(zip(config["bits"], config["stalls_in"], strict=True)):
        lane = streams.lane(index, in_data_i=(first, plane * bits))
        sources.append(StreamSource(lane, dut.clk_i, rng=run.rng, stall=stall))
        first += plane * bits
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"])
    await reset(dut)
    tokens = [
        token_integers(pack_tokens(x, p["GROUP"], bits)) for x, bits in zip(xs, config["bits"], strict=True)
    ]
    traffic = list(zip(sources, tokens, strict=True))
    if config["hang"]:
        await interrupt(dut, traffic, [sink], 9)
    for source, items in traffic:
        cocotb.start_soon(source.send(items))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(len(tokens[0]))

    packed = integer_tokens(received, plane * p["OUT_BITS"])
    check("join_sum", expected, unpack_tokens(packed, shape[1:], p["GROUP"], p["OUT_BITS"]))
    if not (any(config["stalls_in"]) or config["stall_out"] or config["hang"]):
        spent = sink.cycles[-1] - sink.cycles[0] + 1
        assert spent == len(received), f"{len(received)} tokens took {spent} cycles"
