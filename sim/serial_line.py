"""Both ends of an asynchronous serial line (8N1) for cocotb benches, timed in clock cycles."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cocotb
from cocotb.triggers import ClockCycles, ReadOnly, RisingEdge


class SerialTalker:
    """Drives a receive pin. ``clocks_per_bit`` may be a fraction: the other end's clock drifts."""

    def __init__(self, pin: Any, clock: Any, clocks_per_bit: float) -> None:
        self._pin = pin
        self._clock = clock
        self._bit = clocks_per_bit
        self._pin.value = 1

    async def send(self, data: Iterable[int], *, stop: int = 1) -> None:
        """Send bytes back to back; ``stop`` = 0 breaks the frame of every one of them."""
        for byte in data:
            elapsed = 0
            for index, level in enumerate([0, *((byte >> i & 1) for i in range(8)), stop]):
                self._pin.value = level
                until = round((index + 1) * self._bit)
                await ClockCycles(self._clock, until - elapsed)
                elapsed = until
            self._pin.value = 1

    async def hold(self, level: int, clocks: int) -> None:
        """Leave the line at ``level`` for some clocks, then let it rest high."""
        self._pin.value = level
        await ClockCycles(self._clock, clocks)
        self._pin.value = 1


class SerialListener:
    """Collects the bytes of a transmit pin in ``received``; a broken stop bit fails the bench."""

    def __init__(self, pin: Any, clock: Any, clocks_per_bit: int) -> None:
        self._pin = pin
        self._clock = clock
        self._bit = clocks_per_bit
        self.received = bytearray()
        cocotb.start_soon(self._listen())

    async def _level(self) -> int:
        await RisingEdge(self._clock)
        await ReadOnly()
        return int(self._pin.value)

    async def _listen(self) -> None:
        while True:
            while await self._level():
                pass
            for _ in range(self._bit // 2 - 1):
                await self._level()
            byte = 0
            for index in range(9):
                for _ in range(self._bit):
                    level = await self._level()
                if index < 8:
                    byte |= level << index
                else:
                    assert level, f"the stop bit of byte {len(self.received)} ({byte:02x}) is low"
            self.received.append(byte)

    async def take(self, count: int, patience: int) -> bytes:
        """The next ``count`` bytes. Fails when they have not come within ``patience`` clocks."""
        for _ in range(patience):
            if len(self.received) >= count:
                break
            await RisingEdge(self._clock)
        assert len(self.received) >= count, (
            f"{len(self.received)} of {count} bytes came within {patience} clocks: {self.received.hex()}"
        )
        data = bytes(self.received[:count])
        del self.received[:count]
        return data
