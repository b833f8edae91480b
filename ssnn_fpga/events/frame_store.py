"""Frames of a large set of recordings in one file, each written when it is first read.

Row i is the CRC-32 of a frame and the frame itself, at a fixed place. Rows that were never written are
holes in the file, and rows that a crash or anything else has damaged do not match their CRC: neither is
taken for a frame. Several processes may read and write at the same time.
"""

from __future__ import annotations

import math
import os
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

_CRC_BYTES = 4


@dataclass(frozen=True)
class FrameStore:
    """The file, and the shape (T, C, H, W) of one frame of uint8. It holds nothing open."""

    path: Path
    shape: tuple[int, ...]

    def read(self, index: int) -> NDArray[np.uint8] | None:
        """Frame ``index``; None where it was never written, or is damaged."""
        size = math.prod(self.shape)
        try:
            with self.path.open("rb") as file:
                row = os.pread(file.fileno(), _CRC_BYTES + size, index * (_CRC_BYTES + size))
        except OSError:
            return None
        kept, content = row[:_CRC_BYTES], row[_CRC_BYTES:]
        if len(content) != size or zlib.crc32(content).to_bytes(_CRC_BYTES, "little") != kept:
            return None
        return np.frombuffer(content, np.uint8).reshape(self.shape)

    def write(self, index: int, frame: NDArray[np.uint8]) -> None:
        """Keep frame ``index``. What cannot be written is not kept, and that is no error."""
        content = frame.tobytes()
        row = zlib.crc32(content).to_bytes(_CRC_BYTES, "little") + content
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self.path, os.O_WRONLY | os.O_CREAT, 0o666)
            try:
                os.pwrite(file, row, index * len(row))
            finally:
                os.close(file)
        except OSError:
            return
