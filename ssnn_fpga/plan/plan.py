"""A planned network: one stage a hardware module, with its parameters, streams, cycles, resources."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ssnn_fpga.errors import UserError
from ssnn_fpga.plan.folds import Fold
from ssnn_fpga.plan.resources import Resources
from ssnn_fpga.plan.streams import AccumulatorStream, ActivationStream, LogitStream, Stream

PLAN_FILE = "plan.json"
INPUT = "in"
"""Name of the stream that enters the accelerator."""
_FORMAT = 5
_STREAMS: dict[str, type[Stream]] = {
    "activation": ActivationStream,
    "accumulator": AccumulatorStream,
    "logit": LogitStream,
}


_READERS = {0: "whole", 1: "taps"}
_SCATTERS = "scatter"


@dataclass(frozen=True)
class Feed:
    """A stream that a stage reads."""

    name: str
    """Of the stage that it leaves, or "in" for the accelerator's input; a fork's copies are "fork[0]" on."""
    stream: Stream


@dataclass(frozen=True)
class Stage:
    """One instance of a library module."""

    name: str
    """Unique; the layer's name, or that of a layer beside it with a suffix."""
    module: str
    """Module of ``hw/rtl``."""
    layer: str
    """Layer whose values leave here, or "" for a stage that only changes the format."""
    parameters: tuple[tuple[str, int | str], ...]
    """In the module's order; a string is a SystemVerilog literal as it stands."""
    inputs: tuple[Feed, ...]
    output: Stream
    cycles: int
    """Cycles a sample in steady state, at the activity that was planned for."""
    worst: int
    """Cycles a sample if nothing is skipped."""
    lead: float
    """Share of a sample's input that must have come before the first output can leave."""
    resources: Resources
    port_cycles: int = 0
    """Cycles a sample in which the memory port brings its weights; 0 for weights on the chip."""

    @property
    def source(self) -> Stream:
        """The stream that it reads, the first of several."""
        return self.inputs[0].stream

    def parameter(self, name: str) -> int | str:
        """Value of a parameter. Raises KeyError."""
        return dict(self.parameters)[name]


@dataclass(frozen=True)
class Options:
    """What a design has beside the network; ``docs/hardware.md`` says what each of them does."""

    loadable: bool = False
    """Weights, thresholds, gains and biases come through a port, and may be those of another network."""
    parity: bool = False
    """A parity bit on every weight word."""
    watchdog: bool = False
    """A hang becomes an error."""


@dataclass(frozen=True)
class StagePace:
    """What a stage does while samples come back to back, in shares of the interval."""

    busy: float
    """Cycles with a beat, of a neuron those with timesteps, of other stages those with a token."""
    held: float
    """Cycles in which what it offers has to wait for the stages behind it."""


@dataclass(frozen=True)
class Modelled:
    """The cycles of a whole plan by the cycle model (``plan.pace``)."""

    interval: int
    """Mean cycles between two results of samples back to back."""
    worst_interval: int
    """Most cycles between two of them."""
    latency: int
    """Mean cycles from a lone sample's first token to its result."""
    worst_latency: int
    samples: int
    """Recordings that were run, or 0 where every input was full."""
    stages: dict[str, StagePace]


