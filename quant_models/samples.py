"""What is trained on: frames and class numbers in memory, split into training, validation and test."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from quant_models.recipe import Recipe
from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import RecordingSet
from ssnn_fpga.events.frames import load_frames


@dataclass(frozen=True)
class Samples:
    """Frames uint8 (N, T, C, H, W) and class numbers (N,); images have T = 1."""

    frames: Tensor
    labels: Tensor

    @classmethod
    def of_images(cls, images: NDArray[np.uint8], labels: NDArray[np.int64]) -> Samples:
        """Images (N, H, W, C), the same at every timestep."""
        frames = np.ascontiguousarray(images.transpose(0, 3, 1, 2))[:, None]
        return cls(torch.from_numpy(frames), torch.from_numpy(labels))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, indices: Tensor | slice) -> Samples:
        return Samples(self.frames[indices], self.labels[indices])

    def to(self, device: torch.device) -> Samples:
        """The same on another device."""
        return Samples(self.frames.to(device), self.labels.to(device))


@dataclass(frozen=True)
class Splits:
    """All that a training sees; the test samples are looked at when it has ended."""

    training: Samples
    validation: Samples
    test: Samples | None
    classes: tuple[str, ...]
    name: str

    def digest(self) -> str:
        """A fingerprint of frames and labels: a run is resumed on the very data it began with."""
        digest = hashlib.sha256()
        for part in (self.training, self.validation):
            digest.update(part.frames.contiguous().numpy())
            digest.update(part.labels.contiguous().numpy())
        return digest.hexdigest()


def load_splits(recipe: Recipe, recordings: RecordingSet) -> Splits:
    """Compressed recordings. Validation is that of a validation split, else a share of the train split.

    Raises UserError for a recipe of images, and as ``load_frames`` and ``hold_out`` do.
    """
    compression = recipe.frame_compression()
    if compression is None:
        raise UserError(
            f"recipe {recipe.name} is for images, but {recordings.name} holds recordings: "
            "give a recipe with [compression]."
        )
    classes = recordings.classes()

    def split(name: str) -> Samples:
        loaded = load_frames(recordings, name, compression, classes=classes)
        if name == "train":
            loaded.check_training()
        return Samples(torch.from_numpy(loaded.frames), torch.from_numpy(loaded.labels))

    training = split("train")
    if "validation" in recordings.splits:
        validation = split("validation")
    else:
        training, validation = hold_out(training, recipe.training.validation, recipe.training.seed)
    test = split("test") if "test" in recordings.splits else None
    return Splits(training, validation, test, classes, recordings.name)


def hold_out(samples: Samples, share: float, seed: int) -> tuple[Samples, Samples]:
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
