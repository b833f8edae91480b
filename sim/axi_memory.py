"""Memories behind the AXI4 masters of an accelerator, on cocotbext-axi's models, and the rules of the bus."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import cocotb
from cocotb.triggers import RisingEdge
from cocotbext.axi import AxiBus, AxiReadBus, AxiResp, AxiSlave, AxiSlaveRead

from sim.stream import _Stalls

Refuse = Callable[[str, int], bool]
"""Whether an access, "read" or "write", to the beat at an address is answered with an error."""
_BEAT, _INCREMENTING = 8, 1
_FIELDS = {
    "ar": ("araddr", "arlen", "arsize", "arburst"),
    "aw": ("awaddr", "awlen", "awsize", "awburst"),
    "w": ("wdata", "wstrb", "wlast"),
}


class Refused(Exception):
    """What cocotbext-axi's model turns into an answer with an error."""


class AxiMemory:
    """Sparse memory with random pauses on all five channels.

    ``refuse`` may be changed at any time; an error is SLVERR or DECERR by chance, the first
    two are one of each. ``bursts`` counts what was asked for, ``written`` notes the address of every
    beat that came.
    """

    def __init__(self, dut: Any, rng: random.Random, stall: float) -> None:
        self.content: dict[int, bytes] = {}
        self.refuse: Refuse = lambda kind, address: False
        self.bursts: list[tuple[str, int, int]] = []
        self.written: list[int] = []
        self.frozen = False
        """Nothing is taken and nothing comes while this is so."""
        self.owed = 0
        """Beats that were asked for and have not come, and bursts that were not answered."""
        self.errors: set[AxiResp] = set()
        self._rng = rng
        self.bus = AxiSlave(AxiBus.from_prefix(dut, "m_axi"), dut.clk_i, dut.rst_i, target=self)
        read, write = self.bus.read_if, self.bus.write_if
        for channel in (read.ar_channel, read.r_channel, write.aw_channel, write.w_channel, write.b_channel):
            channel.log.setLevel("ERROR")
            stalls = _Stalls(rng, stall)
            channel.set_pause_generator(iter(lambda stalls=stalls: stalls.next() or self.frozen, None))
        for interface in (read, write):
            interface.log.setLevel("ERROR")
        self._vary(read.r_channel, "rresp")
        self._vary(write.b_channel, "bresp")
        for channel in _FIELDS:
            cocotb.start_soon(_watch(dut, "m_axi", channel, self._taken))
        for channel in ("r", "b"):
            cocotb.start_soon(self._answers(dut, channel))

    def put(self, address: int, data: bytes) -> None:
        """Lay whole beats down."""
        for place in range(0, len(data), _BEAT):
            self.content[address + place] = data[place : place + _BEAT]

    def get(self, address: int, size: int) -> bytes:
        """Whole beats; zeros where nothing was laid down."""
        beats = range(address, address + size, _BEAT)
        return b"".join(self.content.get(beat, bytes(_BEAT)) for beat in beats)

    async def read(self, address: int, length: int, **_: Any) -> bytes:
        """One beat for the model."""
        if self.refuse("read", address):
            raise Refused
        return self.content.get(address, bytes(_BEAT))

    async def write(self, address: int, data: bytes, **_: Any) -> None:
        """One beat of the model."""
        assert len(data) == _BEAT, f"a beat at {address:#x} with a part of its bytes only"
        self.written.append(address)
        if self.refuse("write", address):
            raise Refused
        self.content[address] = bytes(data)

    def _vary(self, channel: Any, field: str) -> None:
        send = channel.send

        async def varied(transaction: Any) -> None:
            if int(getattr(transaction, field)) == AxiResp.SLVERR:
                response = self._rng.choice((AxiResp.SLVERR, AxiResp.DECERR))
                if self.errors == {response}:
                    response = AxiResp.DECERR if response == AxiResp.SLVERR else AxiResp.SLVERR
                setattr(transaction, field, response)
                self.errors.add(response)
            await send(transaction)

        channel.send = varied

    async def _answers(self, dut: Any, channel: str) -> None:
        valid, ready = getattr(dut, f"m_axi_{channel}valid"), getattr(dut, f"m_axi_{channel}ready")
        while True:
            await RisingEdge(dut.clk_i)
            if int(dut.rst_i.value):
                self.owed = 0
            elif int(valid.value) and int(ready.value):
                self.owed -= 1

    def _taken(self, channel: str, address: int, beats: int) -> None:
        self.bursts.append((channel, address, beats))
        self.owed += beats if channel == "ar" else 1


