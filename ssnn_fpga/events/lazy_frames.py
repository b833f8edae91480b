"""A split that does not fit into memory: each sample is read when it is asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.events.cache import frame_store
from ssnn_fpga.events.compression import compress, frame_shape
from ssnn_fpga.events.dataset import Entry, RecordingSet
from ssnn_fpga.events.frame_store import FrameStore
from ssnn_fpga.events.frames import check_classes, numbers, too_long
from ssnn_fpga.events.images import ImageEntry, ImageSet
from ssnn_fpga.network.layers import Compression

Frame = NDArray[np.uint8]


@dataclass(frozen=True)
class LazyFrames:
    """Samples in order of path, read one by one; images have T = 1."""

    read: Callable[[int], Frame]
    """Frame (T, C, H, W) of a sample, by its number. Raises UserError where the sample is broken."""
    shape: tuple[int, ...]  # (T, C, H, W)
    labels: NDArray[np.int64]  # (N,), numbers of `classes`
    classes: tuple[str, ...]
    fingerprint: str  # changes with any sample's content

    def __len__(self) -> int:
        return len(self.labels)

    def check_training(self) -> None:
        """Raise UserError for a class without a sample, and where no sample fills the last timestep.

        Reads samples until one fills it, so nearly always a single one.
        """
        check_classes(self.labels, self.classes)
        last = 0
        for index in range(len(self)):
            busy = np.flatnonzero(self.read(index).any(axis=(1, 2, 3)))
            last = max(last, int(busy[-1]) + 1 if len(busy) else 0)
            if last == self.shape[0]:
                return
        if last:
            raise too_long(self.shape[0], last)


def lazy_recordings(
    recordings: RecordingSet, split: str, compression: Compression, classes: tuple[str, ...]
) -> LazyFrames:
    """The recordings of ``split``, compressed when they are first read and kept on disk then (``cache``).

    Raises UserError as `load_frames`.
    """
    entries = recordings.entries(split)
    shape = frame_shape(compression)
    store = frame_store(entries, compression)
    read = partial(_recording, entries, compression, store)
    return LazyFrames(read, shape, numbers(entries, classes), classes, _digest(entries))


def lazy_images(
    images: ImageSet, split: str, shape: tuple[int, int, int], classes: tuple[str, ...]
) -> LazyFrames:
    """The images of ``split`` as 8-bit pixels of ``shape`` (C, H, W), decoded whenever they are read.

    Raises UserError as `direct_frames`.
    """
    entries = images.entries(split)
    read = partial(_image, entries, shape)
    return LazyFrames(read, (1, *shape), numbers(entries, classes), classes, _digest(entries))


def _recording(entries: list[Entry], compression: Compression, store: FrameStore | None, index: int) -> Frame:
    frame = None if store is None else store.read(index)
    if frame is None:
        sensor = (compression.sensor_height, compression.sensor_width)
        frame = compress(entries[index].read(sensor), compression).astype(np.uint8)
        if store is not None:
            store.write(index, frame)
    return frame


def _image(entries: list[ImageEntry], shape: tuple[int, int, int], index: int) -> Frame:
    return entries[index].read(shape[0], shape[1:])[None]


def _digest(entries: list[Entry] | list[ImageEntry]) -> str:
    digest = hashlib.sha256()
    for entry in entries:
        digest.update(entry.fingerprint().encode() + b"\n")
    return digest.hexdigest()
