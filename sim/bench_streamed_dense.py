"""Bench of ``streamed_dense``: random frames, weights in a slow memory, against the golden dense layer."""

from __future__ import annotations

from typing import Any

import cocotb
import numpy as np
from cocotb.triggers import ClockCycles

from sim.bench import case
from sim.coverage import hit
from sim.memory_port import ReadMemory
from sim.scoreboard import check
from sim.stream import LONG_STALL, StreamSink, StreamSource, interrupt, reset
from sim.synapses import random_frames, random_weights
from ssnn_fpga.golden import arithmetic
from ssnn_fpga.rtl.memory import weight_words
from ssnn_fpga.rtl.stream import integer_tokens, pack_tokens, token_integers, unpack_accumulators


@cocotb.test()
async def frames(dut: Any) -> None:
    """``config``: frames, base, latency, stall (of the memory), stall_in, stall_out,
    errors, hang. After a reset in mid-frame, on which the memory forgets what it was asked."""
    run = case()
    p, config = run.parameters, run.config
    rng = np.random.default_rng(run.seed)
    weight = random_weights(rng, (p["OUTPUTS"], p["INPUTS"]), p["WEIGHT_BITS"])
    shape = (config["frames"], p["TIMESTEPS"], p["INPUTS"], 1, 1)
    x = random_frames(rng, shape, p["ACT_BITS"], 0.7)
    expected = arithmetic.dense(x, weight)

    bus, base = p["DATA_BITS"] // 8, config["base"]
    word_bits = p["PE"] * p["SIMD"] * p["WEIGHT_BITS"]
    size = -(-word_bits // p["DATA_BITS"]) * bus
    words = weight_words(weight, p["PE"], p["SIMD"], p["WEIGHT_BITS"])
    content = bytes(base)
    for word in words:  # the padding is noise
        content += (word | run.rng.getrandbits(8 * size - word_bits or 1) << word_bits).to_bytes(
            size + 1, "little"
        )[:size]
    broken = base + len(words) * size - bus if config["errors"] else None

    memory = ReadMemory(dut, content, run.rng, config["stall"], config["latency"], broken)
    source = StreamSource(dut, dut.clk_i, rng=run.rng, stall=config["stall_in"])
    sink = StreamSink(dut, dut.clk_i, rng=run.rng, stall=config["stall_out"], sidebands=("skipped",))
    dut.base_i.value = base
    watching = cocotb.start_soon(_watch(dut, p["MAX_BURST"]))
    await reset(dut)
    rows = x.reshape(*x.shape[:2], -1, p["SIMD"], 1).transpose(0, 1, 3, 4, 2)
    sent = token_integers(pack_tokens(rows, p["SIMD"], p["ACT_BITS"]))
    await interrupt(dut, [(source, sent)], [sink], 3 * len(sent))
    memory.starts.clear()
    memory.errors = 0
    cocotb.start_soon(source.send(sent))
    if config["hang"]:
        await sink.hold(LONG_STALL)

    resident = max(1, p["TP"] // p["ACT_BITS"])
    tokens = p["OUTPUTS"] // p["PE"] * (p["TIMESTEPS"] // resident)
    received = await sink.receive(config["frames"] * tokens)
    await ClockCycles(dut.clk_i, 600)  # until what was asked for ahead has come
    most = (1 << p["COUNT_BITS"]) - 1
    assert int(dut.errors_o.value) == min(memory.errors, most)
    starved = int(dut.starved_o.value)
    hit("streamed_dense", *(["counts at their largest value"] if starved == most else []))
    assert int(dut.error_o.value) == (memory.errors > 0) == config["errors"]
    watching.cancel()
    if memory.errors:
        hit("streamed_dense", "read error")

    # Each PE group's words once for every plane group, and what is fetched ahead stays bounded.
    group = [g * len(words) // (p["OUTPUTS"] // p["PE"]) for g in range(p["OUTPUTS"] // p["PE"])]
    folds = p["INPUTS"] // p["SIMD"]
    repeats = p["TIMESTEPS"] * p["ACT_BITS"] // p["TP"]
    order = [g + fold for g in group for _ in range(repeats) for fold in range(folds)]
    beats = [base + word * size + beat for word in order for beat in range(0, size, bus)]
    ahead = len(memory.starts) - config["frames"] * len(beats)
    assert memory.starts == [beats[place % len(beats)] for place in range(len(memory.starts))]
    assert 0 < ahead <= p["OUTSTANDING"] * p["MAX_BURST"] + size // bus + 1, f"{ahead} beats ahead"

    if not config["errors"]:
        packed = integer_tokens([beat["data"] for beat in received], resident * p["PE"] * p["ACC_BITS"])
        got = unpack_accumulators(packed, expected.shape[1:], p["PE"], resident, p["ACC_BITS"])
        check("streamed_dense", expected, got)


async def _watch(dut: Any, longest: int) -> None:
    """Every burst is asked for steadily, INCR, of full beats, and no longer than it may be."""
    pending = None
    while True:
        await ClockCycles(dut.clk_i, 1)
        asked = (
            tuple(int(s.value) for s in (dut.ar_addr_o, dut.ar_len_o)) if int(dut.ar_valid_o.value) else None
        )
        assert pending is None or asked == pending, (
            f"a read changed from {pending} to {asked} while it waited"
        )
        pending = None if int(dut.ar_ready_i.value) or int(dut.rst_i.value) else asked
        if pending:
            hit("streamed_dense", "memory stalls")
        if asked:
            assert asked[1] < longest
            end = asked[0] + (asked[1] + 1) * (len(dut.r_data_i) // 8)
            if asked[1] == longest - 1:
                hit("streamed_dense", "burst of all beats")
            elif end % 4096 == 0:
                hit("streamed_dense", "burst cut at 4 KB")
            assert int(dut.ar_burst_o.value) == 1
            assert 8 << int(dut.ar_size_o.value) == len(dut.r_data_i)
        assert int(dut.r_ready_o.value)
