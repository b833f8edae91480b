"""What is trained on: frames and class numbers, split into training, validation and test.

Samples that fit into memory lie there (and on the GPU) whole; of larger sets each batch is read when
it is wanted, by worker processes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, get_worker_info

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.lazy_frames import LazyFrames


@dataclass(frozen=True)
class Samples:
    """Frames uint8 (N, T, C, H, W) and class numbers (N,); images have T = 1."""

    frames: Tensor
    labels: Tensor
    workers = 0  # processes that read batches

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, indices: Tensor | slice) -> Samples:
        return Samples(self.frames[indices], self.labels[indices])

    def __getitems__(self, rows: Sequence[int]) -> Samples:
        """A batch, as torch's DataLoader asks for it."""
        return self[torch.tensor(rows, dtype=torch.long, device=self.labels.device)]

    def to(self, device: torch.device) -> Samples:
        """The same on another device."""
        return Samples(self.frames.to(device), self.labels.to(device))

    def loaded(self) -> Samples:
        """The same in memory."""
        return self

    def batches(self, size: int) -> Iterator[Samples]:
        """All of them in order, ``size`` at a time."""
        for frames, labels in zip(self.frames.split(size), self.labels.split(size), strict=True):
            yield Samples(frames, labels)

    def fingerprint(self) -> Iterator[bytes | NDArray[np.generic]]:
        """What changes with any frame or label."""
        yield self.frames.contiguous().numpy()
        yield self.labels.contiguous().numpy()


@dataclass(frozen=True)
class StoredSamples:
    """Samples on disk: the ``rows`` (N,) of a source; batches are read by ``workers`` processes."""

    source: LazyFrames
    rows: Tensor
    workers: int = 0

    @property
    def labels(self) -> Tensor:
        """Class numbers (N,)."""
        return torch.from_numpy(self.source.labels)[self.rows]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, indices: Tensor | slice) -> StoredSamples:
        return StoredSamples(self.source, self.rows[indices], self.workers)

    def __getitems__(self, rows: Sequence[int]) -> Samples | UserError:
        """A batch, as torch's DataLoader asks for it.

        A worker's error would arrive as a traceback in a sentence's place, so a worker returns a broken
        sample's UserError, which `delivered` raises.
        """
        chosen = self.rows[list(rows)].numpy()
        try:
            frames = np.stack([self.source.read(int(row)) for row in chosen])
        except UserError as error:
            if get_worker_info() is None:
                raise
            return error
        return Samples(torch.from_numpy(frames), torch.from_numpy(self.source.labels[chosen]))

    def to(self, device: torch.device) -> StoredSamples:
        """Itself: batches go to the device when they are read."""
        return self

    def loaded(self) -> Samples:
        """The same in memory. Raises UserError for a broken sample."""
        return delivered(self.__getitems__(range(len(self))))

    def batches(self, size: int) -> Iterator[Samples]:
        """All of them in order, ``size`` at a time. Raises UserError for a broken sample."""
        rows = [list(range(first, min(first + size, len(self)))) for first in range(0, len(self), size)]
        yield from map(delivered, batch_loader(self, rows))

    def fingerprint(self) -> Iterator[bytes | NDArray[np.generic]]:
        """What changes with any sample of the source, or the choice of rows."""
        yield self.source.fingerprint.encode()
        yield self.rows.numpy()
        yield self.labels.numpy()


AnySamples: TypeAlias = Samples | StoredSamples


def batch_loader(samples: AnySamples, rows: object) -> DataLoader[Samples | UserError]:
    """Batches of ``samples``, the next ones read in advance; ``rows`` has the row numbers of each."""
    return DataLoader(
        samples,  # type: ignore[arg-type]
        batch_sampler=rows,  # type: ignore[arg-type]
        collate_fn=_as_it_is,
        num_workers=samples.workers,
    )


def _as_it_is(batch: Samples | UserError) -> Samples | UserError:
    return batch


def delivered(batch: Samples | UserError) -> Samples:
    """The batch, where it could be read. Raises the UserError that came in its place."""
    if isinstance(batch, UserError):
        raise batch
    return batch


@dataclass(frozen=True)
class Splits:
    """All that a training sees; the test samples are looked at when it has ended."""

    training: AnySamples
    validation: AnySamples
    test: AnySamples | None
    classes: tuple[str, ...]
    name: str

    def digest(self) -> str:
        """A fingerprint of frames and labels: a run is resumed on the very data it began with."""
        digest = hashlib.sha256()
        for part in (self.training, self.validation):
            for content in part.fingerprint():
                digest.update(content)
        return digest.hexdigest()


def hold_out(samples: AnySamples, share: float, seed: int) -> tuple[AnySamples, AnySamples]:
    """Training and validation samples: of each class ``share``, at least one, goes to validation."""
    random = np.random.default_rng(seed)
    labels = samples.labels.numpy()
    held = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        held[members[: max(1, round(len(members) * share))]] = True
    if held.all():
        raise UserError("the train split has a single recording of each class: give at least two.")
    return samples[torch.from_numpy(~held)], samples[torch.from_numpy(held)]
