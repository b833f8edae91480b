"""Bench of ``read_arbiter``: masters with bursts of their own before one slow memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cocotb
from cocotb.triggers import FallingEdge, ReadOnly

from sim.bench import case
from sim.memory_port import ReadMemory
from sim.stream import reset


@dataclass
class _Master:
    """Bursts that one port still has to ask for, and the beats that it must and did get."""

    bursts: list[tuple[int, int]]
    expected: list[int] = field(default_factory=list)
    received: list[int] = field(default_factory=list)
    asking: bool = False


@cocotb.test()
async def bursts(dut: Any) -> None:
    """``config``: bursts (of each port), latency, stall (of the memory), pause (of the masters)."""
    run = case()
    ports, bus, config = run.parameters["PORTS"], run.parameters["DATA_BITS"] // 8, run.config
    width = run.parameters["ADDRESS_BITS"]
    content = _Everywhere(run.rng.randbytes(1 << 14), width)
    masters = [_Master([_burst(run.rng, bus, width) for _ in range(config["bursts"])]) for _ in range(ports)]
    ReadMemory(dut, content, run.rng, config["stall"], config["latency"], None)
    dut.in_ar_valid_i.value = 0
    await reset(dut)
    for _ in range(400 * ports * config["bursts"]):
        await FallingEdge(dut.clk_i)
        valid = addresses = lengths = 0
        for port, master in enumerate(masters):
            master.asking = bool(master.bursts) and (master.asking or run.rng.random() >= config["pause"])
            if master.asking:
                address, beats = master.bursts[0]
                valid |= 1 << port
                addresses |= address << port * width
                lengths |= beats - 1 << port * 8
        dut.in_ar_valid_i.value = valid
        dut.in_ar_addr_i.value = addresses
        dut.in_ar_len_i.value = lengths
        await ReadOnly()
        taken, came = int(dut.in_ar_ready_o.value), int(dut.in_r_valid_o.value)
        assert not taken & ~valid, "a burst was taken that nobody asked for"
        for port, master in enumerate(masters):
            if taken >> port & 1:
                address, beats = master.bursts.pop(0)
                master.asking = False
                places = range(address, address + beats * bus, bus)
                master.expected += [int.from_bytes(content[p : p + bus], "little") for p in places]
            if came >> port & 1:
                master.received.append(int(dut.in_r_data_o.value))
                assert len(master.received) <= len(master.expected), f"port {port} got a beat too many"
        if all(not m.bursts and len(m.received) == len(m.expected) for m in masters):
            break
    for port, master in enumerate(masters):
        assert not master.bursts, f"port {port} still has {len(master.bursts)} bursts to ask for"
        assert master.received == master.expected, f"port {port} got other beats than it asked for"


class _Everywhere:
    """Bytes that repeat over a whole range of addresses."""

    def __init__(self, content: bytes, address_bits: int) -> None:
        self._content, self._size = content, 1 << address_bits

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, place: slice) -> bytes:
        return bytes(self._content[byte % len(self._content)] for byte in range(place.start, place.stop))


def _burst(rng: Any, bus: int, width: int) -> tuple[int, int]:
    """Address and beats of a burst within 4 KB, now and then the longest of AXI4."""
    beats = rng.randint(1, 256 if rng.random() < 0.1 else 16)
    page, room = rng.randrange(1 << width - 12) * 4096, 4096 // bus - beats
    return page + rng.randint(0, room) * bus, beats
