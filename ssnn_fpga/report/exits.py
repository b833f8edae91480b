"""Accuracy against timesteps of a network with early exits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from ssnn_fpga.golden.early_exit import ExitFigures, calibrate, measure_exits
from ssnn_fpga.golden.exits import exit_order
from ssnn_fpga.network.layers import EarlyExit, Integers, Network

ALLOWED_LOSSES = (0.0, 0.005, 0.01, 0.02, 0.05)
"""Losses of accuracy that the table shows beside the one that is asked for."""


@dataclass(frozen=True)
class Samples:
    """Logits of all read-outs and the classes (N,) of the samples of one split."""

    trace: Mapping[str, Integers]
    labels: Integers


@dataclass(frozen=True)
class ExitPoint:
    """A network calibrated for one allowed loss, on the calibration samples and on others."""

    allowed_loss: float
    network: Network
    calibration: ExitFigures
    test: ExitFigures | None

    def figures(self) -> dict[str, Any]:
        """For a report."""
        margins = {
            layer.inputs[0]: layer.margin for layer in self.network.layers if isinstance(layer, EarlyExit)
        }
        return {
            "allowed_loss": self.allowed_loss,
            "margins": margins,
            "calibration": vars(self.calibration),
            "test": None if self.test is None else vars(self.test),
        }


def exit_points(
    network: Network, calibration: Samples, test: Samples | None, losses: Sequence[float]
) -> list[ExitPoint]:
    """``network`` calibrated for each allowed loss (0 to 1). Raises UserError as `calibrate`."""
    points = []
    for loss in losses:
        calibrated = calibrate(network, calibration.trace, calibration.labels, loss)
        figures = [
            None if each is None else measure_exits(calibrated, each.trace, each.labels)
            for each in (calibration, test)
        ]
        assert figures[0] is not None
        points.append(ExitPoint(loss, calibrated, figures[0], figures[1]))
    return points


def exit_table(points: Sequence[ExitPoint], split: str, title: str) -> Table:
    """One row an allowed loss; ``split`` is what the margins were chosen on."""
    exits = ", ".join(exit_order(points[0].network))
    caption = f"loss allowed; accuracy; T: timesteps run, mean; shares of the samples that leave by {exits}"
    table = Table(title=title, caption=caption)
    table.add_column("loss", justify="right", no_wrap=True)
    for name in (split, "test") if points[0].test is not None else (split,):
        for column in (name, "T", "shares"):
            table.add_column(column, justify="right", no_wrap=True)
    for point in points:
        row = [f"{100 * point.allowed_loss:g} %"]
        for figures in (point.calibration, point.test):
            if figures is not None:
                shares = " / ".join(f"{100 * share:.0f}" for share in figures.shares) + " %"
                row += [f"{100 * figures.accuracy:.1f} %", f"{figures.timesteps:.2f}", shares]
        table.add_row(*row)
    return table
