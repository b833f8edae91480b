"""Native formats of event cameras other than N-MNIST's, read by the libraries that know them.

| suffix | format | read by |
|---|---|---|
| ``.bin``, ``.bs2`` | N-MNIST, N-Caltech101: 40 bits an event | ``recording`` |
| ``.aedat`` | AEDAT 2.0 of a DVS128; AEDAT 3.1, polarity events | tonic; 3.1 here |
| ``.aedat4`` | AEDAT 4, the first stream of events | aedat, by tonic |
| ``.dat`` | Prophesee DAT, as N-CARS | expelliarmus |
| ``.raw`` | Prophesee EVT 2.0 and EVT 3.0 | expelliarmus; 3.0 here |

tonic takes every packet of an AEDAT 3.1 file for polarity events and leaves out the upper half of
the clock, and expelliarmus adds 4096 µs too many at each step of an EVT 3.0 file's upper clock (a real
file of 8.8 ms becomes one of 53.9 ms), so these two are taken apart here.
"""

from __future__ import annotations

import re
import struct
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.libraries import library
from ssnn_fpga.events.recording import EVENT, Events, check_events, file_bytes, read_recording

_AEDAT_MAGIC = b"#!AER-DAT"
_AEDAT3_HEADER = struct.Struct("<hhIIIIII")  # type, source, size, offset of time, overflows, capacity, …
_AEDAT3_POLARITY = 1
_AEDAT3_END = b"#!END-HEADER\r\n"
_AEDAT2_SPECIAL = 0x8000  # set in the address of what is no pixel's event
_DAT_EVENT_BYTES = 8
_EVT3_ROW, _EVT3_EVENT, _EVT3_FIRST_COLUMN, _EVT3_VECTOR_12, _EVT3_VECTOR_8 = 0, 2, 3, 4, 5
_EVT3_TIME_LOW, _EVT3_TIME_HIGH = 6, 8
_EVT_VERSION = re.compile(rb"^%\s*(?:evt\s+|format\s+EVT)([0-9])", re.MULTILINE | re.IGNORECASE)


def decode(source: Path | bytes, name: str, suffix: str, sensor: tuple[int, int]) -> Events:
    """Events of ``source`` (a file or its bytes), in the format that ``suffix`` names.

    ``sensor`` is (height, width). Raises UserError, naming ``name``, for a file that cannot be read,
    is empty or broken, and for events outside the sensor or out of order of time.
    """
    if suffix in (".bin", ".bs2"):
        return read_recording(source, name, sensor)
    data = source if isinstance(source, bytes) else file_bytes(source, name)
    if not data:
        raise UserError(f"{name}: the recording is empty; remove the file or fetch it again.")
    events = _DECODERS[suffix](data, name)
    if not len(events):
        raise UserError(f"{name}: the recording holds no event; remove the file or fetch it again.")
    check_events(events, name, sensor)
    return events


def structured(
    t: NDArray[np.integer], x: NDArray[np.integer], y: NDArray[np.integer], p: NDArray[np.integer]
) -> Events:
    """The four columns (events,) as one array of dtype `EVENT`."""
    events = np.empty(len(t), dtype=EVENT)
    events["t"], events["x"], events["y"], events["p"] = t, x, y, p
    return events


def _aedat(data: bytes, name: str) -> Events:
    """AEDAT 2.0: 32 bits of address and 32 of time in µs, big endian; x, y and polarity as jAER's DVS128."""
    if not data.startswith(_AEDAT_MAGIC):
        raise _broken(name, f"an AEDAT file begins with {_AEDAT_MAGIC.decode()}")
    io = library("tonic.io", "AEDAT recordings")
    with _file(data) as file:
        version, start, _ = io.read_aedat_header_from_file(file)
        if 3 <= version < 4:
            return _aedat3(data, name)
        if not 2 <= version < 3:
            raise _broken(name, f"AEDAT {version} is not read, only 2.0, 3.1 and 4")
        if (len(data) - start) % 8:
            raise _broken(name, "it ends within an event")
        raw = io.get_aer_events_from_file(file, version, start)
    raw = raw[raw["address"] & _AEDAT2_SPECIAL == 0]
    address = raw["address"].astype(np.int64)
    return structured(raw["timeStamp"], address >> 1 & 0x7F, address >> 8 & 0x7F, address & 1)


def _aedat3(data: bytes, name: str) -> Events:
    """AEDAT 3.1: packets of a header and its events; those that are no valid polarity event are left out."""
    place = data.find(_AEDAT3_END) + len(_AEDAT3_END)
    if place < len(_AEDAT3_END):
        raise _broken(name, "its header has no end")
    packets = [structured(*np.zeros((4, 0), dtype=np.int64))]
    while place < len(data):
        if place + _AEDAT3_HEADER.size > len(data):
            raise _broken(name, "it ends within the header of a packet")
        kind, _, size, _, overflows, _, number, _ = _AEDAT3_HEADER.unpack_from(data, place)
        place += _AEDAT3_HEADER.size
        if place + size * number > len(data):
            raise _broken(name, "it ends within a packet")
        if kind == _AEDAT3_POLARITY:
            raw = np.frombuffer(data, "<u4", 2 * number, place).reshape(-1, 2).astype(np.int64)
            raw = raw[raw[:, 0] & 1 == 1]
            t = raw[:, 1] + (overflows << 31)
            address = raw[:, 0]
            packets.append(structured(t, address >> 17, address >> 2 & 0x7FFF, address >> 1 & 1))
        place += size * number
    return np.concatenate(packets)


