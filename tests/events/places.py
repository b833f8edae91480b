"""What the tests of the event station read: real N-MNIST where it is found, else a stand-in."""

from __future__ import annotations

import os
import tarfile
from functools import cache
from pathlib import Path

import numpy as np

from ssnn_fpga.events.dataset import NoRecordings, open_recordings
from ssnn_fpga.events.recording import EVENT, Events, write_recording

CHECKOUT = Path(__file__).parents[2]


@cache
def real_nmnist() -> Path | None:
    """Folder or archive of real N-MNIST: SSNN_FPGA_DATA, or ../shared/data beside the checkout."""
    place = Path(os.environ.get("SSNN_FPGA_DATA") or CHECKOUT.parent / "shared" / "data")
    try:
        return place if place.exists() and "nmnist" in open_recordings(place).name.lower() else None
    except NoRecordings:
        return None


def some_events(random: np.random.Generator, count: int = 200, sensor: tuple[int, int] = (34, 34)) -> Events:
    """Random events in order of time, within about 300 ms."""
    events = np.empty(count, dtype=EVENT)
    events["t"] = np.sort(random.integers(306_000, size=count))
    events["y"], events["x"] = random.integers(sensor[0], size=count), random.integers(sensor[1], size=count)
    events["p"] = random.integers(2, size=count)
    return events


def write_folder(folder: Path, seed: int = 0, splits: tuple[str, ...] = ("Train", "Test")) -> Path:
    """A small data set in N-MNIST's layout: ten classes, two recordings of each in each split."""
    random = np.random.default_rng(seed)
    for split in splits:
        for number in range(20):
            file = folder / split / str(number % 10) / f"{number:05d}.bin"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(write_recording(some_events(random)))
    return folder


def pack(folder: Path, archive: Path, top: str = ".") -> Path:
    """Put the contents of ``folder`` into ``archive``, below the folder ``top``."""
    mode = {".gz": "w:gz", ".xz": "w:xz"}.get(archive.suffix, "w")
    with tarfile.open(archive, mode) as tar:  # type: ignore[call-overload]
        tar.add(folder, arcname=top)
    return archive


def shared(*parts: str) -> Path | None:
    """A file or folder of ../shared/data beside the checkout, None where this machine has none."""
    place = (CHECKOUT.parent / "shared" / "data").joinpath(*parts)
    return place if place.exists() else None
