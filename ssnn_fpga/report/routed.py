"""What place and route made of a design, beside what its plan had estimated."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from ssnn_fpga.errors import UserError

TIMING_FILE, UTILISATION_FILE, MANIFEST_FILE = "timing.json", "utilisation.json", "manifest.json"
NOTE = "the estimate is of the accelerator alone, what was routed holds the board's edge too"
NAMES = {
    "LUTs": ("TRELLIS_COMB", "placed LUT sites", "LUTs"),
    "flip-flops": ("TRELLIS_FF", "flip-flops"),
    "block RAMs": ("DP16KD", "block RAM halves"),
    "DSP slices": ("MULT18X18D", "DSP48E1", "DSP slices"),
}
"""Names of a resource in the flows' ``utilisation.json``, by its name here; block RAMs of 18 kbit."""


@dataclass(frozen=True)
class Row:
    """One resource; None for what nobody says."""

    resource: str
    estimated: int | None
    routed: int
    available: int


@dataclass(frozen=True)
class Routed:
    """A finished bitstream with its plan's figures."""

    folder: str
    board: str
    tools: Mapping[str, str]
    rows: tuple[Row, ...]
    fmax_mhz: float
    target_mhz: float
    worst_path: str
    interval_cycles: int
    """Clocks a sample, as planned."""

    @property
    def samples_per_second(self) -> float:
        """At the clock that was asked for, which is the one that runs."""
        return self.target_mhz * 1e6 / self.interval_cycles

    def figures(self) -> dict[str, Any]:
        """For a script."""
        return {
            "board": self.board,
            "tools": dict(self.tools),
            "resources": {row.resource: _without_name(row) for row in self.rows},
            "fmax_mhz": self.fmax_mhz,
            "target_mhz": self.target_mhz,
            "worst_path": self.worst_path,
            "interval_cycles": self.interval_cycles,
            "samples_per_second": self.samples_per_second,
        }

    def table(self) -> Table:
        """For a terminal."""
        table = Table(title=f"{self.board}: {self.folder}", caption=f"{NOTE}; worst path: {self.worst_path}")
        for column in ("resource", "plan's estimate", "routed", "available"):
            table.add_column(column, justify="left" if column == "resource" else "right")
        for row in self.rows:
            estimated = "" if row.estimated is None else f"{row.estimated:,}"
            table.add_row(row.resource, estimated, f"{row.routed:,}", f"{row.available:,}")
        table.add_row("clock, MHz", f"{self.target_mhz:g} asked for", f"{self.fmax_mhz:.1f}", "")
        table.add_row("samples a second", f"{self.samples_per_second:,.0f}", "", "")
        return table


def _without_name(row: Row) -> dict[str, int | None]:
    return {name: value for name, value in vars(row).items() if name != "resource"}


def is_bitstream(folder: Path) -> bool:
    """Whether a flow finished here."""
    return all((folder / name).is_file() for name in (TIMING_FILE, UTILISATION_FILE, MANIFEST_FILE))


def read_routed(folder: Path, estimates: Mapping[str, int], interval_cycles: int) -> Routed:
    """The bitstream in ``folder``; ``estimates`` of its plan by the names of ``NAMES``, as far as there.

    Raises UserError where a file of the bitstream is damaged.
    """
    try:
        timing, usage, manifest = (
            json.loads((folder / name).read_text()) for name in (TIMING_FILE, UTILISATION_FILE, MANIFEST_FILE)
        )
        path = timing["critical_path"]
        rows = [
            Row(resource, estimates.get(resource), int(usage[name]["used"]), int(usage[name]["available"]))
            for resource, names in NAMES.items()
            for name in names
            if name in usage
        ]
        return Routed(
            str(folder),
            manifest["board"],
            manifest["tools"],
            tuple(rows),
            float(timing["fmax_mhz"]),
            float(timing["target_mhz"]),
            f"{path['delay_ns']} ns ({path['logic_ns']} logic, {path['routing_ns']} routing, "
            f"{path['levels']} levels) from {path['start']} to {path['end']}",
            interval_cycles,
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"The bitstream in {folder} is damaged ({error}): build it again.") from error
