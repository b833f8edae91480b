"""Image sets: MNIST, CIFAR-10, CIFAR-100 in their native files, and folders or archives of pictures.

They serve direct encoding, where a network sees the same image at every timestep, and the emulated
camera (``emulated``). Nothing here unpickles: of CIFAR, the binary version is read.
"""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import ARCHIVE_SUFFIXES, SPLITS, archived, in_order
from ssnn_fpga.events.frames import LabelledFrames, chosen, numbers
from ssnn_fpga.events.libraries import library
from ssnn_fpga.network.layers import Activation

Pixels = NDArray[np.uint8]

_PICTURES = (".jpg", ".jpeg", ".png")
_IDX = {"train": "train", "test": "t10k"}
_IDX_MAGIC = {3: 0x803, 1: 0x801}  # of unsigned bytes, by the number of axes
_CIFAR_PIXELS = (3, 32, 32)
_AGAIN = "fetch it again: `ssnn-fpga download {} --out FOLDER`"
_LUMA = np.array([299, 587, 114])  # thousandths of red, green and blue (ITU-R BT.601)


@dataclass(frozen=True, eq=False)
class ImageEntry:
    """One image, not yet decoded."""

    path: str
    split: str
    label: str
    source: Pixels | Path | bytes  # (C, H, W), or the picture's file or its bytes
    name: str  # what messages call it

    def read(self, channels: int | None = None, size: tuple[int, int] | None = None) -> Pixels:
        """(C, H, W), 0 … 255, as stored, or with 1 or 3 ``channels`` and of ``size`` (height, width).

        A picture of another size is scaled until it covers ``size`` and cut in the middle. Raises
        UserError where the picture is broken.
        """
        pixels = self.source if isinstance(self.source, np.ndarray) else _picture(self.source, self.name)
        if channels == 1 and len(pixels) == 3:
            pixels = ((np.tensordot(_LUMA, pixels.astype(np.int64), 1) + 500) // 1000)[None].astype(np.uint8)
        elif channels == 3 and len(pixels) == 1:
            pixels = np.repeat(pixels, 3, axis=0)
        return pixels if size in (None, pixels.shape[1:]) else _fitted(pixels, size)

    def fingerprint(self) -> str:
        """Changes with the picture's content; of a file, with its place, size and time of change."""
        if isinstance(self.source, Path):
            state = self.source.stat()
            return f"{self.source} {state.st_size} {state.st_mtime_ns}"
        content = self.source.tobytes() if isinstance(self.source, np.ndarray) else self.source
        return hashlib.sha256(content).hexdigest()


class ImageSet:
    """Images in splits and classes."""

    def __init__(self, name: str, entries: list[ImageEntry], classes: tuple[str, ...] | None = None) -> None:
        """``classes`` in the set's own order; by name if not given."""
        self.name = name
        self._entries = sorted(entries, key=lambda entry: entry.path)
        self.classes = classes or in_order({entry.label for entry in entries})

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits that have images: of "train", "validation", "test"."""
        present = {entry.split for entry in self._entries}
        return tuple(split for split in dict.fromkeys(SPLITS.values()) if split in present)

    def entries(self, split: str) -> list[ImageEntry]:
        """Images of ``split``, sorted by path. Raises UserError for a missing split."""
        found = [entry for entry in self._entries if entry.split == split]
        if not found:
            raise UserError(
                f"{self.name} has no {split} split, only {', '.join(self.splits)}; "
                "choose another split or another data set."
            )
        return found


def open_images(path: Path) -> ImageSet:
    """The image set in a folder or tar archive.

    A folder with MNIST's four idx files (plain or .gz), with CIFAR's binary files, or an archive of these;
    else pictures laid out <split>/<class>/<picture>.jpg or .png, as ImageNet's. Raises UserError where
    there is none, and for broken files.
    """
    if not path.exists():
        raise UserError(f"{path}: no such file or folder; give the folder or archive of the images.")
    for reader in (_mnist, _cifar, _pictures):
        images = reader(path)
        if images is not None:
            return images
    raise UserError(
        f"{path}: holds neither MNIST's idx files, nor CIFAR's binary files, nor pictures laid out "
        "<split>/<class>/<picture>.jpg; `ssnn-fpga download mnist --out FOLDER` fetches the first."
    )


def direct_frames(
    images: ImageSet,
    split: str,
    frame: Activation,
    classes: tuple[str, ...] | None = None,
    limit: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LabelledFrames:
    """Images of ``split`` as input of a network whose input edge is ``frame``: the same at every timestep.

    The frames (N, T, C, H, W) repeat one image in memory. Values 0 … 255 become 0 … ``frame.maximum`` by
    their highest bits. Arguments and errors as `load_frames`; raises UserError too for a network that
    reads neither 1 nor 3 channels.
    """
    if frame.channels not in (1, 3):
        raise UserError(f"{images.name}: the model reads {frame.channels} channels, and images have 1 or 3.")
    entries = chosen(images.entries(split), images.name, limit)
    classes = images.classes if classes is None else classes
    labels = numbers(entries, classes)
    pixels = np.empty((len(entries), 1, *frame.shape[1:]), dtype=np.uint8)
    for index, entry in enumerate(entries):
        pixels[index, 0] = entry.read(frame.channels, frame.shape[2:])
        if progress is not None:
            progress(index + 1, len(entries))
    shift = 8 - min(8, frame.maximum.bit_length())
    frames = np.broadcast_to(pixels >> shift, (len(entries), *frame.shape))
    return LabelledFrames(frames, labels, [entry.path for entry in entries], classes)


# Reading


def _mnist(path: Path) -> ImageSet | None:
    entries = []
    for split, stem in _IDX.items():
        images = _idx(path, f"{stem}-images-idx3-ubyte", 3)
        labels = _idx(path, f"{stem}-labels-idx1-ubyte", 1)
        if images is None or labels is None:
            continue
        if len(images) != len(labels):
            raise UserError(
                f"{path}: {stem} has {len(images)} images but {len(labels)} labels; {_AGAIN.format('mnist')}."
            )
        for index, (image, label) in enumerate(zip(images, labels, strict=True)):
            place = f"{split}/{label}/{index:05d}"
            entries.append(ImageEntry(place, split, str(label), image[None], f"{path.name}/{stem} {index}"))
    return ImageSet(path.name, entries) if entries else None


def _idx(folder: Path, name: str, axes: int) -> Pixels | None:
    """The array in an idx file: a magic number, one 32-bit length an axis, bytes."""
    for file in (folder / name, folder / f"{name}.gz"):
        if not file.exists():
            continue
        data = file.read_bytes()
        try:
            data = gzip.decompress(data) if file.suffix == ".gz" else data
        except (OSError, EOFError, zlib.error) as error:
            raise UserError(f"{file}: cannot be unpacked ({error}); {_AGAIN.format('mnist')}.") from error
        head = np.frombuffer(data[: 4 * (1 + axes)].ljust(4 * (1 + axes), b"\0"), ">u4").astype(np.int64)
        if head[0] != _IDX_MAGIC[axes] or len(data) != 4 * (1 + axes) + math.prod(head[1:].tolist()):
            raise UserError(f"{file}: is no idx file of {axes} axes, or truncated; {_AGAIN.format('mnist')}.")
        return np.frombuffer(data, np.uint8, offset=4 * (1 + axes)).reshape(head[1:])
    return None


def _cifar(path: Path) -> ImageSet | None:
    """CIFAR-10: records of a label and an image; CIFAR-100: a coarse label, a fine label and an image."""
    names: dict[str, Path | bytes] = {}
    if path.is_dir():
        names = {file.name: file for file in path.rglob("*") if file.suffix in (".bin", ".txt")}
    elif path.name.lower().endswith(ARCHIVE_SUFFIXES):
        names = {PurePosixPath(p).name: c for p, c in archived(path, (".bin", ".txt")).items()}
    ten = {f"data_batch_{number}.bin": "train" for number in range(1, 6)} | {"test_batch.bin": "test"}
    hundred = {"train.bin": "train", "test.bin": "test"}
    for files, listing, labels in ((ten, "batches.meta.txt", 1), (hundred, "fine_label_names.txt", 2)):
        if listing in names and any(file in names for file in files):
            classes = tuple(_content(names[listing]).decode().split())
            entries = [
                entry
                for file, split in files.items()
                if file in names
                for entry in _cifar_records(
                    f"{path.name}/{file}", _content(names[file]), split, labels, classes
                )
            ]
            return ImageSet(path.name, entries, classes)
    return None


def _cifar_records(
    name: str, data: bytes, split: str, labels: int, classes: tuple[str, ...]
) -> Iterator[ImageEntry]:
    size = labels + math.prod(_CIFAR_PIXELS)
    if not data or len(data) % size:
        raise UserError(
            f"{name}: {len(data)} bytes are no whole number of {size}-byte records; "
            f"{_AGAIN.format('cifar10')}."
        )
    stem = PurePosixPath(name).stem
    for index, record in enumerate(np.frombuffer(data, np.uint8).reshape(-1, size)):
        if record[labels - 1] >= len(classes):
            raise UserError(
                f"{name}: image {index} has the label {record[labels - 1]}; {_AGAIN.format('cifar10')}."
            )
        label = classes[record[labels - 1]]
        place = f"{split}/{label}/{stem}_{index:05d}"
        yield ImageEntry(place, split, label, record[labels:].reshape(_CIFAR_PIXELS), f"{name} {index}")


def _pictures(path: Path) -> ImageSet | None:
    files: dict[str, Path | bytes] = {}
    if path.is_dir():
        files = {
            file.relative_to(path).as_posix(): file
            for file in path.rglob("*")
            if file.name.lower().endswith(_PICTURES)
        }
        archives = [file for file in sorted(path.iterdir()) if file.name.lower().endswith(ARCHIVE_SUFFIXES)]
        if not files and len(archives) == 1:
            return _pictures(archives[0])
    elif path.name.lower().endswith(ARCHIVE_SUFFIXES):
        files = archived(path, _PICTURES)
    entries = []
    for place, source in files.items():
        parts = PurePosixPath(place).parts[-3:]
        if len(parts) == 3 and parts[0].lower() in SPLITS:
            below, split = "/".join(parts), SPLITS[parts[0].lower()]
            entries.append(ImageEntry(below, split, parts[1], source, f"{path.name}/{place}"))
    return ImageSet(path.name, entries) if entries else None


def _content(source: Path | bytes) -> bytes:
    return source if isinstance(source, bytes) else source.read_bytes()


def _picture(source: Path | bytes, name: str) -> Pixels:
    """(C, H, W) of a picture: one channel if it is grey, else red, green and blue."""
    image_library = library("PIL.Image", "Pictures")
    try:
        with image_library.open(BytesIO(_content(source))) as image:
            grey = image.mode in ("1", "L", "LA", "I", "I;16")
            pixels = np.asarray(image.convert("L" if grey else "RGB"))
    except (OSError, ValueError, SyntaxError, image_library.DecompressionBombError) as error:
        raise UserError(f"{name}: the picture cannot be read ({error}); fetch it again.") from error
    return pixels[None] if grey else np.ascontiguousarray(pixels.transpose(2, 0, 1))


def _fitted(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    images, operations = library("PIL.Image", "Pictures"), library("PIL.ImageOps", "Pictures")
    image = images.fromarray(pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0))
    fitted = np.asarray(operations.fit(image, (size[1], size[0]), images.Resampling.BILINEAR))
    return fitted[None] if fitted.ndim == 2 else np.ascontiguousarray(fitted.transpose(2, 0, 1))
