"""A generated accelerator, compiled, as an object that runs frames and shows every value."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.plan.plan import Plan, Stage
from ssnn_fpga.plan.streams import ActivationStream, LogitStream
from ssnn_fpga.rtl import stream
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.images import IMAGE_FILE, LoadImage, read_image
from ssnn_fpga.simulate.library import Library, Recorded, SimulationError
from ssnn_fpga.simulate.probes import probed
from ssnn_fpga.simulate.verilator import compile_design

_CHUNK_BITS = 1 << 26
"""Token bits that are unpacked at a time: bounds the memory of a large run."""


@dataclass(frozen=True)
class SimulationResult:
    """What the hardware made of N samples."""

    trace: dict[str, Integers]
    """Layer name -> int64 (N,T,C,H,W), the read-out's logits (N,O); the read-out alone without probes."""
    classes: Integers
    """(N,) class that the hardware names."""
    cycles: int
    """Clock cycles of the whole run."""
    output_cycles: NDArray[np.int64]
    """(N,) cycle in which each result left, counted from the first token's offer."""
    skipped: dict[str, float]
    """Share of windows that were zero and so were skipped, by convolution."""
    errors: tuple[str, ...] = ()
    """What the design reported, of ``ERRORS``."""

    @property
    def cycles_per_sample(self) -> int:
        """Mean interval between two results; for one sample, its latency."""
        if len(self.output_cycles) < 2:
            return self.latency_cycles
        return round(float(self.output_cycles[-1] - self.output_cycles[0]) / (len(self.output_cycles) - 1))

    @property
    def latency_cycles(self) -> int:
        """Cycles from the first sample's first token to its result."""
        return int(self.output_cycles[0]) + 1


class CompiledAccelerator:
    """The hardware of a design folder. Compiled on first use, then found again by its content."""

    def __init__(self, design: Path, build: Path | None = None, seed: int = 0) -> None:
        """``build``: folder of compiled designs (see ``compile_design``); ``seed``: of the registers
        that have no reset. Raises UserError for a folder without a design or a missing tool."""
        self.design = Design.load(design)
        self._plan = self.design.plan
        self._stages = probed(self._plan)
        self._library = Library(compile_design(self.design, build), self.design, seed)
        if self._plan.options.loadable:
            self.load(read_image(self.design.folder / IMAGE_FILE))

    def __enter__(self) -> CompiledAccelerator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Frees the compiled instance."""
        self._library.close()

    def load(self, image: LoadImage, weights: bytes = b"") -> None:
        """What a loadable design loads after the reset of each run that follows, (M,) words.

        ``weights`` are what lies outside the chip (``memory_image``), for a plan that has such layers.
        The design's own image and weights until then.
        """
        self._library.load(image)
        if weights:
            self._library.weights(weights)

    def run(
        self,
        frames: Integers,
        *,
        stall_in: float = 0.0,
        stall_out: float = 0.0,
        seed: int = 0,
        probes: bool = True,
        hold: int = 0,
    ) -> SimulationResult:
        """Runs frames (N,T,C,H,W) through the pipeline after a reset, one behind the other.

        A loadable design takes its image first, while the first token waits; cycles count from then on.

        ``stall_in``, ``stall_out``: share of cycles in which no token is offered, or no result
        taken; drawn with ``seed``. No result is taken before cycle ``hold``. Without ``probes`` only
        the results are recorded. Raises UserError for frames that do not fit; SimulationError for a
        hang, with the state of every stream, for a broken promise of a stream, and for a wrong
        number of tokens.
        """
        plan = self._plan
        tokens = self._tokens(frames)
        patience = round(patience_of(plan) / (1 - max(stall_in, stall_out)))
        cycles = self._library.run(
            tokens,
            len(frames),
            stall_in=stall_in,
            stall_out=stall_out,
            seed=seed,
            record=probes,
            patience=patience,
            hold=hold,
        )
        trace: dict[str, Integers] = {}
        skipped: dict[str, float] = {}
        for index, stage in enumerate(self._stages[:-1]):
            if probes and stage.layer:
                recorded = self._recorded(index, stage, len(frames))
                trace[stage.layer] = _values(stage, recorded.tokens)
                if stage.module in ("conv", "streamed_conv", "scatter_conv"):
                    skipped[stage.layer] = float(recorded.skipped.mean())
        last = plan.stages[-1]
        recorded = self._recorded(len(self._stages) - 1, last, len(frames))
        output = plan.output
        trace[last.layer], classes = stream.unpack_logits(recorded.tokens, output.channels, output.bits)
        errors = self._library.errors()
        return SimulationResult(trace, classes, cycles, recorded.cycles, skipped, errors)

    def break_off(self, frames: Integers, cycles: int) -> None:
        """Runs frames for ``cycles`` only: the reset of the next run finds the design in mid-frame."""
        self._library.run_into(self._tokens(frames), cycles)

    def _tokens(self, frames: Integers) -> stream.Tokens:
        edge = self._plan.input
        if not len(frames) or frames.shape[1:] != edge.shape:
            raise UserError(
                f"Frames of shape {frames.shape} do not fit network {self._plan.network}: "
                f"give (N, *{edge.shape})."
            )
        return stream.pack_tokens(frames, edge.group, edge.bits)

    def stream_cycles(self, stage: str) -> NDArray[np.int64]:
        """Cycle in which each token left a stage during the last run with probes."""
        index = [s.name for s in self._stages].index(stage)
        return self._library.recorded(index, _row_bytes(self._stages[index])).cycles

    def _recorded(self, index: int, stage: Stage, samples: int) -> Recorded:
        recorded = self._library.recorded(index, _row_bytes(stage))
        expected = samples * stage.output.tokens
        if len(recorded.tokens) != expected:
            raise SimulationError(
                f"{stage.name} gave {len(recorded.tokens)} tokens for {samples} samples, not {expected}"
            )
        return recorded


def patience_of(plan: Plan) -> int:
    """Cycles after which a design in which nothing moves has hung, its watchdog having said so."""
    silence = plan.longest_silence if plan.options.watchdog else 4 * plan.worst_interval
    return silence + 10_000


def _row_bytes(stage: Stage) -> int:
    return stream.token_bytes(stage.output.token_bits)


def _values(stage: Stage, tokens: stream.Tokens) -> Integers:
    """Tokens of whole samples as (N,T,C,H,W), some samples at a time."""
    output = stage.output
    samples = max(1, _CHUNK_BITS // (output.tokens * output.token_bits))
    step = samples * output.tokens
    return np.concatenate([_unpacked(stage, tokens[i : i + step]) for i in range(0, len(tokens), step)])


def _unpacked(stage: Stage, tokens: stream.Tokens) -> Integers:
    output = stage.output
    if isinstance(output, ActivationStream):
        return stream.unpack_tokens(tokens, output.shape, output.group, output.bits)
    if isinstance(output, LogitStream):
        return stream.unpack_logits(tokens, output.channels, output.bits)[0]
    return stream.unpack_accumulators(tokens, output.shape, output.pe, output.resident, output.bits)
