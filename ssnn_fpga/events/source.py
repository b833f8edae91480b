"""Where the recordings come from: the user's choice, N-MNIST beside the checkout, or emulation."""

from __future__ import annotations

import os
from pathlib import Path

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import NoRecordings, RecordingSet, open_recordings
from ssnn_fpga.events.emulated import emulated_digits

VARIABLE = "SSNN_FPGA_DATA"
"""Environment variable that names a folder or archive of recordings."""


def find_recordings(explicit: Path | None = None) -> tuple[RecordingSet, str]:
    """The recordings to use, and in words for the user which they are.

    In this order: ``explicit``, the environment's SSNN_FPGA_DATA, ``../shared/data`` beside the
    working directory if it holds recordings, emulated digits. Raises UserError where the first two,
    if given, or an archive in the third cannot be used: nobody's data is passed over in silence.
    """
    if explicit is not None:
        return _described(open_recordings(explicit))
    if variable := os.environ.get(VARIABLE):
        try:
            return _described(open_recordings(Path(variable)))
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


def _described(recordings: RecordingSet) -> tuple[RecordingSet, str]:
    nmnist = "nmnist" in recordings.name.lower().replace("-", "").replace("_", "")
    kind = "N-MNIST" if nmnist else "event recordings"
    return recordings, f"{kind}, {_counts(recordings)} ({recordings.name})"


def _counts(recordings: RecordingSet) -> str:
    words = {"train": "training"}
    counts = [f"{len(recordings.entries(split))} {words.get(split, split)}" for split in recordings.splits]
    return f"{' and '.join(counts)} recordings"
