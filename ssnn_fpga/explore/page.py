"""A front as a table, as JSON and as a page with a plot."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from rich.table import Table

from ssnn_fpga.boards.board import Board
from ssnn_fpga.errors import UserError
from ssnn_fpga.explore.front import Point
from ssnn_fpga.golden.energy import SynapticWork


def front_table(points: Sequence[Point], board: Board, work: SynapticWork | None = None) -> Table:
    """One row a design; synthesised figures stand beside the estimates, the network's ``work`` below."""
    table = Table(
        title=f"designs for {board.name} at {board.clock_mhz:g} MHz; resources are estimates",
        caption=None if work is None else work.sentence(),
    )
    synthesised = list(dict.fromkeys(name for point in points for name in point.synthesised))
    for column in ("samples/s", "latency µs", *points[0].estimated, "M LUT-cycles"):
        table.add_column(column, justify="right")
    for name in synthesised:
        table.add_column(f"yosys: {name}", justify="right")
    for point in points:
        cells = [
            f"{board.clock_mhz * 1e6 / point.plan.interval:,.0f}",
            f"{point.plan.latency / board.clock_mhz:,.1f}",
            *(f"{number:,}" for number in point.estimated.values()),
            f"{point.work:,.1f}",
        ]
        known = point.synthesised
        table.add_row(*cells, *(f"{known[name]:,}" if name in known else "" for name in synthesised))
    return table


def front_figures(
    points: Sequence[Point], network: str, board: Board, work: SynapticWork | None = None
) -> dict[str, Any]:
    """The front for JSON."""
    return {
        "network": network,
        "board": board.name,
        "clock_mhz": board.clock_mhz,
        "synaptic_work": None if work is None else work.figures(),
        "points": [point.figures(board.clock_mhz) for point in points],
    }


def write_front(
    points: Sequence[Point], network: str, board: Board, out: Path, work: SynapticWork | None = None
) -> None:
    """Writes ``out``/front.json and ``out``/front.html. Raises UserError where ``out`` is no folder."""
    make_folder(out)
    figures = front_figures(points, network, board, work)
    _write(out / "front.json", json.dumps(figures, indent=2) + "\n")
    _write(out / "front.html", _page(points, network, board, work))


def make_folder(out: Path) -> None:
    """``out`` is a folder, or a UserError says why it cannot be."""
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{out} cannot be made a folder ({error.strerror}): name another one.") from error


def _page(points: Sequence[Point], network: str, board: Board, work: SynapticWork | None) -> str:
    rates = [board.clock_mhz * 1e6 / point.plan.interval for point in points]
    below = "" if work is None else f"<br><sup>{work.sentence()}</sup>"
    figure = go.Figure(
        layout={
            "title": f"{network} on {board.name}: designs that no other one beats in everything{below}",
            "xaxis": {"title": "samples a second", "type": "log"},
            "yaxis": {"title": "LUTs", "type": "log"},
            "template": "plotly_white",
        }
    )
    hover = [_hover(point, board) for point in points]
    latencies = {"color": [p.plan.latency for p in points], "colorbar": {"title": "latency, cycles"}}
    figure.add_scatter(
        x=rates,
        y=[point.plan.resources.luts for point in points],
        mode="markers",
        name="estimate of the plan",
        text=hover,
        marker={**latencies, "size": 10},
    )
    measured = [(rate, point) for rate, point in zip(rates, points, strict=True) if point.synthesised]
    if measured:
        figure.add_scatter(
            x=[rate for rate, _ in measured],
            y=[next(iter(point.synthesised.values())) for _, point in measured],
            mode="markers",
            name=f"yosys: {next(iter(measured[0][1].synthesised))}",
            marker={"symbol": "x", "color": "#c2410c", "size": 10},
        )
    return str(figure.to_html(include_plotlyjs=True))


def _hover(point: Point, board: Board) -> str:
    lines = [f"latency {point.plan.latency / board.clock_mhz:,.1f} µs"]
    lines += [f"{number:,} {name}" for name, number in point.estimated.items()]
    lines.append(f"{point.work:,.1f} million LUT-cycles")
    lines += [
        f"{name}: {fold.pe} x {fold.simd} x {fold.tp}, {fold.tl}" for name, fold in point.plan.folds.items()
    ]
    return "<br>".join(lines)


def _write(path: Path, text: str) -> None:
    aside = path.with_name(path.name + ".partial")
    aside.write_text(text)
    os.replace(aside, path)
