"""Folders and archives of recordings, and what is said about those that are none."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from functools import partial
from hashlib import md5
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import RecordingSet, open_recordings
from ssnn_fpga.events.download import download_nmnist
from tests.events.places import pack, real_nmnist, write_folder

REAL = real_nmnist()


def same(a: RecordingSet, b: RecordingSet) -> None:
    assert a.splits == b.splits
    for split in a.splits:
        assert a.classes(split) == b.classes(split)
        for one, other in zip(a.entries(split), b.entries(split), strict=True):
            assert (one.path, one.label) == (other.path, other.label)
            np.testing.assert_array_equal(one.read(), other.read())


def test_a_folder_has_splits_classes_and_sorted_entries(tmp_path: Path) -> None:
    recordings = open_recordings(write_folder(tmp_path / "set"))
    assert recordings.splits == ("train", "test")
    assert recordings.classes("test") == tuple("0123456789")
    paths = [entry.path for entry in recordings.entries("test")]
    assert len(paths) == 20
    assert paths == sorted(paths)
    assert paths[1] == "Test/0/00010.bin"
    assert [entry.label for entry in recordings.entries("test")] == [path.split("/")[1] for path in paths]


@pytest.mark.parametrize("top", [".", "nmnist"])
@pytest.mark.parametrize("name", ["set.tar", "set.tar.gz", "set.tar.xz"])
def test_an_archive_equals_its_folder(tmp_path: Path, name: str, top: str) -> None:
    folder = write_folder(tmp_path / "set")
    (folder / "Test" / "0" / "._00000.bin").write_bytes(b"hidden")
    (folder / "index.csv").write_text("ignored")
    same(open_recordings(pack(folder, tmp_path / name, top)), open_recordings(folder))


def test_an_extra_top_folder_is_passed_through(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "outer" / "set")
    same(open_recordings(tmp_path / "outer"), open_recordings(folder))


def test_linked_folders_are_followed(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "elsewhere")
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "test").symlink_to(folder / "Test")
    assert len(open_recordings(tmp_path / "set").entries("test")) == 20


@pytest.mark.parametrize("split", ["test", "TEST", "Validation", "val"])
def test_one_split_of_any_spelling_is_enough(tmp_path: Path, split: str) -> None:
    recordings = open_recordings(write_folder(tmp_path / "set", splits=(split,)))
    assert recordings.splits == ("validation" if split.lower().startswith("val") else "test",)
    with pytest.raises(UserError, match="set has no train split"):
        recordings.entries("train")
    with pytest.raises(UserError, match="set has no train split"):
        recordings.classes("train")


def test_classes_that_are_numbers_are_in_order_of_value(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set")
    (folder / "Test" / "1").rename(folder / "Test" / "10")
    recordings = open_recordings(folder)
    assert recordings.classes("test") == ("0", *"23456789", "10")
    assert recordings.classes() == (*"0123456789", "10")
    (folder / "Test" / "2").rename(folder / "Test" / "cat")
    assert open_recordings(folder).classes("test")[:2] == ("0", "10")


@pytest.mark.parametrize("depth", ["", "a folder of data sets"])
def test_the_archive_in_a_folder_is_found(tmp_path: Path, depth: str) -> None:
    folder = write_folder(tmp_path / "source")
    data = tmp_path / "data"
    (data / depth).mkdir(parents=True)
    archive = pack(folder, data / depth / "nmnist_10class_1100.tar.gz")
    (data / "sample").mkdir()
    (data / "sample" / "one.bin").write_bytes(b"no part of the set")
    (data / "README.txt").write_text("ignored")
    recordings = open_recordings(data)
    assert recordings.name == archive.name
    same(recordings, open_recordings(folder))

    pack(write_folder(tmp_path / "other", seed=1), data / "another.tar.xz")
    same(open_recordings(data), open_recordings(folder))
    archive.rename(archive.with_name("third.tar.gz"))
    with pytest.raises(UserError, match="several archives") as raised:
        open_recordings(data)
    assert "another.tar.xz" in str(raised.value)
    assert "third.tar.gz" in str(raised.value)


@pytest.mark.parametrize("source", [pytest.param(REAL, id="N-MNIST" if REAL else "stand-in")])
def test_every_recording_of_the_set_can_be_read(source: Path | None, tmp_path: Path) -> None:
    recordings = open_recordings(source or write_folder(tmp_path / "set"))
    for split in recordings.splits:
        for entry in recordings.entries(split):
            events = entry.read()
            assert len(events)
            assert entry.label in recordings.classes(split)


def test_the_real_subset_holds_what_its_description_says() -> None:
    if REAL is None:
        pytest.skip("real N-MNIST was not found; the stand-ins above cover the reader")
    recordings = open_recordings(REAL)
    if "10class_1100" not in recordings.name:
        pytest.skip(f"{recordings.name} is not the subset of 1100 recordings")
    assert [len(recordings.entries(split)) for split in recordings.splits] == [1000, 100]
    assert [len(recordings.classes(split)) for split in recordings.splits] == [10, 10]
    entries = recordings.entries("train") + recordings.entries("test")
    assert sum(len(entry.read()) for entry in entries) == 4_518_827


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere: no such file or folder"):
        open_recordings(tmp_path / "nowhere")


def test_a_place_without_recordings_is_named(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "notes.txt").write_text("no recording")
    for place in (tmp_path / "set", pack(tmp_path / "set", tmp_path / "set.tar")):
        with pytest.raises(
            UserError, match=r"set(\.tar)?: no recordings found; they must be laid out <split>"
        ):
            open_recordings(place)


@pytest.mark.parametrize("wrong", ["Test/0001.bin", "0/0001.bin", "a/b/test/0/0001.bin", "tset/0/0001.bin"])
def test_a_wrong_layout_names_the_recording_and_the_layout(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "set" / wrong
    file.parent.mkdir(parents=True)
    file.write_bytes(b"12345")
    for place in (tmp_path / "set", pack(tmp_path / "set", tmp_path / "set.tar")):
        with pytest.raises(UserError) as raised:
            open_recordings(place)
        assert f"{wrong} is out of place" in str(raised.value)
        assert "<split>/<class>/<recording>.bin" in str(raised.value)


def test_a_misplaced_recording_among_good_ones_is_no_less_wrong(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "set")
    (folder / "Test" / "00001.bin").write_bytes(b"12345")
    with pytest.raises(UserError, match=r"Test/00001\.bin is out of place"):
        open_recordings(folder)


def test_two_data_sets_side_by_side_are_not_mixed(tmp_path: Path) -> None:
    for name in ("first", "second"):
        write_folder(tmp_path / "both" / name)
    with pytest.raises(UserError, match=r"more than one data set \(first, second\)"):
        open_recordings(tmp_path / "both")


@pytest.mark.parametrize("name", ["set.tar", "set.tar.gz", "set.tar.xz"])
def test_a_broken_archive_is_named(tmp_path: Path, name: str) -> None:
    archive = pack(write_folder(tmp_path / "set"), tmp_path / name)
    whole = archive.read_bytes()
    for content in (b"", b"not an archive", whole[: len(whole) // 2 + 100]):
        archive.write_bytes(content)
        with pytest.raises(UserError, match=rf"{name}: "):
            open_recordings(archive)


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Address of a web server on this machine that serves ``tmp_path``."""
    monkeypatch.setenv("no_proxy", "*")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_tonic_fetches_the_official_set(
    tmp_path: Path, publisher: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """tonic's own download, checksum and unpacking, with the publisher played by a server of our own."""
    from tonic.datasets import NMNIST

    folder = write_folder(tmp_path / "official")
    for split in ("Train", "Test"):
        packed = tmp_path / f"{split}.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            for file in sorted((folder / split).rglob("*.bin")):
                archive.write(file, file.relative_to(folder))
        monkeypatch.setattr(NMNIST, f"{split.lower()}_url", f"{publisher}/{packed.name}")
        monkeypatch.setattr(NMNIST, f"{split.lower()}_md5", md5(packed.read_bytes()).hexdigest())
    same(download_nmnist(tmp_path / "set"), open_recordings(folder))

    assert capsys.readouterr().out == ""  # standard output belongs to the caller's own results

    for attribute, wrong in (("test_md5", "0" * 32), ("train_url", f"{publisher}/gone.zip")):
        monkeypatch.setattr(NMNIST, attribute, wrong)
        with pytest.raises(UserError, match=r"again: N-MNIST could not be downloaded \("):
            download_nmnist(tmp_path / "again")
