"""The open flow for Xilinx 7-series boards: yosys, nextpnr, Project X-Ray. No vendor tool takes part."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

from ssnn_fpga.boards.bit_file import binary_file, bit_file, configuration
from ssnn_fpga.boards.board import Board
from ssnn_fpga.boards.fasm import Database, Frames, fasm_to_frames, frames_text, set_bits
from ssnn_fpga.boards.outputs import BINARY_FILE, BITSTREAM_FILE, clear, finished, publish, sha256
from ssnn_fpga.boards.report import BuildReport, Usage
from ssnn_fpga.boards.staging import Hardware, stage
from ssnn_fpga.boards.step import run_step
from ssnn_fpga.boards.synthesis import YOSYS, check_fits
from ssnn_fpga.boards.tools import prjxray_database, version_of
from ssnn_fpga.boards.xilinx_routing import METHOD, NEXTPNR, SEEDS, place_and_route
from ssnn_fpga.boards.xilinx_synthesis import check_block_rams, synthesise_xilinx
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.generate import WEIGHTS_FILE
from ssnn_fpga.runtime.manifest import Manifest, WeightImage

_TO_BIT, _FROM_BIT = "xc7frames2bit", "bitread"
_FAMILIES = {"xc7z": "zynq7", "xc7a": "artix7", "xc7s": "spartan7", "xc7k": "kintex7"}
# nextpnr's reader of constraints knows these alone, and passes over some of what it does not know.
_CONSTRAINTS = re.compile(
    r"set_property\s.*\[get_ports\s.*\]|create_clock\s.*\[get_(ports|nets)\s.*\]|#.*|\s*"
)


def build_xilinx(
    hardware: Hardware, board: Board, out: Path, *, progress: bool = True, seeds: tuple[int, ...] = SEEDS
) -> BuildReport:
    """Write ``out``/accelerator.bit and .bit.bin with timing.json, utilisation.json and manifest.json.

    The placer's seeds are tried in turn until the board's clock for open tools is met without a hold
    violation, which nextpnr does not repair; no further one where the clock is far from met. The bits of
    the finished file are read back and compared with those that were meant. An output folder that already
    holds the bitstream of exactly these sources and tools is left as it is. Raises UserError where the
    design does not fit, the clock is not met or a tool is missing or fails; then no bitstream is left
    in ``out``.
    """
    out.mkdir(parents=True, exist_ok=True)
    database = _database(board)
    constraints = _constraints(board)
    staged = stage(hardware, board, out / "sources")
    tools = {name: version_of(name) for name in (YOSYS, NEXTPNR, _TO_BIT)}
    inputs = hashlib.sha256(json.dumps([staged.identity, tools, seeds, METHOD]).encode()).hexdigest()
    earlier = finished(out, inputs, weights=hardware.weights)
    if earlier is not None:
        return earlier
    work, logs = clear(out)
    netlist = work / "netlist.json"
    synthesised = synthesise_xilinx(staged, board.top, board, netlist, logs, progress=progress)
    need = {name: use.used for name, use in synthesised.items() if name != "raw LUTs"}
    check_fits(need, {name: use.available for name, use in synthesised.items()}, board.name)
    check_block_rams(netlist, board.top)
    seed, timing, fasm = place_and_route(staged, board, constraints, netlist, work, logs, seeds, progress)
    frames = fasm_to_frames(fasm, database)
    bits = _bits(frames, database, board, work, logs, progress)
    (work / BITSTREAM_FILE).write_bytes(bit_file(bits, board.top, board.device))
    (work / BINARY_FILE).write_bytes(binary_file(bits))
    _check_bits(frames, database, work, logs, progress)
    manifest = Manifest(
        board=board.name,
        device=board.device,
        identity=staged.identity,
        stream=hardware.stream,
        classes=hardware.classes,
        compression=hardware.compression,
        clock_mhz=board.clock_mhz,
        baud=None,
        tools=tools,
        seed=seed,
        inputs_sha256=inputs,
        bitstream_sha256=sha256(work / BITSTREAM_FILE),
        register_base=board.register_base,
        weights=WeightImage.of(hardware.weights, WEIGHTS_FILE),
    )
    utilisation = {"placed LUT sites": Usage(lut_sites(fasm), board.budget.luts), **synthesised}
    files = [work / BITSTREAM_FILE, work / BINARY_FILE]
    return publish(out, files, timing, utilisation, manifest, hardware.weights)


def _database(board: Board) -> Database:
    family = _FAMILIES.get(board.device[:4])
    if family is None:
        raise UserError(
            f"{board.name}: the open flow has devices {', '.join(_FAMILIES)}…, not {board.device}; correct "
            "its board.toml."
        )
    return Database(prjxray_database(), family, board.device)


def _constraints(board: Board) -> str:
    """Name of the board's constraints. Raises UserError for one that nextpnr would not understand."""
    if board.constraints is None:
        raise UserError(f"{board.name}: the open flow needs constraints; correct its board.toml.")
    for number, line in enumerate((board.folder / board.constraints).read_text().splitlines(), 1):
        if not _CONSTRAINTS.fullmatch(line):
            raise UserError(
                f"{board.constraints}, line {number}: nextpnr knows set_property on get_ports and "
                f"create_clock only, not {line.strip()!r}; take it out."
            )
    return board.constraints


def _bits(frames: Frames, database: Database, board: Board, work: Path, logs: Path, progress: bool) -> bytes:
    """The whole configuration with check sums, as the device takes it."""
    file, packed = work / "accelerator.frames", work / "xc7frames2bit.bit"
    file.write_text(frames_text(frames))
    options = {
        "--part_file": str(database.part_file),
        "--part_name": board.device,
        "--frm_file": file.name,
        "--output_file": packed.name,
    }
    words = [word for option in options.items() for word in option]
    log = logs / "bitstream.log"
    run_step(_TO_BIT, words, folder=work, log=log, title="bitstream", progress=progress)
    return configuration(packed.read_bytes())


def _check_bits(frames: Frames, database: Database, work: Path, logs: Path, progress: bool) -> None:
    """Raises UserError where the bits that bitread finds are not those of ``frames``."""
    read = work / "read.bits"
    run_step(
        _FROM_BIT,
        ["-part_file", str(database.part_file), "-y", "-z", "-o", read.name, BITSTREAM_FILE],
        folder=work,
        log=logs / "read.log",
        title="reading the bitstream back",
        progress=progress,
    )
    wrong = set(read.read_text().split()) ^ set_bits(frames)
    if wrong:
        raise UserError(
            f"{len(wrong)} bits of the bitstream are not as they were meant, {min(wrong)} among them: "
            "run make toolchain again."
        )


def lut_sites(fasm: str) -> int:
    """Look-up tables of the device that are occupied, route-throughs and two in one included."""
    return len(set(re.findall(r"^(\S+LUT)\.INIT\[", fasm, re.MULTILINE)))
