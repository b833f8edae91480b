"""Do the engines agree? Every value of every layer, compared with a reference engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ssnn_fpga.engines import classes_of
from ssnn_fpga.golden.compare import Comparison, compare
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.report.accuracy import Accuracy, measure

Trace = Mapping[str, Integers]


@dataclass(frozen=True)
class EngineFigures:
    """What one engine made of the recordings, and how far it agrees with another engine."""

    accuracy: Accuracy
    compared_with: str
    comparison: Comparison


def compare_engines(
    traces: Mapping[str, Trace], labels: Integers, reference: str = "golden"
) -> dict[str, EngineFigures]:
    """Figures of each engine in ``traces``.

    Every engine is compared with ``reference``; the reference itself with the first other
    engine (training, in the demo), so that no engine's count of mismatches is zero by definition.
    """
    others = [name for name in traces if name != reference]
    figures = {}
    for name, trace in traces.items():
        partner = reference if name != reference else others[0]
        figures[name] = EngineFigures(
            measure(classes_of(trace), labels), partner, compare(traces[partner], trace)
        )
    return figures
