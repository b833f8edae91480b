"""Functional coverage: what the benches must have met, declared here and nowhere else.

A bench calls ``hit`` when it has seen a point; ``run_bench`` keeps the points of runs that passed in
the folder ``SSNN_FPGA_POINTS``. A complete run of tests/hardware fails when a point is missing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

FILE = "SSNN_FPGA_POINTS_FILE"
"""Set for a bench: where its points go."""

_noted: set[tuple[str, str]] = set()

_FOLDS = ("PE 1", "PE between", "PE all", "TP below the bits", "TP the bits", "TP several timesteps",
          "one fold", "several folds")  # fmt: skip
_STREAMS = ("input waits", "input pauses", "output stalls", "output stalls long", "back to back")

POINTS: dict[str, tuple[str, ...]] = {
    "conv": (
        *_FOLDS, "last fold partial", "last fold full",
        "kernel 1", "kernel 3", "kernel 5", "stride 1", "stride 2", "no padding", "padding",
        "window in a corner", "window on an edge", "window inside", "window of zeros", "window full",
        "frames follow each other", *_STREAMS,
    ),
    "dense": (*_FOLDS, "frames follow each other", *_STREAMS),
    "lif": (
        "reset subtract", "reset zero", "strict", "not strict",
        "no leak", "leak of a half", "leak by a multiplier",
        "no spike", "level 1", "level 2", "level 3", "level 4 or more",
        "window of zeros", "group of channels padded",
        "token of all timesteps", "token of some timesteps",
        "one timestep a cycle", "several timesteps a cycle",
        "thresholds from a file", "thresholds written", *_STREAMS,
    ),
    "pool": ("maximum", "sum", "row dropped", "column dropped", "size 2", "size 3", *_STREAMS),
    "temporal_transform": ("table", "sums", "one timestep", *_STREAMS),
    "readout": ("tie", "last class wins", "channels padded", "several tokens a group", *_STREAMS),
    "popcount_kernel": _STREAMS,
    "line_buffer": _STREAMS,
    "window_reader": _STREAMS,
    "frame_reader": _STREAMS,
    "gearbox": ("widens", "narrows", "equal", *_STREAMS),
    "stream_register": _STREAMS,
    "stream_fifo": ("depth 1", "depth a power of two", "depth no power of two", "block memory", *_STREAMS),
}  # fmt: skip
"""Module: what its benches must meet. The last five are met at the module's own ports:

a beat offered and not taken; a gap between two beats; a beat that waits at the output; one that
waits for ten cycles or more; two beats in two cycles.
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


def classes(module: str, p: Mapping[str, int]) -> Iterable[str]:
    """The points that a shape is by its parameters alone."""
    if module in ("conv", "dense"):
        outputs = p["OUT_CHANNELS"] if module == "conv" else p["OUTPUTS"]
        inputs = p["KERNEL"] ** 2 * p["IN_CHANNELS"] if module == "conv" else p["INPUTS"]
        yield "PE all" if p["PE"] == outputs else "PE 1" if p["PE"] == 1 else "PE between"
        tp, bits = p["TP"], p["ACT_BITS"]
        yield "TP below the bits" if tp < bits else "TP the bits" if tp == bits else "TP several timesteps"
        yield "one fold" if inputs <= p["SIMD"] else "several folds"
        if module == "conv":
            yield "last fold partial" if inputs % p["SIMD"] else "last fold full"
            yield f"kernel {p['KERNEL']}"
            yield f"stride {p['STRIDE']}"
            yield "padding" if p["PADDING"] else "no padding"
    elif module == "lif":
        yield "reset zero" if p["RESET_ZERO"] else "reset subtract"
        yield "strict" if p["STRICT"] else "not strict"
        leak = (p["LEAK_MULT"], p["LEAK_SHIFT"])
        yield {(1, 0): "no leak", (1, 1): "leak of a half"}.get(leak, "leak by a multiplier")
        yield "token of all timesteps" if p["NT"] == p["TIMESTEPS"] else "token of some timesteps"
        yield "one timestep a cycle" if p["TL"] == 1 else "several timesteps a cycle"
        yield "thresholds from a file" if p["INIT"] else "thresholds written"
        if p["CHANNELS"] % p["PE"]:
            yield "group of channels padded"
    elif module == "pool":
        yield "sum" if p["SUM"] else "maximum"
        yield f"size {p['SIZE']}"
        if p["HEIGHT"] % p["SIZE"]:
            yield "row dropped"
        if p["WIDTH"] % p["SIZE"]:
            yield "column dropped"
    elif module == "temporal_transform":
        yield "table" if p["T_IN"] * p["ACT_BITS"] <= 6 else "sums"
        if p["T_IN"] == 1:
            yield "one timestep"
    elif module == "readout":
        if p["OUTPUTS"] % p["PE"]:
            yield "channels padded"
        if p["TIMESTEPS"] > p["NT"]:
            yield "several tokens a group"
    elif module == "gearbox":
        wider = p["OUT_GROUP"] - p["IN_GROUP"]
        yield "widens" if wider > 0 else "narrows" if wider < 0 else "equal"
    elif module == "stream_fifo":
        depth = p["DEPTH"]
        yield "depth 1" if depth == 1 else f"depth {'a' if depth & (depth - 1) == 0 else 'no'} power of two"
        if depth > 64:
            yield "block memory"


def missing(folder: Path) -> list[str]:
    """Declared points that no file in ``folder`` holds, as ``module: point``."""
    seen = {line for path in folder.glob("*.points") for line in path.read_text().splitlines()}
    declared = [f"{module}: {point}" for module, points in POINTS.items() for point in points]
    return [point for point in declared if point not in seen]
