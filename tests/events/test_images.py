"""Image sets in their native files, direct encoding, and recordings of images."""

from __future__ import annotations

import gzip
import struct
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.compression import compress
from ssnn_fpga.events.dataset import open_recordings
from ssnn_fpga.events.emulated import emulated_images
from ssnn_fpga.events.images import direct_frames, open_images
from ssnn_fpga.events.source import VARIABLE, find_images, find_recordings
from ssnn_fpga.network.layers import Activation, Compression
from tests.events.places import pack, real_nmnist, shared

DIGITS = np.random.default_rng(0).integers(0, 256, (12, 28, 28)).astype(np.uint8)
COLOURS = np.random.default_rng(1).integers(0, 256, (12, 3, 32, 32)).astype(np.uint8)
LABELS = np.arange(12) % 4


def mnist(folder: Path, packed: bool = True) -> Path:
    """Ten training and two test images, as the publisher's four files."""
    folder.mkdir(parents=True)
    for stem, part in (("train", slice(0, 10)), ("t10k", slice(10, 12))):
        images, labels = DIGITS[part], LABELS[part]
        files = {
            f"{stem}-images-idx3-ubyte": struct.pack(">IIII", 2051, len(images), 28, 28) + images.tobytes(),
            f"{stem}-labels-idx1-ubyte": struct.pack(">II", 2049, len(labels)) + bytes(labels.tolist()),
        }
        for name, content in files.items():
            place = folder / (f"{name}.gz" if packed else name)
            place.write_bytes(gzip.compress(content) if packed else content)
    return folder


def cifar(folder: Path, classes: int) -> Path:
    """The binary version: labels of one (CIFAR-10) or two bytes (CIFAR-100: coarse, fine), then planes."""
    (folder / "batches").mkdir(parents=True)
    ten = classes == 10
    head = [bytes([label]) if ten else bytes([9, label]) for label in LABELS.tolist()]
    records = [label + image.tobytes() for label, image in zip(head, COLOURS, strict=True)]
    names = ("data_batch_1.bin", "test_batch.bin") if ten else ("train.bin", "test.bin")
    for name, part in zip(names, (records[:10], records[10:]), strict=True):
        (folder / "batches" / name).write_bytes(b"".join(part))
    listing = "batches.meta.txt" if ten else "fine_label_names.txt"
    (folder / "batches" / listing).write_text("zebra\ncat\ndog\nape\n")
    return folder


