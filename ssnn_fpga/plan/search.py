"""Chooses one option for every element of a design so that all formats agree: OR-tools CP-SAT.

An element is a piece of hardware that can be built in several ways. Each way fixes the format of
the streams that the element touches, takes a number of cycles a sample, and costs a few resources.
The search knows nothing of networks. It is repeatable: one worker, a fixed seed, limits on the
work instead of the time, and of two designs of equal cost the one whose options stand first.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ssnn_fpga.errors import UserError

if TYPE_CHECKING:
    from ortools.sat.python import cp_model

_WORK = 60.0
"""Deterministic seconds for one question; the answers here take well below one."""

_GAP = 0.02
"""Share by which a design for a latency may cost more than the cheapest: to prove more takes minutes."""

_PARTS = 1 << 10
"""Of an element's lead: CP-SAT counts in integers."""

Cost = tuple[int, ...]


@dataclass(frozen=True)
class Option:
    """One way to build an element."""

    formats: tuple[tuple[int, ...], ...]
    """Format of each stream that the element touches."""
    cycles: int
    """Cycles a sample."""
    cost: Cost
    """Of each resource."""
    choice: Any = None
    """What the one who asks wants to know when this option is taken."""
    shared: int = 0
    """Cycles a sample of the one memory port: those of all elements together fit the interval."""


@dataclass(frozen=True)
class Element:
    """A piece of hardware, and the streams whose formats it ties together."""

    name: str
    streams: tuple[str, ...]
    options: tuple[Option, ...]
    sources: tuple[str, ...] = ()
    """The elements whose streams it reads."""
    lead: float = 0.0
    """Share of a sample's input that must have come before its first output leaves."""

    @cached_property
    def cells(self) -> list[list[Option]]:
        """The options by formats, dominated ones left out."""
        by_formats: dict[tuple[tuple[int, ...], ...], list[Option]] = {}
        for option in self.options:
            by_formats.setdefault(option.formats, []).append(option)
        return [_front(options) for options in by_formats.values()]


@dataclass(frozen=True)
class Found:
    """A design: the option taken for each element."""

    cost: Cost
    options: dict[str, Option]

    @property
    def cycles(self) -> int:
        """Cycles a sample: those of the slowest element, or of the memory port."""
        taken = self.options.values()
        return max(*(option.cycles for option in taken), sum(option.shared for option in taken))


