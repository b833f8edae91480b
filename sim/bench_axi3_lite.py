"""Bench of ``axi3_lite``: bursts of a processing system, and registers of which half answer with errors."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, FallingEdge, RisingEdge, with_timeout
from cocotbext.axi import AxiBurstType, AxiBus, AxiLiteBus, AxiLiteSlave, AxiMaster, AxiResp, MemoryRegion

from sim.bench import case

REGISTERS = 128
"""Bytes; half of what the address reaches, the other half answers with errors."""


def _pauses(rng: random.Random, share: float) -> Iterator[bool]:
    return (rng.random() < share for _ in itertools.count())


@cocotb.test()
async def accesses(dut: Any) -> None:
    """``config``: rounds, stall (share of clocks in which a channel pauses)."""
    run = case()
    rng, stall = run.rng, run.config["stall"]
    cocotb.start_soon(Clock(dut.clk_i, 10, unit="ns").start())
    master = AxiMaster(AxiBus.from_prefix(dut, "s_axi"), dut.clk_i, dut.rst_i, max_burst_len=16)
    memory = MemoryRegion(REGISTERS)
    slave = AxiLiteSlave(AxiLiteBus.from_prefix(dut, "m_axi"), dut.clk_i, dut.rst_i, target=memory)
    for half in (master.write_if, master.read_if, slave.write_if, slave.read_if):
        for name in ("aw_channel", "w_channel", "b_channel", "ar_channel", "r_channel"):
            if hasattr(half, name):
                getattr(half, name).set_pause_generator(_pauses(rng, stall))
    await _reset(dut)
    expected = bytearray(REGISTERS)
    for _ in range(run.config["rounds"]):
        address = rng.randrange(REGISTERS)
        length = rng.randint(1, min(64, REGISTERS - address))
        wide = rng.choice([0, 1, 2])
        if rng.random() < 0.5:
            data = rng.randbytes(length)
            expected[address : address + length] = data
            answer = await with_timeout(master.write(address, data, size=wide), 1, "ms")
        else:
            answer = await with_timeout(master.read(address, length, size=wide), 1, "ms")
            assert answer.data == expected[address : address + length], (address, length, wide)
        assert answer.resp == AxiResp.OKAY
        if rng.random() < 0.1:
            await _faults(master, rng, expected)
        if rng.random() < 0.05:
            await _reset_in_flight(dut, master, rng)
    assert memory.mem[:] == bytes(expected)


async def _faults(master: AxiMaster, rng: random.Random, expected: bytearray) -> None:
    """A place without a register, a burst that wraps, and one that stays where it is."""
    nowhere = rng.randrange(REGISTERS, 2 * REGISTERS - 64)
    assert (await master.write(nowhere, b"none" * 3)).resp == AxiResp.SLVERR
    assert (await master.read(nowhere, 12)).resp == AxiResp.SLVERR
    wrap = AxiBurstType.WRAP
    assert (await master.write(64, b"into nothing....", burst=wrap)).resp == AxiResp.SLVERR
    assert (await master.read(64, 16, burst=wrap)).resp == AxiResp.SLVERR
    across = REGISTERS - 8  # the first two beats are fine
    answer = await master.write(across, b"12345678" + b"lost")
    expected[across : across + 8] = b"12345678"
    assert answer.resp == AxiResp.SLVERR
    # Addresses begin again behind the last: here the first two beats are those that fail.
    answer = await master.write(2 * REGISTERS - 8, b"lost....beginend")
    expected[:8] = b"beginend"
    assert answer.resp == AxiResp.SLVERR
    still = AxiBurstType.FIXED
    assert (await master.write(12, b"onesbut.last", burst=still)).resp == AxiResp.OKAY
    expected[12:16] = b"last"
    answer = await master.read(12, 12, burst=still)
    assert (answer.resp, answer.data) == (AxiResp.OKAY, b"last" * 3)


async def _reset_in_flight(dut: Any, master: AxiMaster, rng: random.Random) -> None:
    """A read that a reset cuts off; the next access is answered."""
    master.init_read(0, 40)
    await ClockCycles(dut.clk_i, rng.randint(1, 30))
    await _reset(dut)
    assert (await with_timeout(master.read(0, 4), 1, "ms")).resp == AxiResp.OKAY


async def _reset(dut: Any) -> None:
    await FallingEdge(dut.clk_i)
    dut.rst_i.value = 1
    await ClockCycles(dut.clk_i, 3)
    await FallingEdge(dut.clk_i)
    dut.rst_i.value = 0
    await RisingEdge(dut.clk_i)