@dataclass(frozen=True)
class Plan:
    """How one network becomes one design; see ``docs/hardware.md`` for what the parameters mean."""

    network: str
    board: str
    """Name of the board that it was planned for, or "" for none."""
    folds: dict[str, Fold]
    """Fold by synapse layer, in the network's order."""
    input: ActivationStream
    stages: tuple[Stage, ...]
    """Each behind all that it reads; the last one gives the logits."""
    available: Resources | None = field(default=None)
    """What the board has."""
    options: Options = field(default=Options())
    modelled: Modelled | None = field(default=None)

    @property
    def slowest(self) -> int:
        """Cycles of the slowest stage at the activity planned for: a lower bound of the interval."""
        return max(self.input.tokens, self.port_cycles, *(stage.cycles for stage in self.stages))

    @property
    def worst_interval(self) -> int:
        """Cycles of the slowest stage when nothing is skipped."""
        return max(self.input.tokens, self.port_cycles, *(stage.worst for stage in self.stages))

    @property
    def port_cycles(self) -> int:
        """Cycles a sample in which the memory port is busy: it serves the streamed layers in turn."""
        return sum(stage.port_cycles for stage in self.stages)

    @property
    def interval(self) -> int:
        """Mean cycles between two results, modelled at the activity planned for."""
        return self.slowest if self.modelled is None else self.modelled.interval

    @property
    def latency(self) -> int:
        """Mean cycles from a lone sample's first token to its logits, modelled as ``interval`` is."""
        assert self.modelled is not None, "a plan is modelled where it is made"
        return self.modelled.latency

    @property
    def longest_silence(self) -> int:
        """Cycles within which a sample that is inside gives its result, or makes room for the next one.

        A bound on the latency: each stage begins when the one before it has done the whole frame, and
        skips nothing. Half of it again, and a constant, are margin for registers and FIFOs.
        """
        return 256 + 3 * (self.input.tokens + sum(stage.worst for stage in self.stages)) // 2

    @property
    def resources(self) -> Resources:
        """Estimated resources of the whole accelerator."""
        return sum((stage.resources for stage in self.stages), Resources())

    @property
    def output(self) -> LogitStream:
        """The stream that leaves the accelerator."""
        output = self.stages[-1].output
        assert isinstance(output, LogitStream)
        return output

    def stage(self, name: str) -> Stage:
        """The stage called ``name``. Raises KeyError."""
        for stage in self.stages:
            if stage.name == name:
                return stage
        raise KeyError(name)

    def fold_rows(self) -> list[tuple[str, int, int, int, int, str, str, int]]:
        """For a table: layer, PE, SIMD, TP, TL, how windows are read, where weights lie, cycles a sample."""
        return [
            (
                *(
                    name,
                    fold.pe,
                    fold.simd,
                    fold.tp,
                    fold.tl,
                    _SCATTERS if fold.scatter else _READERS[fold.taps],
                ),
                "memory" if fold.streamed else "chip",
                self.stage(name).cycles,
            )
            for name, fold in self.folds.items()
        ]

    def resource_figures(self) -> dict[str, Any]:
        """Used and available resources by kind, and where the figures come from."""
        available = self.available or Resources()
        return {
            "used": {"LUT": self.resources.luts, "block RAM bits": self.resources.memory_bits},
            "available": {"LUT": available.luts, "block RAM bits": available.memory_bits},
            "origin": "estimate of the plan, in 6-input LUTs",
        }

    def figures(self) -> dict[str, Any]:
        """The plan's own figures, for reports."""
        return {
            "folds": {name: asdict(fold) for name, fold in self.folds.items()},
            "planned_interval_cycles": self.interval,
            "slowest_stage_cycles": self.slowest,
            "worst_interval_cycles": self.worst_interval,
            "planned_latency_cycles": self.latency,
            "memory_port_cycles": self.port_cycles,
            "cycles_by_stage": {stage.name: stage.cycles for stage in self.stages},
            "resources": self.resource_figures(),
            "options": asdict(self.options),
        }

    def to_json(self) -> str:
        """The whole plan as JSON; ``from_json`` gives an equal plan."""
        content = asdict(self) | {
            "format": _FORMAT,
            "input": _stream_to_json(self.input),
            "stages": [_stage_to_json(stage) for stage in self.stages],
        }
        return json.dumps(content, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Inverse of ``to_json``. Raises UserError for a text that is no plan of this format."""
        try:
            content = json.loads(text)
            if content.pop("format") != _FORMAT:
                raise UserError("The plan was written by another version: compile the model again.")
            stream = _stream_from_json(content["input"])
            assert isinstance(stream, ActivationStream)
            return cls(
                network=content["network"],
                board=content["board"],
                folds={name: Fold(**fold) for name, fold in content["folds"].items()},
                input=stream,
                stages=tuple(_stage_from_json(stage) for stage in content["stages"]),
                available=None if content["available"] is None else Resources(**content["available"]),
                options=Options(**content["options"]),
                modelled=None if content["modelled"] is None else _modelled(content["modelled"]),
            )
        except (ValueError, KeyError, TypeError, AssertionError, AttributeError) as error:
            raise UserError("The plan is damaged: compile the model again.") from error

    @classmethod
    def load(cls, path: Path) -> Plan:
        """The plan in a file. Raises UserError where there is none."""
        try:
            return cls.from_json(path.read_text())
        except UserError as error:
            raise UserError(f"{path}: {error}") from error
        except OSError as error:
            raise UserError(f"{path} cannot be read: name a folder that `compile` wrote.") from error


def _modelled(content: dict[str, Any]) -> Modelled:
    stages = {name: StagePace(**pace) for name, pace in content["stages"].items()}
    return Modelled(**content | {"stages": stages})


def _stream_to_json(stream: Stream) -> dict[str, Any]:
    kind = next(name for name, cls in _STREAMS.items() if isinstance(stream, cls))
    return {"kind": kind, **asdict(stream)}


def _stream_from_json(content: dict[str, Any]) -> Stream:
    fields = dict(content)
    return _STREAMS[fields.pop("kind")](**fields)


def _stage_to_json(stage: Stage) -> dict[str, Any]:
    return asdict(stage) | {
        "parameters": dict(stage.parameters),
        "inputs": [{"name": f.name, "stream": _stream_to_json(f.stream)} for f in stage.inputs],
        "output": _stream_to_json(stage.output),
    }


def _stage_from_json(content: dict[str, Any]) -> Stage:
    return Stage(
        **content
        | {
            "parameters": tuple(content["parameters"].items()),
            "inputs": tuple(Feed(f["name"], _stream_from_json(f["stream"])) for f in content["inputs"]),
            "output": _stream_from_json(content["output"]),
            "resources": Resources(**content["resources"]),
        }
    )
