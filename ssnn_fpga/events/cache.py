"""Frames that have been compressed before, on disk.

One file for each set of recordings and compression, named after a hash of both. It is written aside and
renamed, and every read checks the CRC of what it reads: a file that a crash, a full disk or anything
else has damaged is compressed anew, never used.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.events.dataset import Entry
from ssnn_fpga.network.layers import Compression

VARIABLE = "SSNN_FPGA_CACHE"
"""Environment variable that names the cache's folder; empty for no cache."""

_VERSION = 1  # of what decoders and compression make of the same recordings
_WORTH_KEEPING = 200  # recordings; fewer are compressed again in no time


def cache_folder() -> Path | None:
    """Where frames are kept: $SSNN_FPGA_CACHE, else the user's cache folder; None for nowhere."""
    if (given := os.environ.get(VARIABLE)) is not None:
        return Path(given) if given else None
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "ssnn-fpga" / "frames"


def cache_key(entries: Sequence[Entry], compression: Compression) -> str:
    """The name of the frames of these recordings, "" where they are not kept."""
    if len(entries) < _WORTH_KEEPING or cache_folder() is None:
        return ""
    digest = hashlib.sha256(f"{_VERSION} {asdict(compression)}".encode())
    for entry in entries:
        digest.update(entry.fingerprint().encode() + b"\n")
    return digest.hexdigest()


def read_cached(key: str, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """Frames of ``shape`` kept under ``key``; None where there are none, or damaged ones."""
    folder = cache_folder()
    if not key or folder is None:
        return None
    try:
        with np.load(folder / f"{key}.npz", allow_pickle=False) as content:
            frames: NDArray[np.uint8] = content["frames"]
    except (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        return None
    return frames if frames.shape == shape and frames.dtype == np.uint8 else None


def write_cached(key: str, frames: NDArray[np.uint8]) -> None:
    """Keep ``frames`` under ``key``. What cannot be written is not kept, and that is no error."""
    folder = cache_folder()
    if not key or folder is None:
        return
    aside = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A name of its own: two processes may compress the same recordings at the same time.
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as file:
            aside = Path(file.name)
            np.savez_compressed(file, frames=frames)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, folder / f"{key}.npz")
    except OSError:
        if aside is not None:
            aside.unlink(missing_ok=True)
