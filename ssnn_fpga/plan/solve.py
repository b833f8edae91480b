"""Chooses folds: the fastest pipeline that fits a board, or the smallest one for a target.

The slowest stage sets the pace, so for a given interval every layer may take the cheapest fold
that keeps up; layers touch only where their streams must agree. The interval itself is found by
bisection over all that can occur.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Conv, Dense, Network, Neuron
from ssnn_fpga.plan.activity import Activity
from ssnn_fpga.plan.folds import Fold
from ssnn_fpga.plan.graph import Graph, graph_of
from ssnn_fpga.plan.modules import activation_stream
from ssnn_fpga.plan.plan import Plan
from ssnn_fpga.plan.resources import BLOCK_BITS, Resources
from ssnn_fpga.plan.search import Found, Search
from ssnn_fpga.plan.tables import Overrides, elements

SIX_INPUT_LUTS = {"ecp5": 0.45, "xilinx": 1.0}
"""6-input LUTs, the unit of the estimates, that one LUT of a flow's chips is worth; ECP5's by measurement
(``docs/benchmarks.md``, "Resources")."""

DSP_ACCUMULATORS = ("xilinx",)
"""Flows that put accumulators into DSP slices; the others make them of logic, and count no slices."""

RESOURCE_NAMES = ("LUTs", "block RAMs of 18 kbit", "DSP slices")
"""Those of ``Resources.limited``, as a sentence names them."""


class Budget(Protocol):
    """What a design may take of a board's chip."""

    @property
    def luts(self) -> int:
        """Look-up tables, of the size that the chip has."""
        ...

    @property
    def bram_bits(self) -> int:
        """Bits of all block RAMs."""
        ...

    @property
    def dsps(self) -> int:
        """DSP slices."""
        ...


class Board(Protocol):
    """What planning needs to know of a board."""

    @property
    def name(self) -> str:
        """Name of the board."""
        ...

    @property
    def flow(self) -> str:
        """The tools that build for it, which tell the kind of LUT: a key of ``SIX_INPUT_LUTS``."""
        ...

    @property
    def budget(self) -> Budget:
        """What a design may take."""
        ...

    @property
    def plan_share(self) -> float:
        """Share of its logic that a plan fills when it can: placing and routing get slow beyond it."""
        ...


def make_plan(
    network: Network,
    board: Board | None = None,
    *,
    target_cycles: int | None = None,
    target_latency: int | None = None,
    overrides: Overrides | None = None,
    share: float | None = None,
    activity: Mapping[str, Activity] | None = None,
) -> Plan:
    """Folds, stages and figures of ``network``; the same from run to run.

    With a ``board``: the least interval within ``share`` of its logic (the board's own share if
    not given; all of its logic where that is not enough). With ``target_cycles`` the smallest
    design with at most that interval, with ``target_latency`` the smallest one found whose estimated
    latency in cycles is at most that. With none of them: the smallest design. ``overrides`` fix some
    of pe, simd, tp, tl of named layers. With ``activity``, cycles are means over the recordings it was
    measured on; the plan keeps the worst case beside them.

    Raises UserError for a network that cannot be planned, an override that does not fit, a target
    that no fold reaches, and a network too large for the board: which resource is short, by how
    much, and the nearest plan that would fit.
    """
    return Planner(network, board, overrides, activity).plan(target_cycles, target_latency, share)


