"""What one flipped bit does: a campaign of faults in weights, buffers and control of a simulated design.

A particle that hits an FPGA flips a bit of a memory or a register. Here every bit of the library's
state can be flipped, one at a time, in a random cycle of a run of several samples; what follows is
compared with the run without a fault.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.rtl import stream
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.simulate.compiled import patience_of
from ssnn_fpga.simulate.library import Library, SimulationError, State
from ssnn_fpga.simulate.probes import probed
from ssnn_fpga.simulate.verilator import compile_design

KINDS = {
    "weights": r"i_weights.*memory",
    "thresholds and biases": r"i_memory.*memory",
    "rows and frames": r"i_(rows?|entries)\b.*memory|\.(window|next)_q$",
    "other memories": r"memory$",
    "arithmetic": r"\.(dots|addend|sum_o|x_q|token_q|theta_q|joined_q|kept_q|reduced_q|current_q|earlier_q"
    r"|sum_q|logits_q|largest_q|word_q|spare_q|part_q|read_data_o|out_data_o)$",
    "control": r".*",
}
"""Kind of state by its hierarchical name; the first pattern that is found names it."""

OUTCOMES = ("masked", "other logits", "wrong class", "stuck")


@dataclass(frozen=True)
class Fault:
    """A bit of a state that flips at the end of a cycle."""

    cycle: int
    state: int
    bit: int


@dataclass(frozen=True)
class Injection:
    """One flipped bit and what came of it."""

    kind: str
    state: str
    bit: int
    cycle: int
    outcome: str
    """masked: every logit as without the fault. other logits: every class is. wrong class: some is
    not. stuck: results are missing, or one too many came."""
    recovered: bool
    """Whether the last sample of the run was right again."""
    reported: tuple[str, ...]
    """What the design itself said, of ``ERRORS``."""


@dataclass(frozen=True)
class Campaign:
    """All injections into one design."""

    bits: dict[str, int]
    """Bits of state by kind: what a particle can hit."""
    injections: list[Injection] = field(default_factory=list)

    def counts(self, kind: str) -> Counter[str]:
        """Injections of a kind by outcome."""
        return Counter(i.outcome for i in self.injections if i.kind == kind)

    def recovered(self, kind: str) -> tuple[int, int]:
        """Of the injections of a kind that were not masked: after how many the last sample was right."""
        visible = [i for i in self.injections if i.kind == kind and i.outcome != "masked"]
        return sum(i.recovered for i in visible), len(visible)

    def reported(self, kind: str) -> Counter[str]:
        """Injections of a kind that the design reported, by outcome."""
        return Counter(i.outcome for i in self.injections if i.kind == kind and i.reported)


def kind_of(state: str) -> str:
    """The kind of a state. Matches its hierarchical name against ``KINDS``."""
    return next(kind for kind, pattern in KINDS.items() if re.search(pattern, state))


class FaultyAccelerator:
    """A design, compiled with its states open."""

    def __init__(self, design: Path, build: Path | None = None) -> None:
        """As ``CompiledAccelerator``: raises UserError for a folder without a design."""
        self.design = Design.load(design)
        self._library = Library(compile_design(self.design, build, states=True), self.design)
        self.states: list[State] = self._library.states()

    def __enter__(self) -> FaultyAccelerator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.close()

    def errors(self) -> tuple[str, ...]:
        """What the design reported in the last run, of ``ERRORS``."""
        return self._library.errors()

    def logits(self, frames: Integers, fault: Fault | None = None) -> tuple[Integers, int]:
        """Logits (N, O) of frames (N,T,C,H,W) and the cycles taken.

        Raises SimulationError where the fault keeps results back or makes one too many. A state
        that the next run would still see flipped, such as a weight, is repaired afterwards.
        """
        plan = self.design.plan
        tokens = stream.pack_tokens(frames, plan.input.group, plan.input.bits)
        if fault is not None:
            self._library.flip_at(fault.cycle, fault.state, fault.bit)
            before = self._library.bit(fault.state, fault.bit)
        try:
            cycles = self._library.run(
                tokens,
                len(frames),
                stall_in=0.0,
                stall_out=0.0,
                seed=0,
                record=False,
                patience=patience_of(plan),
            )
        except SimulationError:
            # A result too many ends the run at once; the watchdog says so when the next one does not come.
            if plan.options.watchdog:
                self._library.wait(patience_of(plan))
            raise
        finally:
            self._library.flip_at(None)
            if fault is not None and self._library.bit(fault.state, fault.bit) != before:
                self._library.flip(fault.state, fault.bit)
        last = len(probed(plan)) - 1
        recorded = self._library.recorded(last, stream.token_bytes(plan.output.token_bits))
        logits, _ = stream.unpack_logits(recorded.tokens, plan.output.channels, plan.output.bits)
        if len(logits) != len(frames):
            raise SimulationError(f"{len(logits)} results for {len(frames)} samples")
        return logits, cycles


def run_campaign(
    accelerator: FaultyAccelerator,
    frames: Integers,
    *,
    per_kind: int,
    seed: int = 0,
    kinds: Iterable[str] = KINDS,
    progress: Callable[[], None] = lambda: None,
) -> Campaign:
    """``per_kind`` injections into each kind of state, spread evenly over its bits and over the run.

    ``progress`` is called after each. Raises UserError for a single sample: whether the next one is
    right again could not be seen.
    """
    if len(frames) < 2:
        raise UserError(
            "A campaign needs at least two samples, to see whether the design recovers: give more."
        )
    expected, cycles = accelerator.logits(frames)
    rng = np.random.default_rng(seed)
    by_kind: dict[str, list[int]] = {kind: [] for kind in KINDS}
    for index, state in enumerate(accelerator.states):
        by_kind[kind_of(state.name)].append(index)
    sizes = {kind: [accelerator.states[i].bits for i in indices] for kind, indices in by_kind.items()}
    campaign = Campaign({kind: sum(bits) for kind, bits in sizes.items()})
    # Late enough that a sample is under way, early enough that one follows.
    latest = cycles * (len(frames) - 1) // len(frames)
    for kind in kinds:
        if not campaign.bits[kind]:
            continue
        ends = np.cumsum(sizes[kind])
        for place in rng.integers(ends[-1], size=per_kind):
            which = int(np.searchsorted(ends, place, side="right"))
            struck = by_kind[kind][which]
            bit = int(place - (ends[which - 1] if which else 0))
            cycle = int(rng.integers(latest))
            outcome, recovered = _outcome(accelerator, frames, expected, Fault(cycle, struck, bit))
            name, reported = accelerator.states[struck].name, accelerator.errors()
            campaign.injections.append(Injection(kind, name, bit, cycle, outcome, recovered, reported))
            progress()
    return campaign


def _outcome(
    accelerator: FaultyAccelerator, frames: Integers, expected: Integers, fault: Fault
) -> tuple[str, bool]:
    try:
        logits, _ = accelerator.logits(frames, fault)
    except SimulationError:
        return "stuck", False
    recovered = bool((logits[-1] == expected[-1]).all())
    if (logits == expected).all():
        return "masked", recovered
    same = (logits.argmax(axis=1) == expected.argmax(axis=1)).all()
    return ("other logits" if same else "wrong class"), recovered
