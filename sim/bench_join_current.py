"""Bench of ``join_current``: random accumulators against the golden join of currents."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.coverage import hit
from sim.scoreboard import check
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from sim.write_port import write_words
from ssnn_fpga.golden import arithmetic
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.rtl.memory import bias_words
from ssnn_fpga.rtl.stream import integer_tokens, pack_accumulators, token_integers, unpack_accumulators


def _input(random: np.random.Generator, shape: tuple[int, ...], bits: int) -> tuple[Integers, Integers]:
    """Accumulators (N,T,C,H,W), extremes among them, and which windows (N,H,W) are skipped: zeros."""
    low, high = -(1 << (bits - 1)), (1 << (bits - 1)) - 1
    a = random.integers(low, high + 1, shape)
    extreme = random.random(shape)
    a = np.where(extreme < 0.1, low, np.where(extreme > 0.9, high, a))
    skipped = random.random((shape[0], *shape[3:])) < 0.4
    return np.where(skipped[:, None, None], 0, a), skipped


@cocotb.test()
async def pixels(dut: Any) -> None:
    """``config``: frame (N,H,W); gain a channel;
    stalls_in of both inputs, stall_out, hang."""
    run = case()
    p, config = run.parameters, run.config
    random = np.random.default_rng(run.seed)
    samples, height, width = config["frame"]
    shape = (samples, p["TIMESTEPS"], p["CHANNELS"], height, width)
    gain = np.array(config["gain"])
    names, widths = ("first", "second"), (p["FIRST_BITS"], p["SECOND_BITS"])
    inputs = [_input(random, shape, bits) for bits in widths]
    for skips in np.unique(sum(skipped.astype(np.int64) for _, skipped in inputs)):
        hit("join_current", ("no skip", "one skip", "two skips")[skips])
    expected = arithmetic.current_join(inputs[0][0], inputs[1][0], gain, p["FRACTION"])

    traffic = []
    for name, bits, (a, skipped), stall in zip(names, widths, inputs, config["stalls_in"], strict=True):
        source = StreamSource(dut, dut.clk_i, name, rng=run.rng, stall=stall, sidebands=("skipped",))
        tokens = token_integers(pack_accumulators(a, p["PE"], p["NT"], bits))
        flags = np.repeat(skipped.reshape(-1), len(tokens) // skipped.size).tolist()
        traffic.append((source, [{"data": t, "skipped": f} for t, f in zip(tokens, flags, strict=True)]))
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"], sidebands=("skipped",))
    dut.write_en_i.value = 0
    await reset(dut)
    await write_words(dut, [] if p["INIT"] else bias_words(gain, p["PE"], p["GAIN_BITS"]), run.rng)
    if config["hang"]:
        await interrupt(dut, traffic, [sink], 13)
    for source, items in traffic:
        cocotb.start_soon(source.send(items))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(len(traffic[0][1]))

    packed = integer_tokens((beat["data"] for beat in received), p["NT"] * p["PE"] * p["OUT_BITS"])
    got = unpack_accumulators(packed, shape[1:], p["PE"], p["NT"], p["OUT_BITS"])
    check("join_current", expected, got)
    skipped = np.repeat((inputs[0][1] & inputs[1][1]).reshape(-1), len(received) // inputs[0][1].size)
    flags = np.array([beat["skipped"] for beat in received])
    check("join_current skipped", skipped.astype(np.int64), flags, axes=("token",))
    if not (any(config["stalls_in"]) or config["stall_out"] or config["hang"]):
        spent = sink.cycles[-1] - sink.cycles[0] + 1
        assert spent == len(received), f"{len(received)} tokens took {spent} cycles"
