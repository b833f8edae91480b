"""A Zynq board that runs PYNQ: Bitstream, MMIO and allocate of the package ``pynq``.

Nobody could run this file on a board here; the tests play the package around the simulated edge.
"""

from __future__ import annotations

import hashlib
import importlib
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.runtime import registers
from ssnn_fpga.runtime.bus_engine import BusEngine
from ssnn_fpga.runtime.device import DeviceError
from ssnn_fpga.runtime.layout import image_beside, weights_beside
from ssnn_fpga.runtime.lock import DeviceLock
from ssnn_fpga.runtime.manifest import Manifest

BITSTREAM_FILE = "accelerator.bit"
_POLL = 100e-6
"""Seconds between two looks: a bitstream without a block design tells PYNQ of no interrupt."""


class PynqBuffer:
    """Contiguous memory of the board's processor."""

    def __init__(self, allocated: Any) -> None:
        self._allocated = allocated
        self.array: NDArray[np.uint8] = allocated
        self.address = int(allocated.device_address)

    def flush(self) -> None:
        """Write the caches back."""
        self._allocated.flush()

    def invalidate(self) -> None:
        """Forget what the caches hold."""
        self._allocated.invalidate()

    def close(self) -> None:
        """Give the memory back."""
        self._allocated.freebuffer()


class PynqDevice:
    """The ``Device`` of a board whose bitstream is loaded. ``lock`` is closed with it."""

    def __init__(self, pynq: Any, base: int, clock_hz: float, lock: DeviceLock | None = None) -> None:
        self._pynq, self._lock = pynq, lock
        self._registers = pynq.MMIO(base, registers.SIZE)
        self.clock_hz = clock_hz

    def read(self, offset: int) -> int:
        """A register."""
        return int(self._registers.read(offset))

    def write(self, offset: int, value: int) -> None:
        """Set it."""
        self._registers.write(offset, value)

    def allocate(self, size: int) -> PynqBuffer:
        """A buffer of ``size`` bytes."""
        try:
            return PynqBuffer(self._pynq.allocate(shape=(size,), dtype=np.uint8))
        except (MemoryError, RuntimeError, OSError) as error:
            raise DeviceError(
                f"The board has no contiguous memory of {size:,} bytes left: use a smaller batch."
            ) from error

    def wait(self, seconds: float) -> None:
        """Look for the end of a run again and again."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.read(registers.CONTROL) & registers.Control.DONE:
            time.sleep(_POLL)

    def close(self) -> None:
        """Leave the bitstream where it is; the next ``open_engine`` loads its own."""
        if self._lock is not None:
            self._lock.close()


def open_engine(
    path: Path,
    *,
    patience: float = 1.0,
    image: NDArray[np.uint32] | None = None,
    weights: NDArray[np.uint8] | None = None,
) -> BusEngine:
    """Loads the bitstream of the folder ``path`` into the board that this process runs on.

    ``patience``, ``image``, ``weights``: see ``BusEngine``; the files beside the bitstream if not given.
    Raises UserError without the package, for no permission, for a damaged file, or where another
    process has the board.
    """
    manifest = Manifest.load(path)
    if manifest.register_base is None:
        raise UserError(f"{manifest.board} is no board with PYNQ: choose a bitstream that was built for one.")
    bitstream = checked_bitstream(path / BITSTREAM_FILE, manifest)
    weights = weights_beside(path, manifest) if weights is None else weights
    lock = DeviceLock("pynq")
    try:
        try:
            pynq: Any = importlib.import_module("pynq")
        except ImportError as error:
            raise UserError(
                "pynq is missing, which reaches the board: run this on the board, in the Python of its PYNQ "
                "image."
            ) from error
        try:
            pynq.Bitstream(str(bitstream)).download()
            pynq.Clocks.fclk0_mhz = manifest.clock_mhz
            device = PynqDevice(pynq, manifest.register_base, manifest.clock_mhz * 1e6, lock)
        except (OSError, RuntimeError) as error:
            raise UserError(
                f"The bitstream cannot be loaded ({error}): run as root, as PYNQ needs."
            ) from error
        image = image_beside(path) if image is None else image
        return BusEngine(device, manifest, image=image, weights=weights, patience=patience)
    except BaseException:
        lock.close()
        raise


def checked_bitstream(file: Path, manifest: Manifest) -> Path:
    """``file``, if it is the one that ``manifest`` describes. Raises UserError."""
    try:
        found = hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError as error:
        raise UserError(f"{file} cannot be read ({error.strerror}): build the bitstream first.") from error
    if found != manifest.bitstream_sha256:
        raise UserError(f"{file} is damaged, or is not the one of its manifest: copy both again.")
    return file
