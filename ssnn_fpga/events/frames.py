"""A whole split of recordings as labelled frames, ready for a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.cache import cache_key, read_cached, write_cached
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

    def check_training(self) -> None:
        """Raise UserError for a class without a sample, and where no sample fills the last timestep."""
        check_classes(self.labels, self.classes)
        busy = np.flatnonzero(self.frames.any(axis=(0, 2, 3, 4)))
        timesteps = self.frames.shape[1]
        if len(busy) and busy[-1] + 1 < timesteps:
            raise too_long(timesteps, int(busy[-1]) + 1)


def check_classes(labels: NDArray[np.int64], classes: tuple[str, ...]) -> None:
    """Raise UserError for a class without a training sample."""
    missing = [name for number, name in enumerate(classes) if not (labels == number).any()]
    if missing:
        raise UserError(
            f"The training split has no sample of class {missing[0]!r}"
            + (f" (nor of {len(missing) - 1} more)" if missing[1:] else "")
            + ": add some, or leave that class out of every split."
        )


def too_long(timesteps: int, reached: int) -> UserError:
    """What to say of a schedule that begins with more timesteps than any recording reaches."""
    return UserError(
        f"The schedule asks for {timesteps} timesteps, but no training recording has events beyond "
        f"timestep {reached}: shorten the window or begin the schedule with {reached}."
    )


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

    Frames that were compressed before come from the disk (``cache``).

    Raises UserError for a class that ``classes`` does not have, and as `RecordingSet.entries`,
    `frame_shape` and `read_recording` do.
    """
    entries = chosen(recordings.entries(split), recordings.name, limit)
    classes = recordings.classes() if classes is None else classes
    sensor = (compression.sensor_height, compression.sensor_width)
    if not 1 <= compression.bits <= 8:
        raise UserError(f"compression: bits is {compression.bits}, but a frame holds counts of 1 to 8 bits.")
    labels = numbers(entries, classes)
    shape = (len(entries), *frame_shape(compression))
    paths = [entry.path for entry in entries]

    key = cache_key(entries, compression)
    cached = read_cached(key, shape)
    if cached is not None:
        return LabelledFrames(cached, labels, paths, classes)
    frames = np.empty(shape, dtype=np.uint8)
    for index, entry in enumerate(entries):
        frames[index] = compress(entry.read(sensor), compression)
        if progress is not None:
            progress(index + 1, len(entries))
    write_cached(key, frames)
    return LabelledFrames(frames, labels, paths, classes)


class _Labelled(Protocol):
    """A recording or an image."""

    @property
    def label(self) -> str: ...

    @property
    def name(self) -> str: ...


_Entry = TypeVar("_Entry", bound=_Labelled)


def chosen(entries: list[_Entry], name: str, limit: int | None) -> list[_Entry]:
    """``limit`` of the entries of the set called ``name``, spread evenly; all without a limit."""
    if limit is None or limit >= len(entries):
        return entries
    if limit < 1:
        raise UserError(f"{name}: cannot load {limit} recordings; ask for at least 1.")
    return [entries[i * len(entries) // limit] for i in range(limit)]


def numbers(entries: Sequence[_Labelled], classes: tuple[str, ...]) -> NDArray[np.int64]:
    """(N,) numbers of the entries' classes. Raises UserError for a class that is none of ``classes``."""
    number = {name: index for index, name in enumerate(classes)}
    for entry in entries:
        if entry.label not in number:
            raise UserError(
                f"{entry.name}: the model knows no class {entry.label!r}, only {', '.join(classes)}; "
                "remove that folder or train a model with it."
            )
    return np.array([number[entry.label] for entry in entries], dtype=np.int64)
