"""What a driver needs of a board with a bus: registers, memory that both sides see, and time."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class DeviceError(Exception):
    """The accelerator does not answer, or answers with an error, however often it is asked."""


class Buffer(Protocol):
    """Memory that the accelerator can reach."""

    @property
    def array(self) -> NDArray[np.uint8]:
        """The host's view of it, (bytes,)."""
        ...

    @property
    def address(self) -> int:
        """Where the accelerator finds it; a multiple of 8."""
        ...

    def flush(self) -> None:
        """What the host wrote is there for the accelerator to read."""
        ...

    def invalidate(self) -> None:
        """What the accelerator wrote is there for the host to read."""
        ...

    def close(self) -> None:
        """Give the memory back."""
        ...


class Device(Protocol):
    """A board that runs a bitstream."""

    @property
    def clock_hz(self) -> float:
        """Of the accelerator."""
        ...

    def read(self, offset: int, /) -> int:
        """The 32-bit register at a byte offset."""
        ...

    def write(self, offset: int, value: int, /) -> None:
        """Set it."""
        ...

    def allocate(self, size: int, /) -> Buffer:
        """A buffer of ``size`` bytes. Raises DeviceError where there is no room."""
        ...

    def wait(self, seconds: float, /) -> None:
        """Return at the end of a run, or after ``seconds``."""
        ...

    def close(self) -> None:
        """Give the board back."""
        ...
