"""Data sets of recordings: a folder or a tar archive laid out ``<split>/<class>/<recording>.bin``.

A recording may also have the suffix of another native format (``formats``); sets with layouts of
their own are in ``catalogue``.
"""

from __future__ import annotations

import hashlib
import lzma
import tarfile
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.formats import SUFFIXES, decode
from ssnn_fpga.events.recording import NMNIST_SENSOR, Events, check_events

SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
"""Folder names that mean a split (in lower case), and the split's name."""

ARCHIVE_SUFFIXES = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2")
LARGEST_ARCHIVE = 4 << 30
"""Bytes of an archive, whose content is held in memory."""

PREFERRED_ARCHIVE = "nmnist_10class"
LAYOUT_DEPTHS = ("*/*/*", "*/*/*/*")
LAYOUT = "<split>/<class>/<recording>.bin with splits named train, validation or test"


class NoRecordings(UserError):
    """A place that holds no data set which could be taken without asking."""


@dataclass(frozen=True)
class Entry:
    """One recording of a data set, not yet decoded."""

    path: str  # <split>/<class>/<recording>.bin as spelled in the source, below any extra top folder
    split: str
    label: str  # name of the class
    source: Path | bytes | Callable[[], Events]  # the file, its bytes if out of an archive, or what makes it
    name: str  # what messages call it
    native: tuple[int, int] | None = None  # (height, width) of the camera; None: whatever the model says
    identity: str = ""  # stands for the content where ``source`` makes it
    download: str = ""  # the command that fetches the set, where there is one

    def read(self, sensor: tuple[int, int] = NMNIST_SENSOR) -> Events:
        """The recording as a sensor of (height, width) sees it.

        A recording whose camera is known is reduced to a smaller ``sensor``: column x becomes
        x·W' // W, rows alike. Raises UserError as `decode`, and for a sensor larger than the camera.
        """
        try:
            return self._read(sensor)
        except UserError as error:
            if not self.download:
                raise
            sentence = str(error).replace("fetch it again", f"{self.download} fetches it again")
            raise UserError(sentence) from error

    def _read(self, sensor: tuple[int, int]) -> Events:
        height, width = camera = self.native or sensor
        if sensor[0] > height or sensor[1] > width:
            raise UserError(
                f"{self.name}: the camera has {width} × {height} pixels, fewer than the model's "
                f"{sensor[1]} × {sensor[0]}; make the model for at most the camera's."
            )
        if isinstance(self.source, Path | bytes):
            events = decode(self.source, self.name, PurePosixPath(self.path.lower()).suffix, camera)
        else:
            events = self.source()
            check_events(events, self.name, camera)
        if sensor != camera:
            events = events.copy()
            events["x"] = events["x"] * sensor[1] // width
            events["y"] = events["y"] * sensor[0] // height
        return events

    def fingerprint(self) -> str:
        """Changes with the recording's content; of a file, with its size and time of change."""
        if isinstance(self.source, Path):
            state = self.source.stat()
            return f"{self.path} {self.native} {state.st_size} {state.st_mtime_ns}"
        content = self.identity or hashlib.sha256(self.source).hexdigest()  # type: ignore[arg-type]
        return f"{self.path} {self.native} {content}"


class RecordingSet:
    """Recordings in splits and classes."""

    def __init__(self, name: str, entries: Iterable[Entry]) -> None:
        self.name = name
        self._entries: dict[str, list[Entry]] = {}
        for entry in sorted(entries, key=lambda entry: entry.path):
            self._entries.setdefault(entry.split, []).append(entry)

    @property
    def splits(self) -> tuple[str, ...]:
        """Names of the splits that have recordings: of "train", "validation", "test"."""
        return tuple(split for split in dict.fromkeys(SPLITS.values()) if split in self._entries)

    def entries(self, split: str) -> list[Entry]:
        """Recordings of ``split``, sorted by path (as strings). Raises UserError for a missing split."""
        if split not in self._entries:
            raise UserError(
                f"{self.name} has no {split} split, only {', '.join(self.splits)}; "
                "choose another split or another data set."
            )
        return list(self._entries[split])

    def classes(self, split: str | None = None) -> tuple[str, ...]:
        """Class names of ``split`` (None: of all), numbers in order of value, other names of spelling."""
        entries = [entry for each in self.splits if split in (None, each) for entry in self.entries(each)]
        names = {entry.label for entry in (entries or self.entries(str(split)))}
        return in_order(names)


def in_order(names: set[str]) -> tuple[str, ...]:
    """Class names in order: numbers by value, other names by spelling."""
    if all(name.isdecimal() for name in names):
        return tuple(sorted(names, key=lambda name: (int(name), name)))
    return tuple(sorted(names))


