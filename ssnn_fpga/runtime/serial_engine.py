"""An accelerator at the end of a serial line, behind ``Accelerator``."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.network.layers import Integers
from ssnn_fpga.runtime.engine import Classified, Recordings
from ssnn_fpga.runtime.layout import image_beside
from ssnn_fpga.runtime.lock import DeviceLock
from ssnn_fpga.runtime.manifest import Manifest
from ssnn_fpga.runtime.serial_device import SerialAccelerator


class SerialEngine:
    """The ``Engine`` of a serial line, on which one frame goes after the other.

    Nothing is under way between calls: a frame has its answer before the next one is sent.
    """

    def __init__(self, line: SerialAccelerator, manifest: Manifest, lock: DeviceLock | None = None) -> None:
        self._line, self._manifest, self._lock = line, manifest, lock
        self._batches: list[Integers] = [np.zeros(0, dtype=np.int64)] * 2
        self._slot = 0
        self._frames = 0

    @property
    def manifest(self) -> Manifest:
        """What runs there."""
        return self._manifest

    @property
    def takes_events(self) -> bool:
        """The line carries frames."""
        return False

    @property
    def clock_hz(self) -> float:
        """Of the accelerator."""
        return self._manifest.clock_mhz * 1e6

    def fill(self, slot: int, batch: Integers | Recordings) -> None:
        """Keep frames for ``start``."""
        self._batches[slot] = np.asarray(batch)

    def start(self, slot: int) -> None:
        """Choose the slot; ``finish`` does the work."""
        self._slot = slot

    def finish(self) -> Classified:
        """Send the frames and take their results."""
        done = self._line.classify(self._batches[self._slot])
        self._frames += len(done.classes)
        return done

    def abort(self) -> None:
        """Nothing is under way."""

    def counters(self) -> dict[str, int]:
        """Frames that were answered; the line tells no more."""
        return {"frames": self._frames}

    def close(self) -> None:
        """Give line and lock back."""
        self._line.close()
        if self._lock is not None:
            self._lock.close()


def open_engine(
    path: Path, *, port: str, timeout: float = 2.5, image: NDArray[np.uint32] | None = None
) -> SerialEngine:
    """The board at a serial ``port`` that runs the bitstream of the folder ``path``.

    ``timeout`` and errors as for ``SerialAccelerator.open``; ``image``: the one beside the bitstream if
    not given. UserError too for a port that is in use.
    """
    image = image_beside(path) if image is None else image
    lock = DeviceLock(port)
    try:
        return SerialEngine(SerialAccelerator.open(port, path, timeout, image), Manifest.load(path), lock)
    except BaseException:
        lock.close()
        raise
