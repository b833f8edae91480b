"""Place and route for Xilinx 7-series: nextpnr places, its slices are moved, and nextpnr routes them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ssnn_fpga.boards.board import Board
from ssnn_fpga.boards.nextpnr_report import timing_of
from ssnn_fpga.boards.report import Timing
from ssnn_fpga.boards.staging import Staged
from ssnn_fpga.boards.step import run_step, seen_from
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.library import hardware_directory

NEXTPNR = "nextpnr-himbaechel-xilinx"
SEEDS = (1, 2, 3, 4, 5, 6)
PLACER = "static"
"""The other one, heap, leaves more than twice the wire length, and takes three times as long."""
NEAR = 0.8
"""Share of the clock below which no further seed is tried: it would take long and change little."""
_SCRIPTS = "flows/nextpnr"
_OURS = ("slices", "slice_timing", "slice_annealing")
METHOD = hashlib.sha256(
    b"".join((Path(__file__).parent / f"{name}.py").read_bytes() for name in _OURS)
).hexdigest()[:16]
"""Of what lies between nextpnr's two runs: a bitstream made with another is made anew."""


def place_and_route(
    staged: Staged,
    board: Board,
    constraints: str,
    netlist: Path,
    work: Path,
    logs: Path,
    seeds: tuple[int, ...],
    progress: bool,
) -> tuple[int, Timing, str]:
    """Tries one seed after the other until nextpnr is satisfied; the seed, its timing, the design as FASM.

    Raises UserError where no seed meets the clock without a hold violation.
    """
    best, violations, tried = 0.0, 0, 0
    for seed in seeds:
        tried += 1
        places = _place(staged, board, constraints, netlist, work, logs, seed, progress)
        report, fasm = work / f"seed{seed}.json", work / f"seed{seed}.fasm"
        options = {
            **_options(staged, board, constraints, netlist, seed, "keep_places"),
            "--report": seen_from(staged.folder, report),
        }
        words = [word for option in options.items() for word in option]
        try:
            run_step(
                NEXTPNR,
                [*words, "-o", f"fasm={seen_from(staged.folder, fasm)}"],
                folder=staged.folder,
                log=logs / f"place_and_route-seed{seed}.log",
                title=f"routing for {board.name}, seed {seed}",
                progress=progress,
                environment={"PLACES": seen_from(staged.folder, places)},
            )
            clean = True
        except UserError:
            if not report.is_file():  # it is written once all is routed, whatever its timing
                raise
            clean = False
        timing = timing_of(json.loads(report.read_text()), board)
        if clean and timing.met:
            return seed, timing, fasm.read_text()
        best = max(best, timing.fmax_mhz)
        violations += timing.met
        if best < NEAR * board.clock_mhz:
            break
    if violations:
        raise UserError(
            f"Every seed of {len(seeds)} that met the clock of {board.name} left a hold violation: change a "
            f"fold, so that the placer begins elsewhere. Logs are in {logs}."
        )
    raise UserError(
        f"The clock of {board.name} is not met: {best:.1f} MHz at best with {tried} of {len(seeds)} seeds, "
        f"{board.clock_mhz:g} MHz are needed; compile with smaller folds. Logs are in {logs}."
    )


def _options(
    staged: Staged, board: Board, constraints: str, netlist: Path, seed: int, script: str
) -> dict[str, str]:
    return {
        "--device": board.device,
        "--json": seen_from(staged.folder, netlist),
        "-o": f"xdc={constraints}",
        "--freq": f"{board.clock_mhz:g}",
        "--seed": str(seed),
        "--placer": PLACER,
        "--pre-place": str(hardware_directory() / _SCRIPTS / f"{script}.py"),
    }


def _place(
    staged: Staged,
    board: Board,
    constraints: str,
    netlist: Path,
    work: Path,
    logs: Path,
    seed: int,
    progress: bool,
) -> Path:
    """A file with the BEL of each cell: nextpnr's placement, its slices moved until their wires are short."""
    # numba takes half a second to load, which no other command should wait for.
    from ssnn_fpga.boards.slice_annealing import shorten
    from ssnn_fpga.boards.slices import read_placement

    placed, sites = work / f"placed{seed}.json", work / "slice_sites.txt"
    options = {
        **_options(staged, board, constraints, netlist, seed, "slice_sites"),
        "--write": seen_from(staged.folder, placed),
    }
    run_step(
        NEXTPNR,
        [*(word for option in options.items() for word in option), "--no-route", "--timing-allow-fail"],
        folder=staged.folder,
        log=logs / f"placement-seed{seed}.log",
        title=f"placement for {board.name}, seed {seed}",
        progress=progress,
        environment={"SITES": seen_from(staged.folder, sites)},
    )
    design = read_placement(placed, sites)
    found = shorten(design, seed=seed, progress=progress)
    with (logs / f"placement-seed{seed}.log").open("a") as log:
        log.write(
            f"Slices moved: wire length {found.wires[0]:,.0f} to {found.wires[1]:,.0f} tiles, longest path "
            f"{found.longest_ns[0]:.2f} to {found.longest_ns[1]:.2f} ns by estimate.\n"
        )
    places = work / f"places{seed}.json"
    places.write_text(json.dumps(design.placed()))
    return places
