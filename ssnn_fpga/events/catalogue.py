"""Data sets with a camera and a layout of their own, by name.

Each is the folder or archive that its publisher or tonic gives. Splits are the official ones; of a set
without any, a tenth of each class is for testing: the recordings whose names have the smallest hashes
(SHA-256), the same on every machine.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import (
    ARCHIVE_SUFFIXES,
    Entry,
    NoRecordings,
    RecordingSet,
    archived,
    open_recordings,
)
from ssnn_fpga.events.formats import decode, structured
from ssnn_fpga.events.recording import Events, file_bytes

TEST_SHARE = 0.1
Files = dict[str, "Path | bytes"]


@dataclass(frozen=True)
class KnownSet:
    """A data set that can be opened as ``name:PATH``."""

    title: str
    sensor: tuple[int, int]  # (height, width)
    split: str  # where the splits come from, for the user
    open: Callable[[str, Path], list[Entry]]
    """Entries of the folder or archive at a path, for a set called as the first argument."""


def open_known(name: str, path: Path) -> RecordingSet:
    """The set called ``name`` in the folder or archive ``path``.

    Raises UserError for an unknown name, a missing path, and a place that does not hold the set.
    """
    if name not in KNOWN:
        names = ", ".join((*KNOWN, "emulated", "images"))
        raise UserError(f"There is no data set {name!r} to open {path} with: choose one of {names}.")
    known = KNOWN[name]
    if not path.exists():
        raise UserError(
            f"{path}: no such file or folder; `ssnn-fpga download {name} --out {path}` fetches it."
        )
    entries = known.open(name, path)
    if not entries:
        raise NoRecordings(
            f"{path}: holds no recordings of {known.title}; `ssnn-fpga download {name} --out {path}` fetches "
            "them or tells where they are."
        )
    download = f"`ssnn-fpga download {name} --out {path}`"
    return RecordingSet(name, [replace(entry, native=known.sensor, download=download) for entry in entries])


# Opening


def _laid_out(name: str, path: Path) -> list[Entry]:
    """<split>/<class>/<recording>, as N-MNIST."""
    try:
        recordings = open_recordings(path)
    except NoRecordings:
        return []
    return [entry for split in recordings.splits for entry in recordings.entries(split)]


def _ncars(name: str, path: Path) -> list[Entry]:
    """n-cars_train/cars/obj_000001_td.dat and so on."""
    splits = {"n-cars_train": "train", "n-cars_test": "test"}
    entries = []
    for place, source in _files(path, (".dat",)).items():
        parts = PurePosixPath(place).parts[-3:]
        if len(parts) == 3 and parts[0] in splits:
            entries.append(Entry("/".join(parts), splits[parts[0]], parts[1], source, f"{name}/{place}"))
    return entries


def _classes(suffixes: tuple[str, ...], name: str, path: Path) -> list[Entry]:
    """<class>/<recording> without splits."""
    entries = [
        Entry("/".join(parts[-2:]), "", parts[-2], source, f"{name}/{place}")
        for place, source in _files(path, suffixes).items()
        if len(parts := PurePosixPath(place).parts) >= 2
    ]
    return _own_split(entries)


def _poker(name: str, path: Path) -> list[Entry]:
    """tonic's selection, pips_train/cl/0.npy and pips_test, or all 131, xclub01.aedat and so on."""
    official = []
    for place, source in _files(path, (".npy",)).items():
        parts = PurePosixPath(place).parts[-3:]
        if len(parts) == 3 and parts[0] in ("pips_train", "pips_test"):
            below, split = "/".join(parts), parts[0].removeprefix("pips_")
            make = partial(_columns, source, f"{name}/{place}", "txyp", 1)
            label = {"cl": "club", "di": "diamond", "he": "heart", "sp": "spade"}.get(parts[1], parts[1])
            official.append(Entry(below, split, label, make, f"{name}/{place}", identity=_identity(source)))
    if official:
        return official
    entries = []
    for place, source in _files(path, (".aedat",)).items():
        file = PurePosixPath(place).name
        if match := re.match(r"x?(club|diamond|heart|spade)", file):
            entries.append(Entry(f"{match[1]}/{file}", "", match[1], source, f"{name}/{place}"))
    return _own_split(entries)


GESTURES = (
    "hand_clapping",
    "right_hand_wave",
    "left_hand_wave",
    "right_arm_clockwise",
    "right_arm_counter_clockwise",
    "left_arm_clockwise",
    "left_arm_counter_clockwise",
    "arm_roll",
    "air_drums",
    "air_guitar",
    "other_gestures",
)
"""Classes of DVS128 Gesture; the publisher counts them from 1."""

GESTURE_SENSOR = (128, 128)
_CLIP_CLASS = "ibm_class_id_1_to_11"
_NUMBERED = tuple(f"{number:02d}_{gesture}" for number, gesture in enumerate(GESTURES, 1))


def _gesture(name: str, path: Path) -> list[Entry]:
    """The publisher's AEDAT 3.1 files with their tables of gestures, or tonic's cut recordings."""
    entries = _clips(name, path)
    for split, top in (("train", "ibmGestureTrain"), ("test", "ibmGestureTest")):
        for file in sorted(path.glob(f"**/{top}/*/*.npy")):
            below, label = file.relative_to(path).as_posix(), _NUMBERED[int(file.stem)]
            make = partial(_columns, file, f"{name}/{below}", "xypt", 1000)
            entries.append(Entry(below, split, label, make, f"{name}/{below}", identity=_identity(file)))
    for split, trials in (("train", "trials_to_train.txt"), ("test", "trials_to_test.txt")):
        for listing in sorted(path.glob(f"**/{trials}")):
            for line in listing.read_text().split():
                entries += _gestures_of(name, path, listing.parent / line, split)
    return entries


