"""``report.html``: one self-contained page made from a folder's ``report.json``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
import plotly.graph_objects as go

from ssnn_fpga.errors import UserError
from ssnn_fpga.report.routed import NOTE, Routed
from ssnn_fpga.report.summary import REPORT_FILE

_FLOAT, _INTEGER = "#8aa4c8", "#c2410c"


def write_page(folder: Path, routed: Routed | None = None) -> Path:
    """Render ``folder/report.html``, with the figures of the bitstream where there is one.

    Raises UserError if there is no readable report.json.
    """
    source = folder / REPORT_FILE
    try:
        summary = json.loads(source.read_text())
        page = _render(summary, routed)
    except FileNotFoundError:
        raise UserError(f"{source} is missing: `ssnn-fpga demo --out {folder}` writes it.") from None
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        raise UserError(
            f"{source} is not a report of this version ({error}): write it anew with `ssnn-fpga demo`."
        ) from None
    path = folder / "report.html"
    aside = path.with_suffix(".html.part")
    aside.write_text(page)
    os.replace(aside, path)
    return path


def _render(summary: Mapping[str, Any], routed: Routed | None) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("ssnn_fpga.report", "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    charts = [chart(summary) for chart in (_training, _cycles, _confusion)]
    fragments = [
        # The first chart brings the library along, so that the page works offline.
        chart.to_html(full_html=False, include_plotlyjs=index == 0, div_id=f"chart{index}")
        for index, chart in enumerate(charts)
    ]
    return environment.get_template("report.html.j2").render(
        report=summary, charts=fragments, routed=routed, note=NOTE
    )


def _training(summary: Mapping[str, Any]) -> go.Figure:
    epochs = summary["training"]["metrics"]
    figure = go.Figure(layout={"title": "Accuracy on the validation split", "height": 320})
    number = [e["epoch"] for e in epochs]
    figure.add_scatter(
        x=number,
        y=[e["validation_float_accuracy"] for e in epochs],
        name="float",
        line_color=_FLOAT,
        mode="lines",
    )
    figure.add_scatter(
        x=number,
        y=[e["validation_integer_accuracy"] for e in epochs],
        name="integer",
        line_color=_INTEGER,
        mode="lines",
    )
    figure.update_xaxes(title="epoch")
    figure.update_yaxes(tickformat=".0%")
    return figure


def _cycles(summary: Mapping[str, Any]) -> go.Figure:
    cycles = summary["plan"]["cycles_by_stage"]
    figure = go.Figure(layout={"title": "Planned clock cycles a sample, stage by stage", "height": 320})
    figure.add_bar(x=list(cycles), y=list(cycles.values()), marker_color=_INTEGER)
    return figure


def _confusion(summary: Mapping[str, Any]) -> go.Figure:
    names = summary["class_names"]
    figure = go.Figure(layout={"title": "Recordings by class: given (rows) and predicted", "height": 460})
    figure.add_heatmap(
        x=names,
        y=names,
        z=summary["confusion"],
        text=summary["confusion"],
        texttemplate="%{text}",
        colorscale=[[0, "#ffffff"], [1, _INTEGER]],
        showscale=False,
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(type="category")
    return figure
