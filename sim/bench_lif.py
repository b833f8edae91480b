"""Bench of ``lif``: random accumulators against the golden neuron, under random stalls."""

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
from ssnn_fpga.rtl.memory import threshold_words
from ssnn_fpga.rtl.stream import integer_tokens, pack_accumulators, token_integers, unpack_tokens


def _accumulators(
    random: np.random.Generator, shape: tuple[int, ...], low: Integers, high: Integers
) -> tuple[Integers, Integers]:
    """Accumulators (N,T,C,H,W) within the channels' bounds, often at them, and which of the
    windows (N,H,W) are skipped: those bring zeros."""
    low, high = low.reshape(1, 1, -1, 1, 1), high.reshape(1, 1, -1, 1, 1)
    a = random.integers(low, high + 1, shape)
    extreme = random.random(shape)
    a = np.where(extreme < 0.15, low, np.where(extreme > 0.75, high, a))
    skipped = random.random((shape[0], *shape[3:])) < 0.3
    return np.where(skipped[:, None, None], 0, a), skipped.astype(np.int64)


@cocotb.test()
async def pixels(dut: Any) -> None:
    """Frames back to back. ``config``: frame (N,H,W); theta, bias, low and high a channel;
    stall_in, stall_out, hang."""
    run = case()
    p, config = run.parameters, run.config
    samples, height, width = config["frame"]
    theta, bias = np.array(config["theta"]), np.array(config["bias"])
    shape = (samples, p["TIMESTEPS"], p["CHANNELS"], height, width)
    a, skipped = _accumulators(
        np.random.default_rng(run.seed), shape, np.array(config["low"]), np.array(config["high"])
    )
    expected = arithmetic.neuron(
        a,
        theta,
        bias,
        leak_multiplier=p["LEAK_MULT"],
        leak_shift=p["LEAK_SHIFT"],
        levels=p["LEVELS"],
        strict=bool(p["STRICT"]),
        reset="zero" if p["RESET_ZERO"] else "subtract",
        fraction=p["FRACTION"],
        filter_shift=p["FILTER_SHIFT"],
    )
    fired = (expected > 0).mean()
    assert 0.02 < fired < 0.98, f"the stimulus tests little: {fired:.0%} of the values fire"

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"], sidebands=("skipped",))
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"])
    dut.write_en_i.value = 0
    await reset(dut)
    words = threshold_words(theta, bias, p["PE"], p["THETA_BITS"], p["BIAS_BITS"])
    await write_words(dut, [] if p["INIT"] else words, run.rng)

    groups = -(-p["CHANNELS"] // p["PE"])
    tokens = token_integers(pack_accumulators(a, p["PE"], p["NT"], p["ACC_BITS"]))
    flags = np.repeat(skipped.reshape(-1), len(tokens) // skipped.size)
    sent = [{"data": t, "skipped": int(f)} for t, f in zip(tokens, flags, strict=True)]
    if config["hang"]:
        await interrupt(dut, [(source, sent)], [sink], 17)
    cocotb.start_soon(source.send(sent))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(skipped.size * groups)

    bits = p["LEVELS"].bit_length()
    packed = integer_tokens(received, p["TIMESTEPS"] * bits * p["PE"])
    padded = (p["TIMESTEPS"], groups * p["PE"], height, width)
    spikes = unpack_tokens(packed, padded, p["PE"], bits)
    for level in np.unique(expected):
        hit("lif", ("no spike", "level 1", "level 2", "level 3", "level 4 or more")[min(level, 4)])
    if skipped.any():
        hit("lif", "window of zeros")
    check("lif", expected, spikes[:, :, : p["CHANNELS"]])
    assert not spikes[:, :, p["CHANNELS"] :].any(), "a channel that pads the last group fired"
    if config["stall_in"] == config["stall_out"] == 0 and not config["hang"]:
        least = 1 + (len(tokens) - 1) * p["NT"] // p["TL"]
        assert source.cycles == least, f"{len(tokens)} tokens took {source.cycles} cycles, not {least}"
