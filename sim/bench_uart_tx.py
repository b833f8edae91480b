"""Bench of ``uart_tx``: a stalled stream of bytes in, the line read back at mid-bit."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge

from sim.bench import case
from sim.serial_line import SerialListener
from sim.stream import StreamSource, interrupt, reset


@cocotb.test()
async def sends_what_it_is_given(dut: Any) -> None:
    """The line rests high, then says every byte in order; ready comes back once a byte."""
    given = case()
    bit = given.parameters["CLOCKS_PER_BIT"]
    source = StreamSource(dut, dut.clk_i, rng=given.rng, stall=given.config["stall"])
    await reset(dut)
    # The reset comes short of the end of a bit, which must not shorten the next start bit.
    await interrupt(dut, [(source, [0x55])], [], 4 * bit)
    await RisingEdge(dut.clk_i)
    await ReadOnly()
    assert int(dut.tx_o.value) == 1, "the idle line is not high"
    listener = SerialListener(dut.tx_o, dut.clk_i, bit)
    data = [given.rng.getrandbits(8) for _ in range(given.config["bytes"])] + [0x00, 0xFF]
    await ClockCycles(dut.clk_i, 1)
    await source.send(data)
    assert source.cycles >= 10 * bit * (len(data) - 1), "bytes were taken faster than the line can say them"
    said = await listener.take(len(data), 12 * bit)
    assert list(said) == data, f"given {data}, said {list(said)}"
