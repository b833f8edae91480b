"""From FASM, the list of features that a routed design uses, to the frames of a 7-series device.

Which bits a feature sets is in the database of Project X-Ray (https://github.com/f4pga/prjxray-db):
``tilegrid.json`` says where a tile's bits begin, ``segbits_*.db`` which of them belong to a feature,
``ppips_*.db`` which connections exist without a bit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ssnn_fpga.errors import UserError

FRAME_WORDS = 101
"""Words of 32 bits in a frame of a 7-series device."""

Frames = dict[int, list[int]]
"""The frames that hold a set bit: by address, FRAME_WORDS words each."""

_LINE = re.compile(
    r"(?P<feature>[^\s\[=]+)(?:\[(?P<high>\d+)(?::(?P<low>\d+))?\])?(?:\s*=\s*(?P<value>\S+))?"
)
_NUMBER = re.compile(r"(?:\d+'(?P<base>[bhd]))?(?P<digits>[0-9a-fA-F_]+)")
_BASES = {"b": 2, "h": 16, "d": 10, None: 10}


@dataclass(frozen=True)
class _Bit:
    """A bit of a feature: ``column`` counts frames, ``row`` bits, from where its tile begins."""

    column: int
    row: int
    value: bool


@dataclass
class _Segments:
    """What the database knows of one type of tile."""

    bits: dict[str, dict[tuple[str, int], list[_Bit]]] = field(default_factory=dict)
    """By kind of frame (CLB_IO_CLK or BLOCK_RAM), then by feature and index."""
    without_bits: set[str] = field(default_factory=set)


class Database:
    """Project X-Ray's data of one part; types of tiles are read when a feature asks for them.

    ``root`` is the folder with one folder a family in it. Raises UserError for an unknown part.
    """

    def __init__(self, root: Path, family: str, part: str) -> None:
        self.part = part
        self._family = root / family
        self.part_file = self._family / part / "part.yaml"
        device = re.sub(r"[a-z]+\d+-\d+\w*$", "", part)
        grid = self._family / device / "tilegrid.json"
        if not grid.is_file() or not self.part_file.is_file():
            raise UserError(f"{self._family} does not know the part {part}: correct the board's device.")
        self._tiles: dict[str, dict[str, Any]] = json.loads(grid.read_text())
        self._segments: dict[str, _Segments] = {}

    def required(self) -> str:
        """FASM of the features that every configuration of this part has."""
        file = self.part_file.with_name("required_features.fasm")
        return file.read_text() if file.is_file() else ""

    def bits(self, feature: str, index: int) -> Iterator[tuple[int, int, int, bool]]:
        """Frame, word, bit in the word, and value, of ``feature``[``index``].

        Raises UserError for a feature that the database does not have.
        """
        name, _, rest = feature.partition(".")
        tile = self._tiles.get(name)
        if tile is None:
            raise UserError(f"{self.part} has no tile {name}, which {feature} names: {_MISMATCH}")
        segments = self._of(tile["type"])
        known = f"{tile['type']}.{rest}"
        found = False
        for kind, place in tile["bits"].items():
            bits = segments.bits.get(kind, {}).get((known, index))
            if bits is None:
                continue
            if "alias" in place:
                raise UserError(
                    f"{feature} is at the end of a bank of pins, which is not supported: use another pin."
                )
            found = True
            for bit in bits:
                word, position = divmod(bit.row, 32)
                yield int(place["baseaddr"], 16) + bit.column, place["offset"] + word, position, bit.value
        if not found and known not in segments.without_bits:
            raise UserError(f"{self.part} has no feature {feature}[{index}]: {_MISMATCH}")

    def _of(self, tile_type: str) -> _Segments:
        if tile_type not in self._segments:
            stem = tile_type.lower()
            segments = _Segments()
            for kind, suffix in (("CLB_IO_CLK", ""), ("BLOCK_RAM", ".block_ram")):
                segments.bits[kind] = _read_segbits(self._family / f"segbits_{stem}{suffix}.db")
            pips = self._family / f"ppips_{stem}.db"
            if pips.is_file():
                segments.without_bits = {line.split()[0] for line in pips.read_text().splitlines() if line}
            self._segments[tile_type] = segments
        return self._segments[tile_type]


_MISMATCH = "place and route and the database do not fit together, run make toolchain again."


def _read_segbits(path: Path) -> dict[tuple[str, int], list[_Bit]]:
    """Lines such as ``CLBLL_L.SLICEL_X0.ALUT.INIT[07] 33_02`` or ``… !30_00 30_01``."""
    features: dict[tuple[str, int], list[_Bit]] = {}
    for line in path.read_text().splitlines() if path.is_file() else ():
        name, *words = line.split()
        indexed = re.fullmatch(r"(.+)\[(\d+)\]", name)
        key = (indexed[1], int(indexed[2])) if indexed else (name, 0)
        bits = []
        for word in words:
            column, row = word.lstrip("!").split("_")
            bits.append(_Bit(int(column), int(row), not word.startswith("!")))
        features[key] = bits
    return features


def set_features(text: str) -> Iterator[tuple[str, int]]:
    """Every feature that FASM ``text`` sets, one a bit, as name and index.

    Raises UserError for a line that is not FASM.
    """
    for number, line in enumerate(text.splitlines(), 1):
        content = line.partition("#")[0].partition("{")[0].strip()
        if not content:
            continue
        parts = _LINE.fullmatch(content)
        value = parts and _NUMBER.fullmatch(parts["value"] or "1")
        if not parts or not value:
            raise UserError(f"Line {number} of the FASM is not understood: {line!r}.")
        low = int(parts["low"] or parts["high"] or 0)
        width = int(parts["high"] or 0) - low + 1
        bits = int(value["digits"].replace("_", ""), _BASES[value["base"]])
        if bits >> width:
            raise UserError(f"Line {number} of the FASM sets more than its {width} bits: {line!r}.")
        yield from ((parts["feature"], low + i) for i in range(width) if bits >> i & 1)


def fasm_to_frames(text: str, database: Database) -> Frames:
    """The frames that FASM ``text`` and the features that the part requires configure.

    Raises UserError for an unknown feature, or two that ask for different values of one bit.
    """
    owners: dict[tuple[int, int, int], tuple[bool, str]] = {}
    for source in (text, database.required()):
        for feature, index in set_features(source):
            for *place, value in database.bits(feature, index):
                key = (place[0], place[1], place[2])
                earlier, owner = owners.setdefault(key, (value, feature))
                if earlier != value:
                    raise UserError(f"{feature} and {owner} ask for different values of one bit: {_MISMATCH}")
    frames: Frames = {}
    for (frame, word, bit), (value, _) in owners.items():
        if value:
            frames.setdefault(frame, [0] * FRAME_WORDS)[word] |= 1 << bit
    return dict(sorted(frames.items()))


def frames_text(frames: Mapping[int, list[int]]) -> str:
    """The file that xc7frames2bit reads: a frame a line, its address and its words."""
    lines = (
        f"0x{address:08X} {','.join(f'0x{word:08X}' for word in words)}\n"
        for address, words in frames.items()
    )
    return "".join(lines)


def set_bits(frames: Mapping[int, list[int]]) -> set[str]:
    """The set bits as bitread prints them: ``bit_<frame>_<word>_<bit>``."""
    return {
        f"bit_{address:08x}_{index:03d}_{bit:02d}"
        for address, words in frames.items()
        for index, word in enumerate(words)
        for bit in range(32)
        if word >> bit & 1
    }
