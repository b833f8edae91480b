"""Bus models of the ready/valid streams of ``docs/hardware.md`` for cocotb benches.

Both ends drive on the falling edge and look at the settled signals before the rising edge,
so what they see does not depend on how a simulator orders callbacks around the clock edge.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, ReadOnly

Item = int | Mapping[str, int]
"""One beat: its data, or with sidebands (or named fields) a value for each field."""

_BURST = 4
"""Mean length in cycles of a run of stalled cycles."""


async def reset(dut: Any, cycles: int = 3) -> None:
    """Start the clock and hold ``rst_i`` high for some cycles; call once, before any traffic."""
    cocotb.start_soon(Clock(dut.clk_i, 10, "ns").start())
    dut.rst_i.value = 1
    for _ in range(cycles):
        await FallingEdge(dut.clk_i)
    dut.rst_i.value = 0


class _Stalls:
    """Stalled cycles in bursts: a two-state chain that is stalled a share ``rate`` of the time."""

    def __init__(self, rng: random.Random, rate: float) -> None:
        self._rng = rng
        self._rate = rate
        self._end = 1 / _BURST if rate <= 0.5 else (1 - rate) / rate / _BURST * 2
        self._begin = min(1.0, self._end * rate / (1 - rate)) if rate < 1 else 1.0
        self._stalled = False

    def next(self) -> bool:
        """Whether the coming cycle is stalled."""
        if self._rate <= 0:
            return False
        self._stalled = self._rng.random() < (1 - self._end if self._stalled else self._begin)
        return self._stalled


class StreamSource:
    """Drives ``{prefix}_valid_i`` and its fields, holding each beat until it is taken.

    ``sidebands`` are fields beside ``{prefix}_{data}_i``; with them an item is a mapping
    from field name to value. Between beats every field carries noise.
    """

    def __init__(
        self,
        dut: Any,
        clock: Any,
        prefix: str = "in",
        *,
        rng: random.Random,
        stall: float = 0.0,
        data: str = "data",
        sidebands: Sequence[str] = (),
    ) -> None:
        self._clock = clock
        self._rng = rng
        self._stalls = _Stalls(rng, stall)
        self._valid = getattr(dut, f"{prefix}_valid_i")
        self._ready = getattr(dut, f"{prefix}_ready_o")
        self._data = data
        self._fields = {name: getattr(dut, f"{prefix}_{name}_i") for name in (data, *sidebands)}
        self.cycles = 0
        """Cycles that passed while sending, stalls included."""
        self._valid.value = 0

    def _drive(self, item: Item) -> None:
        values = {self._data: item} if isinstance(item, int) else item
        if values.keys() != self._fields.keys():
            raise ValueError(f"an item has the fields {sorted(values)}, the port {sorted(self._fields)}")
        for name, handle in self._fields.items():
            handle.value = int(values[name])

    def _noise(self) -> None:
        for handle in self._fields.values():
            handle.value = self._rng.getrandbits(len(handle))

    async def send(self, items: Iterable[Item]) -> None:
        """Send every item in order; returns once the last one has been taken."""
        for item in items:
            await FallingEdge(self._clock)
            while self._stalls.next():
                self._valid.value = 0
                self._noise()
                self.cycles += 1
                await FallingEdge(self._clock)
            self._valid.value = 1
            self._drive(item)
            await ReadOnly()
            while not int(self._ready.value):
                self.cycles += 1
                await FallingEdge(self._clock)
                await ReadOnly()
            self.cycles += 1
        await FallingEdge(self._clock)
        self._valid.value = 0
        self._noise()


class StreamSink:
    """Takes beats from ``{prefix}_valid_o`` and checks the promises of a stream on the way.

    While valid is high and ready low, valid and every field stay; nothing is X; and
    ``receive`` makes sure that no further beat follows the expected ones.
    """

    def __init__(
        self,
        dut: Any,
        clock: Any,
        prefix: str = "out",
        *,
        rng: random.Random,
        stall: float = 0.0,
        data: str = "data",
        sidebands: Sequence[str] = (),
    ) -> None:
        self._clock = clock
        self._prefix = prefix
        self._stalls = _Stalls(rng, stall)
        self._valid = getattr(dut, f"{prefix}_valid_o")
        self._ready = getattr(dut, f"{prefix}_ready_i")
        self._data = data
        self._fields = {name: getattr(dut, f"{prefix}_{name}_o") for name in (data, *sidebands)}
        self._pending: dict[str, int] | None = None
        self._cycle = 0
        self.cycles: list[int] = []
        """The cycle, counted from the first call of ``receive``, in which each beat came."""
        self._ready.value = 0

    def _observe(self) -> dict[str, int] | None:
        """The fields of the beat on offer, if any, after checking them against the last cycle."""
        for handle in (self._valid, *self._fields.values()):
            if handle is self._valid or int(self._valid.value):
                assert handle.value.is_resolvable, f"X on {handle._name} in cycle {self._cycle}"
        seen = {name: int(handle.value) for name, handle in self._fields.items()}
        offered = seen if int(self._valid.value) else None
        if self._pending is not None:
            where = f"stream {self._prefix}, beat {len(self.cycles)}, cycle {self._cycle}"
            assert offered is not None, f"{where}: valid was dropped before ready"
            assert offered == self._pending, (
                f"{where}: the beat changed while it waited, from {self._pending} to {offered}"
            )
        return offered

    async def _step(self, accept: bool) -> dict[str, int] | None:
        """One cycle; returns the beat that moved, if one did."""
        await FallingEdge(self._clock)
        self._ready.value = int(accept)
        await ReadOnly()
        offered = self._observe()
        self._cycle += 1
        self._pending = None if accept else offered
        return offered if accept else None

    async def receive(self, count: int, *, patience: int = 5000, silence: int = 64) -> list[Any]:
        """The next ``count`` beats: ints, or mappings when the port has sidebands.

        Fails after ``patience`` cycles without a beat, and when any further beat is offered
        within ``silence`` cycles after the last (0 for a caller that will receive more).
        """
        beats: list[Any] = []
        waited = 0
        while len(beats) < count:
            beat = await self._step(not self._stalls.next())
            waited = waited + 1 if beat is None else 0
            assert waited <= patience, (
                f"stream {self._prefix} hangs: {len(beats)} of {count} beats came, "
                f"then none for {patience} cycles"
            )
            if beat is not None:
                self.cycles.append(self._cycle - 1)
                beats.append(beat if len(self._fields) > 1 else beat[self._data])
        for _ in range(silence):
            extra = await self._step(True)
            assert extra is None, f"stream {self._prefix}: a beat too many after {count}: {extra}"
        await FallingEdge(self._clock)
        self._ready.value = 0
        return beats