class Search:
    """The designs that a set of elements allows."""

    def __init__(self, elements: Sequence[Element]) -> None:
        self._elements = list(elements)
        self._resources = range(len(elements[0].options[0].cost))
        self._known: dict[tuple[int, tuple[int | None, ...], int, int | None], Found | None] = {}

    @cached_property
    def intervals(self) -> list[int]:
        """Every number of cycles that a design can take, ascending, from the least on."""
        floor = max(min(option.cycles for option in e.options) for e in self._elements)
        all_of = {option.cycles for e in self._elements for cell in e.cells for option in cell}
        # What the elements ask of the memory port adds up.
        together = sum(max(option.shared for option in e.options) for e in self._elements)
        if together > max(all_of):
            all_of |= set(np.geomspace(max(all_of), together, 64).astype(int).tolist())
        return sorted(cycles for cycles in all_of if cycles >= floor)

    def smallest(
        self, interval: int, limits: Sequence[int | None], first: int = 0, latency: int | None = None
    ) -> Found | None:
        """The cheapest design of at most ``interval`` cycles within ``limits``, None where there is none.

        Cheapest in resource number ``first``, then in the others in order. ``latency``: most cycles
        of a lone sample, roughly: an element goes on for a share ``lead`` of its cycles after its input.
        """
        key = (interval, tuple(limits), first, latency)
        if key not in self._known:
            self._known[key] = self._solve(interval, limits, first, latency)
        return self._known[key]

    def fastest(self, limits: Sequence[int | None]) -> Found | None:
        """The design of the least interval within ``limits``; among those, the cheapest."""
        index = bisect_left(self.intervals, True, key=lambda i: self._solve(i, limits, None) is not None)
        return self.smallest(self.intervals[index], limits) if index < len(self.intervals) else None

    def least_interval(self) -> int:
        """The interval of the fastest design of any size."""
        nothing = [None for _ in self._resources]
        found = bisect_left(self.intervals, True, key=lambda i: self._solve(i, nothing, None) is not None)
        return self.intervals[found]

    def _solve(
        self, interval: int, limits: Sequence[int | None], first: int | None, latency: int | None = None
    ) -> Found | None:
        tables = self._tables(interval, timed=latency is not None)
        if tables is None:
            return None
        least = [sum(min(o.cost[r] for o in table) for table in tables) for r in self._resources]
        if any(limit is not None and least[r] > limit for r, limit in enumerate(limits)):
            return None
        from ortools.sat.python import cp_model

        model = cp_model.CpModel()
        taken = self._declare(model, tables)
        totals = [
            sum(
                option.cost[r] * literal
                for table, literals in zip(tables, taken, strict=True)
                for option, literal in zip(table, literals, strict=True)
            )
            for r in self._resources
        ]
        for total, limit in zip(totals, limits, strict=True):
            if limit is not None:
                model.add(total <= limit)
        shared = [
            option.shared * literal
            for table, literals in zip(tables, taken, strict=True)
            for option, literal in zip(table, literals, strict=True)
            if option.shared
        ]
        if shared:
            model.add(sum(shared) <= interval)
        if latency is not None:
            self._hurry(model, tables, taken, latency)
        if first is not None:
            model.minimize(_in_order(totals, tables, first))
        solver = _solver(0.0 if latency is None else _GAP)
        solver.solve(model)
        if solver.status_name() == "INFEASIBLE":
            return None
        if solver.status_name() not in ("OPTIMAL", "FEASIBLE"):
            raise UserError("No plan was found, and none was ruled out: name a target, or set folds by hand.")
        chosen = [
            next(option for option, literal in zip(table, literals, strict=True) if solver.value(literal))
            for table, literals in zip(tables, taken, strict=True)
        ]
        cost = tuple(sum(option.cost[r] for option in chosen) for r in self._resources)
        return Found(cost, {e.name: option for e, option in zip(self._elements, chosen, strict=True)})

    def _tables(self, interval: int, timed: bool) -> list[list[Option]] | None:
        """By element the options that keep up and suit its neighbours; None if some element has none.

        Faster ones that cost more are among them only if ``timed``.
        """
        tables = [
            [o for cell in e.cells for o in _front((o for o in cell if o.cycles <= interval), timed)]
            for e in self._elements
        ]
        while True:
            allowed: dict[str, set[tuple[int, ...]]] = {}
            for element, table in zip(self._elements, tables, strict=True):
                for place, name in enumerate(element.streams):
                    present = {option.formats[place] for option in table}
                    allowed[name] = allowed.get(name, present) & present
            kept = [
                [o for o in table if all(f in allowed[n] for n, f in zip(e.streams, o.formats, strict=True))]
                for e, table in zip(self._elements, tables, strict=True)
            ]
            if not all(kept):
                return None
            if [len(table) for table in kept] == [len(table) for table in tables]:
                return kept
            tables = kept

    def _hurry(
        self,
        model: cp_model.CpModel,
        tables: list[list[Option]],
        taken: list[list[cp_model.IntVar]],
        latency: int,
    ) -> None:
        """No element gives its last output of a lone sample later than ``latency``."""
        begins: dict[str, cp_model.IntVar] = {}
        ends: dict[str, cp_model.IntVar] = {}
        for e, table, literals in zip(self._elements, tables, taken, strict=True):
            cycles = sum(o.cycles * literal for o, literal in zip(table, literals, strict=True))
            begin = begins[e.name] = model.new_int_var(0, latency, "")
            end = ends[e.name] = model.new_int_var(0, latency, "")
            model.add(end >= begin + cycles)
            lead = round(_PARTS * e.lead)
            for source in e.sources:
                model.add(_PARTS * begin >= (_PARTS - lead) * begins[source] + lead * ends[source])
                model.add(_PARTS * end >= _PARTS * ends[source] + lead * cycles)

    def _declare(self, model: cp_model.CpModel, tables: list[list[Option]]) -> list[list[cp_model.IntVar]]:
        formats: dict[tuple[str, tuple[int, ...]], cp_model.IntVar] = {}
        taken = []
        for element, table in zip(self._elements, tables, strict=True):
            literals = [model.new_bool_var("") for _ in table]
            model.add_exactly_one(literals)
            taken.append(literals)
            for place, name in enumerate(element.streams):
                by_format: dict[tuple[int, ...], list[cp_model.IntVar]] = {}
                for option, literal in zip(table, literals, strict=True):
                    by_format.setdefault(option.formats[place], []).append(literal)
                for value, several in by_format.items():
                    if (name, value) not in formats:
                        formats[name, value] = model.new_bool_var("")
                    model.add(sum(several) == formats[name, value])
        return taken


def _solver(gap: float) -> cp_model.CpSolver:
    from ortools.sat.python import cp_model

    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    solver.parameters.relative_gap_limit = gap
    solver.parameters.max_deterministic_time = _WORK
    return solver


def _in_order(totals: list[Any], tables: list[list[Option]], first: int) -> Any:
    """One objective in which no saving of a later resource outweighs one unit of an earlier one."""
    order = [first, *(r for r in range(len(totals)) if r != first)]
    objective, weight = 0, 1
    for resource in reversed(order):
        objective += weight * totals[resource]
        weight *= 1 + sum(max(option.cost[resource] for option in table) for table in tables)
    return objective


def _front(options: Iterable[Option], timed: bool = True) -> list[Option]:
    """Those that no other one beats in all it takes, cycles counted if ``timed``; in a fixed order."""
    ranked = [((*o.cost, o.shared, *([o.cycles] if timed else [])), o) for o in options]
    if len(ranked) < 2:
        return [option for _, option in ranked]
    ranked.sort(key=lambda pair: pair[0])
    ranks = np.array([rank for rank, _ in ranked])
    # Only an earlier one can be as good in everything: the order is lexicographic.
    no_worse = (ranks[:, None, :] <= ranks[None, :, :]).all(axis=2)
    kept = np.flatnonzero(~np.triu(no_worse, 1).any(axis=0))
    return [ranked[place][1] for place in kept.tolist()]
