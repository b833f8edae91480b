"""Images before an emulated event camera: recordings of any image set, and of a machine with no data.

The camera sees the image move along N-MNIST's three saccades (Orchard et al. 2015): a triangle of two
diagonal and one horizontal movement, about 100 ms each. Without data the images are the 1797 digits of
8 × 8 pixels that ship inside scikit-learn, enlarged: recordings with N-MNIST's format, sensor and number
of events, but easier to classify; a figure that was measured on them says nothing about N-MNIST.

Other images are recorded as N-MNIST was. Its path, pace, contrast and polarity were fitted to 50
training recordings of N-MNIST beside the MNIST images that they show: frames of 12 bins correlate by
0.72 (by 0.06 where the camera moves as before the digits).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.camera import EventCamera, Floats
from ssnn_fpga.events.dataset import Entry, RecordingSet
from ssnn_fpga.events.images import ImageEntry, ImageSet
from ssnn_fpga.events.libraries import library
from ssnn_fpga.events.recording import NMNIST_SENSOR, Events, write_recording

NAME = "emulated digits"
DIGIT_PIXELS = 24  # extent of a digit on the sensor
SACCADE_US = 102_000
STEPS = 24  # simulated frames of one saccade: less than a third of a pixel each
THRESHOLD_SPREAD = 0.04  # of the log intensity that an event takes: deviation between pixels
NOISE_HZ = 0.5  # background events of one pixel
BATCH = 50  # images simulated together, few enough for the processor's cache
MOVEMENT = 6  # pixels of the sensor beside the image, which the saccades need
LARGEST_IMAGE = 122  # pixels; larger ones are scaled down: with the movement, a sensor of 128


@dataclass(frozen=True)
class Show:
    """How images are shown to the camera."""

    path: tuple[tuple[float, float], ...]  # (right, down) of the middle in pixels, where saccades end
    eased: bool  # a saccade speeds up and slows down
    dark: float  # intensity of the background; a stroke adds up to 1
    threshold: float  # log intensity that an event takes, mean of the pixels
    negative: bool  # strokes darken: an event's polarity is turned round


DIGITS = Show(((-3.5, -3.5), (0.0, 3.5), (3.5, -3.5), (-3.5, -3.5)), False, 0.15, 0.42, False)
AS_NMNIST = Show(((-2.5, -2.0), (-1.5, 4.5), (3.75, -2.0), (-2.5, -2.0)), True, 0.213, 0.33, True)


def emulated_digits(train: int = 1000, test: int = 100, seed: int = 0) -> RecordingSet:
    """``train`` + ``test`` recordings of different digits, the same for the same ``seed``.

    Raises UserError where scikit-learn has not so many digits, or is missing.
    """
    digits = library("sklearn.datasets", "Emulated digits").load_digits()
    if train < 0 or test < 0 or train + test > len(digits.images):
        raise UserError(
            f"emulated digits: there are {len(digits.images)} digits, too few for {train} train and {test} "
            "test recordings; ask for fewer."
        )
    random = np.random.default_rng(seed)
    chosen = random.permutation(len(digits.images))[: train + test]
    images, labels = digits.images[chosen] / digits.images.max(), digits.target[chosen]
    entries = []
    for index, events in enumerate(_record(images, DIGITS, DIGIT_PIXELS, NMNIST_SENSOR, random, random)):
        split, label = "train" if index < train else "test", str(labels[index])
        path = f"{split}/{label}/{index:05d}.bin"
        entries.append(Entry(path, split, label, write_recording(events), f"{NAME}/{path}"))
    return RecordingSet(NAME, entries)


def emulated_images(images: ImageSet, seed: int = 0) -> RecordingSet:
    """A recording of every image, the same for the same ``seed``; each is made when it is read.

    The camera is square, of the largest image's size and room for the movement (of MNIST 34 × 34 pixels,
    as N-MNIST's); larger images than ``LARGEST_IMAGE`` are scaled down, colours become grey.
    """
    entries = []
    for number, split in enumerate(images.splits):
        sources = images.entries(split)
        size = min(LARGEST_IMAGE, max(images.entries(split)[0].read().shape[1:]))
        sensor = (size + MOVEMENT, size + MOVEMENT)
        batches = [sources[first : first + BATCH] for first in range(0, len(sources), BATCH)]
        for index, image in enumerate(sources):
            batch = tuple(batches[index // BATCH])
            make = partial(_one_of, batch, index % BATCH, size, (seed, number, index // BATCH))
            path = f"{image.path.rsplit('.', 1)[0]}.bin"
            name = f"emulated {image.name}"
            entries.append(Entry(path, split, image.label, make, name, sensor, _identity(image, seed, index)))
    return RecordingSet(f"emulated {images.name}", entries)


def _identity(image: ImageEntry, seed: int, index: int) -> str:
    """Stands for a recording's content: the image, its place in the batches, and how it is recorded."""
    return f"{image.fingerprint()} {seed} {index} {AS_NMNIST}"


