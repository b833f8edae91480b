"""One network through several back ends: what each makes of it, and where each figure comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from ssnn_fpga.golden.compare import Comparison

HEADINGS = {
    "interval": "cycles a sample",
    "latency": "latency, cycles",
    "luts": "LUT",
    "block_rams": "BRAM18",
    "dsps": "DSP",
    "state_bits": "state, bits",
}
"""Figures by name, with the heading of each."""


@dataclass(frozen=True)
class Figure:
    """A number and who says so."""

    value: int
    origin: str
    """routed, synthesised, simulated, counted or estimated, and by whom."""


@dataclass(frozen=True)
class BackendFigures:
    """What one back end made of the network; a figure that nobody gave is not there."""

    name: str
    comparison: Comparison
    """Its values with the golden model's."""
    figures: Mapping[str, Figure] = field(default_factory=dict)

    def summary(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "mismatches": self.comparison.mismatches,
            "values_compared": self.comparison.values,
            **{name: vars(figure) for name, figure in self.figures.items()},
        }


def backends_table(rows: Sequence[BackendFigures], title: str) -> Table:
    """One column a back end; a cell is empty where there is no figure."""
    table = Table(title=title)
    table.add_column("")
    for row in rows:
        table.add_column(row.name, justify="right")
    differing = (f"{row.comparison.mismatches:,} of {row.comparison.values:,}" for row in rows)
    table.add_row("values that differ", *differing)
    for name, heading in HEADINGS.items():
        cells = [row.figures.get(name) for row in rows]
        table.add_row(heading, *("" if cell is None else f"{cell.value:,}, {cell.origin}" for cell in cells))
    return table
