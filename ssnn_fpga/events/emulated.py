"""A data set for a machine with no data: handwritten digits before an emulated event camera.

The 1797 digits of 8 × 8 pixels that ship inside scikit-learn are enlarged and moved along
N-MNIST's three saccades (Orchard et al. 2015): a triangle of two diagonal and one horizontal
movement, about 100 ms each. The recordings have N-MNIST's format, sensor and number of events, but
are easier to classify: a figure that was measured on them says nothing about N-MNIST.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.camera import EventCamera, Floats
from ssnn_fpga.events.dataset import Entry, RecordingSet
from ssnn_fpga.events.recording import NMNIST_SENSOR, write_recording

NAME = "emulated digits"
DIGIT_PIXELS = 24  # extent of a digit on the sensor
SACCADES = ((3.5, 7.0), (3.5, -7.0), (-7.0, 0.0))  # (right, down) in pixels
SACCADE_US = 102_000
STEPS = 24  # simulated frames of one saccade: less than a third of a pixel each
DARK = 0.15  # intensity of the background; a stroke adds up to 1
THRESHOLD, THRESHOLD_SPREAD = 0.42, 0.04  # log intensity: mean and deviation between pixels
NOISE_HZ = 0.5  # background events of one pixel
BATCH = 50  # digits simulated together, few enough for the processor's cache


def emulated_digits(train: int = 1000, test: int = 100, seed: int = 0) -> RecordingSet:
    """``train`` + ``test`` recordings of different digits, the same for the same ``seed``.

    Raises UserError where scikit-learn has not so many digits, or is missing.
    """
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise UserError(
            "emulated digits need scikit-learn; pip install 'ssnn-fpga[train]' or give your own recordings."
        ) from error
    digits = load_digits()
    if train < 0 or test < 0 or train + test > len(digits.images):
        raise UserError(
            f"emulated digits: there are {len(digits.images)} digits, too few for {train} train and {test} "
            "test recordings; ask for fewer."
        )
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(digits.images))[: train + test]
    images, labels = digits.images[chosen] / digits.images.max(), digits.target[chosen]
    entries = []
    for index, content in enumerate(_record(images, random)):
        split, label = "train" if index < train else "test", str(labels[index])
        path = f"{split}/{label}/{index:05d}.bin"
        entries.append(Entry(path, split, label, content, f"{NAME}/{path}"))
    return RecordingSet(NAME, entries)


def _record(images: NDArray[np.float64], random: np.random.Generator) -> Iterator[bytes]:
    """The ``.bin`` bytes of each of ``images`` (N, 8, 8), intensities 0 … 1."""
    threshold = np.maximum(random.normal(THRESHOLD, THRESHOLD_SPREAD, NMNIST_SENSOR), THRESHOLD / 2)
    for first in range(0, len(images), BATCH):
        batch = images[first : first + BATCH].astype(np.float32)
        position = np.array([-3.5, -3.5])  # the triangle of the saccades lies around the middle
        camera = EventCamera(_scene(batch, position), threshold.astype(np.float32))
        for saccade in SACCADES:
            for _ in range(STEPS):
                position = position + np.array(saccade) / STEPS
                camera.show(_scene(batch, position), SACCADE_US / STEPS)
        camera.add_noise(NOISE_HZ, random)
        yield from map(write_recording, camera.recordings())


def _scene(images: Floats, position: NDArray[np.float64]) -> Floats:
    """Log intensity (N, H, W) on the sensor, the digits ``position`` = (right, down) of the middle."""
    height, width = NMNIST_SENSOR
    columns = _interpolation(width, images.shape[2], position[0])
    rows = _interpolation(height, images.shape[1], position[1])
    scene: Floats = np.log(DARK + rows @ images @ columns.T)
    return scene


def _interpolation(pixels: int, samples: int, shift: float) -> Floats:
    """(pixels, samples): linear interpolation of a row of ``samples``, dark beyond its ends."""
    scale = DIGIT_PIXELS / samples
    at = (np.arange(pixels) - (pixels - 1) / 2 - shift) / scale + (samples - 1) / 2
    weight: NDArray[np.float64] = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(samples)))
    return weight.astype(np.float32)
