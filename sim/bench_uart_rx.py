"""Bench of ``uart_rx``: bytes in, through a drifting sender, broken frames, glitches and breaks."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge

from sim.bench import case
from sim.serial_line import SerialTalker
from sim.stream import reset


@cocotb.test()
async def receives_what_is_sent(dut: Any) -> None:
    """Every whole byte comes out once, in order, and nothing else does."""
    given = case()
    bit = given.parameters["CLOCKS_PER_BIT"]
    line = SerialTalker(dut.rx_i, dut.clk_i, bit * given.config["drift"])
    await reset(dut)
    received: list[int] = []

    async def listen() -> None:
        while True:
            await RisingEdge(dut.clk_i)
            await ReadOnly()
            if int(dut.out_valid_o.value):
                received.append(int(dut.out_data_o.value))

    cocotb.start_soon(listen())
    expected: list[int] = []
    await ClockCycles(dut.clk_i, 5)
    for _ in range(given.config["rounds"]):
        kind = given.rng.choice(["burst", "gap", "broken", "break", "glitch"])
        data = [given.rng.getrandbits(8) for _ in range(given.rng.randint(1, 6))]
        if kind == "burst":
            await line.send(data)
            expected += data
        elif kind == "gap":
            await line.hold(1, given.rng.randint(1, 5 * bit))
        elif kind == "broken":
            await line.send(data[:1], stop=0)
            await line.hold(1, 11 * bit)  # a low stop bit may pass for a start bit: let it end
            del received[len(expected) :]
        elif kind == "break":
            await line.hold(0, 25 * bit)
            await line.hold(1, 2 * bit)
        elif bit >= 8:
            await line.hold(0, bit // 4)
            await line.hold(1, 2 * bit)
    await line.hold(1, 2 * bit)
    assert received == expected, f"sent {expected}, received {received}"


@cocotb.test()
async def drops_a_byte_without_stop_bit(dut: Any) -> None:
    """Ten low bits and a low stop bit are no byte: the line was held."""
    given = case()
    bit = given.parameters["CLOCKS_PER_BIT"]
    line = SerialTalker(dut.rx_i, dut.clk_i, bit)
    await reset(dut)
    await ClockCycles(dut.clk_i, 5)
    cocotb.start_soon(line.send([0x00], stop=0))
    for _ in range(14 * bit):
        await RisingEdge(dut.clk_i)
        await ReadOnly()
        assert not int(dut.out_valid_o.value), "a byte without stop bit was handed on"
