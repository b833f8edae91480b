"""Splits that are read sample by sample: the frames of those read whole, whatever happens to the file."""

from __future__ import annotations

import multiprocessing
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.events import cache, dataset
from ssnn_fpga.events.dataset import Entry, RecordingSet, open_recordings
from ssnn_fpga.events.frame_store import FrameStore
from ssnn_fpga.events.frames import load_frames
from ssnn_fpga.events.images import direct_frames, open_images
from ssnn_fpga.events.lazy_frames import lazy_images, lazy_recordings
from ssnn_fpga.network.layers import Activation, Compression
from tests.events.places import pack, write_folder
from tests.events.test_images import mnist, pictures

COMPRESSION = Compression(34, 34, timesteps=3, bits=4, window_us=306_000)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Paths of the recordings that were decoded, in order."""
    seen: list[str] = []
    read = Entry.read

    def counted(self: Entry, sensor: tuple[int, int]) -> np.ndarray:
        seen.append(self.path)
        return read(self, sensor)

    monkeypatch.setattr(Entry, "read", counted)
    return seen


def test_recordings_are_decoded_once(tmp_path: Path, kept: Path, decoded: list[str]) -> None:
    recordings = open_recordings(write_folder(tmp_path / "set"))
    lazy = lazy_recordings(recordings, "test", COMPRESSION, recordings.classes())
    assert decoded == []
    for index in (7, 3, 7, 3, 3):
        lazy.read(index)
    assert decoded == [recordings.entries("test")[index].path for index in (7, 3)]
    again = lazy_recordings(open_recordings(tmp_path / "set"), "test", COMPRESSION, recordings.classes())
    decoded.clear()
    frames = np.stack([again.read(index) for index in range(len(again))])
    assert len(decoded) == len(again) - 2
    whole = load_frames(recordings, "test", COMPRESSION)
    np.testing.assert_array_equal(frames, whole.frames)
    np.testing.assert_array_equal(again.labels, whole.labels)
    assert again.shape == whole.frames.shape[1:]


def test_a_damaged_row_is_decoded_anew(tmp_path: Path, kept: Path, decoded: list[str]) -> None:
    recordings = open_recordings(write_folder(tmp_path / "set"))
    lazy = lazy_recordings(recordings, "test", COMPRESSION, recordings.classes())
    frames = [lazy.read(index) for index in range(4)]
    (file,) = kept.iterdir()
    row = 4 + frames[0].size
    content = bytearray(file.read_bytes())
    content[1 * row + 100] ^= 1  # of a frame
    content[2 * row] ^= 1  # of a checksum
    file.write_bytes(bytes(content[: 4 * row - 1]))  # the last row torn
    decoded.clear()
    for index, frame in enumerate(frames):
        np.testing.assert_array_equal(lazy.read(index), frame)
    assert len(decoded) == 3
    assert file.stat().st_size == 4 * row


def test_without_a_cache_each_reading_decodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decoded: list[str]
) -> None:
    monkeypatch.setenv(cache.VARIABLE, "")
    recordings = open_recordings(write_folder(tmp_path / "set"))
    lazy = lazy_recordings(recordings, "test", COMPRESSION, recordings.classes())
    np.testing.assert_array_equal(lazy.read(0), lazy.read(0))
    assert len(decoded) == 2


def test_a_store_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    store = FrameStore(tmp_path / "file" / "frames", (1, 2, 3, 3))
    store.write(0, np.ones((1, 2, 3, 3), np.uint8))
    assert store.read(0) is None


def test_an_empty_frame_is_no_hole(tmp_path: Path) -> None:
    """A hole in the file reads as zeros, and so does a frame without events: the CRC tells them apart."""
    store = FrameStore(tmp_path / "frames", (1, 2, 3, 3))
    store.write(2, np.zeros((1, 2, 3, 3), np.uint8))
    assert store.read(0) is None
    assert store.read(2) is not None
    assert store.read(3) is None


def _write(store: FrameStore, first: int) -> None:
    for index in range(first, 200, 2):
        store.write(index, np.full(store.shape, index, np.uint8))


def test_two_processes_fill_one_store(tmp_path: Path) -> None:
    store = FrameStore(tmp_path / "frames", (1, 1, 5, 7))
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_write, args=(store, first)) for first in (0, 1)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for index in range(200):
        np.testing.assert_array_equal(store.read(index), np.full(store.shape, index, np.uint8))


def test_a_schedule_longer_than_the_events_and_a_class_without_sample(tmp_path: Path) -> None:
    recordings = open_recordings(write_folder(tmp_path / "set"))
    lazy_recordings(recordings, "train", COMPRESSION, recordings.classes()).check_training()
    longer = Compression(34, 34, timesteps=3, bits=4, window_us=30_000_000)
    with pytest.raises(UserError, match=r"asks for 3 timesteps, but .* beyond timestep 1"):
        lazy_recordings(recordings, "train", longer, recordings.classes()).check_training()
    classes = (*recordings.classes(), "ten")
    with pytest.raises(UserError, match="no sample of class 'ten'"):
        lazy_recordings(recordings, "train", COMPRESSION, classes).check_training()


def test_images_are_decoded_when_they_are_read(tmp_path: Path) -> None:
    folder = pictures(tmp_path / "imagenet")
    images = open_images(folder)
    whole = direct_frames(images, "train", Activation(1, 3, 20, 20, 255))
    lazy = lazy_images(images, "train", (3, 20, 20), images.classes)
    np.testing.assert_array_equal(np.stack([lazy.read(index) for index in range(3)]), whole.frames)
    np.testing.assert_array_equal(lazy.labels, whole.labels)
    file = folder / "train" / "n01" / "train_1.JPEG"
    file.write_bytes(file.read_bytes()[:300])
    assert lazy_images(images, "train", (3, 20, 20), images.classes).fingerprint != lazy.fingerprint
    lazy.read(0)
    with pytest.raises(UserError, match=r"train_1\.JPEG: the picture cannot be read"):
        lazy.read(1)


def test_fingerprints_change_with_the_content(tmp_path: Path) -> None:
    first = open_images(mnist(tmp_path / "a")).entries("train")
    again = open_images(mnist(tmp_path / "b", packed=False)).entries("train")
    assert [entry.fingerprint() for entry in first] == [entry.fingerprint() for entry in again]
    assert len({entry.fingerprint() for entry in first}) == len(first)


def test_an_archive_too_large_for_memory_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = pack(write_folder(tmp_path / "set"), tmp_path / "set.tar")
    monkeypatch.setattr(dataset, "LARGEST_ARCHIVE", 1000)
    with pytest.raises(UserError, match=r"set\.tar: .* too large; unpack it"):
        open_recordings(archive)
    assert isinstance(open_recordings(tmp_path / "set"), RecordingSet)
