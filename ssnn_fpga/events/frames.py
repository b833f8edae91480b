"""A whole split of recordings as labelled frames, ready for a network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.compression import compress, frame_shape
from ssnn_fpga.events.dataset import RecordingSet
from ssnn_fpga.network.layers import Compression


@dataclass(frozen=True)
class LabelledFrames:
    """Compressed recordings in order of path."""

    frames: NDArray[np.uint8]  # (N, T, 2, H, W)
    labels: NDArray[np.int64]  # (N,), numbers of `classes`
    paths: list[str]
    classes: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.paths)


def load_frames(
    recordings: RecordingSet,
    split: str,
    compression: Compression,
    classes: tuple[str, ...] | None = None,
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LabelledFrames:
    """Read and compress the recordings of ``split``, labelled with the numbers of ``classes``.

    ``classes`` are the model's (default: those of the whole set); recordings of fewer classes keep
    the model's numbers. ``limit`` takes that many recordings, spread evenly over the sorted paths,
    so that a few of them still come from all classes. ``progress`` is called with (done, all).

    Raises UserError for a class that ``classes`` does not have, and as `RecordingSet.entries`,
    `frame_shape` and `read_recording` do.
    """
    entries = recordings.entries(split)
    if limit is not None and limit < len(entries):
        if limit < 1:
            raise UserError(f"{recordings.name}: cannot load {limit} recordings; ask for at least 1.")
        entries = [entries[i * len(entries) // limit] for i in range(limit)]
    classes = recordings.classes() if classes is None else classes
    number = {name: index for index, name in enumerate(classes)}
    sensor = (compression.sensor_height, compression.sensor_width)
    if not 1 <= compression.bits <= 8:
        raise UserError(f"compression: bits is {compression.bits}, but a frame holds counts of 1 to 8 bits.")

    frames = np.empty((len(entries), *frame_shape(compression)), dtype=np.uint8)
    labels = np.empty(len(entries), dtype=np.int64)
    for index, entry in enumerate(entries):
        if entry.label not in number:
            raise UserError(
                f"{entry.name}: the model knows no class {entry.label!r}, only {', '.join(classes)}; "
                "remove that folder or train a model with it."
            )
        frames[index] = compress(entry.read(sensor), compression)
        labels[index] = number[entry.label]
        if progress is not None:
            progress(index + 1, len(entries))
    return LabelledFrames(frames, labels, [entry.path for entry in entries], classes)
