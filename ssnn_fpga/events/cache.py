"""Frames that have been compressed before, on disk.

Of a set that fits into memory one file for each set of recordings and compression,
named after a hash of both. It holds a SHA-256, then the frames under zlib that it is of. It is written aside
and renamed, and read whole and checked: frames whose file a crash, a full disk or anything else has damaged
are compressed anew. Frames of larger sets are kept one by one (``frame_store``).
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.events.compression import frame_shape
from ssnn_fpga.events.dataset import Entry
from ssnn_fpga.events.frame_store import FrameStore
from ssnn_fpga.network.layers import Compression

VARIABLE = "SSNN_FPGA_CACHE"
"""Environment variable that names the cache's folder; empty for no cache."""

_VERSION = 1  # of what decoders and compression make of the same recordings
_SUFFIX, _STORE_SUFFIX = ".frames", ".rows"
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


def frame_store(entries: Sequence[Entry], compression: Compression) -> FrameStore | None:
    """Where the frames of these recordings are kept one by one; None for nowhere."""
    key, folder = cache_key(entries, compression), cache_folder()
    if not key or folder is None:
        return None
    return FrameStore(folder / f"{key}{_STORE_SUFFIX}", frame_shape(compression))


def read_cached(key: str, shape: tuple[int, ...]) -> NDArray[np.uint8] | None:
    """Frames of ``shape`` kept under ``key``; None where there are none, or damaged ones."""
    folder = cache_folder()
    if not key or folder is None:
        return None
    try:
        content = (folder / f"{key}{_SUFFIX}").read_bytes()
    except OSError:
        return None
    digest, packed = content[: hashlib.sha256().digest_size], content[hashlib.sha256().digest_size :]
    if hashlib.sha256(packed).digest() != digest:
        return None
    return np.frombuffer(bytearray(zlib.decompress(packed)), np.uint8).reshape(shape)


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
            packed = zlib.compress(frames.tobytes(), level=1)
            file.write(hashlib.sha256(packed).digest())
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())
        os.replace(aside, folder / f"{key}{_SUFFIX}")
    except OSError:
        if aside is not None:
            aside.unlink(missing_ok=True)
