"""From a data set to what a recipe trains on: read once, in memory or from disk, and divided."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress

from quant_models.recipe import ImageRecipe, Recipe
from quant_models.samples import AnySamples, Samples, Splits, StoredSamples, hold_out
from ssnn_fpga.errors import UserError
from ssnn_fpga.events.compression import frame_shape
from ssnn_fpga.events.dataset import RecordingSet
from ssnn_fpga.events.frames import LabelledFrames, load_frames
from ssnn_fpga.events.images import ImageSet, direct_frames
from ssnn_fpga.events.lazy_frames import LazyFrames, lazy_images, lazy_recordings
from ssnn_fpga.network.layers import Activation, Compression

Data = RecordingSet | ImageSet


@dataclass(frozen=True)
class Reading:
    """How samples are held: a split of at most ``memory_bytes`` of frames lies in memory.

    Samples of a larger one are read batch by batch by ``workers`` processes, 0 for the training
    process itself. Neither changes what is learned.
    """

    memory_bytes: int = 2 << 30
    workers: int = 2


IN_MEMORY = Reading()


def splits_reader(
    data: Data, reading: Reading = IN_MEMORY, progress: bool = False, test: bool = True
) -> Callable[[Recipe], Splits]:
    """What gives the splits that a recipe trains on; phases of the same frames read them once.

    Validation is that of a validation split, else a share of the train split; without ``test`` the test
    split is not read. The result raises UserError for a recipe of images where ``data`` are recordings,
    and the other way round, and as ``load_frames``, ``direct_frames`` and ``hold_out`` do.
    """

    @lru_cache(maxsize=1)
    def read(compression: Compression | None, images: ImageRecipe | None) -> dict[str, AnySamples]:
        wanted = [split for split in data.splits if test or split != "test"]
        return {split: _read(data, split, compression, images, reading, progress) for split in wanted}

    def splits(recipe: Recipe) -> Splits:
        _check_kind(recipe, data)
        found = read(recipe.frame_compression(), recipe.images)
        if "train" not in found:
            data.entries("train")  # says which splits there are
        training, validation = found["train"], found.get("validation")
        if validation is None:
            training, validation = hold_out(training, recipe.training.validation, recipe.training.seed)
        return Splits(training, validation, found.get("test"), _classes(data), data.name)

    return splits


def load_splits(recipe: Recipe, data: Data, reading: Reading = IN_MEMORY) -> Splits:
    """The splits that ``recipe`` trains on; see ``splits_reader``."""
    return splits_reader(data, reading)(recipe)


def _check_kind(recipe: Recipe, data: Data) -> None:
    if recipe.images is not None and isinstance(data, RecordingSet):
        raise UserError(
            f"recipe {recipe.name} is for images, but {data.name} holds recordings: "
            "give images as --data images:PATH, or a recipe with [compression]."
        )
    if recipe.images is None and isinstance(data, ImageSet):
        raise UserError(
            f"recipe {recipe.name} is for recordings, but {data.name} holds images: "
            "give emulated:PATH to have them recorded, or a recipe with [images]."
        )


def _classes(data: Data) -> tuple[str, ...]:
    return data.classes if isinstance(data, ImageSet) else data.classes()


def _read(
    data: Data,
    split: str,
    compression: Compression | None,
    images: ImageRecipe | None,
    reading: Reading,
    progress: bool,
) -> AnySamples:
    """One split, checked if it is for training."""
    size = (images.channels, images.height, images.width) if images else (0, 0, 0)
    shape = (1, *size) if compression is None else frame_shape(compression)
    count = len(data.entries(split))
    lazy = count * math.prod(shape) > reading.memory_bytes
    with Progress(console=Console(stderr=True), transient=True, disable=not progress or lazy) as bar:
        task = bar.add_task(f"reading the {split} split", total=count)

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        loaded: LabelledFrames | LazyFrames
        if isinstance(data, ImageSet):
            frame = Activation(1, *size, 255)
            loaded = (
                lazy_images(data, split, size, data.classes)
                if lazy
                else direct_frames(data, split, frame, progress=show)
            )
        else:
            assert compression is not None
            loaded = (
                lazy_recordings(data, split, compression, data.classes())
                if lazy
                else load_frames(data, split, compression, data.classes(), progress=show)
            )
    if split == "train":
        loaded.check_training()
    if isinstance(loaded, LazyFrames):
        return StoredSamples(loaded, torch.arange(count), reading.workers)
    frames = np.require(loaded.frames, requirements="W")  # images are a view that repeats one frame
    return Samples(torch.from_numpy(frames), torch.from_numpy(loaded.labels))