class WeightMemory(AxiSlaveRead):  # type: ignore[misc]
    """Memory behind the port that only reads weights: of every beat its address decides what lies there."""

    def __init__(self, dut: Any, rng: random.Random, stall: float) -> None:
        bus = AxiReadBus.from_prefix(dut, "m_axi_weights")
        super().__init__(bus, dut.clk_i, dut.rst_i)
        self.log.setLevel("ERROR")
        self.bits = len(dut.m_axi_weights_rdata)
        self.owed = 0
        """Beats that were asked for and have not come."""
        self.refuses = False
        for channel in (self.ar_channel, self.r_channel):
            channel.log.setLevel("ERROR")
            channel.set_pause_generator(iter(_Stalls(rng, stall).next, None))
        cocotb.start_soon(_watch(dut, "m_axi_weights", "ar", self._taken))
        cocotb.start_soon(self._answers(dut))

    def beat(self, address: int) -> int:
        """What lies at an address."""
        return (address + 1) * 0x9E3779B97F4A7C15F39CC0605CEDC835 >> 3 & (1 << self.bits) - 1

    async def _read(self, address: int, length: int) -> bytes:
        if self.refuses:
            raise Refused
        return self.beat(address).to_bytes(length, "little")

    def _taken(self, channel: str, address: int, beats: int) -> None:
        self.owed += beats

    async def _answers(self, dut: Any) -> None:
        while True:
            await RisingEdge(dut.clk_i)
            if int(dut.rst_i.value):
                self.owed = 0
            elif int(dut.m_axi_weights_rvalid.value) and int(dut.m_axi_weights_rready.value):
                self.owed -= 1


async def _watch(dut: Any, prefix: str, channel: str, took: Callable[[str, int, int], None]) -> None:
    """What is offered stays until it is taken, a reset apart; bursts are what AXI and our designs allow."""
    valid, ready = getattr(dut, f"{prefix}_{channel}valid"), getattr(dut, f"{prefix}_{channel}ready")
    fields = [getattr(dut, f"{prefix}_{name}") for name in _FIELDS[channel]]
    width = len(getattr(dut, f"{prefix}_{'r' if channel == 'ar' else 'w'}data")) // 8
    waiting: tuple[int, ...] | None = None
    while True:
        await RisingEdge(dut.clk_i)
        if int(dut.rst_i.value):
            waiting = None
            continue
        offered = tuple(int(field.value) for field in fields) if int(valid.value) else None
        assert waiting is None or offered == waiting, (
            f"{prefix} {channel}: {waiting} was offered and not taken, then {offered}"
        )
        taken = offered is not None and int(ready.value)
        waiting = None if taken else offered
        if taken and channel != "w":
            address, beats, size, kind = offered[0], offered[1] + 1, 1 << offered[2], offered[3]
            assert (size, kind) == (width, _INCREMENTING), (
                f"{prefix} {channel}: a burst of kind {kind} and beats of {size} bytes, not {width}"
            )
            assert address % width == 0, f"{prefix} {channel}: a burst from {address:#x}, inside a beat"
            assert address // 4096 == (address + beats * width - 1) // 4096, (
                f"{prefix} {channel}: a burst of {beats} beats from {address:#x} crosses 4 KB"
            )
            took(channel, address, beats)
