"""A card behind XRT: device, user-managed kernel and buffers of the package ``pyxrt``.

Nobody could run this file on a card here; the tests play the package around the simulated edge.
"""

from __future__ import annotations

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
from ssnn_fpga.runtime.pynq_device import checked_bitstream

BITSTREAM_FILE = "accelerator.xclbin"
KERNEL = "accelerator_kernel"
_POLL = 20e-6


class XrtBuffer:
    """Memory of the card, and the host's copy of it."""

    def __init__(self, pyxrt: Any, device: Any, size: int, bank: int) -> None:
        self._to, self._from = (
            getattr(pyxrt.xclBOSyncDirection, f"XCL_BO_SYNC_BO_{way}_DEVICE") for way in ("TO", "FROM")
        )
        self._object: Any = pyxrt.bo(device, size, pyxrt.bo.normal, bank)
        self._size = size
        self.array: NDArray[np.uint8] = np.frombuffer(self._object.map(), dtype=np.uint8)
        self.address = int(self._object.address())

    def flush(self) -> None:
        """Copy to the card."""
        self._object.sync(self._to, self._size, 0)

    def invalidate(self) -> None:
        """Copy from the card."""
        self._object.sync(self._from, self._size, 0)

    def close(self) -> None:
        """Give the memory back: XRT does so with its last reference."""
        self.array = np.zeros(0, dtype=np.uint8)
        self._object = None


class XrtDevice:
    """The ``Device`` of a card whose binary is loaded. ``lock`` is closed with it."""

    def __init__(
        self, pyxrt: Any, card: Any, kernel: Any, clock_hz: float, bank: int, lock: DeviceLock | None = None
    ) -> None:
        self._pyxrt, self._card, self._kernel, self._bank, self._lock = pyxrt, card, kernel, bank, lock
        self.clock_hz = clock_hz

    def read(self, offset: int) -> int:
        """A register."""
        return int(self._kernel.read_register(offset))

    def write(self, offset: int, value: int) -> None:
        """Set it."""
        self._kernel.write_register(offset, value)

    def allocate(self, size: int) -> XrtBuffer:
        """A buffer of ``size`` bytes in the card's memory."""
        try:
            return XrtBuffer(self._pyxrt, self._card, size, self._bank)
        except (MemoryError, RuntimeError) as error:
            raise DeviceError(
                f"The card has no room for {size:,} bytes ({error}): use a smaller batch."
            ) from error

    def wait(self, seconds: float) -> None:
        """Look for the end of a run again and again."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and not self.read(registers.CONTROL) & registers.Control.DONE:
            time.sleep(_POLL)

    def close(self) -> None:
        """Let go of the kernel, which belongs to one process."""
        self._kernel = self._card = None
        if self._lock is not None:
            self._lock.close()


def open_engine(
    path: Path,
    *,
    index: int = 0,
    bank: int = 0,
    patience: float = 1.0,
    image: NDArray[np.uint32] | None = None,
    weights: NDArray[np.uint8] | None = None,
) -> BusEngine:
    """Loads the binary of the folder ``path`` into card ``index``; buffers lie in memory ``bank``.

    ``patience``, ``image``, ``weights``: see ``BusEngine``; the files beside the bitstream if not given.
    Raises UserError without the package, for no permission, for a damaged file, or where another
    process has the card.
    """
    manifest = Manifest.load(path)
    binary = checked_bitstream(path / BITSTREAM_FILE, manifest)
    weights = weights_beside(path, manifest) if weights is None else weights
    lock = DeviceLock(f"xrt-{index}")
    try:
        try:
            pyxrt: Any = importlib.import_module("pyxrt")
        except ImportError as error:
            raise UserError(
                "pyxrt is missing, which reaches the card: install XRT and source its setup.sh."
            ) from error
        try:
            card = pyxrt.device(index)
            kernel = pyxrt.ip(card, card.load_xclbin(str(binary)), KERNEL)
        except (OSError, RuntimeError, AttributeError) as error:
            raise UserError(
                f"Card {index} cannot be opened ({error}): see `xrt-smi examine`, and that you may use it."
            ) from error
        device = XrtDevice(pyxrt, card, kernel, manifest.clock_mhz * 1e6, bank, lock)
        image = image_beside(path) if image is None else image
        return BusEngine(device, manifest, image=image, weights=weights, patience=patience)
    except BaseException:
        lock.close()
        raise