def _one_of(batch: tuple[ImageEntry, ...], index: int, size: int, seeds: tuple[int, ...]) -> Events:
    """The recording of one image of a batch, which is simulated whole and kept for the next one."""
    return _recorded(batch, size, seeds)[index]


@lru_cache(maxsize=1)
def _recorded(batch: tuple[ImageEntry, ...], size: int, seeds: tuple[int, ...]) -> list[Events]:
    images = np.stack([image.read(1, (size, size))[0] for image in batch]) / 255
    sensor = (size + MOVEMENT, size + MOVEMENT)
    camera, noise = np.random.default_rng(seeds[0]), np.random.default_rng(seeds)
    return list(_record(images, AS_NMNIST, size, sensor, camera, noise))


def _record(
    images: NDArray[np.float64],
    show: Show,
    extent: int,
    sensor: tuple[int, int],
    pixels: np.random.Generator,
    noise: np.random.Generator,
) -> Iterator[Events]:
    """The recording of each of ``images`` (N, n, n), intensities 0 … 1, ``extent`` pixels on the sensor.

    ``pixels`` draws their thresholds, ``noise`` the background events.
    """
    threshold = np.maximum(pixels.normal(show.threshold, THRESHOLD_SPREAD, sensor), show.threshold / 2)
    for first in range(0, len(images), BATCH):
        batch = images[first : first + BATCH].astype(np.float32)
        scene = _scene(batch, np.array(show.path[0]), extent, sensor, show.dark)
        camera = EventCamera(scene, threshold.astype(np.float32))
        for start, end in pairwise(np.array(show.path)):
            for step in range(1, STEPS + 1):
                way = (1 - np.cos(np.pi * step / STEPS)) / 2 if show.eased else step / STEPS
                scene = _scene(batch, start + (end - start) * way, extent, sensor, show.dark)
                camera.show(scene, SACCADE_US / STEPS)
        camera.add_noise(NOISE_HZ, noise)
        for events in camera.recordings():
            if show.negative:
                events["p"] = 1 - events["p"]
            yield events


def _scene(
    images: Floats, position: NDArray[np.float64], extent: int, sensor: tuple[int, int], dark: float
) -> Floats:
    """Log intensity (N, H, W) on the sensor, the images ``position`` = (right, down) of the middle."""
    height, width = sensor
    columns = _interpolation(width, images.shape[2], extent, position[0])
    rows = _interpolation(height, images.shape[1], extent, position[1])
    scene: Floats = np.log(dark + rows @ images @ columns.T)
    return scene


def _interpolation(pixels: int, samples: int, extent: int, shift: float) -> Floats:
    """(pixels, samples): linear interpolation of a row of ``samples``, dark beyond its ends."""
    scale = extent / samples
    at = (np.arange(pixels) - (pixels - 1) / 2 - shift) / scale + (samples - 1) / 2
    weight: NDArray[np.float64] = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(samples)))
    return weight.astype(np.float32)
