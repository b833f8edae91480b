"""Chooses folds: the fastest pipeline that fits a board, or the smallest one for a target.

The slowest stage sets the pace, so for a given interval every layer may take the cheapest fold
that keeps up; layers touch only where a group of PE channels becomes the next layer's input.
That makes a chain: for one interval the non-dominated pairs (LUTs, memory) are carried from
block to block, exactly, and the interval itself is found by bisection over all that can occur.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Activation, Network
from ssnn_fpga.plan.blocks import Block, Blocks, cut
from ssnn_fpga.plan.folds import Fold, FoldSpace, fold_space
from ssnn_fpga.plan.plan import Plan, Stage
from ssnn_fpga.plan.resources import Resources

SIX_INPUT_LUTS = {"ecp5": 0.6, "xilinx": 1.0}
"""6-input LUTs, the unit of the estimates, that one LUT of a flow's chips is worth."""

Overrides = Mapping[str, Mapping[str, int]]


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
    overrides: Overrides | None = None,
    share: float | None = None,
) -> Plan:
    """Folds, stages and figures of ``network``; the same from run to run.

    With a ``board``: the least interval within ``share`` of its logic (the board's own share if
    not given; all of its logic where that is not enough). With ``target_cycles``: the smallest
    design with at most that interval. With neither: the smallest design. ``overrides`` fix some
    of pe, simd, tp, tl of named layers.

    Raises UserError for a network that is no chain, an override that does not fit, a target
    that no fold reaches, and a network too large for the board, naming what is missing.
    """
    blocks = cut(network)
    overrides = overrides or {}
    _check_layers(overrides, blocks)
    tables = [_Table(blocks, block, overrides.get(block.synapses.name, {})) for block in blocks.blocks]
    solver = _Solver(blocks, tables)
    available = None if board is None else _available(board)
    if target_cycles is not None:
        choice = solver.smallest(_reachable(target_cycles, solver), available)
    elif available is None:
        choice = solver.smallest(solver.intervals[-1], None)
    else:
        assert board is not None
        within = replace(available, luts=int(available.luts * (share or board.plan_share)))
        choice = solver.fastest(within) or solver.fastest(available)
    if choice is None:
        assert board is not None
        assert available is not None
        raise UserError(_too_large(network, board, available, solver))
    stages, folds = _stages(blocks, choice.folds)
    name = "" if board is None else board.name
    return Plan(network.name, name, folds, blocks.input(), tuple(stages), available)


@dataclass(frozen=True)
class _Choice:
    """Folds of the first few blocks and what they cost."""

    luts: int
    memory_bits: int
    folds: tuple[Fold, ...]

    def fits(self, limit: Resources | None) -> bool:
        return limit is None or (self.luts <= limit.luts and self.memory_bits <= limit.memory_bits)


@dataclass(frozen=True)
class _Part:
    """Cost of the synapses, or of what follows them, under one fold."""

    fold: Fold
    cycles: int
    luts: int
    memory_bits: int


class _Table:
    """Cost of every fold of one block, by the group of its input."""

    def __init__(self, blocks: Blocks, block: Block, override: Mapping[str, int]) -> None:
        self._blocks = blocks
        self._block = block
        edge = blocks.edge_of[block.synapses.inputs[0]]
        assert isinstance(edge, Activation)
        self._edge = edge
        self._space: FoldSpace = fold_space(block.synapses, edge)
        self._folds = list(self._space.folds(override))
        self._synapses: dict[int, dict[tuple[int, int], list[_Part]]] = {}
        self._rest: dict[tuple[int, int], list[_Part]] = {}

    @property
    def layer(self) -> str:
        """Name of the block's synapses."""
        return self._block.synapses.name

    @property
    def groups(self) -> list[int]:
        """Groups that can leave the block."""
        return sorted({fold.pe for fold in self._folds})

    def intervals(self, group: int) -> set[int]:
        """Every number of cycles that a fold of this block can take."""
        self._fill(group)
        parts = [p for several in self._synapses[group].values() for p in several]
        parts += [p for several in self._rest.values() for p in several]
        return {part.cycles for part in parts}

    def choices(self, group: int, interval: int) -> dict[int, list[_Choice]]:
        """By PE, the non-dominated folds of at most ``interval`` cycles fed in groups of ``group``."""
        self._fill(group)
        found: dict[int, list[_Choice]] = {}
        for (pe, tp), synapses in self._synapses[group].items():
            rest = next((part for part in self._rest[pe, tp] if part.cycles <= interval), None)
            if rest is None:
                continue
            found.setdefault(pe, []).extend(
                _Choice(
                    part.luts + rest.luts,
                    part.memory_bits + rest.memory_bits,
                    (replace(part.fold, tl=rest.fold.tl),),
                )
                for part in synapses
                if part.cycles <= interval
            )
        return {pe: _front(choices) for pe, choices in found.items()}

    def _fill(self, group: int) -> None:
        """Cost tables for one input group; what follows the synapses depends on PE, TP and TL only."""
        if group in self._synapses:
            return
        source = self._blocks.fed_by(self._edge, group)
        table: dict[tuple[int, int], list[_Part]] = {}
        seen: set[tuple[int, int, int]] = set()
        for fold in self._folds:
            if (fold.pe, fold.simd, fold.tp) in seen:
                continue
            seen.add((fold.pe, fold.simd, fold.tp))
            stages = self._blocks.synapse_stages(self._block, fold, source)
            table.setdefault((fold.pe, fold.tp), []).append(_part(fold, stages))
        self._synapses[group] = table
        if not self._rest:
            self._fill_rest()

    def _fill_rest(self) -> None:
        seen: set[tuple[int, int, int]] = set()
        source = self._blocks.fed_by(self._edge, self._edge.channels)
        for fold in self._folds:
            if (fold.pe, fold.tp, fold.tl) in seen:
                continue
            seen.add((fold.pe, fold.tp, fold.tl))
            synapses = self._blocks.synapse_stages(self._block, fold, source)
            stages = self._blocks.rest_stages(self._block, fold, synapses[-1].output)
            # TL ascends, so the first part that is fast enough is the cheapest.
            self._rest.setdefault((fold.pe, fold.tp), []).append(_part(fold, stages))


