"""The C interface of a compiled design, ``sim/harness/harness.cpp``, seen from Python."""

from __future__ import annotations

import ctypes
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.ports import ERRORS
from ssnn_fpga.rtl.stream import Tokens

_BYTES = ctypes.POINTER(ctypes.c_uint8)
_WORDS = ctypes.POINTER(ctypes.c_uint32)
_CYCLES = ctypes.POINTER(ctypes.c_int64)


class SimulationError(RuntimeError):
    """The hardware did what it must not: it hung, or broke a promise of a stream."""

    errors: tuple[str, ...] = ()
    """What the hardware itself reported of it, of ``ERRORS``."""


@dataclass(frozen=True)
class Recorded:
    """What moved on one stream during a run."""

    tokens: Tokens
    """One row a token."""
    skipped: NDArray[np.uint8]
    """One flag a token, empty where the stream has none."""
    cycles: NDArray[np.int64]
    """Cycle in which each token moved."""


@dataclass(frozen=True)
class State:
    """A register or memory of the compiled model."""

    name: str
    """Hierarchical."""
    bits: int
    """All of them, those of a memory word by word."""


class Library:
    """One instance of a compiled accelerator."""

    def __init__(self, path: Path, design: Design, seed: int = 0) -> None:
        """Loads ``path`` with the memory images of ``design``. Raises SimulationError."""
        self._c = _declare(ctypes.CDLL(str(path)))
        self._handle = self._c.harness_open(str(design.rtl).encode(), seed)
        if not self._handle:
            raise SimulationError(self._c.harness_error(None).decode())
        self.weights(design.weights)
        count = self._c.harness_streams(self._handle)
        self.streams = [self._c.harness_name(self._handle, i).decode() for i in range(count)]

    def close(self) -> None:
        """Frees the instance."""
        if self._handle:
            self._c.harness_close(self._handle)
            self._handle = None

    def run(
        self,
        tokens: Tokens,
        samples: int,
        *,
        stall_in: float,
        stall_out: float,
        seed: int,
        record: bool,
        patience: int,
        hold: int = 0,
    ) -> int:
        """Feeds the ``tokens`` of ``samples`` after a reset; returns the cycles to the last result."""
        tokens = np.ascontiguousarray(tokens)
        data = tokens.ctypes.data_as(_BYTES)
        cycles = int(
            self._c.harness_run(
                self._handle, data, len(tokens), samples, stall_in, stall_out, seed, record, patience, hold
            )
        )
        if cycles >= 0:
            return cycles
        broken = self._c.harness_error(self._handle).decode()
        fault = SimulationError(
            f"Nothing moved for {patience} cycles; {self._state()}" if cycles == -1 else broken
        )
        fault.errors = self.errors()
        raise fault

    def weights(self, content: bytes) -> None:
        """What lies in memory outside the chip during the runs that follow."""
        self._c.harness_weights(self._handle, content, len(content))

    def run_into(self, tokens: Tokens, cycles: int) -> None:
        """Feeds ``tokens`` after a reset and breaks off after ``cycles``, wherever that is."""
        tokens = np.ascontiguousarray(tokens)
        self._c.harness_run_into(self._handle, tokens.ctypes.data_as(_BYTES), len(tokens), cycles)

    def wait(self, cycles: int) -> None:
        """Lets ``cycles`` pass behind a run, without input and with every result taken."""
        self._c.harness_wait(self._handle, cycles)

    def load(self, image: NDArray[np.uint32]) -> None:
        """What each run that follows loads before its frames, (M,) words."""
        words = np.ascontiguousarray(image)
        self._c.harness_image(self._handle, words.ctypes.data_as(_WORDS), len(words))

    def errors(self) -> tuple[str, ...]:
        """Which of ``ERRORS`` the design has reported since the last reset."""
        raised = int(self._c.harness_errors(self._handle))
        return tuple(name for bit, name in enumerate(ERRORS) if raised >> bit & 1)

    def recorded(self, index: int, width: int) -> Recorded:
        """What moved on stream ``index``, tokens of ``width`` bytes, during the last run."""
        count = int(self._c.harness_count(self._handle, index))
        if not count:
            empty = np.zeros(0, dtype=np.uint8)
            return Recorded(empty.reshape(0, width), empty, np.zeros(0, dtype=np.int64))
        tokens = np.ctypeslib.as_array(self._c.harness_tokens(self._handle, index), (count, width)).copy()
        cycles = np.ctypeslib.as_array(self._c.harness_cycles(self._handle, index), (count,)).copy()
        flags = self._c.harness_skipped(self._handle, index)
        skipped = np.ctypeslib.as_array(flags, (count,)).copy() if flags else np.zeros(0, dtype=np.uint8)
        return Recorded(tokens, skipped, cycles)

    def states(self) -> list[State]:
        """Registers and memories, in the order of their index; none unless compiled with them open."""
        return [
            State(
                self._c.harness_state_name(self._handle, index).decode(),
                int(self._c.harness_state_bits(self._handle, index)),
            )
            for index in range(self._c.harness_states(self._handle))
        ]

    def flip(self, state: int, bit: int) -> None:
        """Flips one bit of a state now."""
        self._c.harness_flip(self._handle, state, bit)

    def bit(self, state: int, bit: int) -> bool:
        """The present value of one bit of a state."""
        return bool(self._c.harness_bit(self._handle, state, bit))

    def flip_at(self, cycle: int | None, state: int = 0, bit: int = 0) -> None:
        """Flips one bit at the end of ``cycle`` of each run that follows; None: no more."""
        self._c.harness_flip_at(self._handle, -1 if cycle is None else cycle, state, bit)

    def _state(self) -> str:
        parts = [f"input ready={self._c.harness_input_ready(self._handle)}"]
        for index, name in enumerate(self.streams):
            valid = self._c.harness_valid(self._handle, index)
            ready = self._c.harness_ready(self._handle, index)
            count = self._c.harness_count(self._handle, index)
            parts.append(f"{name} valid={valid} ready={ready} after {count} tokens")
        return ", ".join(parts)