def _gestures_of(name: str, path: Path, file: Path, split: str) -> Iterator[Entry]:
    """One entry for each row of the table beside a recording: class, start and end in µs."""
    below = file.relative_to(path).as_posix()
    table = file.with_name(f"{file.stem}_labels.csv")
    if not (file.exists() and table.exists()):
        missing = file if not file.exists() else table
        raise UserError(
            f"{missing}: the recording is listed but missing; `ssnn-fpga download {name} --out {path}` "
            "tells where it is."
        )
    for row in _rows(table, "class", "startTime_usec", "endTime_usec"):
        start, end = int(row["startTime_usec"]), int(row["endTime_usec"])
        place = f"{below.removesuffix('.aedat')}/{start:012d}"
        make = partial(_cut, file, f"{name}/{below}", start, end)
        identity = f"{_identity(file)} {start} {end}"
        label = _NUMBERED[int(row["class"]) - 1]
        yield Entry(place, split, label, make, f"{name}/{place}", identity=identity)


def _clips(name: str, path: Path) -> list[Entry]:
    """Clips of gestures, 1.bs2 and so on, beside a table labels.csv; they are all for testing."""
    table = path / "labels.csv"
    entries = []
    for row in _rows(table, _CLIP_CLASS) if table.exists() else ():
        file, label = path / row["file"], _NUMBERED[int(row[_CLIP_CLASS]) - 1]
        entries.append(Entry(f"test/{label}/{file.name}", "test", label, file, f"{name}/{file.name}"))
    return entries


def _rows(table: Path, number: str, *times: str) -> Iterator[dict[str, str]]:
    """Rows of a table whose column ``number`` is a gesture's, 1 to 11; ``times`` are numbers too."""
    with table.open(newline="") as lines:
        for row in csv.DictReader(lines):
            values = [row.get(name) or "" for name in (number, *times)]
            if not all(value.isdecimal() for value in values) or not 1 <= int(values[0]) <= len(GESTURES):
                columns = ", ".join((number, *times))
                raise UserError(
                    f"{table}: a row is not {columns} with a class of 1 to {len(GESTURES)}; fetch it again."
                )
            yield row


# Files


def _files(path: Path, suffixes: tuple[str, ...]) -> Files:
    """Files of these suffixes by place: of a folder, or else of its archives, or of an archive."""
    found: Files = {}
    if path.is_dir():
        found |= {
            file.relative_to(path).as_posix(): file
            for file in path.rglob("*")
            if file.name.lower().endswith(suffixes) and not file.name.startswith(".")
        }
        if found:
            return found
    archives = sorted(path.glob("*")) if path.is_dir() else [path]
    for archive in archives:
        if archive.name.lower().endswith(ARCHIVE_SUFFIXES):
            found |= archived(archive, suffixes)
    return found


def _own_split(entries: Iterable[Entry]) -> list[Entry]:
    """Entries <class>/<recording> in a train and a test split: see the head of this file."""
    classes: dict[str, list[Entry]] = {}
    for entry in entries:
        classes.setdefault(entry.label, []).append(entry)
    split = []
    for members in classes.values():
        members.sort(key=lambda entry: hashlib.sha256(PurePosixPath(entry.path).name.encode()).digest())
        tests = round(len(members) * TEST_SHARE)
        for index, entry in enumerate(members):
            name = "test" if index < tests else "train"
            split.append(replace(entry, split=name, path=f"{name}/{entry.path}"))
    return split


def _identity(source: Path | bytes) -> str:
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    state = source.stat()
    return f"{state.st_size} {state.st_mtime_ns}"


# Decoding


def _columns(source: Path | bytes, name: str, order: str, unit_us: int) -> Events:
    """A table of numpy's format, its columns t, x, y and p in the given ``order``, time in ``unit_us``."""
    data = source if isinstance(source, bytes) else file_bytes(source, name)
    try:
        table = np.load(BytesIO(data), allow_pickle=False)
        columns = dict(zip(order, table.T.astype(np.int64), strict=True))
    except (ValueError, EOFError, AttributeError, TypeError) as error:
        raise UserError(
            f"{name}: the recording is no table of four columns ({error}); fetch it again."
        ) from error
    return structured(columns["t"] * unit_us, columns["x"], columns["y"], columns["p"])


def _cut(file: Path, name: str, start: int, end: int) -> Events:
    """The events of a recording from ``start`` up to ``end`` in µs."""
    events = _whole(file, name, file.stat().st_mtime_ns)
    first, last = np.searchsorted(events["t"], (start, end))
    return events[first:last]


@lru_cache(maxsize=1)  # a recording holds a dozen gestures, which are read one after another
def _whole(file: Path, name: str, changed: int) -> Events:
    return decode(file, name, file.suffix, GESTURE_SENSOR)


_DVS128 = (128, 128)
_TENTH = "ours, a tenth of each class for testing"

KNOWN: dict[str, KnownSet] = {
    "nmnist": KnownSet("N-MNIST", (34, 34), "official", _laid_out),
    "poker_dvs": KnownSet("POKER-DVS", (35, 35), f"tonic's; of AEDAT files {_TENTH}", _poker),
    "ncars": KnownSet("N-CARS", (100, 120), "official", _ncars),
    "cifar10_dvs": KnownSet("CIFAR10-DVS", _DVS128, _TENTH, partial(_classes, (".aedat", ".aedat4"))),
    "ncaltech101": KnownSet("N-Caltech101", (180, 240), _TENTH, partial(_classes, (".bin",))),
    "dvs_gesture": KnownSet("DVS128 Gesture", GESTURE_SENSOR, "official", _gesture),
}
"""The sets by the name that users give."""
