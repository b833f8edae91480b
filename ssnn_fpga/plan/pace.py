"""Cycle model of a whole plan: what each stage does when, on the recordings that activity was measured on.

Each stage alone is slower here and faster there, with the zeros of a frame; how far it can run
ahead of its neighbours depends on what lies between them. So the model runs the plan: every
stage is a process of ``timing``, pixel by pixel, with its beats from the recordings.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ssnn_fpga.network.layers import Integers
from ssnn_fpga.plan import timing
from ssnn_fpga.plan.activity import Activity
from ssnn_fpga.plan.plan import INPUT, Modelled, Plan, Stage, StagePace
from ssnn_fpga.plan.readers import Windows, scatter_steps
from ssnn_fpga.plan.streams import AccumulatorStream, ActivationStream, LogitStream, Stream
from ssnn_fpga.plan.structure import kernel_levels, scatter_latency, scatter_places
from ssnn_fpga.plan.timing import Beats, Link, Process, Words

_FULL_FRAMES = 4
"""Frames that stand for any number of them where nothing is skipped: all are alike."""
_READ_AHEAD = {"taps": 2, "window": -1, "dense": 2}
"""Cycles from where ``timing`` ends a reader's last beat to the one in which the kernel takes it."""


@dataclass(frozen=True)
class _Work:
    """The beats of a layer with synapses."""

    beats: Beats | Words
    mean: float
    """Beats of a frame, on average."""

    @property
    def samples(self) -> int:
        """How many samples they are of."""
        return len(self.beats.counts if isinstance(self.beats, Words) else self.beats.taken)

    def of(self, samples: Integers) -> Beats | Words:
        """Those of some samples."""
        beats = self.beats
        if isinstance(beats, Words):
            return replace(beats, counts=beats.counts[samples])
        return replace(
            beats, taken=beats.taken[samples], paced=beats.paced[samples], final=beats.final[samples]
        )


