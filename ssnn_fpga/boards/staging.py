"""Puts everything that a bitstream is made from into one folder, and gives it its identity.

Synthesis and the simulation of the same top level read this folder and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ssnn_fpga.boards.board import Board
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.edge import AXI, EDGE
from ssnn_fpga.rtl.library import library_sources
from ssnn_fpga.runtime.manifest import StreamFormat

DESIGN_INCLUDE, PORTS_INCLUDE = "design.svh", "ports.svh"
"""Sizes, inside the board's top level; macros of the ports that only some designs have, before it."""
_HDL = (".sv", ".v")


@dataclass(frozen=True)
class Hardware:
    """A generated design as a flow sees it: the module ``accelerator`` and what it needs."""

    sources: tuple[Path, ...]
    """Its SystemVerilog, library modules included."""
    images: tuple[Path, ...]
    """Memory images, which its memories name without a folder."""
    stream: StreamFormat
    classes: tuple[str, ...] = ()
    compression: dict[str, Any] | None = None
    edge: str = ""
    """Text of the module ``accelerator_edge``; empty where the design has none."""
    weights: bytes = b""
    """What it reads from memory while it runs; empty where all weights are on the chip."""
    weight_bits: int = 0
    """Width of the port for them."""
    loadable: bool = False
    """Whether its weights are loaded, so that others may take their place without a new bitstream."""


@dataclass(frozen=True)
class Staged:
    """The folder that synthesis and simulation read."""

    folder: Path
    hdl: tuple[str, ...]
    """Names of the SystemVerilog and Verilog files in it, sorted."""
    identity: str
    """32 hexadecimal digits over network, plan and board."""


def stage(hardware: Hardware, board: Board, folder: Path) -> Staged:
    """Fill ``folder``, which is emptied first.

    A source of the board takes the place of a library file of the same name. Raises UserError for a
    file that is not there.
    """
    files = [
        *hardware.sources,
        *hardware.images,
        *library_sources(board.library),
        *(board.folder / name for name in board.sources),
    ]
    if board.constraints is not None:
        files.append(board.folder / board.constraints)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for file in files:
        try:
            shutil.copyfile(file, folder / file.name)
        except OSError as error:
            raise UserError(f"{file} is missing: compile the model again.") from error
    if AXI in board.library and hardware.edge:
        (folder / f"{EDGE}.sv").write_text(hardware.edge)
    (folder / PORTS_INCLUDE).write_text(_ports(hardware))
    facts = json.dumps([asdict(hardware.stream), hardware.classes, hardware.compression])
    if hardware.weights and not hardware.loadable:
        facts += hashlib.sha256(hardware.weights).hexdigest()
    identity = _digest(folder, [facts, board.model_dump_json()])[:32]
    (folder / DESIGN_INCLUDE).write_text(_include(hardware.stream, board, identity))
    hdl = tuple(sorted(path.name for path in folder.iterdir() if path.suffix in _HDL))
    return Staged(folder, hdl, identity)


def _digest(folder: Path, facts: Iterable[str]) -> str:
    """SHA-256 over the names and contents of the files in ``folder``, and ``facts``."""
    sha = hashlib.sha256()
    for part in facts:
        sha.update(part.encode() + b"\0")
    for path in sorted(folder.iterdir()):
        content = path.read_bytes()
        sha.update(f"{path.name}\0{len(content)}\0".encode() + content)
    return sha.hexdigest()


def _ports(hardware: Hardware) -> str:
    """Macros for the files that have ports of a kind."""
    defined = []
    if hardware.weights:
        defined.append(f"`define MEMORY_PORT_BITS {hardware.weight_bits}")
    if hardware.loadable:
        defined.append("`define LOADABLE")
    return "\n".join(["`ifndef PORTS_SVH", "`define PORTS_SVH", *defined, "`endif", ""])


def _include(stream: StreamFormat, board: Board, identity: str) -> str:
    """What the board's top level has to know of the design."""
    numbers = {
        "FRAME_TOKENS": stream.tokens,
        "IN_WIDTH": stream.in_width,
        "OUT_WIDTH": stream.out_width,
        "CLASS_BITS": stream.class_bits,
    }
    if board.serial is not None:
        numbers["CLOCKS_PER_BIT"] = board.clocks_per_bit
    lines = [f"localparam int {name} = {value};" for name, value in numbers.items()]
    return "\n".join([*lines, f"localparam logic [127:0] IDENTITY = 128'h{identity};\n"])