def open_recordings(path: Path) -> RecordingSet:
    """Open a folder or tar archive of recordings, or a folder that contains such an archive.

    The layout may lie below one extra top folder. Of several archives the N-MNIST one of ten
    classes is taken. An archive is read once, from beginning to end, into memory.

    Raises UserError for a missing path, a broken archive, a wrong layout or no recordings.
    """
    if path.is_dir():
        return _open_folder(path)
    if path.is_file():
        return _open_archive(path)
    raise UserError(f"{path}: no such file or folder; give the folder or tar archive of the recordings.")


def _open_folder(path: Path) -> RecordingSet:
    name = path.resolve().name
    # The two fixed depths also reach recordings through linked folders, which rglob does not follow.
    found = {file.relative_to(path).as_posix(): file for depth in LAYOUT_DEPTHS for file in path.glob(depth)}
    found |= {file.relative_to(path).as_posix(): file for file in path.rglob("*")}
    files = {place: file for place, file in found.items() if _is_recording(place)}
    placed = [place for place in map(_place, files) if place is not None]
    archive = None if placed else _find_archive(path)
    if archive is not None:
        return _open_archive(archive)
    return RecordingSet(name, _entries(str(path), name, files))


def _find_archive(path: Path) -> Path | None:
    """The archive in ``path``, or one folder below it, that stands for the data set."""
    found = [
        file
        for pattern in ("*", "*/*")
        for file in sorted(path.glob(pattern))
        if file.name.lower().endswith(ARCHIVE_SUFFIXES) and not file.name.startswith(".") and file.is_file()
    ]
    preferred = [file for file in found if PREFERRED_ARCHIVE in file.name.lower()]
    if len(found) > 1 and not preferred:
        names = ", ".join(file.name for file in found)
        raise NoRecordings(f"{path}: holds several archives ({names}); name one of them.")
    return next(iter(preferred or found), None)


def _open_archive(path: Path) -> RecordingSet:
    files = {place: content for place, content in archived(path, SUFFIXES).items() if _is_recording(place)}
    return RecordingSet(path.name, _entries(str(path), path.name, files))


def archived(path: Path, suffixes: tuple[str, ...]) -> dict[str, Path | bytes]:
    """Content of the tar archive's files with these suffixes, by place. Raises UserError for a broken one."""
    files: dict[str, Path | bytes] = {}
    if path.stat().st_size > LARGEST_ARCHIVE:
        raise UserError(f"{path}: archives are read into memory, and this one is too large; unpack it first.")
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if not (member.isfile() and member.name.lower().endswith(suffixes)):
                    continue
                content = archive.extractfile(member)
                if content is not None:
                    files[PurePosixPath(member.name).as_posix()] = content.read()
    except (tarfile.TarError, lzma.LZMAError, zlib.error, EOFError, OSError) as error:
        raise UserError(f"{path}: cannot be read as a tar archive ({error}); fetch it again.") from error
    return files


def _is_recording(path: str) -> bool:
    """Whether a path names a recording: nothing hidden (such as macOS' ``._*``) does."""
    hidden = any(part.startswith(".") for part in PurePosixPath(path).parts)
    return path.lower().endswith(SUFFIXES) and not hidden


def _place(path: str) -> tuple[str, str, str, str] | None:
    """(extra top folder or "", split, class, path below the top folder), None for a wrong layout."""
    parts = PurePosixPath(path).parts
    for top in (0, 1):
        if len(parts) == top + 3 and parts[top].lower() in SPLITS:
            return "/".join(parts[:top]), SPLITS[parts[top].lower()], parts[top + 1], "/".join(parts[top:])
    return None


def _entries(given: str, name: str, files: dict[str, Path] | dict[str, Path | bytes]) -> list[Entry]:
    """Entries of ``files`` (path to content), found in the place ``given`` and named after ``name``."""
    if not files:
        raise NoRecordings(f"{given}: no recordings found; they must be laid out {LAYOUT}.")
    entries: dict[str, Entry] = {}
    tops: set[str] = set()
    for path, source in files.items():
        place = _place(path)
        if place is None:
            raise NoRecordings(f"{given}: {path} is out of place; recordings must be laid out {LAYOUT}.")
        top, split, label, below = place
        tops.add(top)
        entries[below] = Entry(below, split, label, source, f"{name}/{path}")
    if len(tops) > 1:
        found = ", ".join(sorted(top or "." for top in tops))
        raise NoRecordings(f"{given}: holds more than one data set ({found}); name one of them.")
    return list(entries.values())
