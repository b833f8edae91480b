"""Frames kept on disk: the same as compressed anew, whatever has happened to the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.events import cache
from ssnn_fpga.events.dataset import RecordingSet, open_recordings
from ssnn_fpga.events.frames import load_frames
from ssnn_fpga.network.layers import Compression
from tests.events.places import pack, write_folder

COMPRESSION = Compression(34, 34, timesteps=3, bits=4, window_us=306_000)


def loaded(recordings: RecordingSet, compression: Compression = COMPRESSION) -> tuple[np.ndarray, bool]:
    """Frames of the test split, and whether they were compressed anew."""
    seen: list[int] = []
    frames = load_frames(recordings, "test", compression, progress=lambda done, of: seen.append(done))
    return frames.frames, bool(seen)


@pytest.mark.parametrize("packed", [False, True])
def test_the_second_time_frames_come_from_the_disk(tmp_path: Path, kept: Path, packed: bool) -> None:
    place = write_folder(tmp_path / "set")
    if packed:
        place = pack(place, tmp_path / "set.tar.xz")
    first, new = loaded(open_recordings(place))
    again, anew = loaded(open_recordings(place))
    assert (new, anew) == (True, False)
    np.testing.assert_array_equal(first, again)
    assert [file.suffix for file in kept.iterdir()] == [".frames"]


def test_another_compression_or_recording_is_another_file(tmp_path: Path, kept: Path) -> None:
    folder = write_folder(tmp_path / "set")
    loaded(open_recordings(folder))
    assert loaded(open_recordings(folder), Compression(34, 34, 3, 3, 306_000))[1]
    file = folder / "Test" / "3" / "00003.bin"
    file.write_bytes(file.read_bytes()[:-5])  # one event less
    changed, new = loaded(open_recordings(folder))
    assert new
    assert len(list(kept.iterdir())) == 3
    file.unlink()
    assert len(loaded(open_recordings(folder))[0]) == len(changed) - 1


def test_a_damaged_file_is_never_used(tmp_path: Path, kept: Path) -> None:
    recordings = open_recordings(write_folder(tmp_path / "set"))
    frames, _ = loaded(recordings)
    (file,) = kept.iterdir()
    whole = file.read_bytes()
    damaged = [b"", whole[:9], whole[: len(whole) // 2], whole[:-1], whole[:200] + bytes(40) + whole[240:]]
    random = np.random.default_rng(0)
    for place in random.integers(0, len(whole), 40):  # one byte, anywhere
        damaged.append(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
    for content in damaged:
        file.write_bytes(content)
        np.testing.assert_array_equal(loaded(recordings)[0], frames)
        file.write_bytes(whole)


def test_a_crash_leaves_no_file_that_could_be_taken_for_one(
    tmp_path: Path, kept: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings = open_recordings(write_folder(tmp_path / "set"))

    def stopped(descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", stopped)
        with pytest.raises(KeyboardInterrupt):
            loaded(recordings)
    assert all(file.suffix == ".part" for file in kept.iterdir())
    assert loaded(recordings)[1]
    assert not loaded(recordings)[1]


def test_a_disk_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setattr(cache, "_WORTH_KEEPING", 1)
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "file" / "cache"))
    assert loaded(open_recordings(write_folder(tmp_path / "set")))[1]


def test_where_frames_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(cache.VARIABLE, "")
    assert cache.cache_folder() is None
    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.cache_folder() == tmp_path / "ssnn-fpga" / "frames"
    recordings = open_recordings(write_folder(tmp_path / "set"))
    assert cache.cache_key(recordings.entries("test"), COMPRESSION) == ""  # twenty are compressed in no time
