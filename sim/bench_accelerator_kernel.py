"""Bench of the kernel of an Alveo card: XRT's handshake on its registers, the card's memory on its masters.

Of ``ap_ctrl_chain``: start stays until the run is done; done stays until continue; a start that comes
before continue waits for it; ready falls when it is read.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import ClockCycles, RisingEdge, with_timeout
from cocotbext.axi import AxiBus, AxiLiteBus, AxiLiteMaster, AxiRam, AxiReadBus

from sim.bench import case
from sim.board_run import BoardRun, WeightReads
from ssnn_fpga.runtime import registers

START, DONE, IDLE, READY, CONTINUE = (1 << bit for bit in range(5))
"""Bits of ``ap_ctrl_chain``, as UG1393 has them."""
LONG = 2000
"""Clocks in which a run of three frames would be over."""


class Card:
    """Host and memory around the kernel."""

    def __init__(self, dut: Any) -> None:
        self.dut, given = dut, case()
        self.given = given.config
        self.host = AxiLiteMaster(AxiLiteBus.from_prefix(dut, "s_axi_control"), dut.ap_clk)
        bus = AxiBus.from_prefix(dut, "m_axi_gmem")
        self.memory = AxiRam(bus, dut.ap_clk, dut.ap_rst_n, reset_active_level=False, size=1 << 16)
        ports = [self.memory.read_if, self.memory.write_if]
        if self.given["weights"]:
            weights = AxiReadBus.from_prefix(dut, "m_axi_weights")
            reset = {"reset": dut.ap_rst_n, "reset_active_level": False}
            self.weights = WeightReads(weights, self.memory, dut.ap_clk, **reset)
            ports.append(self.weights)
        for port in (*ports, self.host.write_if, self.host.read_if):
            port.log.setLevel("ERROR")
        for port in ports:  # the card's memory serves others too
            for name in ("ar_channel", "r_channel", "aw_channel", "w_channel", "b_channel"):
                if hasattr(port, name):
                    getattr(port, name).set_pause_generator(_pauses(given.rng))

    async def start(self) -> None:
        cocotb.start_soon(Clock(self.dut.ap_clk, 10, unit="ns").start())
        self.dut.ap_rst_n.value = 0
        await ClockCycles(self.dut.ap_clk, 4)
        self.dut.ap_rst_n.value = 1
        await ClockCycles(self.dut.ap_clk, 4)

    async def read(self, offset: int) -> int:
        return int(await with_timeout(self.host.read_dword(offset), 10, "us"))

    async def write(self, offset: int, value: int) -> None:
        await with_timeout(self.host.write_dword(offset, value), 10, "us")

    async def set(self, run: BoardRun) -> None:
        """Write the arguments of a run."""
        for offset, value in run.arguments.items():
            await self.write(offset, value)

    async def interrupted(self) -> None:
        """Wait for the interrupt, and clear it."""
        if not int(self.dut.interrupt.value):
            await with_timeout(RisingEdge(self.dut.interrupt), 1, "ms")
        await self.write(registers.INTERRUPT_STATUS, registers.InterruptStatus.DONE)


def _pauses(rng: random.Random) -> Iterator[bool]:
    while True:
        yield rng.random() < 0.3


@cocotb.test()
async def says_who_it_is(dut: Any) -> None:
    card = Card(dut)
    await card.start()
    for repeat in (0, 0x100, 0xF00):  # the registers repeat within the kernel's 4 KB
        words = [await card.read(repeat + registers.IDENTITY + 4 * place) for place in range(4)]
        assert "".join(f"{word:08x}" for word in words) == card.given["identity"]


@cocotb.test()
async def one_run_after_the_other(dut: Any) -> None:
    """Each is started when the one before has been continued."""
    card = Card(dut)
    await card.start()
    assert await card.read(registers.CONTROL) == IDLE
    for place in (0, 0x800):
        run = BoardRun(card.given, card.memory, 0x1000 + place, 0x8000 + place)
        await card.set(run)
        assert run.untouched
        await card.write(registers.CONTROL, START)
        control = await card.read(registers.CONTROL)
        assert control & (START | IDLE | DONE) == START, f"control is {control:#x} after start"
        await card.interrupted()
        control = await card.read(registers.CONTROL)
        assert control == DONE | IDLE | READY, f"control is {control:#x} at the end"
        control = await card.read(registers.CONTROL)
        assert control == DONE | IDLE, "done was not held, or ready was not taken back by its read"
        assert await card.read(registers.STATUS) & 0xFF == 0
        run.check()
        await card.write(registers.CONTROL, CONTINUE)
        assert await card.read(registers.CONTROL) == IDLE


@cocotb.test()
async def the_next_is_asked_for_before_the_end_is_seen(dut: Any) -> None:
    """Back to back: the second run's start waits for the first one's continue, and not longer."""
    card = Card(dut)
    await card.start()
    first = BoardRun(card.given, card.memory, 0x1000, 0x8000)
    second = BoardRun(card.given, card.memory, 0x1800, 0x8800)
    await card.set(first)
    await card.write(registers.CONTROL, START)
    await card.interrupted()
    await card.set(second)
    await card.write(registers.CONTROL, START)
    await ClockCycles(dut.ap_clk, LONG)
    assert second.untouched, "a run began before the end of the one before was seen"
    control = await card.read(registers.CONTROL)
    assert control & (START | DONE) == START | DONE, f"control is {control:#x}: a start was lost"
    await card.write(registers.CONTROL, CONTINUE)
    await card.interrupted()
    assert await card.read(registers.STATUS) & 0xFF == 0
    first.check()
    second.check()


@cocotb.test()
async def begins_again_by_itself(dut: Any) -> None:
    """auto_restart: a run after the other, each waiting for continue, until it is taken back."""
    card = Card(dut)
    await card.start()
    run = BoardRun(card.given, card.memory, 0x1000, 0x8000)
    await card.set(run)
    await card.write(registers.CONTROL, START | registers.Control.AUTO_RESTART)
    for _ in range(3):
        await card.interrupted()
        run.check()
        card.memory.write(0x8000, bytes(64))
        await card.write(registers.CONTROL, CONTINUE | registers.Control.AUTO_RESTART)
    await card.interrupted()
    run.check()
    await card.write(registers.CONTROL, CONTINUE)
    await card.interrupted()  # the one that was asked for before
    await card.write(registers.CONTROL, CONTINUE)
    frames = await card.read(registers.FRAMES)
    assert frames == 5 * len(card.given["frames"]), f"{frames} results"
    await ClockCycles(dut.ap_clk, LONG)
    assert await card.read(registers.FRAMES) == frames


@cocotb.test(skip=not case().config["weights"])
async def weights_that_cannot_be_read(dut: Any) -> None:
    """The run is given up and says why; the next one is right."""
    card = Card(dut)
    await card.start()
    for refuses in (True, False):
        card.weights.refuses = refuses
        run = BoardRun(card.given, card.memory, 0x1000, 0x8000)
        await card.set(run)
        await card.write(registers.CONTROL, START)
        await card.interrupted()
        status = await card.read(registers.STATUS) & 0xFF
        assert status == (registers.Status.WEIGHTS if refuses else 0), f"status {status:#x}"
        await card.write(registers.CONTROL, CONTINUE)
    run.check()
