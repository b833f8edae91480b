"""Functional coverage: what the benches must have met, declared here and nowhere else.

A bench calls ``hit`` when it has seen a point; ``run_bench`` keeps the points of runs that passed in
the folder ``SSNN_FPGA_POINTS``. A complete run of tests/hardware fails when a point is missing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from ssnn_fpga.plan.structure import scatter_places

FILE = "SSNN_FPGA_POINTS_FILE"
"""Set for a bench: where its points go."""

_noted: set[tuple[str, str]] = set()

_STREAMS = (
    "input waits", "input pauses", "output stalls", "output stalls long", "sink hangs", "back to back",
    "reset in mid-frame",
)  # fmt: skip
_PLANES = ("TP below the bits", "TP the bits", "TP several timesteps")
_FOLDS = ("PE 1", "PE between", "PE all", *_PLANES, "one fold", "several folds")
_WEIGHTS = ("weights binary", "weights of 2 bits", "weights of 3 and 4 bits", "weights of 5 bits and more")
_KERNELS = ("kernel 1", "kernel 3", "kernel 5", "stride 1", "stride 2", "stride 3 and more",
            "no padding", "padding", "padding short of the kernel's middle")  # fmt: skip
_GROUPS = ("no groups", "groups", "depthwise")
_BEATS = ("token of zeros", "beats of zeros left out", "no beat left out")

POINTS: dict[str, tuple[str, ...]] = {
    "axi_accelerator": (
        "run good", "run read", "run write", "run stop", "run hang", "run refused", "run short", "run error",
        "run weights", "weights outside the chip",
        "answered SLVERR", "answered DECERR", "burst of all beats", "burst cut at 4 KB", "memory stalls",
        "interrupt", "auto restart", "weights loaded", "events", "reset in mid-run",
        "several tokens a beat", "a token a beat", "several beats a token",
        "input waits", "input pauses", "output stalls", "output stalls long", "back to back",
    ),
    "conv": (
        *_FOLDS, "last fold partial", "last fold full", *_WEIGHTS, *_GROUPS,
        "kernel 1", "kernel 3", "kernel 5", "stride 1", "stride 2", "no padding", "padding",
        "window registers", "taps in turns",
        "window in a corner", "window on an edge", "window inside", "window of zeros", "window full",
        "frames follow each other", *_STREAMS,
    ),
    "scatter_conv": (
        "PE 1", "PE between", "PE all", "a window at a time", "a row of windows", "all windows", *_WEIGHTS,
        "timesteps all at once", "timesteps in groups", "several planes a timestep",
        "kernel 1", "kernel 3", "kernel 5", "stride 1", "stride 2", "no padding", "padding",
        "several words a token", "a word a token", "several tokens a word",
        "sums in LUT RAM", "sums in block RAM", "sum taken on before it is written",
        "window in a corner", "window on an edge", "window inside", "window of zeros", "window full",
        "frames follow each other", "parity error", *_STREAMS,
    ),
    "dense": (*_FOLDS, *_WEIGHTS, "token of zeros", "frames follow each other", *_STREAMS),
    "streamed_dense": (
        *_PLANES, "words taken once", "words taken again", "word of one beat", "word of several beats",
        "burst cut at 4 KB", "burst of all beats", "memory stalls", "read error",
        "counts at their largest value", *_STREAMS,
    ),
    "lif": (
        "reset subtract", "reset zero", "strict", "not strict",
        "no leak", "leak of a half", "leak by a multiplier", "leak of everything",
        "no filter", "filter", "filter and levels",
        "no spike", "level 1", "level 2", "level 3", "level 4 or more",
        "levels all of their bits", "levels short of their bits",
        "window of zeros", "group of channels padded",
        "token of all timesteps", "token of some timesteps",
        "one timestep a cycle", "several timesteps a cycle",
        "thresholds from a file", "thresholds written", *_STREAMS,
    ),
    "pool": ("maximum", "sum", "row dropped", "column dropped", "size 2", "size 3", "global", *_STREAMS),
    "temporal_transform": ("table", "sums", "one timestep", *_STREAMS),
    "readout": ("tie", "last class wins", "channels padded", "several tokens a group",
                "biases from a file", "biases written", *_STREAMS),
    "early_exit": (
        "exit", "no exit", "tie", "on the margin", "one below the margin", "DEPTH tokens owed",
        "two classes", "more classes", *_STREAMS,
    ),
    "join_sum": ("two inputs", "three inputs", "equal bits", "unequal bits", "largest sum", *_STREAMS),
    "join_current": (
        "gains from a file", "gains written", "group of channels padded", "no skip", "one skip", "two skips",
        *_STREAMS,
    ),
    "stream_fork": ("copies at different tokens", *_STREAMS),
    "stream_gate": ("closed before a frame", "closes in mid-frame", *_STREAMS),
    "image_loader": (
        "word below 32 bits", "word of 32 bits", "word beyond 32 bits", "last of the chain",
        "image again", "reset in mid-image", "input pauses",
    ),
    "frame_guard": ("good", "marker early", "marker missing", "marker late",
                    "count at its largest value", *_STREAMS),
    "result_guard": ("kept", "discarded", "count at its largest value", *_STREAMS),
    "event_front_end": (
        "bins by time", "bins by count", "decay", "no decay", "a frame a recording", "step 1",
        "several steps", "factor 1", "several pixels in one", "saturates", "recording without events",
        "event at a bin's edge", "bin without events", "outside", "backwards", "time alone", "time wraps",
        "waits for a readout", "counts at their largest value", *_STREAMS,
    ),
    "watchdog": ("error", "one cycle short of an error", "reset"),
    "popcount_kernel": (*_PLANES, *_WEIGHTS, "inputs for all", "inputs for each PE", *_STREAMS),
    "synapses": ("plain", "parity", "parity error", *_STREAMS),
    "weight_memory": ("image", "no image", "one word", "several words", "block memory", "read while written"),
    "line_buffer": (*_KERNELS, "one pixel", "frames follow each other", *_STREAMS),
    "window_reader": (*_PLANES, "one fold", "several folds", "window of zeros", *_STREAMS),
    "tap_reader": (*_PLANES, *_GROUPS, "stride 1", "stride 2", "kernel 1", "kernel 3", "kernel 5",
                   *_BEATS, *_STREAMS),
    "frame_reader": (*_PLANES, "one token", "several tokens", *_BEATS, *_STREAMS),
    "gearbox": ("widens", "narrows", "equal", *_STREAMS),
    "stream_register": _STREAMS,
    "stream_fifo": ("depth 1", "depth a power of two", "depth no power of two", "block memory", *_STREAMS),
}  # fmt: skip
"""Module: what its benches must meet. Those of _STREAMS are met at the module's own ports:

a beat offered and not taken; a gap between two beats; a beat that waits at the output; one that
waits for ten cycles or more; a sink that takes nothing for LONG_STALL cycles while traffic waits; two
beats in two cycles; a reset of two clocks with a frame half way.
"""


def hit(module: str, *points: str) -> None:
    """Note points in the running bench. Raises KeyError for one that is not declared."""
    unknown = set(points) - set(POINTS.get(module, ()))
    if unknown and module in POINTS:
        raise KeyError(f"{module} declares no point {sorted(unknown)} in sim/coverage.py")
    path = os.environ.get(FILE)
    new = {(module, point) for point in points} - _noted
    if path and module in POINTS and new:
        _noted.update(new)
        with open(path, "a") as handle:
            handle.writelines(f"{module}: {point}\n" for _, point in sorted(new))


def classes(module: str, p: Mapping[str, Any]) -> Iterable[str]:
    """The points that a shape is by its parameters alone."""
    return _CLASSES[module](p) if module in _CLASSES else ()


def _planes(p: Mapping[str, Any]) -> str:
    tp, bits = p["TP"], p["ACT_BITS"]
    return "TP below the bits" if tp < bits else "TP the bits" if tp == bits else "TP several timesteps"


def _weights(p: Mapping[str, Any]) -> str:
    bits = p["WEIGHT_BITS"]
    return "weights binary" if bits == 1 else next(
        f"weights of {text}"
        for most, text in ((2, "2 bits"), (4, "3 and 4 bits"), (8, "5 bits and more"))
        if bits <= most
    )  # fmt: skip


def _folds(p: Mapping[str, Any], inputs: int, outputs: int) -> Iterable[str]:
    yield "PE all" if p["PE"] == outputs else "PE 1" if p["PE"] == 1 else "PE between"
    yield from (_planes(p), _weights(p), "one fold" if inputs <= p["SIMD"] else "several folds")


def _grouped(p: Mapping[str, Any], channels: int) -> str:
    groups = p.get("CONV_GROUPS", 1)
    return "no groups" if groups == 1 else "depthwise" if groups == channels else "groups"


def _conv(p: Mapping[str, Any]) -> Iterable[str]:
    inputs = p["KERNEL"] ** 2 * p["IN_CHANNELS"] // p.get("CONV_GROUPS", 1)
    yield from _folds(p, inputs, p["OUT_CHANNELS"])
    yield "last fold partial" if inputs % p["SIMD"] else "last fold full"
    yield from (_grouped(p, p["IN_CHANNELS"]), f"kernel {p['KERNEL']}", f"stride {p['STRIDE']}")
    yield "padding" if p["PADDING"] else "no padding"
    yield "taps in turns" if p.get("TAP_SERIAL") else "window registers"


def _scatter_conv(p: Mapping[str, Any]) -> Iterable[str]:
    reach = -(-p["KERNEL"] // p["STRIDE"])
    yield "PE all" if p["PE"] == p["OUT_CHANNELS"] else "PE 1" if p["PE"] == 1 else "PE between"
    yield (
        "a window at a time"
        if p["TAPS"] == 1
        else "a row of windows"
        if p["TAPS"] == reach
        else "all windows"
    )
    planes = p["TIMESTEPS"] * p["ACT_BITS"]
    yield from (_weights(p), f"kernel {p['KERNEL']}", f"stride {p['STRIDE']}")
    yield "timesteps all at once" if p["TP"] == planes else "timesteps in groups"
    if p["ACT_BITS"] > 1:
        yield "several planes a timestep"
    yield "padding" if p["PADDING"] else "no padding"
    wider = p["IN_GROUP"] - p["SIMD"]
    yield "several words a token" if wider > 0 else "several tokens a word" if wider < 0 else "a word a token"
    tokens = p["OUT_CHANNELS"] // p["PE"] * (planes // p["TP"])
    places = scatter_places(p["WIDTH"], p["KERNEL"], p["STRIDE"], p["PADDING"], tokens, p["TAPS"])
    yield "sums in block RAM" if places > 64 else "sums in LUT RAM"


def _streamed_dense(p: Mapping[str, Any]) -> Iterable[str]:
    yield _planes(p)
    yield "words taken again" if p["TIMESTEPS"] * p["ACT_BITS"] > p["TP"] else "words taken once"
    several = p["PE"] * p["SIMD"] * p["WEIGHT_BITS"] > p["DATA_BITS"]
    yield "word of several beats" if several else "word of one beat"


def _lif(p: Mapping[str, Any]) -> Iterable[str]:
    yield "reset zero" if p["RESET_ZERO"] else "reset subtract"
    yield "strict" if p["STRICT"] else "not strict"
    leak = (p["LEAK_MULT"], p["LEAK_SHIFT"])
    yield (
        "leak of everything"
        if not leak[0]
        else {(1, 0): "no leak", (1, 1): "leak of a half"}.get(leak, "leak by a multiplier")
    )
    levels = p["LEVELS"]
    yield "filter" if p["FILTER_SHIFT"] else "no filter"
    if p["FILTER_SHIFT"] and levels > 1:
        yield "filter and levels"
    yield "levels short of their bits" if levels & (levels + 1) else "levels all of their bits"
    yield "token of all timesteps" if p["NT"] == p["TIMESTEPS"] else "token of some timesteps"
    yield "one timestep a cycle" if p["TL"] == 1 else "several timesteps a cycle"
    yield "thresholds from a file" if p["INIT"] else "thresholds written"
    if p["CHANNELS"] % p["PE"]:
        yield "group of channels padded"


def _pool(p: Mapping[str, Any]) -> Iterable[str]:
    yield from ("sum" if p["SUM"] else "maximum", f"size {p['SIZE']}")
    if p["HEIGHT"] % p["SIZE"]:
        yield "row dropped"
    if p["WIDTH"] % p["SIZE"]:
        yield "column dropped"
    if p["HEIGHT"] == p["WIDTH"] == p["SIZE"]:
        yield "global"


def _temporal_transform(p: Mapping[str, Any]) -> Iterable[str]:
    yield "table" if p["T_IN"] * p["ACT_BITS"] <= 6 else "sums"
    if p["T_IN"] == 1:
        yield "one timestep"


def _readout(p: Mapping[str, Any]) -> Iterable[str]:
    yield "biases from a file" if p["INIT"] else "biases written"
    if p["OUTPUTS"] % p["PE"]:
        yield "channels padded"
    if p["TIMESTEPS"] > p["NT"]:
        yield "several tokens a group"


def _join_sum(p: Mapping[str, Any]) -> Iterable[str]:
    yield {2: "two inputs", 3: "three inputs"}[p["INPUTS"]]
    digits = p["ACT_BITS"].split("h")[1].zfill(2 * p["INPUTS"])
    bits = {digits[place : place + 2] for place in range(0, len(digits), 2)}
    yield "equal bits" if len(bits) == 1 else "unequal bits"


def _join_current(p: Mapping[str, Any]) -> Iterable[str]:
    yield "gains from a file" if p["INIT"] else "gains written"
    if p["CHANNELS"] % p["PE"]:
        yield "group of channels padded"


def _event_front_end(p: Mapping[str, Any]) -> Iterable[str]:
    yield "bins by count" if p.get("BIN_EVENTS") else "bins by time"
    yield "decay" if p.get("DECAY_ENTRIES") else "no decay"
    yield {0: "a frame a recording", 1: "step 1"}.get(p["STEP"], "several steps")
    yield "factor 1" if p["FACTOR"] == 1 else "several pixels in one"


def _kernels(p: Mapping[str, Any]) -> Iterable[str]:
    kernel, stride, padding = p["KERNEL"], p["STRIDE"], p["PADDING"]
    yield from (f"kernel {kernel}", f"stride {stride}" if stride < 3 else "stride 3 and more")
    yield "padding" if padding else "no padding"
    if 0 < padding < kernel // 2:
        yield "padding short of the kernel's middle"
    if p["HEIGHT"] == p["WIDTH"] == 1:
        yield "one pixel"


def _window_reader(p: Mapping[str, Any]) -> Iterable[str]:
    inputs = p["KERNEL"] ** 2 * p["CHANNELS"] // p.get("CONV_GROUPS", 1)
    yield from (_planes(p), "one fold" if inputs <= p["SIMD"] else "several folds")


def _stream_fifo(p: Mapping[str, Any]) -> Iterable[str]:
    depth = p["DEPTH"]
    yield "depth 1" if depth == 1 else f"depth {'a' if depth & (depth - 1) == 0 else 'no'} power of two"
    if depth > 64:
        yield "block memory"


def _gearbox(p: Mapping[str, Any]) -> Iterable[str]:
    wider = p["OUT_GROUP"] - p["IN_GROUP"]
    yield "widens" if wider > 0 else "narrows" if wider < 0 else "equal"


def _weight_memory(p: Mapping[str, Any]) -> Iterable[str]:
    yield "image" if p.get("INIT") else "no image"
    yield "one word" if p["DEPTH"] == 1 else "several words"
    if p["DEPTH"] > 64:
        yield "block memory"


def _axi_accelerator(p: Mapping[str, Any]) -> Iterable[str]:
    width = p["IN_WIDTH"]
    yield (
        "several tokens a beat"
        if width <= 32
        else "a token a beat"
        if width <= 64
        else "several beats a token"
    )


_CLASSES: dict[str, Callable[[Mapping[str, Any]], Iterable[str]]] = {
    "axi_accelerator": _axi_accelerator,
    "conv": _conv,
    "scatter_conv": _scatter_conv,
    "dense": lambda p: _folds(p, p["INPUTS"], p["OUTPUTS"]),
    "streamed_dense": _streamed_dense,
    "lif": _lif,
    "pool": _pool,
    "temporal_transform": _temporal_transform,
    "readout": _readout,
    "early_exit": lambda p: ["two classes" if p["OUTPUTS"] == 2 else "more classes"],
    "join_sum": _join_sum,
    "join_current": _join_current,
    "event_front_end": _event_front_end,
    "popcount_kernel": lambda p: [
        _planes(p), _weights(p), "inputs for each PE" if p.get("X_SETS", 1) > 1 else "inputs for all",
    ],
    "synapses": lambda p: ["parity" if p.get("PARITY") else "plain"],
    "weight_memory": _weight_memory,
    "line_buffer": _kernels,
    "window_reader": _window_reader,
    "tap_reader": lambda p: [
        _planes(p), _grouped(p, p["CHANNELS"]), f"kernel {p['KERNEL']}", f"stride {p['STRIDE']}",
    ],
    "frame_reader": lambda p: [_planes(p), "one token" if p["TOKENS"] == 1 else "several tokens"],
    "gearbox": _gearbox,
    "stream_fifo": _stream_fifo,
}  # fmt: skip


def missing(folder: Path) -> list[str]:
    """Declared points that no file in ``folder`` holds, as ``module: point``."""
    seen = {line for path in folder.glob("*.points") for line in path.read_text().splitlines()}
    declared = [f"{module}: {point}" for module, points in POINTS.items() for point in points]
    return [point for point in declared if point not in seen]
