"""Frames of the learning experiments, made once: ``python -m benchmarks.learning_frames --data FOLDER``.

Event counts of 12 bins a recording, 8 bits, in one .npz file for each data set. Schedules that
begin with 12, 6, 4, 3, 2 or 1 timesteps add neighbouring bins up, which is what compression into
so few bins gives, and saturate then.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from rich.progress import track

from quant_models.run_folder import write_aside
from ssnn_fpga.errors import UserError
from ssnn_fpga.events.compression import compress
from ssnn_fpga.events.dataset import RecordingSet, open_recordings
from ssnn_fpga.network.layers import Compression

BINS = 12
WINDOW_US = 306_000
SETS = {"nmnist10": "nmnist_10class_1100", "nmnist6789": "nmnist_4class_6789"}


def write_frames(recordings: RecordingSet, out: Path) -> None:
    """Write frames (N, 12, 2, 34, 34) uint8 and labels of every split."""
    compression = Compression(34, 34, BINS, 8, WINDOW_US)
    classes = recordings.classes()
    arrays: dict[str, np.ndarray] = {"classes": np.array(classes)}
    for split in recordings.splits:
        entries = recordings.entries(split)
        described = track(entries, f"{out.stem}, {split}")
        arrays[f"{split}_frames"] = np.stack([compress(entry.read(), compression) for entry in described])
        arrays[f"{split}_labels"] = np.array([classes.index(entry.label) for entry in entries])
    write_aside(out, lambda path: _save(path, arrays))


def _save(path: Path, arrays: dict[str, np.ndarray]) -> None:
    with path.open("wb") as file:
        np.savez_compressed(file, **arrays)


def main() -> int:
    """Write what is not there yet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets")
    parser.add_argument("--out", type=Path, default=Path("build/learning"))
    parser.add_argument("--emulated", type=int, default=12000, help="emulated MNIST recordings; 0 for none")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name, folder in SETS.items():
        path = arguments.out / f"{name}.npz"
        if not path.exists():
            write_frames(open_recordings(arguments.data / folder), path)
    path = arguments.out / "emulated.npz"
    if arguments.emulated and not path.exists():
        try:
            from ssnn_fpga.events.emulated import emulated_images
            from ssnn_fpga.events.images import ImageSet, open_images
        except ImportError as error:
            raise UserError(f"no emulated recordings of images in this version: {error}.") from error
        images = open_images(arguments.data / "mnist_idx")
        entries = images.entries("train")
        chosen = [entries[i * len(entries) // arguments.emulated] for i in range(arguments.emulated)]
        write_frames(emulated_images(ImageSet(images.name, chosen, images.classes)), path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