def pictures(folder: Path) -> Path:
    """ImageNet's layout: pictures of different sizes, one of them grey."""
    for number, size in enumerate([(40, 60), (64, 48), (30, 30)]):
        for split in ("train", "val"):
            pixels = np.full((size[1], size[0], 3), 60 * number, np.uint8)
            pixels[:, : size[0] // 2, 0] = 255
            image = Image.fromarray(pixels).convert("L" if number == 2 else "RGB")
            file = folder / split / f"n0{number}" / f"{split}_{number}.JPEG"
            file.parent.mkdir(parents=True)
            image.save(file, quality=95)
    return folder


@pytest.mark.parametrize("packed", [True, False])
def test_mnist(tmp_path: Path, packed: bool) -> None:
    images = open_images(mnist(tmp_path / "mnist", packed))
    assert images.splits == ("train", "test")
    assert images.classes == ("0", "1", "2", "3")
    entries = images.entries("test")
    assert [entry.label for entry in entries] == ["2", "3"]
    np.testing.assert_array_equal(entries[1].read(), DIGITS[11:12])


@pytest.mark.parametrize("classes", [10, 100])
@pytest.mark.parametrize("packed", [True, False])
def test_cifar(tmp_path: Path, classes: int, packed: bool) -> None:
    place = cifar(tmp_path / "cifar", classes)
    if packed:
        place = pack(place, tmp_path / "cifar.tar.gz")
    images = open_images(place)
    assert images.classes == ("zebra", "cat", "dog", "ape")
    assert [len(images.entries(split)) for split in images.splits] == [10, 2]
    (entry,) = (entry for entry in images.entries("test") if entry.label == "ape")
    np.testing.assert_array_equal(entry.read(), COLOURS[11])
    loaded = direct_frames(images, "test", Activation(2, 3, 32, 32, 255))
    assert sorted(loaded.labels.tolist()) == [2, 3]  # numbers of the publisher's order


def test_pictures_are_scaled_cut_and_converted(tmp_path: Path) -> None:
    images = open_images(pictures(tmp_path / "imagenet"))
    assert images.splits == ("train", "validation")
    assert images.classes == ("n00", "n01", "n02")
    wide, tall, grey = images.entries("train")
    assert (wide.read().shape, tall.read().shape, grey.read().shape) == (
        (3, 60, 40),
        (3, 48, 64),
        (1, 30, 30),
    )
    cut = wide.read(3, (20, 20)).astype(int)
    assert cut.shape == (3, 20, 20)
    assert (cut[0, :, :8] > 240).all()  # the red left half stays the left half
    assert (cut[0, :, 12:] < 15).all()
    assert wide.read(1, (20, 20))[0, 5, 2] == pytest.approx(0.299 * 255, abs=3)
    assert grey.read(3).shape == (3, 30, 30)


def test_direct_encoding_shows_the_same_image_at_every_timestep(tmp_path: Path) -> None:
    images = open_images(mnist(tmp_path / "mnist"))
    loaded = direct_frames(images, "train", Activation(3, 1, 28, 28, 255))
    assert loaded.frames.shape == (10, 3, 1, 28, 28)
    for index, path in enumerate(loaded.paths):
        number = int(path.split("/")[-1])
        assert loaded.classes[loaded.labels[index]] == str(LABELS[number])
        for step in range(3):
            np.testing.assert_array_equal(loaded.frames[index, step, 0], DIGITS[number])
    coarse = direct_frames(images, "train", Activation(3, 1, 28, 28, 15)).frames
    np.testing.assert_array_equal(coarse, loaded.frames >> 4)
    assert len(direct_frames(images, "train", Activation(3, 1, 28, 28, 255), limit=4)) == 4
    with pytest.raises(UserError, match="reads 2 channels"):
        direct_frames(images, "train", Activation(3, 2, 28, 28, 255))
    with pytest.raises(UserError, match="knows no class '0', only 5"):
        direct_frames(images, "train", Activation(3, 1, 28, 28, 255), classes=("5",))
    with pytest.raises(UserError, match="no validation split, only train, test"):
        images.entries("validation")


def test_broken_images_are_named(tmp_path: Path) -> None:
    folder = mnist(tmp_path / "mnist", packed=False)
    labels = folder / "t10k-labels-idx1-ubyte"
    whole = labels.read_bytes()
    for content in (whole[:-1], b"\0" * len(whole), b""):
        labels.write_bytes(content)
        with pytest.raises(UserError, match="t10k-labels-idx1-ubyte: is no idx file of 1 axes, or truncated"):
            open_images(folder)
    labels.write_bytes(struct.pack(">II", 2049, 1) + b"\1")
    with pytest.raises(UserError, match="t10k has 2 images but 1 labels"):
        open_images(folder)
    labels.unlink()
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(gzip.compress(whole)[:-9])
    with pytest.raises(UserError, match=r"ubyte\.gz: cannot be unpacked"):
        open_images(folder)
    batch = cifar(tmp_path / "cifar", 10) / "batches" / "test_batch.bin"
    records = batch.read_bytes()
    for content, words in (
        (records[:-1], "6145 bytes are no whole number"),
        (b"\x07" + records[1:], "label 7"),
    ):
        batch.write_bytes(content)
        with pytest.raises(UserError, match=rf"test_batch\.bin: .*{words}"):
            open_images(tmp_path / "cifar")
    picture = pictures(tmp_path / "imagenet") / "val" / "n01" / "val_1.JPEG"
    picture.write_bytes(picture.read_bytes()[:300])
    entry = next(e for e in open_images(tmp_path / "imagenet").entries("validation") if e.label == "n01")
    with pytest.raises(UserError, match=r"val/n01/val_1\.JPEG: the picture cannot be read"):
        entry.read()
    for place in ("nowhere", "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(UserError, match=f"{place}: "):
            open_images(tmp_path / place)


def test_the_real_image_sets() -> None:
    digits, colours = shared("mnist_idx"), shared("cifar10_jpeg")
    if digits is None or colours is None:
        pytest.skip("MNIST and CIFAR-10 were not found; the tests above write small sets")
    images = open_images(digits)
    assert [len(images.entries(split)) for split in images.splits] == [60_000, 10_000]
    assert images.classes == tuple("0123456789")
    entries = open_images(colours).entries("test")
    assert len(entries) == 10_000
    mean = np.mean([entry.read(3, (32, 32)).mean(axis=(1, 2)) for entry in entries[::50]], axis=0) / 255
    assert mean == pytest.approx([0.49, 0.48, 0.45], abs=0.03)


def test_images_are_recorded_the_same_again_alone_or_together(tmp_path: Path) -> None:
    images = open_images(mnist(tmp_path / "mnist"))
    first, again = emulated_images(images), emulated_images(images)
    assert first.splits == ("train", "test")
    entries = first.entries("train")
    assert [entry.label for entry in entries] == [entry.path.split("/")[1] for entry in entries]
    backwards = {entry.path: entry.read() for entry in reversed(again.entries("train"))}
    for entry in entries:
        events = entry.read((34, 34))
        np.testing.assert_array_equal(events, backwards[entry.path])
        assert 290_000 < events["t"][-1] <= 306_000
    prints = {entry.fingerprint() for entry in entries}
    assert len(prints) == len(entries)
    assert prints == {entry.fingerprint() for entry in again.entries("train")}
    assert prints.isdisjoint(
        entry.fingerprint() for entry in emulated_images(images, seed=1).entries("train")
    )
    other = emulated_images(images, seed=1).entries("train")[0].read()
    assert not np.array_equal(other, entries[0].read())


def test_recordings_of_mnist_look_like_nmnist() -> None:
    """The same digits, recorded by a real camera and by ours: cell by cell, bin by bin."""
    digits, real = shared("mnist_idx"), real_nmnist()
    if digits is None or real is None or "10class" not in open_recordings(real).name:
        pytest.skip("MNIST and N-MNIST were not found side by side")
    compression = Compression(34, 34, timesteps=12, bits=8, window_us=306_000)
    images = open_images(digits)
    names = {entry.path.split("/")[-1]: entry for entry in emulated_images(images).entries("train")}
    likeness, events = [], []
    for entry in open_recordings(real).entries("train")[
        10::50
    ]:  # none of those that the camera was fitted to
        index = int(entry.path.split("/")[-1].split(".")[0]) - 1
        emulated = names[f"{index:05d}.bin"]
        assert emulated.label == entry.label
        ours, theirs = (compress(each.read(), compression).ravel() for each in (emulated, entry))
        likeness.append(np.corrcoef(ours, theirs)[0, 1])
        events.append((ours.sum(), theirs.sum()))
    assert np.mean(likeness) > 0.6
    ours_mean, theirs_mean = np.mean(events, axis=0)
    assert 0.8 < ours_mean / theirs_mean < 1.3


def test_which_images_the_user_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = mnist(tmp_path / "mnist")
    monkeypatch.delenv(VARIABLE, raising=False)
    assert find_images(None) is None
    assert find_images(folder) is None
    named = find_images(Path(f"images:{folder}"))
    assert named is not None
    assert named.name == "mnist"
    recordings, words = find_recordings(Path(f"emulated:{folder}"))
    assert words == "emulated mnist, 10 training and 2 test recordings"
    assert recordings.entries("test")[0].native == (34, 34)
    with pytest.raises(UserError, match="the model reads recordings; give emulated:"):
        find_recordings(Path(f"images:{folder}"))
    monkeypatch.setenv(VARIABLE, f"images:{folder}")
    assert find_images(None) is not None


def test_a_picture_of_a_bomb_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "set" / "test" / "a" / "b.png"
    file.parent.mkdir(parents=True)
    buffer = BytesIO()
    Image.new("L", (100, 100)).save(buffer, "png")
    file.write_bytes(buffer.getvalue())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    with pytest.raises(UserError, match=r"b\.png: the picture cannot be read"):
        open_images(tmp_path / "set").entries("test")[0].read()
