"""Chooses folds: the fastest pipeline that fits a board, or the smallest one for a target.

The slowest stage sets the pace, so for a given interval every layer may take the cheapest fold
that keeps up; layers touch only where their streams must agree. The interval itself is found by
bisection over all that can occur. What the whole then takes is modelled (``pace``), and a target
is met by the model's figure.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Conv, Dense, Network, Neuron
from ssnn_fpga.plan.activity import Activity
from ssnn_fpga.plan.folds import Fold
from ssnn_fpga.plan.graph import Graph, graph_of
from ssnn_fpga.plan.modules import activation_stream
from ssnn_fpga.plan.pace import Pace
from ssnn_fpga.plan.plan import Options, Plan
from ssnn_fpga.plan.resources import BLOCK_BITS, Resources
from ssnn_fpga.plan.search import Found, Search
from ssnn_fpga.plan.tables import Overrides, elements

SIX_INPUT_LUTS = {"ecp5": 0.45, "xilinx7": 1.0, "ultrascale": 1.0}
"""6-input LUTs, the unit of the estimates, that one LUT of a family is worth; ECP5's by measurement
(``docs/benchmarks.md``, "Resources")."""

_LATENCY_SLACK = 1.1
"""How far above a target latency the search begins: its estimate is rather high."""

Limits = Sequence[int | None]
"""Of each resource, None for no limit."""

DSP_ACCUMULATORS = ("xilinx7", "ultrascale")
"""Families whose boards make accumulators of DSP slices; the others make them of logic, and count none."""

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
    def family(self) -> str:
        """Kind of chip: a key of ``SIX_INPUT_LUTS``."""
        ...

    @property
    def budget(self) -> Budget:
        """What a design may take."""
        ...

    @property
    def plan_share(self) -> float:
        """Share of its logic that a plan fills when it can: placing and routing get slow beyond it."""
        ...

    @property
    def neuron_timesteps(self) -> int:
        """Most timesteps that a neuron takes in one clock, unless all of them or set by hand."""
        ...

    @property
    def memory_port_bits(self) -> int:
        """Width of a port to memory outside the chip, 0 where there is none."""
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
    options: Options | None = None,
) -> Plan:
    """Folds, stages and figures of ``network``; the same from run to run.

    With a ``board``: the least interval within ``share`` of its logic (the board's own share if
    not given; all of its logic where that is not enough). With ``target_cycles`` the smallest
    design found with at most that modelled interval, with ``target_latency`` the smallest one found
    with at most that modelled latency (within ``share`` if given). With none of them: the smallest
    design. ``overrides`` fix some of pe, simd, tp, tl of named layers. With ``activity``, cycles are
    means over the recordings it was measured on, and otherwise those of full inputs; the plan keeps
    the worst case beside them. ``options``: what the design has beside the network; a loadable one
    has the widths that every network of its shape needs (``capacity``).

    Raises UserError for a network that cannot be planned, an override that does not fit, a target
    that no fold reaches, and a network too large for the board: which resource is short, by how
    much, and the nearest plan that would fit.

    Weights lie on the chip wherever it can hold them; else, on a board with a memory port, the plan
    chooses the layers whose weights come over that port.
    """
    planner = Planner(network, board, overrides, activity, options)
    return planner.plan(target_cycles, target_latency, share)


class Planner:
    """Plans of one network for one board; what it has worked out serves the next question."""

    def __init__(
        self,
        network: Network,
        board: Board | None = None,
        overrides: Overrides | None = None,
        activity: Mapping[str, Activity] | None = None,
        options: Options | None = None,
    ) -> None:
        self._network = network
        self._board = board
        overrides = overrides or {}
        self._graph = graph_of(network, activity, options)
        _check_layers(overrides, self._graph)
        self._most = None if board is None else board.neuron_timesteps
        self._search = Search(elements(self._graph, overrides, self._most))
        self._available = None if board is None else _available(board)
        if board is not None and board.memory_port_bits and not self._fits():
            self._graph = graph_of(network, activity, options, board.memory_port_bits)
            self._search = Search(elements(self._graph, overrides, self._most))

    def _fits(self) -> bool:
        """Whether the chip holds some design of the network."""
        return self._search.smallest(self.intervals[-1], _limits(self._available)) is not None

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
        search, board, limits = self._search, self._board, _limits(self._available)
        if self._available is None or board is None:
            within = limits
        else:
            taken = int(self._available.luts * (share or board.plan_share))
            within = _limits(replace(self._available, luts=taken))
        if target_latency is not None:
            return self._in_time(target_latency, limits if share is None else within)
        if target_cycles is not None:
            return self._at_pace(target_cycles, limits)
        if board is None:
            found = search.smallest(search.intervals[-1], limits)
        else:
            found = search.fastest(within) or search.fastest(limits)
        if found is None:
            raise UserError(self._too_large(None))
        return self._plan_of(found)

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
        plan = Plan(
            self._network.name,
            name,
            folds,
            activation_stream(given, given.channels),
            stages,
            self._available,
            graph.options,
        )
        return replace(plan, modelled=Pace(plan, graph.activity).modelled())

    def _at_pace(self, target: int, limits: Limits) -> Plan:
        """The smallest design found whose modelled interval is at most ``target``.

        Where stages wait for each other, each has to be faster than the whole.
        """
        search, least = self._search, self._search.least_interval()
        intervals = [interval for interval in search.intervals if least <= interval <= target]

        def late(interval: int) -> bool:
            found = search.smallest(interval, limits)
            # What does not fit is too fast for the board: a longer interval may do.
            return found is not None and self._plan_of(found).interval > target

        if intervals and late(intervals[-1]):
            del intervals[bisect_left(intervals, True, key=late) :]
        if not intervals:
            fastest = search.smallest(least, [None for _ in limits])
            assert fastest is not None
            reached = max(least, self._plan_of(fastest).interval)
            raise UserError(
                f"A target of {target} cycles a sample cannot be reached: {reached} is the least of this "
                "network with these folds."
            )
        found = search.smallest(intervals[-1], limits)
        if found is None:
            raise UserError(self._too_large(target))
        return self._plan_of(found)

    def _in_time(self, target: int, limits: Limits) -> Plan:
        """The smallest design found whose modelled latency is at most ``target``.

        The search only estimates a latency: what it is held to is moved until the model says so.
        """
        search, held_to = self._search, round(target * _LATENCY_SLACK)
        while True:
            found = search.smallest(search.intervals[-1], limits, latency=held_to)
            if found is None:
                break
            plan = self._plan_of(found)
            if plan.latency <= target:
                return plan
            held_to = min(round(held_to * target / plan.latency), held_to - 1)
        fastest = search.smallest(search.least_interval(), [None for _ in limits])
        assert fastest is not None
        least = self._plan_of(fastest).latency
        if least > target:
            reason = f"{least} is what the fastest folds of this network take"
        else:
            reason = "the folds that reach it do not fit the board"
        raise UserError(f"A latency of {target} cycles cannot be reached: {reason}.")

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
            return (
                fault
                + f"{max(within.cycles, self._plan_of(within).interval):,} cycles is the least that fits."
            )
        widest = max(layer.weight_bits for layer in self._graph.synapses)
        for bits in range(widest - 1, 1, -1):
            narrow = Search(
                elements(graph_of(_with_bits(self._network, bits), None, self._graph.options), {}, self._most)
            )
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
        int(board.budget.luts * SIX_INPUT_LUTS[board.family]),
        board.budget.bram_bits // BLOCK_BITS,
        dsps=board.budget.dsps if board.family in DSP_ACCUMULATORS else 0,
    )


def _check_layers(overrides: Overrides, graph: Graph) -> None:
    names = [layer.name for layer in graph.synapses]
    for layer in overrides:
        if layer not in names:
            raise UserError(f"fold of layer {layer}: there is no such layer; use {', '.join(names)}")
