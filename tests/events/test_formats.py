"""Native formats: files written bit by bit from the formats' descriptions, and real ones where found."""

from __future__ import annotations

import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import open_recordings
from ssnn_fpga.events.formats import SUFFIXES, decode
from ssnn_fpga.events.recording import EVENT, Events
from tests.events.places import shared, some_events

DVS128 = (128, 128)
AEDAT2_HEAD = b"#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n"
AEDAT3_HEAD = b"#!AER-DAT3.1\r\n#Format: RAW\r\n#!END-HEADER\r\n"
DAT_HEAD = b"% Data file containing Event2D events.\n% Version 2\n\x00\x08"


def aedat2(events: Events) -> bytes:
    """32 bits of address, 32 of time, big endian: y in bits 8 to 14, x in 1 to 7, polarity in 0."""
    words = [(int(y) << 8 | int(x) << 1 | int(p), int(t)) for t, x, y, p in events.tolist()]
    return AEDAT2_HEAD + b"".join(struct.pack(">II", *word) for word in words)


def aedat3_packet(events: Events, overflows: int = 0, valid: int = 1) -> bytes:
    """Header of 28 bytes; of each event x in bits 17 up, y in 2 up, polarity in 1, valid in 0; the time."""
    head = struct.pack("<hhIIIIII", 1, 1, 8, 4, overflows, len(events), len(events), len(events))
    words = [(int(x) << 17 | int(y) << 2 | int(p) << 1 | valid, int(t)) for t, x, y, p in events.tolist()]
    return head + b"".join(struct.pack("<II", *word) for word in words)


def dat(events: Events) -> bytes:
    """32 bits of time, then x in 14 bits, y in 14, polarity in 4, little endian."""
    words = [(int(t), int(x) | int(y) << 14 | int(p) << 28) for t, x, y, p in events.tolist()]
    return DAT_HEAD + b"".join(struct.pack("<II", *word) for word in words)


def evt2(events: Events) -> bytes:
    """Kind in bits 28 to 31: 8 is time / 64; 0 and 1 OFF and ON, time mod 64, x in 11 bits, y in 11."""
    words = []
    for t, x, y, p in events.tolist():
        words += [8 << 28 | t >> 6, p << 28 | (t & 63) << 22 | x << 11 | y]
    return b"% evt 2.0\n" + b"".join(struct.pack("<I", word) for word in words)


def evt3(events: Events) -> bytes:
    """16-bit words, kind in bits 12 to 15: 8 high half of time, 6 low half, 0 row, 2 column and polarity."""
    words = []
    for t, x, y, p in events.tolist():
        words += [8 << 12 | t >> 12, 6 << 12 | t & 0xFFF, y, 2 << 12 | p << 11 | x]
    return b"% evt 3.0\n" + b"".join(struct.pack("<H", word) for word in words)


def test_evt3_vectors_stand_for_an_event_a_bit_and_its_clock_wraps() -> None:
    words = [8 << 12 | 0xFFF, 6 << 12 | 0xFFE, 7, 3 << 12 | 1 << 11 | 20]  # time, row 7, ON from column 20
    words += [4 << 12 | 0b100000000001, 5 << 12 | 0b10000010]  # columns 20 and 31, then 33 and 39
    words += [8 << 12, 2 << 12 | 5, 6 << 12 | 3, 2 << 12 | 6]  # the upper clock wraps; OFF at 5 and 6
    data = b"% evt 3.0\n" + b"".join(struct.pack("<H", word) for word in words)
    before, after = 0xFFFFFE, 1 << 24
    assert decode(data, "a", ".raw", DVS128).tolist() == [
        *((before, x, 7, 1) for x in (20, 31, 33, 39)),
        (after, 5, 7, 0),
        (after + 3, 6, 7, 0),
    ]


def test_the_clock_of_dat_wraps() -> None:
    events = some()[:3]
    events["t"] = [2**32 - 5, 2**32 + 1, 2**32 + 9]
    wrapped = events.copy()
    wrapped["t"] %= 2**32
    np.testing.assert_array_equal(decode(dat(wrapped), "a", ".dat", DVS128), events)


WRITERS = {".aedat": aedat2, ".dat": dat, ".raw": evt2}


def some(seed: int = 0, sensor: tuple[int, int] = DVS128) -> Events:
    return some_events(np.random.default_rng(seed), 300, sensor)


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".aedat", aedat2(some())),
        (".aedat", AEDAT3_HEAD + aedat3_packet(some())),
        (".dat", dat(some())),
        (".raw", evt2(some())),
        (".raw", evt3(some())),
    ],
    ids=["AEDAT 2.0", "AEDAT 3.1", "DAT", "EVT 2.0", "EVT 3.0"],
)
def test_fields_are_where_the_format_puts_them(suffix: str, content: bytes, tmp_path: Path) -> None:
    events = decode(content, "a", suffix, DVS128)
    assert events.dtype == EVENT
    np.testing.assert_array_equal(events, some())
    file = tmp_path / f"a{suffix}"
    file.write_bytes(content)
    np.testing.assert_array_equal(decode(file, "a", suffix, DVS128), some())


def test_of_aedat_2_only_events_of_pixels_are_read() -> None:
    special = struct.pack(">II", 0x8000, 5)
    assert len(decode(aedat2(some()) + special, "a", ".aedat", DVS128)) == 300