def _declare(c: ctypes.CDLL) -> ctypes.CDLL:
    handle, index, i64 = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
    signatures: dict[str, tuple[object, list[object]]] = {
        "harness_open": (handle, [ctypes.c_char_p, ctypes.c_int]),
        "harness_error": (ctypes.c_char_p, [handle]),
        "harness_close": (None, [handle]),
        "harness_run": (
            i64,
            [handle, _BYTES, i64, i64, ctypes.c_double, ctypes.c_double, ctypes.c_uint64, index, i64, i64],
        ),
        "harness_weights": (None, [handle, ctypes.c_char_p, i64]),
        "harness_run_into": (None, [handle, _BYTES, i64, i64]),
        "harness_wait": (None, [handle, i64]),
        "harness_image": (None, [handle, _WORDS, i64]),
        "harness_errors": (index, [handle]),
        "harness_input_ready": (index, [handle]),
        "harness_streams": (index, [handle]),
        "harness_name": (ctypes.c_char_p, [handle, index]),
        "harness_valid": (index, [handle, index]),
        "harness_ready": (index, [handle, index]),
        "harness_count": (i64, [handle, index]),
        "harness_tokens": (_BYTES, [handle, index]),
        "harness_skipped": (_BYTES, [handle, index]),
        "harness_cycles": (_CYCLES, [handle, index]),
        "harness_states": (i64, [handle]),
        "harness_state_name": (ctypes.c_char_p, [handle, i64]),
        "harness_state_bits": (i64, [handle, i64]),
        "harness_bit": (index, [handle, i64, i64]),
        "harness_flip": (None, [handle, i64, i64]),
        "harness_flip_at": (None, [handle, i64, i64, i64]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(c, name)
        function.restype = result
        function.argtypes = arguments
    return c
