"""The Pareto front of a network on a board: designs that no other one beats in everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Network
from ssnn_fpga.plan.activity import Activity
from ssnn_fpga.plan.plan import Plan
from ssnn_fpga.plan.resources import Resources
from ssnn_fpga.plan.solve import RESOURCE_NAMES, Board, Planner

_POINTS = 24
"""Intervals that are tried, evenly spread on a logarithmic scale."""


@dataclass(frozen=True)
class Point:
    """One design."""

    plan: Plan
    synthesised: Mapping[str, int] = field(default_factory=dict)
    """Resources by name as yosys counts them, empty where it was not asked."""
    failure: str = ""
    """Why synthesis gave no figures."""

    @property
    def work(self) -> float:
        """Million LUT-cycles a sample: logic times the cycles that it is clocked for one sample.

        Stands for the dynamic energy of a sample, to which it is about proportional as long as
        clock, chip and share of toggling logic are the same. It is no figure in joules.
        """
        return self.plan.resources.luts * self.plan.interval / 1e6

    @property
    def estimated(self) -> dict[str, int]:
        """Estimated resources by name, of those that the board counts."""
        has = (self.plan.available or Resources()).limited
        needs = zip(RESOURCE_NAMES, self.plan.resources.limited, has, strict=True)
        return {name: need for name, need, there in needs if there}

    def figures(self, clock_mhz: float) -> dict[str, Any]:
        """The design for a report; times at ``clock_mhz``."""
        plan = self.plan
        return {
            "interval_cycles": plan.interval,
            "latency_cycles": plan.latency,
            "samples_per_second": clock_mhz * 1e6 / plan.interval,
            "latency_us": plan.latency / clock_mhz,
            "estimated": self.estimated,
            "energy_million_lut_cycles": self.work,
            "synthesised": dict(self.synthesised),
            "failure": self.failure,
            "folds": {name: vars(fold) for name, fold in plan.folds.items()},
        }


def explore(
    network: Network, board: Board, *, activity: Mapping[str, Activity] | None = None, points: int = _POINTS
) -> list[Point]:
    """The front on ``board``, fastest first: latency, rate, energy estimate and every resource count.

    For each interval the smallest designs by each of the resources are found. Raises UserError
    where not even the smallest design fits.
    """
    planner = Planner(network, board, activity=activity)
    fastest = planner.plan(share=1.0)
    slowest = max(fastest.interval, planner.plan(target_cycles=planner.intervals[-1]).interval)
    wanted = np.geomspace(fastest.interval, slowest, points).round().astype(int)
    plans: list[Plan] = []
    counted = [place for place, amount in enumerate(planner.available.limited) if amount]
    for interval in dict.fromkeys(wanted.tolist()):
        for resource in counted:
            plan = planner.smallest(interval, resource)
            if plan is not None and plan not in plans:
                plans.append(plan)
    if not plans:
        raise UserError(f"No design of {network.name} fits {board.name}: take a larger board.")
    found = [Point(plan) for plan in plans]
    marks = [(p.plan.interval, p.plan.latency, p.work, *p.estimated.values()) for p in found]
    return sorted(
        (point for point, mark in zip(found, marks, strict=True) if not _beaten(mark, marks)),
        key=lambda p: (p.plan.interval, p.plan.resources.luts),
    )


def _beaten(mark: Sequence[float], marks: Sequence[Sequence[float]]) -> bool:
    return any(m != mark and all(a <= b for a, b in zip(m, mark, strict=True)) for m in marks)
