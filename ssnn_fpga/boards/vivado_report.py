"""Reads Vivado's text reports: report_timing_summary, report_timing, report_utilization.

Written from the description of these reports; no Vivado was at hand to make one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ssnn_fpga.boards.board import Board
from ssnn_fpga.boards.report import CriticalPath, Timing, Usage
from ssnn_fpga.errors import UserError

SLACKS = ("WNS(ns)", "WHS(ns)", "WPWS(ns)")
"""Worst slack of setup, hold and pulse width in the summary."""
_PATH = re.compile(
    r"Slack \((?:MET|VIOLATED)\) :\s+(?P<slack>-?[\d.]+)ns.*?"
    r"Source:\s+(?P<start>\S+).*?Destination:\s+(?P<end>\S+).*?"
    r"Requirement:\s+(?P<requirement>[\d.]+)ns\s+\((?P<to>\S+) \w+@\S+ - (?P<from>\S+) \w+@\S+\).*?"
    r"Data Path Delay:\s+(?P<delay>[\d.]+)ns\s+"
    r"\(logic (?P<logic>[\d.]+)ns \([\d.]+%\)\s+route (?P<route>[\d.]+)ns \([\d.]+%\)\).*?"
    r"Logic Levels:\s+(?P<levels>\d+)",
    re.DOTALL,
)
# Name of the row, figure per unit, and the name in the result.
_ROWS = (
    (r"(?:Slice|CLB) LUTs", 1, "LUTs"),
    (r"(?:Slice|CLB) Registers", 1, "flip-flops"),
    (r"Block RAM Tile", 2, "block RAM halves"),
    (r"URAM", 1, "UltraRAMs"),
    (r"DSPs", 1, "DSP slices"),
)
_OPTIONAL = ("UltraRAMs",)


def timing_of(summary: str, paths: str, board: Board) -> Timing:
    """The accelerator's clock, from a timing summary and the slowest paths of that clock alone.

    It is met where no path of the whole design fails in setup, hold or pulse width. Raises UserError
    for a text that is no such report, and for paths of a clock that is not the board's.
    """
    slacks = _summary(summary)
    found = [*map(_path, _PATH.finditer(paths))]
    if not found:
        raise UserError("The report of the slowest paths holds no path: run the bundle again.")
    requirement, slack, critical = min(found, key=lambda path: path[1])
    clock = 1000 / requirement
    if abs(clock / board.clock_mhz - 1) > 0.005:
        raise UserError(
            f"{board.name}: the clock that was constrained runs at {clock:.2f} MHz, board.toml says "
            f"{board.clock_mhz:g}; correct one of them."
        )
    worst = sorted((path for _, _, path in found), key=lambda path: -path.delay_ns)
    fmax = 1000 / (requirement - slack)
    met = min(slacks) >= 0 and slack >= 0
    return Timing(round(fmax, 3), board.clock_mhz, met, critical, tuple(worst))


def _summary(text: str) -> list[float]:
    """The slacks of ``SLACKS`` in the table under "Design Timing Summary"."""
    lines = iter(text.partition("Design Timing Summary")[2].splitlines())
    header = next((line for line in lines if SLACKS[0] in line), "")
    next(lines, "")  # the rule between names and figures
    names, figures = re.split(r"\s{2,}", header.strip()), next(lines, "").split()
    row = dict(zip(names, figures, strict=False))
    try:
        return [float(row[name]) for name in SLACKS]
    except (KeyError, ValueError):
        raise UserError(
            "The timing summary does not say setup, hold and pulse width: a clock is missing, or it is the "
            "report of another version of Vivado."
        ) from None


def _path(found: re.Match[str]) -> tuple[float, float, CriticalPath]:
    """Requirement and slack in ns, and the path."""
    path = CriticalPath(
        clocks=f"{found['from']} to {found['to']}",
        start=found["start"],
        end=found["end"],
        delay_ns=float(found["delay"]),
        logic_ns=float(found["logic"]),
        routing_ns=float(found["route"]),
        levels=int(found["levels"]),
    )
    return float(found["requirement"]), float(found["slack"]), path


def utilisation_of(text: str) -> dict[str, Usage]:
    """Resources of a routed design. Raises UserError for a text that is no utilisation report."""
    rows: dict[str, tuple[float, float]] = {}
    for label, figures in _rows(text):
        rows.setdefault(label, figures)  # some stand again in a later table
    result = {}
    for pattern, scale, name in _ROWS:
        row = next((row for label, row in rows.items() if re.fullmatch(pattern, label)), None)
        if row is not None:
            result[name] = Usage(*(round(scale * figure) for figure in row))
        elif name not in _OPTIONAL:
            raise UserError(
                f"The utilisation report says nothing of {name}: it is the one of another version of Vivado."
            )
    return result


def _rows(text: str) -> Iterator[tuple[str, tuple[float, float]]]:
    """Name, used and available of every row of the tables that have these columns."""
    columns: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if "Used" in cells and "Available" in cells:
            columns = cells
        elif columns and len(cells) == len(columns):
            row = dict(zip(columns, cells, strict=True))
            try:
                yield cells[0].rstrip("*"), (float(row["Used"]), float(row["Available"]))
            except ValueError:
                continue
