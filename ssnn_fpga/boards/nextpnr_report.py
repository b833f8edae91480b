"""Reads the JSON report of nextpnr: clock, slowest paths, placed cells."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ssnn_fpga.boards.board import Board
from ssnn_fpga.boards.report import CriticalPath, Timing, Usage
from ssnn_fpga.errors import UserError

# nextpnr takes the unused port of a block RAM for the clock of its outputs, and that port's clock pin
# is tied to this net: paths out of a block RAM stand beside the clock's maximum frequency, not in it.
CONSTANT_NET = "$PACKER_VCC_NET"


def timing_of(report: dict[str, Any], board: Board) -> Timing:
    """The accelerator's clock in nextpnr's report. Raises UserError if the PLL gives another one.

    Paths between that clock and the constant net count as paths of the clock.
    """
    net, figures = max(report["fmax"].items(), key=lambda item: float(item[1]["constraint"]))
    if abs(figures["constraint"] / board.clock_mhz - 1) > 0.005:
        raise UserError(
            f"{board.name}: the clock that was constrained runs at {figures['constraint']:.2f} MHz, "
            f"board.toml says {board.clock_mhz:g}; correct one of them."
        )
    met = all(float(clock["achieved"]) >= float(clock["constraint"]) for clock in report["fmax"].values())
    ends = {f"posedge {net}", f"posedge {CONSTANT_NET}"}
    limits = [path for path in report["critical_paths"] if {path["from"], path["to"]} <= ends]
    critical = max(map(_path, limits), key=lambda path: path.delay_ns)
    fmax = min(float(figures["achieved"]), 1000 / critical.delay_ns)
    worst = sorted(map(_path, report["critical_paths"]), key=lambda path: -path.delay_ns)
    met = met and fmax >= board.clock_mhz
    return Timing(round(fmax, 3), board.clock_mhz, met, critical, tuple(worst))


def _path(path: dict[str, Any]) -> CriticalPath:
    hops = path["path"]
    logic = [float(hop["delay"]) for hop in hops if hop["type"] != "routing"]
    routing = [float(hop["delay"]) for hop in hops if hop["type"] == "routing"]
    return CriticalPath(
        clocks=f"{path['from']} to {path['to']}",
        start=_pin(hops[0]["from"]),
        end=_pin(hops[-1]["to"]),
        delay_ns=round(sum(logic) + sum(routing), 3),
        logic_ns=round(sum(logic), 3),
        routing_ns=round(sum(routing), 3),
        levels=sum(hop["type"] == "logic" for hop in hops),
    )


def _pin(end: dict[str, Any]) -> str:
    return f"{end['cell']}.{end['port']}"


def utilisation_of(report: dict[str, Any], names: Iterable[str]) -> dict[str, Usage]:
    """Placed cells of each kind in ``names`` against what the device has."""
    counts = report["utilization"]
    return {name: Usage(int(counts[name]["used"]), int(counts[name]["available"])) for name in names}
