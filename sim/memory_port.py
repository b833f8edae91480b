"""Memory behind an AXI4 read port ``ar_*``/``r_*`` of our naming, on cocotbext-axi's model."""

from __future__ import annotations

import random
from typing import Any, Protocol

from cocotb.triggers import ClockCycles
from cocotb.types import LogicArray
from cocotbext.axi import AxiReadBus, AxiSlaveRead

from sim.stream import _Stalls

_PORTS = {
    "ar": {
        "arvalid": "ar_valid_o", "arready": "ar_ready_i", "araddr": "ar_addr_o", "arlen": "ar_len_o",
        "arsize": "ar_size_o", "arburst": "ar_burst_o", "arid": None,
    },
    "r": {
        "rvalid": "r_valid_i", "rready": "r_ready_o", "rdata": "r_data_i", "rresp": "r_resp_i",
        "rid": None, "rlast": None,
    },
}  # fmt: skip


class _Absent:
    """A signal that the model wants and that a read port with one id does not have."""

    value: Any = LogicArray("0")

    def __len__(self) -> int:
        return 1

    def setimmediatevalue(self, value: int) -> None:
        """Nothing listens."""


class _Channel:
    """One channel as cocotbext-axi's buses look, by its names."""

    def __init__(self, dut: Any, channel: str) -> None:
        self._entity, self._name = dut, channel
        self._optional_signals: list[str] = []
        self._signals = {
            name: _Absent() if port is None else getattr(dut, port) for name, port in _PORTS[channel].items()
        }
        for name, handle in self._signals.items():
            setattr(self, name, handle)

    def sample(self, transaction: Any) -> None:
        """Take the signals into ``transaction``."""
        for name, handle in self._signals.items():
            if hasattr(transaction, name):
                setattr(transaction, name, int(handle.value))

    def drive(self, transaction: Any) -> None:
        """Put ``transaction`` on the signals."""
        for name, handle in self._signals.items():
            if hasattr(transaction, name):
                handle.value = int(getattr(transaction, name))


class Content(Protocol):
    """What a memory holds: bytes, or what gives bytes for a range of addresses."""

    def __len__(self) -> int:
        """Bytes."""

    def __getitem__(self, place: slice, /) -> bytes:
        """Those of a range of addresses."""


class ReadMemory(AxiSlaveRead):  # type: ignore[misc]
    """``content`` from address 0 on: random latency and stalls; reads at or above ``broken`` are errors.

    The model itself refuses bursts across a 4 KB boundary.
    """

    def __init__(
        self, dut: Any, content: Content, rng: random.Random, stall: float, latency: int, broken: int | None
    ) -> None:
        super().__init__(AxiReadBus(_Channel(dut, "ar"), _Channel(dut, "r")), dut.clk_i, dut.rst_i)
        self._content, self._random, self._latency, self._broken = content, rng, latency, broken
        self.errors = 0
        self.starts: list[int] = []
        """Byte addresses of the beats read, in order."""
        if stall:
            self.ar_channel.set_pause_generator(self._pauses(stall))
            self.r_channel.set_pause_generator(self._pauses(stall))

    def _pauses(self, rate: float) -> Any:
        stalls = _Stalls(self._random, rate)
        while True:
            yield stalls.next()

    async def _read(self, address: int, length: int) -> bytes:
        if self._latency and self._random.random() < 0.1:
            await ClockCycles(self.clock, self._random.randint(1, self._latency))
        self.starts.append(address)
        if self._broken is not None and address >= self._broken:
            self.errors += 1
            raise ValueError("a broken place of the memory")
        assert address + length <= len(self._content), f"a read at {address:#x}, beyond the weights"
        return self._content[address : address + length]
