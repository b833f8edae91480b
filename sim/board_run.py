"""A run of an accelerator in a board's top level, as the driver makes it: arguments in, results out."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from cocotbext.axi import AxiReadBus, AxiSlaveRead

from ssnn_fpga.runtime import registers
from ssnn_fpga.runtime.layout import frame_bytes, pack_frames, record_bytes, unpack_records
from ssnn_fpga.runtime.manifest import StreamFormat

WEIGHTS = 0x4000
"""Where the weights lie that do not fit the chip, if there are any."""


class Memory(Protocol):
    """What the model of a board's memory offers."""

    def write(self, address: int, data: bytes) -> None: ...
    def read(self, address: int, size: int) -> bytes: ...


class WeightReads(AxiSlaveRead):  # type: ignore[misc]
    """The memory behind the port that only reads weights; refuses to read while ``refuses``."""

    def __init__(self, bus: AxiReadBus, memory: Memory, clock: Any, **reset: Any) -> None:
        super().__init__(bus, clock, **reset)
        self._memory, self.refuses = memory, False

    async def _read(self, address: int, length: int) -> bytes:
        if self.refuses:
            raise ValueError("answered with SLVERR")
        return self._memory.read(address, length)


class BoardRun:
    """Frames at ``source`` of ``memory``, results at ``target``; ``given`` holds the case's configuration.

    ``given``: stream, frames, classes, logits, and weights as hexadecimal digits.
    """

    def __init__(self, given: dict[str, Any], memory: Memory, source: int, target: int) -> None:
        self._given, self._memory, self._target = given, memory, target
        self._stream = StreamFormat(**given["stream"])
        frames = np.array(given["frames"])
        memory.write(source, pack_frames(frames, self._stream).tobytes())
        memory.write(target, b"\xff" * len(frames) * record_bytes(self._stream))
        self.arguments = {
            registers.INPUT_ADDRESS: source,
            registers.INPUT_ADDRESS_HIGH: 0,
            registers.INPUT_BYTES: len(frames) * frame_bytes(self._stream),
            registers.OUTPUT_ADDRESS: target,
            registers.OUTPUT_ADDRESS_HIGH: 0,
            registers.RESULTS: len(frames),
            registers.MODE: 0,
            registers.PATIENCE: 10_000,
            registers.INTERRUPT: registers.Interrupt.ENABLE,
            registers.INTERRUPT_ENABLE: registers.InterruptEnable.DONE,
        }
        if given["weights"]:
            memory.write(WEIGHTS, bytes.fromhex(given["weights"]))
            self.arguments |= {registers.WEIGHTS_ADDRESS: WEIGHTS, registers.WEIGHTS_ADDRESS_HIGH: 0}

    @property
    def untouched(self) -> bool:
        """Whether no result was written."""
        size = len(self._given["frames"]) * record_bytes(self._stream)
        return self._memory.read(self._target, size) == b"\xff" * size

    def check(self) -> None:
        """All results are there, and are the golden model's."""
        size, count = record_bytes(self._stream), len(self._given["frames"])
        records = np.frombuffer(self._memory.read(self._target, count * size), np.uint8).reshape(-1, size)
        numbers, classes, logits, _ = unpack_records(records, self._stream)
        assert numbers.tolist() == list(range(count))
        assert classes.tolist() == self._given["classes"]
        assert logits.tolist() == self._given["logits"]