class Planner:
    """Plans of one network for one board; what it has worked out serves the next question."""

    def __init__(
        self,
        network: Network,
        board: Board | None = None,
        overrides: Overrides | None = None,
        activity: Mapping[str, Activity] | None = None,
    ) -> None:
        self._network = network
        self._board = board
        self._graph = graph_of(network, activity)
        _check_layers(overrides or {}, self._graph)
        self._search = Search(elements(self._graph, overrides or {}))
        self._available = None if board is None else _available(board)

    @property
    def available(self) -> Resources:
        """What the board has, 0 of what it does not count; nothing without a board."""
        return self._available or Resources()

    @property
    def intervals(self) -> list[int]:
        """Every interval that some design has, ascending."""
        return self._search.intervals

    def plan(
        self, target_cycles: int | None = None, target_latency: int | None = None, share: float | None = None
    ) -> Plan:
        """As ``make_plan``."""
        search, board = self._search, self._board
        limits = _limits(self._available)
        if target_latency is not None:
            target_cycles = self._interval_for(target_latency)
        if target_cycles is not None:
            least = search.least_interval()
            if target_cycles < least:
                raise UserError(
                    f"A target of {target_cycles} cycles a sample cannot be reached: {least} is the least of "
                    "this network with these folds."
                )
            found = search.smallest(target_cycles, limits)
        elif self._available is None or board is None:
            found = search.smallest(search.intervals[-1], limits)
        else:
            within = replace(self._available, luts=int(self._available.luts * (share or board.plan_share)))
            found = search.fastest(_limits(within)) or search.fastest(limits)
        if found is None:
            raise UserError(self._too_large(target_cycles))
        plan = self._plan_of(found)
        if target_latency is not None and plan.latency > target_latency:
            raise UserError(
                f"A latency of {target_latency} cycles cannot be reached: {plan.latency} is what the fastest "
                "folds of this network take."
            )
        return plan

    def smallest(self, interval: int, resource: int = 0) -> Plan | None:
        """The smallest design of at most ``interval`` cycles that the board holds, if there is one.

        Smallest in the given place of ``RESOURCE_NAMES``.
        """
        found = self._search.smallest(interval, _limits(self._available), resource)
        return None if found is None else self._plan_of(found)

    def _plan_of(self, found: Found) -> Plan:
        graph = self._graph
        formats: dict[str, tuple[int, ...]] = {}
        folds: dict[str, Fold] = {}
        steps: dict[str, int] = {}
        for layer in graph.network.layers:
            if layer.name not in found.options:
                continue
            option = found.options[layer.name]
            formats.update(zip(graph.wires_of(layer), option.formats, strict=True))
            if isinstance(layer, Conv | Dense):
                folds[layer.name] = option.choice
            elif isinstance(layer, Neuron):
                steps[layer.name] = option.choice
                for source in graph.sources_of(layer):
                    folds[source] = replace(folds[source], tl=option.choice)
        stages = tuple(graph.stages(formats, folds, steps))
        given = self._network.input
        name = "" if self._board is None else self._board.name
        return Plan(
            self._network.name, name, folds, activation_stream(given, given.channels), stages, self._available
        )

    def _interval_for(self, latency: int) -> int:
        """The longest interval whose smallest design stays within ``latency``; the least one if none does."""
        search, limits = self._search, _limits(self._available)
        first = search.intervals.index(search.least_interval())

        def too_late(interval: int) -> bool:
            found = search.smallest(interval, limits)
            # What does not fit is too fast for the board: a longer interval may do.
            return found is not None and self._plan_of(found).latency > latency

        index = bisect_right(search.intervals, False, lo=first, key=too_late)
        return search.intervals[max(first, index - 1)]

    def _too_large(self, target: int | None) -> str:
        """What is missing on the board, and what would help: planned, not guessed."""
        assert self._board is not None
        search, limits = self._search, _limits(self._available)
        need, resource = self._shortage(search.intervals[-1] if target is None else target)
        have = limits[resource]
        assert have is not None
        what = "Network" if target is None else f"At {target} cycles a sample, network"
        fault = (
            f"{what} {self._network.name} is too large for {self._board.name}: it needs about {need:,} "
            f"{RESOURCE_NAMES[resource]} of {have:,}, {need - have:,} too many; "
        )
        if target is not None and (within := search.fastest(limits)) is not None:
            return fault + f"{within.cycles:,} cycles is the least that fits."
        widest = max(layer.weight_bits for layer in self._graph.synapses)
        for bits in range(widest - 1, 1, -1):
            narrow = Search(elements(graph_of(_with_bits(self._network, bits)), {}))
            if narrow.smallest(narrow.intervals[-1], limits) is not None:
                return fault + f"with weights of {bits} bits it would fit."
        smallest = search.smallest(search.intervals[-1], [None for _ in limits])
        assert smallest is not None
        sizes = " and ".join(
            f"{n:,} {name}"
            for n, name, limit in zip(smallest.cost, RESOURCE_NAMES, limits, strict=True)
            if limit is not None
        )
        return fault + f"its smallest plan takes {sizes}: take a larger board or fewer channels."

    def _shortage(self, interval: int) -> tuple[int, int]:
        """How much of which resource (its place) the design needs that comes nearest to fitting."""
        limits = _limits(self._available)
        counted = [resource for resource, limit in enumerate(limits) if limit is not None]
        for resource in counted:
            alone = self._search.smallest(interval, [None for _ in limits], resource)
            assert alone is not None
            if alone.cost[resource] > (limits[resource] or 0):
                return alone.cost[resource], resource
        for resource in reversed(counted):
            others = [None if place == resource else limit for place, limit in enumerate(limits)]
            found = self._search.smallest(interval, others, resource)
            if found is not None:
                return found.cost[resource], resource
        alone = self._search.smallest(interval, [None for _ in limits])
        assert alone is not None
        worst = max(counted, key=lambda resource: alone.cost[resource] / (limits[resource] or 1))
        return alone.cost[worst], worst


def _limits(available: Resources | None) -> tuple[int | None, ...]:
    if available is None:
        return tuple(None for _ in RESOURCE_NAMES)
    luts, block_rams, dsps = available.limited
    return luts, block_rams, dsps or None


def _with_bits(network: Network, bits: int) -> Network:
    """The network with no weight wider than ``bits``, to see what it would take; its values are gone."""
    limit = (1 << (bits - 1)) - 1
    return replace(
        network,
        layers=tuple(
            replace(layer, weight=layer.weight.clip(-limit, limit), weight_bits=bits)
            if isinstance(layer, Conv | Dense) and layer.weight_bits > bits
            else layer
            for layer in network.layers
        ),
    )


def _available(board: Board) -> Resources:
    """The chip in the units of the estimates."""
    return Resources(
        int(board.budget.luts * SIX_INPUT_LUTS[board.flow]),
        board.budget.bram_bits // BLOCK_BITS,
        dsps=board.budget.dsps if board.flow in DSP_ACCUMULATORS else 0,
    )


def _check_layers(overrides: Overrides, graph: Graph) -> None:
    names = [layer.name for layer in graph.synapses]
    for layer in overrides:
        if layer not in names:
            raise UserError(f"fold of layer {layer}: there is no such layer; use {', '.join(names)}")