class _Solver:
    """Carries non-dominated choices along the chain of blocks."""

    def __init__(self, blocks: Blocks, tables: list[_Table]) -> None:
        self._tables = tables
        self._input = blocks.input()
        leading = blocks.leading_stages(self._input)
        self._leading = sum((stage.resources for stage in leading), Resources())
        self._floor = max([self._input.tokens, *(stage.cycles for stage in leading)])
        possible = {self._floor}
        groups = [self._input.group]
        for table in tables:
            possible |= {cycles for group in groups for cycles in table.intervals(group)}
            groups = table.groups
        self.intervals = sorted(cycles for cycles in possible if cycles >= self._floor)
        self._solved: dict[int, list[_Choice]] = {}

    def front(self, interval: int) -> list[_Choice]:
        """Non-dominated designs of at most ``interval`` cycles, fewest LUTs first."""
        if interval not in self._solved:
            start = _Choice(self._leading.luts, self._leading.memory_bits, ())
            states = {self._input.group: [start]}
            for table in self._tables:
                states = _extend(states, table, interval)
            self._solved[interval] = _front(choice for front in states.values() for choice in front)
        return self._solved[interval]

    def smallest(self, interval: int, limit: Resources | None) -> _Choice | None:
        """The design with fewest LUTs of at most ``interval`` cycles within ``limit``."""
        return next((choice for choice in self.front(interval) if choice.fits(limit)), None)

    def fastest(self, limit: Resources) -> _Choice | None:
        """The design of the least interval within ``limit``; among those, the one with fewest LUTs."""
        index = bisect_left(self.intervals, True, key=lambda i: self.smallest(i, limit) is not None)
        return self.smallest(self.intervals[index], limit) if index < len(self.intervals) else None

    def least_interval(self) -> int:
        """The interval of the fastest design of any size."""
        return self.intervals[bisect_left(self.intervals, True, key=lambda i: bool(self.front(i)))]


def _extend(states: dict[int, list[_Choice]], table: _Table, interval: int) -> dict[int, list[_Choice]]:
    extended: dict[int, list[_Choice]] = {}
    for group, front in states.items():
        for pe, choices in table.choices(group, interval).items():
            extended.setdefault(pe, []).extend(
                _Choice(
                    before.luts + choice.luts,
                    before.memory_bits + choice.memory_bits,
                    before.folds + choice.folds,
                )
                for before in front
                for choice in choices
            )
    return {group: _front(choices) for group, choices in extended.items()}


def _front(choices: Iterable[_Choice]) -> list[_Choice]:
    """Those that no other one beats in LUTs and memory, by ascending LUTs."""
    front: list[_Choice] = []
    for choice in sorted(choices, key=lambda c: (c.luts, c.memory_bits)):
        if not front or choice.memory_bits < front[-1].memory_bits:
            front.append(choice)
    return front


def _part(fold: Fold, stages: list[Stage]) -> _Part:
    resources = sum((stage.resources for stage in stages), Resources())
    cycles = max((stage.cycles for stage in stages), default=0)
    return _Part(fold, cycles, resources.luts, resources.memory_bits)


def _stages(blocks: Blocks, folds: tuple[Fold, ...]) -> tuple[list[Stage], dict[str, Fold]]:
    stages = blocks.leading_stages(blocks.input())
    for block, fold in zip(blocks.blocks, folds, strict=True):
        source = stages[-1].output if stages else blocks.input()
        stages += blocks.stages(block, fold, source)
    return stages, {b.synapses.name: f for b, f in zip(blocks.blocks, folds, strict=True)}


def _available(board: Board) -> Resources:
    """The chip in the units of the estimates."""
    return Resources(int(board.budget.luts * SIX_INPUT_LUTS[board.flow]), board.budget.bram_bits)


def _check_layers(overrides: Overrides, blocks: Blocks) -> None:
    names = [block.synapses.name for block in blocks.blocks]
    for layer in overrides:
        if layer not in names:
            raise UserError(f"fold of layer {layer}: there is no such layer; use {', '.join(names)}")


def _reachable(target: int, solver: _Solver) -> int:
    least = solver.least_interval()
    if target < least:
        raise UserError(
            f"A target of {target} cycles a sample cannot be reached: {least} is the least of this network "
            "with these folds."
        )
    return target


def _too_large(network: Network, board: Board, available: Resources, solver: _Solver) -> str:
    front = solver.front(solver.intervals[-1])
    luts, memory_bits = min(c.luts for c in front), min(c.memory_bits for c in front)
    if luts > available.luts:
        need, have, kind = luts, available.luts, "LUTs"
    elif memory_bits > available.memory_bits:
        need, have, kind = memory_bits, available.memory_bits, "bits of block RAM"
    else:
        smallest = next(c for c in front if c.luts <= available.luts)
        need, have, kind = smallest.memory_bits, available.memory_bits, "bits of block RAM"
    return (
        f"Network {network.name} is too large for {board.name}: it needs about {need} {kind} of {have}; "
        "take a larger board, fewer channels or fewer weight bits."
    )
