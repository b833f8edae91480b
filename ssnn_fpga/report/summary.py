"""The demo's figures: ``report.json``, and the table that the command line prints."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from ssnn_fpga.report.agreement import EngineFigures

REPORT_FILE = "report.json"


def summarise(
    figures: Mapping[str, EngineFigures],
    *,
    samples: int,
    cycles_per_sample: int,
    latency_cycles: int,
    resources: Mapping[str, Any],
    clock_mhz: float,
    data: str,
    details: Mapping[str, Any],
) -> dict[str, Any]:
    """The content of ``report.json``. Keys ``accuracy`` … ``data`` are fixed: scripts rely on them.

    ``clock_mhz`` is the clock that the times assume; ``resources`` says its own origin.
    """
    return {
        "accuracy": {name: f.accuracy.fraction for name, f in figures.items()},
        "accuracy_interval_95": {name: list(f.accuracy.interval) for name, f in figures.items()},
        "mismatches": {name: f.comparison.mismatches for name, f in figures.items()},
        "compared_with": {name: f.compared_with for name, f in figures.items()},
        "values_compared": {name: f.comparison.values for name, f in figures.items()},
        "samples": samples,
        "cycles_per_sample": cycles_per_sample,
        "latency_cycles": latency_cycles,
        "clock_mhz": clock_mhz,
        "latency_us": latency_cycles / clock_mhz,
        "samples_per_second": 1e6 * clock_mhz / cycles_per_sample,
        "resources": dict(resources),
        "data": data,
        **details,
    }


def write_summary(summary: Mapping[str, Any], folder: Path) -> Path:
    """Write ``report.json`` aside, then rename it into ``folder``."""
    path = folder / REPORT_FILE
    aside = path.with_suffix(".json.part")
    aside.write_text(json.dumps(summary, indent=2) + "\n")
    os.replace(aside, path)
    return path


def engine_table(summary: Mapping[str, Any]) -> Table:
    """One row an engine: accuracy, interval, mismatching values."""
    table = Table(title=f"{summary['samples']} test recordings: {summary['data']}")
    for column in ("engine", "accuracy", "95 % interval", "mismatching values", "compared with"):
        table.add_column(column, justify="left" if column in ("engine", "compared with") else "right")
    for name, accuracy in summary["accuracy"].items():
        low, high = summary["accuracy_interval_95"][name]
        table.add_row(
            name,
            f"{100 * accuracy:.1f} %",
            f"{100 * low:.1f}–{100 * high:.1f} %",
            f"{summary['mismatches'][name]:,} of {summary['values_compared'][name]:,}",
            summary["compared_with"][name],
        )
    return table


def hardware_table(summary: Mapping[str, Any]) -> Table:
    """Cycles, times and resources of the planned accelerator, each with its origin."""
    table = Table(title="the accelerator")
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("origin")
    clock = f"at {summary['clock_mhz']:g} MHz, the board's target"
    table.add_row("cycles a sample", f"{summary['cycles_per_sample']:,}", "simulated")
    table.add_row("samples a second", f"{summary['samples_per_second']:,.0f}", clock)
    table.add_row("latency", f"{summary['latency_us']:.0f} µs", clock)
    resources = summary["resources"]
    for kind, used in resources["used"].items():
        available = resources["available"].get(kind)
        share = f"{used:,} of {available:,}" if available else f"{used:,}"
        table.add_row(kind, share, resources["origin"])
    if work := summary.get("synaptic_work"):
        energy = f"{work['energy_uj']:.2f} µJ, {work['energy_without_spikes_uj']:.2f} without spikes"
        table.add_row("energy of a sample's synapses", energy, work["origin"])
    return table
