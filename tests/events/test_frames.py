"""Splits as labelled frames, and where the recordings come from."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.compression import compress
from ssnn_fpga.events.dataset import open_recordings
from ssnn_fpga.events.emulated import emulated_digits
from ssnn_fpga.events.frames import load_frames
from ssnn_fpga.events.source import VARIABLE, find_recordings
from ssnn_fpga.network.layers import Compression
from tests.events.places import pack, real_nmnist, write_folder

REAL = real_nmnist()
COMPRESSION = Compression(34, 34, timesteps=4, bits=4, window_us=306_000)


@pytest.mark.parametrize("source", [pytest.param(REAL, id="N-MNIST" if REAL else "stand-in")])
def test_frames_are_the_compressed_recordings_in_order_of_path(source: Path | None, tmp_path: Path) -> None:
    recordings = open_recordings(source or write_folder(tmp_path / "set"))
    split = recordings.splits[-1]
    entries = recordings.entries(split)
    seen = []
    loaded = load_frames(recordings, split, COMPRESSION, progress=lambda done, of: seen.append((done, of)))
    assert loaded.frames.dtype == np.uint8
    assert loaded.frames.shape == (len(entries), 4, 2, 34, 34)
    assert loaded.paths == sorted(loaded.paths) == [entry.path for entry in entries]
    assert [loaded.classes[label] for label in loaded.labels] == [entry.label for entry in entries]
    assert seen == [(done, len(entries)) for done in range(1, len(entries) + 1)]
    for index in range(0, len(entries), 7):
        np.testing.assert_array_equal(loaded.frames[index], compress(entries[index].read(), COMPRESSION))


def test_a_subset_of_the_classes_keeps_the_numbers_of_the_model(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set", splits=("test",))
    for name in "0124568":
        shutil.rmtree(folder / "test" / name)
    recordings = open_recordings(folder)
    assert load_frames(recordings, "test", COMPRESSION, tuple("0123456789")).labels.tolist() == [
        3, 3, 7, 7, 9, 9,
    ]  # fmt: skip
    assert load_frames(recordings, "test", COMPRESSION).labels.tolist() == [0, 0, 1, 1, 2, 2]
    with pytest.raises(UserError, match=r"test/9/00009\.bin: the model knows no class '9', only 3, 7"):
        load_frames(recordings, "test", COMPRESSION, ("3", "7"))


def test_classes_of_one_split_are_numbered_as_in_the_whole_set(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set")
    shutil.rmtree(folder / "Test" / "0")
    loaded = load_frames(open_recordings(folder), "test", COMPRESSION)
    assert loaded.classes == tuple("0123456789")
    assert set(loaded.labels.tolist()) == set(range(1, 10))


def test_a_limit_is_spread_over_the_classes(tmp_path: Path) -> None:
    recordings = open_recordings(write_folder(tmp_path / "set"))
    few = load_frames(recordings, "test", COMPRESSION, limit=10)
    assert len(few) == 10
    assert few.labels.tolist() == list(range(10))
    assert few.paths == sorted(few.paths)
    assert len(load_frames(recordings, "test", COMPRESSION, limit=99)) == 20
    with pytest.raises(UserError, match="cannot load 0 recordings"):
        load_frames(recordings, "test", COMPRESSION, limit=0)


def test_a_broken_recording_in_a_set_is_named(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set")
    with (folder / "Test" / "3" / "00013.bin").open("ab") as file:
        file.write(b"\0")
    for place in (folder, pack(folder, tmp_path / "set.tar.xz")):
        with pytest.raises(UserError, match=rf"^{place.name}/Test/3/00013\.bin: the recording is truncated"):
            load_frames(open_recordings(place), "test", COMPRESSION)


def test_the_sensor_is_the_models(tmp_path: Path) -> None:
    recordings = open_recordings(write_folder(tmp_path / "set"))
    with pytest.raises(UserError, match="lies outside the 20 × 30 pixels"):
        load_frames(recordings, "test", Compression(30, 20, 4, 4, 306_000))
    with pytest.raises(UserError, match="bits is 9"):
        load_frames(recordings, "test", Compression(34, 34, 4, 9, 306_000))


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty working directory, with nothing beside it and nothing in the environment."""
    folder = tmp_path / "work" / "checkout"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setattr("ssnn_fpga.events.source.emulated_digits", lambda: emulated_digits(3, 2))
    return folder


