"""Bench of ``readout``: random accumulators against the golden logits and classes."""

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
from ssnn_fpga.rtl.memory import bias_words
from ssnn_fpga.rtl.stream import (
    integer_tokens,
    pack_accumulators,
    readout_width,
    token_integers,
    unpack_logits,
)


@cocotb.test()
async def samples(dut: Any) -> None:
    """``config``: samples, bound of the accumulators, bias a class, stall_in, stall_out, hang."""
    run = case()
    p, config = run.parameters, run.config
    random = np.random.default_rng(run.seed)
    shape = (config["samples"], p["TIMESTEPS"], p["OUTPUTS"], 1, 1)
    a = random.integers(-config["bound"], config["bound"] + 1, shape)
    a[0], a[1] = -config["bound"], config["bound"]
    logits = arithmetic.readout(a, np.array(config["bias"]), p["FRACTION"])
    classes = logits.argmax(axis=1)

    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"], sidebands=("skipped",))
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"])
    dut.write_en_i.value = 0
    await reset(dut)
    words = bias_words(np.array(config["bias"]), p["PE"], p["BIAS_BITS"])
    await write_words(dut, [] if p["INIT"] else words, run.rng)
    tokens = token_integers(pack_accumulators(a, p["PE"], p["NT"], p["ACC_BITS"]))
    sent = [{"data": t, "skipped": run.rng.getrandbits(1)} for t in tokens]
    if config["hang"]:
        await interrupt(dut, [(source, sent)], [sink], 13)
    cocotb.start_soon(source.send(sent))
    if config["hang"]:
        await sink.hold(LONG_STALL)
    received = await sink.receive(len(a))

    packed = integer_tokens(received, readout_width(p["OUTPUTS"], p["LOGIT_BITS"]))
    got_logits, got_classes = unpack_logits(packed, p["OUTPUTS"], p["LOGIT_BITS"])
    check("readout logits", logits, got_logits, axes=("sample", "class"))
    check("readout class", classes, got_classes, axes=("sample",))
    largest = logits.max(axis=1, keepdims=True)
    if ((logits == largest).sum(axis=1) > 1).any():
        hit("readout", "tie")
    if (classes == p["OUTPUTS"] - 1).any():
        hit("readout", "last class wins")
    if config["stall_in"] == config["stall_out"] == 0 and not config["hang"]:
        spent = sink.cycles[-1] - sink.cycles[0]
        most = (len(a) - 1) * (len(tokens) // len(a) + p["OUTPUTS"] + 3)
        assert spent <= most, f"{len(a)} samples took {spent} cycles, not {most}"
