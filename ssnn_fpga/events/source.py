"""Where the recordings come from: the user's choice, N-MNIST beside the checkout, or emulation."""

from __future__ import annotations

import os
from pathlib import Path

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.catalogue import KNOWN, open_known
from ssnn_fpga.events.dataset import NoRecordings, RecordingSet, open_recordings
from ssnn_fpga.events.emulated import emulated_digits, emulated_images
from ssnn_fpga.events.images import ImageSet, open_images

VARIABLE = "SSNN_FPGA_DATA"
"""Environment variable that names a folder or archive of recordings."""

EMULATED, IMAGES = "emulated", "images"
"""``emulated:PATH`` records the images at PATH, ``images:PATH`` takes them as they are."""


def find_recordings(explicit: Path | None = None) -> tuple[RecordingSet, str]:
    """The recordings to use, and in words for the user which they are.

    In this order: ``explicit``, the environment's SSNN_FPGA_DATA, ``../shared/data`` beside the
    working directory if it holds recordings, emulated digits. The first two may be ``NAME:PATH`` with
    the name of a set of ``catalogue``, or ``emulated:PATH``. Raises UserError where they, if given, or an
    archive in the third cannot be used: nobody's data is passed over in silence.
    """
    if explicit is not None:
        return _open(explicit)
    if variable := os.environ.get(VARIABLE):
        try:
            return _open(Path(variable))
        except UserError as error:
            raise UserError(f"{VARIABLE}: {error}") from error
    beside = Path.cwd().parent / "shared" / "data"
    if beside.is_dir():
        try:
            return _described(open_recordings(beside))
        except NoRecordings:
            pass  # a folder of other things; only a broken archive is worth an error
    recordings = emulated_digits()
    return recordings, f"{recordings.name}, {_counts(recordings)} (no event recordings found)"


def find_images(explicit: Path | None) -> ImageSet | None:
    """The images that ``explicit``, else SSNN_FPGA_DATA, names as ``images:PATH``; None if it does not."""
    given = os.environ.get(VARIABLE, "") if explicit is None else str(explicit)
    kind, _, path = given.partition(":")
    return open_images(Path(path)) if kind == IMAGES and path else None


def find_data(explicit: Path | None) -> tuple[RecordingSet | ImageSet, str]:
    """The images that are named as `find_images` says, else the recordings of `find_recordings`."""
    images = find_images(explicit)
    if images is None:
        return find_recordings(explicit)
    return images, f"images of {images.name}, {_split_sizes(images)} images"


def _open(given: Path) -> tuple[RecordingSet, str]:
    """What a path, or ``NAME:PATH``, holds. A path that exists is one, whatever colons are in it."""
    name, colon, path = str(given).partition(":")
    if not colon or given.exists():
        return _described(open_recordings(given))
    if name == EMULATED:
        recordings = emulated_images(open_images(Path(path)))
        return recordings, f"{recordings.name}, {_counts(recordings)}"
    if name == IMAGES:
        raise UserError(
            f"{given}: the model reads recordings; give {EMULATED}:{path} to have the images recorded."
        )
    recordings = open_known(name, Path(path))
    return recordings, f"{KNOWN[name].title}, {_counts(recordings)} (split: {KNOWN[name].split})"


def _described(recordings: RecordingSet) -> tuple[RecordingSet, str]:
    nmnist = "nmnist" in recordings.name.lower().replace("-", "").replace("_", "")
    kind = "N-MNIST" if nmnist else "event recordings"
    return recordings, f"{kind}, {_counts(recordings)} ({recordings.name})"


def _counts(recordings: RecordingSet) -> str:
    return f"{_split_sizes(recordings)} recordings"


def _split_sizes(data: RecordingSet | ImageSet) -> str:
    words = {"train": "training"}
    return " and ".join(f"{len(data.entries(split))} {words.get(split, split)}" for split in data.splits)