def test_the_users_choice_comes_first(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    places = [checkout / "explicit", checkout / "variable", checkout.parent / "shared" / "data"]
    for seed, place in enumerate(places):
        write_folder(place, seed)
    monkeypatch.setenv(VARIABLE, str(places[1]))
    assert find_recordings(places[0])[0].name == "explicit"
    recordings, words = find_recordings(None)
    assert recordings.name == "variable"
    assert words == "event recordings, 20 training and 20 test recordings (variable)"
    monkeypatch.delenv(VARIABLE)
    assert find_recordings(None)[0].name == "data"


def test_nmnist_beside_the_checkout_is_called_by_its_name(checkout: Path) -> None:
    data = checkout.parent / "shared" / "data" / "nmnist"
    data.mkdir(parents=True)
    pack(write_folder(checkout / "source"), data / "nmnist_10class_20.tar.gz")
    _, words = find_recordings(None)
    assert words == "N-MNIST, 20 training and 20 test recordings (nmnist_10class_20.tar.gz)"


@pytest.mark.parametrize("other", ["nothing", "an empty folder", "other files", "a stray recording"])
def test_without_recordings_the_digits_are_emulated_and_that_is_said(checkout: Path, other: str) -> None:
    data = checkout.parent / "shared" / "data"
    if other != "nothing":
        data.mkdir(parents=True)
    if other == "other files":
        (data / "README.txt").write_text("nothing here")
    if other == "a stray recording":
        (data / "one.bin").write_bytes(b"12345")
    recordings, words = find_recordings(None)
    assert [len(recordings.entries(split)) for split in recordings.splits] == [3, 2]
    assert words == "emulated digits, 3 training and 2 test recordings (no event recordings found)"


def test_data_that_cannot_be_used_is_never_passed_over(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (checkout / "empty").mkdir()
    for wrong in ("gone", "empty"):
        with pytest.raises(UserError, match=f"{wrong}: no"):
            find_recordings(Path(wrong))
        monkeypatch.setenv(VARIABLE, wrong)
        with pytest.raises(UserError, match=f"{VARIABLE}: {wrong}: no"):
            find_recordings(None)
    monkeypatch.delenv(VARIABLE)
    data = checkout.parent / "shared" / "data"
    data.mkdir(parents=True)
    (data / "nmnist_10class_1100.tar.xz").write_bytes(b"half a download")
    with pytest.raises(UserError, match=r"nmnist_10class_1100\.tar\.xz: cannot be read"):
        find_recordings(None)


def test_nothing_heavy_is_imported_before_it_is_needed() -> None:
    """A command that only opens recordings must not wait for tonic or scikit-learn."""
    modules = "source, frames, dataset, download, emulated"
    code = f"import sys; from ssnn_fpga.events import {modules}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "ssnn_fpga.events.emulated" in loaded.stdout.split()
    assert not {"tonic", "sklearn", "scipy", "torch", "expelliarmus"} & set(loaded.stdout.split())


def test_training_frames_need_every_class_and_every_timestep(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set")
    load_frames(open_recordings(folder), "train", COMPRESSION).check_training()
    long = Compression(34, 34, timesteps=4, bits=4, window_us=700_000)
    with pytest.raises(
        UserError, match=r"4 timesteps, but no training recording .* begin the schedule with 2"
    ):
        load_frames(open_recordings(folder), "train", long).check_training()
    shutil.rmtree(folder / "Train" / "3")
    shutil.rmtree(folder / "Train" / "5")
    with pytest.raises(UserError, match=r"no sample of class '3' \(nor of 1 more\)"):
        load_frames(open_recordings(folder), "train", COMPRESSION).check_training()
