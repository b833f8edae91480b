"""Bench of ``weight_memory``: image, write port, read latency and what a stall holds."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge

from sim.bench import case
from sim.coverage import hit


@cocotb.test()
async def accesses(dut: Any) -> None:
    """Random reads and writes against a dictionary that starts as ``config``'s words."""
    run = case()
    depth, width = run.parameters["DEPTH"], run.parameters["WIDTH"]
    words = dict(enumerate(run.config["words"]))
    dut.read_en_i.value = 0
    dut.write_en_i.value = 0
    cocotb.start_soon(Clock(dut.clk_i, 10, "ns").start())
    await FallingEdge(dut.clk_i)
    expected = None
    for _ in range(600):
        read, write = run.rng.random() < 0.7, run.rng.random() < 0.4
        source, target = run.rng.randrange(depth), run.rng.randrange(depth)
        data = run.rng.getrandbits(width)
        dut.read_en_i.value, dut.read_addr_i.value = int(read), source
        dut.write_en_i.value, dut.write_addr_i.value, dut.write_data_i.value = int(write), target, data
        await FallingEdge(dut.clk_i)
        if read:
            # A word that is being written may be read old or new; one not yet written is unknown.
            expected = None if write and source == target else words.get(source)
        if read and write and source == target:
            hit("weight_memory", "read while written")
        if write:
            words[target] = data
        if expected is not None:
            got = int(dut.read_data_o.value)
            assert got == expected, f"address {source}: expected {expected:#x}, got {got:#x}"
