"""Frames of the learning experiments, made once: ``python -m benchmarks.learning_frames --data FOLDER``.

One .npz file for each data set. Of recordings, event counts of 12 bins, 8 bits: schedules that begin
with 12, 6, 4, 3, 2 or 1 timesteps add neighbouring bins up, which is what compression into so few
bins gives, and saturate then. Of images, their pixels.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.progress import track

from quant_models.run_folder import write_aside
from ssnn_fpga.events.compression import compress
from ssnn_fpga.events.dataset import RecordingSet, open_recordings
from ssnn_fpga.events.emulated import emulated_images
from ssnn_fpga.events.images import ImageSet, open_images
from ssnn_fpga.network.layers import Compression

BINS = 12
WINDOW_US = 306_000


def write_frames(recordings: RecordingSet, out: Path) -> None:
    """Write frames (N, 12, 2, 34, 34) uint8 and labels of every split."""
    compression = Compression(34, 34, BINS, 8, WINDOW_US)
    classes = recordings.classes()
    arrays: dict[str, np.ndarray] = {"classes": np.array(classes)}
    for split in recordings.splits:
        entries = recordings.entries(split)
        described = track(entries, f"{out.stem}, {split}")
        frames = np.empty((len(entries), BINS, 2, 34, 34), np.uint8)  # filled in place: some take gigabytes
        for place, entry in enumerate(described):
            frames[place] = compress(entry.read(), compression)
        arrays[f"{split}_frames"] = frames
        arrays[f"{split}_labels"] = np.array([classes.index(entry.label) for entry in entries])
    write_aside(out, lambda path: _save(path, arrays))


def write_emulated(images: ImageSet, recordings: int, out: Path) -> None:
    """The same of ``recordings`` training images, evenly spaced, before the emulated camera."""
    entries = images.entries("train")
    chosen = [entries[i * len(entries) // recordings] for i in range(recordings)]
    write_frames(emulated_images(ImageSet(images.name, chosen, images.classes)), out)


def write_images(images: ImageSet, out: Path) -> None:
    """Write pixels (N, 1, C, H, W) uint8, one timestep each, and labels of every split."""
    arrays: dict[str, np.ndarray] = {"classes": np.array(images.classes)}
    for split in images.splits:
        entries = images.entries(split)
        described = track(entries, f"{out.stem}, {split}")
        arrays[f"{split}_frames"] = np.stack([entry.read() for entry in described])[:, None]
        arrays[f"{split}_labels"] = np.array([images.classes.index(entry.label) for entry in entries])
    write_aside(out, lambda path: _save(path, arrays))


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def _recordings(source: Path, out: Path) -> None:
    write_frames(open_recordings(source), out)


def _images(source: Path, out: Path) -> None:
    write_images(open_images(source), out)


def _emulated(recordings: int) -> Callable[[Path, Path], None]:
    return lambda source, out: write_emulated(open_images(source), recordings, out)


# by name: where it lies in the folder of the data sets, and what makes its file
SETS: dict[str, tuple[str, Callable[[Path, Path], None]]] = {
    "nmnist10": ("nmnist_10class_1100", _recordings),
    "nmnist6789": ("nmnist_4class_6789", _recordings),
    "mnist": ("mnist_idx", _images),
    "cifar10": ("cifar10_jpeg/cifar10_jpeg.tar.xz", _images),
    "emulated": ("mnist_idx", _emulated(10_000)),
    "emulated_whole": ("mnist_idx", _emulated(60_000)),
}


def main() -> int:
    """Write what is not there yet, of the sets that are in the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=Path("build/learning"))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, (source, write) in SETS.items():
        path, found = arguments.out / f"{name}.npz", arguments.data / source
        if not found.exists():
            print(f"{name}: no {found}, so what trains on it is left out")
        elif not path.exists():
            write(found, path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
