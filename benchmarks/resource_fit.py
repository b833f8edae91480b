"""Fits the planner's resource model to the grid of real synthesis, and says how far off it is.

Least squares of the relative error (of 100 LUTs where a module is smaller), each coefficient drawn
towards 1, which is what the module's structure says: a grid has few shapes of a module. Each row's error
is that of a fit without the row. Writes ``ssnn_fpga/plan/calibration.json``.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.optimize import nnls

from benchmarks.resource_grid import TABLE
from benchmarks.resource_shapes import matrix
from ssnn_fpga.plan.resources import CALIBRATION_FILE, Calibration, Resources
from ssnn_fpga.plan.structure import MODULES, Terms, terms

FAMILY = "xc7"
PULL = 0.3
"""Weight of a coefficient's distance from 1 beside a row's relative error."""
SMALL = 100

Row = dict[str, Any]


def parts(row: Row) -> Terms:
    """The model's terms of a row of the grid."""
    parameters = dict(row["parameters"])
    if row["module"] == "temporal_transform":
        parameters["MATRIX"] = matrix(parameters)
    return terms(row["module"], parameters)


def fit(rows: list[Row]) -> Calibration:
    """Coefficients of every module in ``rows``."""
    luts: dict[str, dict[str, float]] = {}
    flip_flops: dict[str, float] = {}
    for module in sorted({row["module"] for row in rows}):
        own = [(row, parts(row)) for row in rows if row["module"] == module]
        kinds = sorted({kind for _, part in own for kind in part.logic})
        logic = np.array([[part.logic.get(kind, 0.0) for kind in kinds] for _, part in own])
        real = np.array([row["luts"] - row["ram_luts"] for row, _ in own], dtype=float)
        scale = 1 / np.maximum(real, SMALL)
        left = np.vstack([logic * scale[:, None], PULL * np.eye(len(kinds))])
        right = np.concatenate([real * scale, PULL * np.ones(len(kinds))])
        found = nnls(left, right)[0]
        luts[module] = {kind: round(float(value), 3) for kind, value in zip(kinds, found, strict=True)}
        counted = np.array([part.flip_flops for _, part in own], dtype=float)
        measured = np.array([row["flip_flops"] for row, _ in own], dtype=float)
        weight = 1 / np.maximum(measured, SMALL)
        slope = (counted * measured * weight**2).sum() / (counted**2 * weight**2).sum()
        flip_flops[module] = round(float(slope), 3)
    return Calibration(luts, flip_flops)


def left_out(rows: list[Row]) -> list[Resources]:
    """Estimate of each row by a fit to the others of its module."""
    estimates = []
    for row in rows:
        others = [other for other in rows if other is not row and other["module"] == row["module"]]
        estimates.append(fit(others).resources(row["module"], parts(row)))
    return estimates


def worth(rows: list[Row], calibration: Calibration) -> dict[str, list[float]]:
    """Estimated LUTs over those that another family takes, by module; shapes above ``SMALL`` LUTs."""
    ratios: dict[str, list[float]] = {}
    for row in rows:
        if row["luts"] > SMALL:
            estimate = calibration.resources(row["module"], parts(row))
            ratios.setdefault(row["module"], []).append(estimate.luts / row["luts"])
    return ratios


def main() -> int:
    """Write the coefficients and print the errors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="errors as JSON")
    as_json = parser.parse_args().json
    content = json.loads(TABLE.read_text())
    grid = {name: [r for r in found["rows"] if r["module"] in MODULES] for name, found in content.items()}
    rows = grid[FAMILY]
    calibration = fit(rows)
    stored = {"family": FAMILY, "luts": calibration.luts, "flip_flops": calibration.flip_flops}
    CALIBRATION_FILE.write_text(json.dumps(stored, indent=1) + "\n")
    figures = []
    for row, estimate in zip(rows, left_out(rows), strict=True):
        figures.append((row, estimate, abs(estimate.luts - row["luts"]) / row["luts"]))
    summary = []
    for module in sorted({row["module"] for row in rows}):
        own = [figure for figure in figures if figure[0]["module"] == module]
        errors = [error for row, _, error in own if row["luts"] > SMALL]
        exact = [
            (e.block_rams, e.dsps, parts(r).ram_luts) == (r["block_rams"], r["dsps"], r["ram_luts"])
            for r, e, _ in own
        ]
        registers = [abs(e.flip_flops - r["flip_flops"]) / r["flip_flops"] for r, e, _ in own]
        summary.append(
            {
                "module": module,
                "shapes": len(own),
                "mean_error": float(np.mean(errors)) if errors else 0.0,
                "worst_error": max(errors, default=0.0),
                "worst_flip_flops": max(registers),
                "memories_exact": sum(exact),
            }
        )
    if as_json:
        print(json.dumps(summary, indent=1))
        return 0
    table = Table(title=f"{FAMILY}: errors of the model, each shape left out of its fit")
    for heading in ("module", "shapes", "LUTs, mean", "worst", "flip-flops, worst", "RAM and DSP exact"):
        table.add_column(heading)
    for line in summary:
        table.add_row(
            str(line["module"]), str(line["shapes"]),
            f"{line['mean_error']:.1%}", f"{line['worst_error']:.1%}",
            f"{line['worst_flip_flops']:.1%}", f"{line['memories_exact']} of {line['shapes']}",
        )  # fmt: skip
    Console(width=110).print(table)
    for row, estimate, error in figures:
        if error > 0.1 and row["luts"] > SMALL:
            print(f"{row['module']} {row['parameters']}: {estimate.luts} for {row['luts']} LUTs")
    for family in sorted(grid.keys() - {FAMILY}):
        Console(width=110).print(_worth_table(family, worth(grid[family], calibration)))
    return 0


def _worth_table(family: str, ratios: dict[str, list[float]]) -> Table:
    table = Table(title=f"6-input LUTs of the estimate that one LUT of {family} is worth")
    for heading in ("module", "shapes", "mean", "least", "most"):
        table.add_column(heading, justify="left" if heading == "module" else "right")
    everything = [value for values in ratios.values() for value in values]
    for module, values in [*sorted(ratios.items()), ("all", everything)]:
        figures = (float(np.mean(values)), min(values), max(values))
        table.add_row(module, str(len(values)), *(f"{value:.2f}" for value in figures))
    return table


if __name__ == "__main__":
    sys.exit(main())