def test_of_aedat_3_other_packets_and_invalid_events_are_left_out_and_the_clock_goes_on() -> None:
    events, frame = some(), struct.pack("<hhIIIIII", 2, 1, 16, 4, 0, 1, 1, 1) + bytes(16)
    content = AEDAT3_HEAD + aedat3_packet(events) + frame + aedat3_packet(some(1), valid=0)
    content += aedat3_packet(events, overflows=1)
    got = decode(content, "a", ".aedat", DVS128)
    np.testing.assert_array_equal(got[:300], events)
    np.testing.assert_array_equal(got["t"][300:], events["t"] + 2**31)


@pytest.mark.parametrize(
    ("file", "sensor", "count", "last"),
    [
        ("tonic_sample_ncars.dat", (100, 120), 2009, 99_952),
        ("expelliarmus_ncars_sample.dat", (100, 120), 4407, 99_937),
        ("expelliarmus_evt2_sample.raw", (480, 640), 539_481, 1_367_888),
        ("expelliarmus_evt3_sample.raw", (720, 1280), 219_596, 11_727_457),
        ("tonic_sample.aedat4", (240, 320), 111_954, 1_605_537_494_308_262),
        ("tonic_sample_nmnist.bin", (34, 34), 4325, None),
    ],
)
def test_real_recordings_of_each_format(
    file: str, sensor: tuple[int, int], count: int, last: int | None
) -> None:
    place = shared("native_format_samples", file)
    if place is None:
        pytest.skip("no real recordings were found; the ones above are written bit by bit")
    events = decode(place, file, place.suffix, sensor)
    assert len(events) == count
    assert last in (None, events["t"][-1])
    with pytest.raises(UserError, match="lies outside"):
        decode(place, file, place.suffix, (sensor[0] // 4, sensor[1] // 4))


def test_a_real_evt2_file_holds_what_its_words_say() -> None:
    place = shared("native_format_samples", "expelliarmus_evt2_sample.raw")
    if place is None:
        pytest.skip("no real EVT 2.0 file was found")
    data = place.read_bytes()
    start = data.rindex(b"% evt 2.0\n") + len(b"% evt 2.0\n")
    start = next(n for n in range(start, len(data)) if data[n] != ord("%") or b"\n" not in data[n : n + 99])
    words = np.frombuffer(data[start : start + (len(data) - start) // 4 * 4], "<u4").astype(np.int64)
    kinds = words >> 28
    assert int(np.isin(kinds, (0, 1)).sum()) == len(decode(place, "a", ".raw", (480, 640)))


BROKEN = {
    "no file at all": (".dat", Path("gone.dat"), "cannot be read"),
    "empty": (".raw", b"", "empty"),
    "AEDAT of another kind": (".aedat", b"\0" * 64, "begins with #!AER-DAT"),
    "AEDAT 1": (".aedat", b"#!AER-DAT1.0\r\n" + bytes(60), "AEDAT 1.0 is not read"),
    "half an AEDAT 2 event": (".aedat", aedat2(some())[:-3], "ends within an event"),
    "AEDAT 3 without an end of header": (".aedat", AEDAT3_HEAD[:24] + bytes(40), "header has no end"),
    "half an AEDAT 3 packet": (".aedat", AEDAT3_HEAD + aedat3_packet(some())[:-3], "within a packet"),
    "half an AEDAT 3 header": (".aedat", AEDAT3_HEAD + aedat3_packet(some())[:9], "header of a packet"),
    "AEDAT 3 without events": (".aedat", AEDAT3_HEAD, "no event"),
    "no AEDAT 4": (".aedat4", b"#!AER-DAT4.0\r\n" + bytes(99), "AEDAT 4"),
    "half a DAT event": (".dat", dat(some())[:-3], "ends within an event"),
    "no DAT": (".dat", b"nothing of the kind", "no DAT header"),
    "DAT without events": (".dat", DAT_HEAD, "no DAT events"),
    "half an EVT 3 word": (".raw", evt3(some())[:-1], "ends within a word"),
    "EVT of no version": (".raw", b"% integrator\n" + bytes(64), "neither EVT 2.0 nor EVT 3.0"),
    "time runs backwards": (".dat", dat(some()[::-1]), "backwards"),
    "outside the sensor": (".aedat", aedat2(some()), "lies outside the 64 × 64"),
}


@pytest.mark.parametrize(("suffix", "source", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_recording_is_named_with_its_defect(suffix: str, source: bytes | Path, words: str) -> None:
    sensor = (64, 64) if words.startswith("lies") else DVS128
    with pytest.raises(UserError, match=words) as raised:
        decode(source, "set/test/3/a", suffix, sensor)
    assert str(raised.value).startswith("set/test/3/a: ")
    assert "\n" not in str(raised.value)


def test_a_folder_may_hold_any_format(tmp_path: Path) -> None:
    for label, (suffix, write) in enumerate(WRITERS.items()):
        file = tmp_path / "set" / "test" / str(label) / f"a{suffix}"
        file.parent.mkdir(parents=True)
        file.write_bytes(write(some(label)))
    entries = open_recordings(tmp_path / "set").entries("test")
    assert [entry.label for entry in entries] == ["0", "1", "2"]
    for label, entry in enumerate(entries):
        np.testing.assert_array_equal(entry.read(DVS128), some(label))
    assert set(WRITERS) < set(SUFFIXES)


@pytest.mark.parametrize(
    ("suffix", "content", "name"),
    [(".aedat", aedat2(some()), "tonic"), (".aedat4", b"x", "aedat"), (".dat", dat(some()), "expelliarmus")],
)
def test_a_missing_library_is_named(
    suffix: str, content: bytes, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in [each for each in sys.modules if each.split(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(UserError, match=rf"need the library {name}: pip install 'ssnn-fpga\[train\]'"):
        decode(content, "a", suffix, DVS128)