def _aedat4(data: bytes, name: str) -> Events:
    library("aedat", "AEDAT 4 recordings")
    io = library("tonic.io", "AEDAT recordings")
    with _file(data) as file:
        try:
            raw = io.read_aedat4(file)
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:  # aedat's panics are no Exception
            raise _broken(name, f"AEDAT 4: {error}") from error
    return structured(raw["t"].astype(np.int64), raw["x"], raw["y"], raw["on"])


def _dat(data: bytes, name: str) -> Events:
    start = 0
    while data[start : start + 1] == b"%":
        start = data.find(b"\n", start) + 1 or len(data)
    body = len(data) - start - 2  # two bytes say the kind and the size of an event
    if body < 0 or data[start + 1] != _DAT_EVENT_BYTES:
        raise _broken(name, f"it has no DAT header with events of {_DAT_EVENT_BYTES} bytes")
    if body % _DAT_EVENT_BYTES:
        raise _broken(name, "it ends within an event")
    events = _expelliarmus(data, "dat", name)
    # expelliarmus takes any step back for an overflow of the 32-bit clock; only a large one is.
    t = events["t"] & 0xFFFFFFFF
    events["t"] = t + (np.cumsum(np.diff(t, prepend=t[:1]) < -(1 << 31)) << 32)
    return events


def _raw(data: bytes, name: str) -> Events:
    version = _EVT_VERSION.search(data[:4096])
    if version is None or version[1] not in b"23":
        raise _broken(name, "its header names neither EVT 2.0 nor EVT 3.0")
    return _evt3(data, name) if version[1] == b"3" else _expelliarmus(data, "evt2", name)


def _evt3(data: bytes, name: str) -> Events:
    """EVT 3.0: 16-bit words that set the time, the row, the first column; one event, or one for each bit."""
    start = 0
    while data[start : start + 1] == b"%":
        start = data.find(b"\n", start) + 1 or len(data)
    if (len(data) - start) % 2:
        raise _broken(name, "it ends within a word")
    words = np.frombuffer(data, "<u2", offset=start).astype(np.int64)
    kind = words >> 12
    high = _last(words & 0xFFF, kind == _EVT3_TIME_HIGH)
    low = _last(words & 0xFFF, kind == _EVT3_TIME_LOW)
    # A lower clock from before the upper one moved on is out of date: that is 0 again.
    moved = _last(np.arange(len(words)), np.diff(high, prepend=high[:1]) != 0)
    low[_last(np.arange(len(words)), kind == _EVT3_TIME_LOW) < moved] = 0
    wraps = np.cumsum(np.diff(high, prepend=high[:1]) < -(1 << 11))
    t = wraps << 24 | high << 12 | low
    row = _last(words & 0x7FF, kind == _EVT3_ROW)

    width = np.select([kind == _EVT3_VECTOR_12, kind == _EVT3_VECTOR_8], [12, 8])
    before = np.cumsum(width) - width
    first = kind == _EVT3_FIRST_COLUMN
    base = _last(words & 0x7FF, first) + before - _last(before, first)
    polarity = _last(words >> 11 & 1, first)
    single = kind == _EVT3_EVENT
    # Bit b of a word with column x stands for an event at x + b; a single event is one at bit 0.
    bits = np.where(single, 1, np.where(width > 0, words & ((1 << width) - 1), 0))
    word, bit = np.nonzero(bits[:, None] >> np.arange(12) & 1)
    x = np.where(single, words & 0x7FF, base)[word] + bit
    p = np.where(single, words >> 11 & 1, polarity)[word]
    return structured(t[word], x, row[word], p)


def _last(values: NDArray[np.int64], when: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(words,) the value at the last place ``when`` holds, up to each place; 0 before the first."""
    place = np.maximum.accumulate(np.where(when, np.arange(len(when)), -1))
    return np.where(place < 0, 0, values[place])


def _expelliarmus(data: bytes, encoding: str, name: str) -> Events:
    wizard = library("expelliarmus", f"{encoding.upper()} recordings").Wizard(encoding=encoding)
    with _file(data, ".dat" if encoding == "dat" else ".raw") as file:
        raw = wizard.read(file)
    if raw is None:
        raise _broken(name, f"it holds no {encoding.upper()} events")
    return structured(raw["t"], raw["x"], raw["y"], raw["p"])


@contextmanager
def _file(data: bytes, suffix: str = "") -> Iterator[str]:
    """A file that holds ``data``: the libraries read files only, recordings may come out of archives."""
    with tempfile.NamedTemporaryFile(prefix="ssnn-fpga-", suffix=suffix) as file:
        file.write(data)
        file.flush()
        yield file.name


def _broken(name: str, why: str) -> UserError:
    return UserError(f"{name}: the recording is broken ({why}); fetch it again.")


_DECODERS: dict[str, Callable[[bytes, str], Events]] = {
    ".aedat": _aedat,
    ".aedat4": _aedat4,
    ".dat": _dat,
    ".raw": _raw,
}

SUFFIXES = (".bin", ".bs2", *_DECODERS)
"""Suffixes of the files that can be decoded."""
