"""Bench of a Zynq board's top level: its processing system is a host and a memory on its bus ports.

Frames go in and logits come out, as the driver does it.
"""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout
from cocotbext.axi import AxiBus, AxiMaster, AxiRam, AxiReadBus

from sim.bench import case
from sim.board_run import BoardRun, WeightReads
from ssnn_fpga.runtime import registers

SETTLED = 20
"""Clocks after configuration by which the reset is over."""


@cocotb.test()
async def inference(dut: Any) -> None:
    """``config``: base, identity, and what ``BoardRun`` wants."""
    run = case()
    given, rng = run.config, run.rng
    cocotb.start_soon(Clock(dut.clk, 10, unit="ns").start())
    host = AxiMaster(AxiBus.from_prefix(dut, "gp"), dut.clk, max_burst_len=16)
    memory = AxiRam(AxiBus.from_prefix(dut, "hp"), dut.clk, size=1 << 16)
    halves = [host.write_if, host.read_if, memory.write_if, memory.read_if]
    if given["weights"]:
        halves.append(WeightReads(AxiReadBus.from_prefix(dut, "hp1"), memory, dut.clk))
    for half in halves:
        half.log.setLevel("ERROR")
    if hasattr(dut, "resetn"):
        dut.resetn.value = 0
        await ClockCycles(dut.clk, 3)
        dut.resetn.value = 1
    await ClockCycles(dut.clk, SETTLED)

    async def read(offset: int) -> int:
        answer = await with_timeout(host.read(given["base"] + offset, 4, size=2), 10, "us")
        return int.from_bytes(answer.data, "little")

    async def write(offset: int, value: int) -> None:
        data = value.to_bytes(4, "little")
        await with_timeout(host.write(given["base"] + offset, data, size=2), 10, "us")

    words = [await read(registers.IDENTITY + 4 * place) for place in range(4)]
    assert "".join(f"{word:08x}" for word in words) == given["identity"]
    # A register in each of the four words that a beat may have.
    for offset in range(registers.INPUT_ADDRESS, registers.INPUT_ADDRESS + 16, 4):
        await write(offset, offset * 0x01020304)
    for offset in range(registers.INPUT_ADDRESS, registers.INPUT_ADDRESS + 16, 4):
        assert await read(offset) == offset * 0x01020304
    # Frames and results that begin in either half of a beat; in the middle weights that cannot be read.
    for half, refuses in ((0, False), (0, True), (8, False)):
        if refuses and not given["weights"]:
            continue
        if given["weights"]:
            halves[-1].refuses = refuses
        asked = BoardRun(given, memory, 0x1000 + half, 0x8000 + 8 - half)
        for offset in rng.sample(sorted(asked.arguments), len(asked.arguments)):
            await write(offset, asked.arguments[offset])
        await write(registers.CONTROL, registers.Control.START)
        await with_timeout(RisingEdge(dut.interrupt_i), 1, "ms")
        assert await read(registers.CONTROL) & registers.Control.DONE
        assert await read(registers.STATUS) & 0xFF == (registers.Status.WEIGHTS if refuses else 0)
        if not refuses:
            asked.check()
        await write(registers.INTERRUPT_STATUS, registers.InterruptStatus.DONE)
        await write(registers.CONTROL, registers.Control.ACKNOWLEDGE)