class Pace:
    """The cycles of a plan; without ``activity`` of its layers as if every input were full.

    ``activity`` is that of ``measure_activity``: up to 16 samples of it are run.
    """

    def __init__(self, plan: Plan, activity: Mapping[str, Activity] | None = None) -> None:
        self._plan, self._measured = plan, bool(activity)
        self._steps = {
            feed.name: _steps(stage) for stage in plan.stages for feed in stage.inputs if "[" not in feed.name
        }
        self._work = {
            stage.name: self._work_of(stage, (activity or {}).get(stage.layer))
            for stage in plan.stages
            if isinstance(stage.output, AccumulatorStream) and "SIMD" in dict(stage.parameters)
        }
        self._samples = min(work.samples for work in self._work.values())
        self._sure = {
            stage.name: activity[stage.layer].values.astype(bool).tolist()
            if activity
            else [False] * self._samples
            for stage in plan.stages
            if stage.module == "early_exit"
        }

    def modelled(self) -> Modelled:
        """The figures of the whole: samples back to back, and each one alone."""
        samples, last = list(range(self._samples)), self._plan.stages[-1].name
        ends, held = self._run(samples if len(samples) > 1 else samples * 2)
        intervals = np.diff(ends[last])
        # Where all samples are alike, one stands for all.
        alone = samples if self._measured else samples[:1]
        latencies = np.array([self.frame_ends([sample])[last][0] + 1 for sample in alone])
        mean, span = float(intervals.mean()), float(ends[last][-1])
        # Layers with streamed weights are modelled as if each had the memory port for itself.
        mean = max(mean, float(self._plan.port_cycles))
        return Modelled(
            interval=round(mean),
            worst_interval=max(int(intervals.max()), self._plan.port_cycles),
            latency=round(float(latencies.mean())),
            worst_latency=int(latencies.max()),
            samples=len(samples) if self._measured else 0,
            stages={
                stage.name: StagePace(round(self._busy(stage) / mean, 3), round(held[stage.name] / span, 3))
                for stage in self._plan.stages
            },
        )

    def frame_ends(self, samples: Sequence[int]) -> dict[str, Integers]:
        """By stage the cycle (N,) in which each frame's last token leaves; ``samples`` back to back."""
        return self._run(samples)[0]

    def _run(self, samples: Sequence[int]) -> tuple[dict[str, Integers], dict[str, float]]:
        network = _Wiring(self._plan, len(samples))
        for stage in self._plan.stages:
            work = self._work.get(stage.name)
            beats = work.of(np.array(samples)) if work is not None else None
            sure = self._sure.get(stage.name, [])
            network.add(stage, beats, [sure[sample] for sample in samples if sure])
        return network.run()

    def _busy(self, stage: Stage) -> float:
        if stage.name in self._work:
            return self._work[stage.name].mean
        return float(stage.cycles)

    def _work_of(self, stage: Stage, activity: Activity | None) -> _Work:
        values = dict(stage.parameters)
        source, out = stage.source, stage.output
        assert isinstance(source, ActivationStream)
        assert isinstance(out, AccumulatorStream)
        bits, simd, pe = source.bits, int(values["SIMD"]), int(values["PE"])
        dense = "INPUTS" in values
        if activity is None:
            shape = (source.timesteps, int(values["INPUTS"]), 1, 1) if dense else source.shape
            full = np.full((_FULL_FRAMES, *shape), (1 << bits) - 1)
            activity = Activity((), full, bits)
        if stage.module == "scatter_conv":
            return _scattered(stage, activity)
        tp = int(values["TP"])
        pe_groups, step = out.channels // pe, self._steps.get(stage.name, 1)
        if dense:
            each = activity.dense_beats(tp, simd)
            taken = np.maximum(each.sum(axis=1) * pe_groups, stage.port_cycles)
            paced = np.maximum(np.maximum(each, step).sum(axis=1) * pe_groups, taken)
            tokens = pe_groups * each.shape[1]
            beats = Beats(taken, paced, np.zeros_like(taken), tokens, step)
            return _Work(beats, float(each.sum() / len(each)) * pe_groups)
        windows = _windows(stage)
        tokens = pe_groups * (out.timesteps // out.resident)
        fetched = stage.port_cycles // (out.height * out.width)
        if not values["TAP_SERIAL"]:
            inputs = int(values["KERNEL"]) ** 2 * source.channels // int(values["CONV_GROUPS"])
            each = np.where(activity.zeros(windows), 1, max(1, bits // tp) * -(-inputs // simd))
            taken = np.maximum(each * tokens, fetched)
            # The last token waits for nothing behind it.
            paced = np.maximum(np.maximum(each, step) * (tokens - 1) + each, taken)
            return _Work(Beats(taken, paced, each, tokens, step), float(each.sum() / len(each)) * tokens)
        slices = windows.words if _depthwise(values) else int(values["CONV_GROUPS"])
        each, sharers = activity.tap_tokens(windows, tp, slices), pe_groups // slices
        final = each[..., -1]
        taken = np.maximum(each.sum(axis=3) * sharers, fetched)
        paced = np.maximum(each, step).sum(axis=3) * sharers - np.maximum(step - final, 0)
        beats = Beats(taken, np.maximum(paced, taken), final, tokens, step)
        return _Work(beats, float(each.sum() / len(each)) * sharers)


class _Wiring:
    """The processes of a plan and the links between them."""

    def __init__(self, plan: Plan, frames: int) -> None:
        self._plan, self._frames = plan, frames
        self._readers = {feed.name: stage for stage in plan.stages for feed in stage.inputs}
        entry = Link()
        self._links = {INPUT: entry}
        self._outputs: dict[str, Link] = {}
        self._pixels = {INPUT: plan.input.height * plan.input.width}
        pixels = self._pixels[INPUT]
        self._processes: list[Process] = [timing.supply(entry, pixels * frames, plan.input.tokens / pixels)]
        self._between: list[Link] = []

    def add(self, stage: Stage, beats: Beats | Words | None, sure: Sequence[bool]) -> None:
        """Adds a stage behind those that it reads; ``sure``: the samples that leave at an early exit."""
        sources = [self._links[feed.name] for feed in stage.inputs]
        source, before = sources[0], stage.inputs[0].name.split("[")[0]
        pixels = self._pixels[before] if stage.module == "gearbox" else _pixels(stage.output)
        self._pixels[stage.name] = pixels
        count, tokens = pixels * self._frames, stage.output.tokens / pixels
        if stage.module == "stream_fork":
            names = [f"{stage.name}[{place}]" for place in range(int(stage.parameter("OUTPUTS")))]
            copies = [Link(self._take(name, tokens)) for name in names]
            self._links |= dict(zip(names, copies, strict=True))
            self._outputs[stage.name] = copies[0]
            self._between += copies
            self._processes.append(timing.fork(source, copies, count, _room(2, tokens)))
            return
        sink = Link(self._take(stage.name, tokens), count if stage is self._plan.stages[-1] else 0)
        self._links[stage.name] = self._outputs[stage.name] = sink
        match stage.module:
            case "scatter_conv":
                assert isinstance(beats, Words)
                process = timing.scatter(beats, _windows(stage), source, sink, _scatter_latency(stage))
            case "conv" | "streamed_conv":
                assert isinstance(beats, Beats)
                process = self._conv(stage, beats, source, sink)
            case "dense" | "streamed_dense":
                assert isinstance(beats, Beats)
                pace = stage.source.tokens / self._pixels[before]
                latency = _READ_AHEAD["dense"] + _kernel_latency(stage)
                process = timing.read_frames(beats, self._pixels[before], pace, source, sink, latency)
            case "pool":
                feed = stage.source
                assert isinstance(feed, ActivationStream)
                process = timing.pool(
                    source, sink, self._frames, feed.height, feed.width, int(stage.parameter("SIZE")),
                    tokens, _room(3, tokens),
                )  # fmt: skip
            case "early_exit":
                early, final = sources
                process = timing.leave_early(early, final, sink, sure, _delay(stage))
            case "join_sum" | "join_current":
                process = timing.join(
                    sources, sink, count, _delay(stage), _token_pace(stage), _room(3, tokens)
                )
            case _:
                room = _held(stage) * pixels / stage.source.tokens
                pace = _token_pace(stage) * tokens
                process = timing.serve(source, sink, count, _delay(stage), pace, room)
        self._processes.append(process)

    def _take(self, name: str, tokens: float) -> float:
        """Cycles in which the reader of a stream takes a pixel of ``tokens`` tokens."""
        return tokens * _steps(self._readers[name]) if name in self._readers else 0

    def _conv(self, stage: Stage, beats: Beats, source: Link, sink: Link) -> Process:
        windows = _windows(stage)
        latency = _kernel_latency(stage)
        if not stage.parameter("TAP_SERIAL"):
            latency += _READ_AHEAD["window"]
            return timing.read_windows(beats, windows, source, sink, latency)
        if windows.words != windows.tokens:  # the gearbox inside
            words = Link()
            pixels = windows.height * windows.width * self._frames
            narrows = max(1, windows.words // windows.tokens)
            self._processes.append(
                timing.serve(source, words, pixels, narrows, windows.words, _room(2, windows.tokens))
            )
            self._between.append(words)
            source = words
        latency += _READ_AHEAD["taps"]
        return timing.read_taps(beats, windows, source, sink, latency)

    def run(self) -> tuple[dict[str, Integers], dict[str, float]]:
        """By stage the cycles (N,) in which frames have left it, and how long its pixels waited to leave."""
        timing.run(self._processes, [*self._links.values(), *self._between])
        ends, held = {}, {}
        for name, link in self._outputs.items():
            each = self._pixels[name]
            ends[name] = np.rint(link.moved[each - 1 :: each]).astype(np.int64)
            held[name] = link.blocked
        return ends, held


def _pixels(stream: Stream) -> int:
    return 1 if isinstance(stream, LogitStream) else stream.height * stream.width


def _room(tokens: float, of_pixel: float) -> int:
    """Whole pixels of ``of_pixel`` tokens that a stage holding ``tokens`` of them takes; at least one."""
    return max(1, round(tokens / of_pixel))


def _windows(stage: Stage) -> Windows:
    """A convolution's geometry; words are those of its reader."""
    values = dict(stage.parameters)
    channels = int(values["IN_CHANNELS"])
    word = int(values["IN_GROUP"])
    if values.get("TAP_SERIAL"):
        word = int(values["SIMD"]) * (int(values["PE"]) if _depthwise(values) else 1)
    return Windows(
        int(values["HEIGHT"]), int(values["WIDTH"]), channels, word, int(values["KERNEL"]),
        int(values["STRIDE"]), int(values["PADDING"]), channels // int(values["IN_GROUP"]),
    )  # fmt: skip


def _scattered(stage: Stage, activity: Activity) -> _Work:
    """The words of a convolution that scatters."""
    windows, taps = _windows(stage), int(stage.parameter("TAPS"))
    pe_groups = stage.output.channels // int(stage.parameter("PE"))
    counts = activity.scatter_words(int(stage.parameter("TP")), int(stage.parameter("SIMD")))
    steps = scatter_steps(windows, taps, pe_groups)
    reads = stage.output.tokens // (windows.out_height * windows.out_width)
    mean = float((counts * steps).sum() / len(counts)) + stage.output.tokens
    names = ("WIDTH", "KERNEL", "STRIDE", "PADDING", "TAPS")
    shape = {name.lower(): int(stage.parameter(name)) for name in names}
    return _Work(Words(counts, steps, reads, scatter_places(**shape, tokens=reads)), mean)


def _scatter_latency(stage: Stage) -> int:
    names = (
        "WIDTH", "TIMESTEPS", "KERNEL", "STRIDE", "PADDING", "OUT_CHANNELS", "PE", "SIMD", "TP", "TAPS",
        "ACT_BITS", "WEIGHT_BITS", "ACC_BITS",
    )  # fmt: skip
    return scatter_latency(**{name.lower(): int(stage.parameter(name)) for name in names})


def _depthwise(values: Mapping[str, int | str]) -> bool:
    return (
        int(values["CONV_GROUPS"]) > 1
        and values["CONV_GROUPS"] == values["IN_CHANNELS"] == values["OUT_CHANNELS"]
    )


def _steps(stage: Stage) -> int:
    """Cycles in which a stage takes an accumulator token."""
    return int(stage.parameter("NT")) // int(stage.parameter("TL")) if stage.module == "lif" else 1


def _unrolled(stage: Stage) -> int:
    """Pipeline stages of a ``lif`` that takes all timesteps at once: one each; none in any other."""
    steps = int(stage.parameter("TL"))
    return steps if steps == int(stage.parameter("TIMESTEPS")) and steps > 1 else 0


def _kernel_latency(stage: Stage) -> int:
    """Cycles from the edge that takes a token's last beat to the one that offers the token."""
    values = dict(stage.parameters)
    simd, tp, bits = int(values["SIMD"]), int(values["TP"]), int(values["ACT_BITS"])
    levels = kernel_levels(simd, tp, bits, int(values["WEIGHT_BITS"]), int(values["ACC_BITS"]))
    return 6 + levels + (bits > tp)


def _delay(stage: Stage) -> float:
    """Cycles from taking a pixel's last token to offering its own."""
    match stage.module:
        case "lif":
            return (_unrolled(stage) or _steps(stage)) + 2
        case "readout":
            return stage.output.channels + 4
        case "early_exit":
            return stage.output.channels + 3
        case "gearbox":
            return max(1, int(stage.parameter("IN_GROUP")) // int(stage.parameter("OUT_GROUP")))
        case "temporal_transform":
            return 1
    return 2  # stream_fifo, join_sum, join_current: two registers in a row


def _token_pace(stage: Stage) -> float:
    """Cycles from one output token to the next."""
    if stage.module in ("lif", "readout"):
        return stage.cycles / stage.output.tokens
    return 1


def _held(stage: Stage) -> float:
    """Input tokens that a stage holds."""
    match stage.module:
        case "lif":
            return (
                _unrolled(stage) + 3
                if _unrolled(stage)
                else 2 + 2 * stage.source.tokens / stage.output.tokens
            )
        case "stream_fifo":
            return 1 + int(stage.parameter("DEPTH"))
        case "gearbox":
            return max(2, int(stage.parameter("OUT_GROUP")) / int(stage.parameter("IN_GROUP")))
    return 2
