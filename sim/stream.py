"""Bus models of the ready/valid streams of ``docs/hardware.md`` for cocotb benches.

Both ends drive on the falling edge and look at the settled signals before the rising edge,
so what they see does not depend on how a simulator orders callbacks around the clock edge.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import cocotb
from cocotb.clock import Clock
from cocotb.triggers import FallingEdge, First, ReadOnly, Timer
from cocotb.utils import get_sim_time

from sim.coverage import hit

Item = int | Mapping[str, int]
"""One beat: its data, or with sidebands (or named fields) a value for each field."""

LONG_STALL = int(os.environ.get("SSNN_FPGA_STALL", 10_000))
"""Cycles for which a sink that hangs takes nothing; ``SSNN_FPGA_STALL`` overrides it."""

_PERIOD = 10  # ns
_BURST = 4
"""Mean length in cycles of a run of stalled cycles."""


async def reset(dut: Any, cycles: int = 3) -> None:
    """Start the clock and hold ``rst_i`` high for some cycles; call once, before any traffic."""
    cocotb.start_soon(Clock(dut.clk_i, _PERIOD, "ns").start())
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


class _Port:
    """What both ends of a stream know: its wires, its clock and when it stalls."""

    def __init__(
        self,
        dut: Any,
        clock: Any,
        prefix: str,
        *,
        rng: random.Random,
        stall: float = 0.0,
        data: str = "data",
        sidebands: Sequence[str] = (),
        forward: str,
        backward: str,
    ) -> None:
        self._clock = clock
        self._prefix = prefix
        self._module = str(dut._name)
        self._rng = rng
        self._stalls = _Stalls(rng, stall)
        self._valid = getattr(dut, f"{prefix}_valid_{forward}")
        self._ready = getattr(dut, f"{prefix}_ready_{backward}")
        self._data = data
        self._fields = {name: getattr(dut, f"{prefix}_{name}_{forward}") for name in (data, *sidebands)}

    async def _sleep(self, cycles: int, *handles: Any) -> int:
        """Pass ``cycles`` cycles, or those until a handle changes; returns how many passed.

        From settled signals to settled signals. A million cycles seen one by one take minutes.
        """
        began = get_sim_time("ns")
        wires = [handle.whole if isinstance(handle, _Slice) else handle for handle in handles]
        await First(Timer(cycles * _PERIOD - 2, "ns"), *(wire.value_change for wire in wires))
        if int(get_sim_time("ns") - began) % _PERIOD:
            await FallingEdge(self._clock)
        await ReadOnly()
        return int(get_sim_time("ns") - began) // _PERIOD


class StreamSource(_Port):
    """Drives ``{prefix}_valid_i`` and its fields, holding each beat until it is taken.

    ``sidebands`` are fields beside ``{prefix}_{data}_i``; with them an item is a mapping
    from field name to value. Between beats every field carries noise.
    """

    def __init__(self, dut: Any, clock: Any, prefix: str = "in", **options: Any) -> None:
        super().__init__(dut, clock, prefix, **options, forward="i", backward="o")
        self.restart()

    def restart(self) -> None:
        """Offer nothing, and count from zero."""
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
                hit(self._module, "input pauses")
                self.cycles += 1
                await FallingEdge(self._clock)
            self._valid.value = 1
            self._drive(item)
            await ReadOnly()
            while not int(self._ready.value):
                hit(self._module, "input waits")
                self.cycles += await self._sleep(LONG_STALL, self._ready)
            self.cycles += 1
        await FallingEdge(self._clock)
        self._valid.value = 0
        self._noise()


class StreamSink(_Port):
    """Takes beats from ``{prefix}_valid_o`` and checks the promises of a stream on the way.

    While valid is high and ready low, valid and every field stay; nothing is X; and
    ``receive`` makes sure that no further beat follows the expected ones.
    """

    def __init__(self, dut: Any, clock: Any, prefix: str = "out", **options: Any) -> None:
        super().__init__(dut, clock, prefix, **options, forward="o", backward="i")
        self.restart()

    def restart(self) -> None:
        """Take nothing, forget the beat on offer, and count from zero."""
        self._waits = 0  # cycles that the present beat has waited
        self._moved = False  # a beat moved in the last cycle
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
        self._waits = 0 if self._pending is None else self._waits + 1
        if self._waits:
            hit(self._module, "output stalls long" if self._waits >= 10 else "output stalls")
        if self._moved and accept and offered:
            hit(self._module, "back to back")
        self._moved = accept and offered is not None
        return offered if accept else None

    async def hold(self, cycles: int) -> None:
        """Take nothing for ``cycles`` cycles; a beat on offer must stay as it is."""
        left = cycles
        while left > 0:
            await self._step(False)
            left -= 1
            if self._pending is not None and left > 0:
                passed = await self._sleep(left, self._valid, *self._fields.values())
                self._pending = self._observe()
                left -= passed
                self._waits += passed
                self._cycle += passed
        if self._waits >= LONG_STALL // 2:
            hit(self._module, "output stalls long", "sink hangs")

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


async def interrupt(
    dut: Any, sources: Sequence[tuple[StreamSource, Sequence[Item]]], sinks: Sequence[StreamSink], cycles: int
) -> None:
    """Traffic for ``cycles`` cycles and a reset of two clocks, then the same with one clock.

    What was on the wires stays there for the first clock of the reset, as it would behind a module
    that the same edge resets. What came before must not show.
    """
    for clocks in (2, 1):
        tasks = [cocotb.start_soon(source.send(items)) for source, items in sources]
        tasks += [cocotb.start_soon(sink.receive(1 << 30, patience=1 << 30)) for sink in sinks]
        for _ in range(cycles):
            await FallingEdge(dut.clk_i)
        for task in tasks:
            task.cancel()
        dut.rst_i.value = 1
        await FallingEdge(dut.clk_i)
        for port in (*(source for source, _ in sources), *sinks):
            port.restart()
        for _ in range(clocks - 1):
            await FallingEdge(dut.clk_i)
        dut.rst_i.value = 0
    hit(str(dut._name), "reset in mid-frame")


class _Slice:
    """Some bits of a port, read and driven as if they were a port."""

    def __init__(self, handle: Any, driven: dict[str, int], low: int, width: int) -> None:
        self.whole, self._driven, self._low, self._width = handle, driven, low, width
        self._name = f"{handle._name}[{low + width - 1}:{low}]"

    def __len__(self) -> int:
        return self._width

    @property
    def value(self) -> Any:
        return self.whole.value[self._low + self._width - 1 : self._low]

    @value.setter
    def value(self, value: int) -> None:
        name, mask = self.whole._name, ((1 << self._width) - 1) << self._low
        self._driven[name] = self._driven.get(name, 0) & ~mask | int(value) << self._low
        self.whole.value = self._driven[name]


class Streams:
    """Several streams behind ports that hold one after the other; ``lane`` is one of them."""

    def __init__(self, dut: Any) -> None:
        self._dut = dut
        self._driven: dict[str, int] = {}

    def lane(self, index: int, **fields: tuple[int, int]) -> Any:
        """Stream ``index`` as what a source or sink takes for a module.

        valid and ready are bit ``index`` of their ports; ``fields`` names the ports that are
        divided otherwise, with the first bit and the number of bits; other ports are shared.
        """
        return _Lane(self._dut, self._driven, index, fields)


class _Lane:
    def __init__(self, dut: Any, driven: dict[str, int], index: int, fields: Mapping[str, Any]) -> None:
        self._place = (dut, driven, index, fields)

    def __getattr__(self, name: str) -> Any:
        dut, driven, index, fields = self._place
        handle = getattr(dut, name)
        if name in fields:
            return _Slice(handle, driven, *fields[name])
        return _Slice(handle, driven, index, 1) if "_valid_" in name or "_ready_" in name else handle
