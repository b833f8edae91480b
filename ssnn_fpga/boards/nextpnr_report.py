"""Reads the JSON report of nextpnr: clock, critical path, placed cells."""

from __future__ import annotations

from typing import Any

from ssnn_fpga.boards.board import Board
from ssnn_fpga.boards.report import CriticalPath, Timing, Usage
from ssnn_fpga.errors import UserError

_REPORTED = ("TRELLIS_COMB", "TRELLIS_FF", "DP16KD", "MULT18X18D", "TRELLIS_RAMW", "TRELLIS_IO", "EHXPLLL")


def timing_of(report: dict[str, Any], board: Board) -> Timing:
    """The accelerator's clock in nextpnr's report. Raises UserError if the PLL gives another one."""
    net, figures = max(report["fmax"].items(), key=lambda item: float(item[1]["constraint"]))
    if abs(figures["constraint"] / board.clock_mhz - 1) > 0.005:
        raise UserError(
            f"{board.name}: the clock that was constrained runs at {figures['constraint']:.2f} MHz, "
            f"board.toml says {board.clock_mhz:g}; correct one of them."
        )
    met = all(float(clock["achieved"]) >= float(clock["constraint"]) for clock in report["fmax"].values())
    path = next(p for p in report["critical_paths"] if p["from"] == p["to"] == f"posedge {net}")["path"]
    logic = [float(hop["delay"]) for hop in path if hop["type"] != "routing"]
    routing = [float(hop["delay"]) for hop in path if hop["type"] == "routing"]
    critical = CriticalPath(
        start=_pin(path[0]["from"]),
        end=_pin(path[-1]["to"]),
        delay_ns=round(sum(logic) + sum(routing), 3),
        logic_ns=round(sum(logic), 3),
        routing_ns=round(sum(routing), 3),
        levels=sum(hop["type"] == "logic" for hop in path),
    )
    return Timing(round(float(figures["achieved"]), 3), board.clock_mhz, met, critical)


def _pin(end: dict[str, Any]) -> str:
    return f"{end['cell']}.{end['port']}"


def utilisation_of(report: dict[str, Any]) -> dict[str, Usage]:
    """Placed cells of each kind against what the device has."""
    counts = report["utilization"]
    return {name: Usage(int(counts[name]["used"]), int(counts[name]["available"])) for name in _REPORTED}
