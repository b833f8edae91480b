"""Bench of ``axi_widen``: a master of 64 bits, a memory of 128, reads and writes under way at once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, with_timeout
from cocotbext.axi import AxiBus, AxiMaster, AxiRam

from sim.bench import case

BYTES = 1 << 13


def _pauses(rng: random.Random, share: float) -> Iterator[bool]:
    return (rng.random() < share for _ in itertools.count())


@cocotb.test()
async def bursts(dut: Any) -> None:
    """``config``: rounds, stall (share of clocks in which a channel pauses)."""
    run = case()
    rng, stall = run.rng, run.config["stall"]
    cocotb.start_soon(Clock(dut.clk_i, 10, unit="ns").start())
    master = AxiMaster(AxiBus.from_prefix(dut, "s"), dut.clk_i, dut.rst_i, max_burst_len=16)
    memory = AxiRam(AxiBus.from_prefix(dut, "m"), dut.clk_i, dut.rst_i, size=BYTES)
    for half in (master.write_if, master.read_if, memory.write_if, memory.read_if):
        for name in ("aw_channel", "w_channel", "b_channel", "ar_channel", "r_channel"):
            if hasattr(half, name):
                getattr(half, name).set_pause_generator(_pauses(rng, stall))
    dut.rst_i.value = 1
    await ClockCycles(dut.clk_i, 3)
    dut.rst_i.value = 0
    expected = bytearray(rng.randbytes(BYTES))
    memory.write(0, bytes(expected))
    for _ in range(run.config["rounds"]):
        # One half of the memory is written while the other is read, each with several bursts.
        written, read = rng.sample((0, BYTES // 2), 2)
        place = written + 8 * rng.randrange(BYTES // 16 - 50)
        data = rng.randbytes(rng.randint(1, 400))
        writing = master.init_write(place, data)
        for _ in range(2):
            start, size = read + 8 * rng.randrange(BYTES // 16 - 50), rng.randint(1, 400)
            answer = await with_timeout(master.read(start, size), 1, "ms")
            assert answer.data == expected[start : start + size], (start, size)
        await with_timeout(writing.wait(), 1, "ms")
        expected[place : place + len(data)] = data
    assert memory.read(0, BYTES) == bytes(expected)
