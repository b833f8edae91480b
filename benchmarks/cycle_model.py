"""The cycle model of whole plans against the compiled RTL, stage by stage, frame by frame.

Plans of the trained N-MNIST networks (rate, open, and one made with measured activity), VGG-9 at a
quarter of the width, and random networks with strides, groups, joins and early exits. Of every stage:
cycles between the last tokens of successive frames, samples back to back, and the cycle in which a lone
sample has left it. Exits 1 where a frame of a stage is more than 2 % off (or 2 cycles), or where the
mean interval or latency of a whole network is more than 5 % off.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.vgg9 import GESTURES, SCHEDULE, SHARE, windows
from benchmarks.vgg9_network import vgg9
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.errors import UserError
from ssnn_fpga.events.frames import load_frames
from ssnn_fpga.events.source import find_recordings
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Integers, Network
from ssnn_fpga.network.qonnx_import import load
from ssnn_fpga.plan.activity import measure_activity
from ssnn_fpga.plan.pace import Pace
from ssnn_fpga.plan.plan import Plan
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.compiled import CompiledAccelerator
from tests.random_networks import random_forked_network, random_frames, random_network

FRAMES, VGG_FRAMES, LONE = 16, 4, 4
STAGE_ERROR, STAGE_CYCLES, WHOLE_ERROR = 0.02, 2, 0.05
BOARD, TARGET = "pynq-z2", 5_000


@dataclass(frozen=True)
class StageError:
    """A stage's cycles, by the model and in simulation."""

    stage: str
    module: str
    cycles: float
    """Between two frames, modelled mean."""
    seen: float
    """The same, simulated."""
    worst: float
    """Largest error of a frame, as a share of its cycles."""
    lone: float
    """Cycle in which a lone sample has left, modelled mean."""
    lone_seen: float
    worst_lone: float
    within: bool
    """No frame is off by more than 2 % and 2 cycles."""


@dataclass(frozen=True)
class Comparison:
    """A plan by the model and in simulation."""

    case: str
    interval: float
    interval_seen: float
    latency: float
    latency_seen: float
    seconds: float
    """That the model took, activity included."""
    stages: list[StageError]

    def missed(self) -> list[str]:
        """What is further off than it may be."""
        pairs = {
            "interval": (self.interval, self.interval_seen),
            "latency": (self.latency, self.latency_seen),
        }
        return [
            f"{self.case}: {s.stage} is off by {max(s.worst, s.worst_lone):.1%}"
            for s in self.stages
            if not s.within
        ] + [
            f"{self.case}: {name} of {model:,.0f} cycles, simulated {seen:,.0f}"
            for name, (model, seen) in pairs.items()
            if abs(model - seen) > WHOLE_ERROR * seen
        ]


def compare(case: str, network: Network, plan: Plan, frames: Integers) -> Comparison:
    """Model and simulate ``plan`` on ``frames``."""
    trace = run(network, frames)
    began = time.perf_counter()
    pace = Pace(plan, measure_activity(network, frames, trace))
    ends, whole = pace.frame_ends(range(len(frames))), pace.modelled()
    seconds = time.perf_counter() - began
    lone = [pace.frame_ends([sample]) for sample in range(LONE)]
    with tempfile.TemporaryDirectory() as folder:
        write_design(network, plan, Path(folder) / "design")
        with CompiledAccelerator(Path(folder) / "design") as accelerator:
            seen, results = _ends(accelerator, plan, frames)
            alone = [_ends(accelerator, plan, frame[None])[0] for frame in frames[:LONE]]
            latencies = [accelerator.run(frame[None], probes=False).latency_cycles for frame in frames]
    stages = []
    for stage in plan.stages:
        if stage.name not in seen:
            continue
        cycles, taken = np.diff(ends[stage.name]), np.diff(seen[stage.name])
        left = np.array([one[stage.name][0] + 1 for one in lone])
        gone = np.array([one[stage.name][0] + 1 for one in alone])
        errors = [(cycles, taken), (left, gone)]
        stages.append(
            StageError(
                stage.name,
                stage.module,
                float(cycles.mean()),
                float(taken.mean()),
                float((abs(cycles - taken) / taken).max()),
                float(left.mean()),
                float(gone.mean()),
                float((abs(left - gone) / gone).max()),
                all((abs(a - b) <= np.maximum(STAGE_CYCLES, STAGE_ERROR * b)).all() for a, b in errors),
            )
        )
    return Comparison(
        case, whole.interval, results, whole.latency, float(np.mean(latencies)), seconds, stages
    )


def _ends(
    accelerator: CompiledAccelerator, plan: Plan, frames: Integers
) -> tuple[dict[str, Integers], float]:
    """By stage when each frame's last token left, and the mean interval between results."""
    result = accelerator.run(frames)
    found = {
        stage.name: accelerator.stream_cycles(stage.name)[stage.output.tokens - 1 :: stage.output.tokens]
        for stage in plan.stages
        if stage.module != "stream_fork"
    }
    return found, float(result.cycles_per_sample)


def _trained(model: Path, data: Path | None) -> Iterator[tuple[str, Network, Plan, Integers]]:
    network, board = load(model), load_board(BOARD)
    assert network.compression is not None, "a trained model says how events become frames"
    recordings, _ = find_recordings(data)
    frames = load_frames(recordings, "test", network.compression, classes=network.classes).frames[:FRAMES]
    train = load_frames(recordings, "train", network.compression, classes=network.classes, limit=64).frames
    activity = measure_activity(network, train, run(network, train))
    name = model.parent.name
    for share in (0.80, 0.45):
        yield f"{name}, {share:.0%} of the logic", network, make_plan(network, board, share=share), frames
    plan = make_plan(network, board, target_cycles=TARGET, activity=activity)
    yield f"{name}, {TARGET:,} cycles with activity", network, plan, frames


def _vgg9(gestures: Path) -> Iterator[tuple[str, Network, Plan, Integers]]:
    frames, _ = windows(gestures)
    network = vgg9(0.25, frames[:4], schedule=SCHEDULE)
    yield "VGG-9, quarter", network, make_plan(network, load_board(BOARD), share=SHARE), frames[:VGG_FRAMES]


def _random() -> Iterator[tuple[str, Network, Plan, Integers]]:
    for seed, blocks in enumerate([("join", "grouped"), ("depthwise", "plain"), ("grouped", "join")]):
        rng = np.random.default_rng(seed)
        network = random_forked_network(rng, blocks=blocks, size=(10, 9))
        yield (
            f"random: {' and '.join(blocks)}",
            network,
            make_plan(network),
            random_frames(rng, network, FRAMES),
        )
    for seed in range(3):
        rng = np.random.default_rng(seed)
        network = random_network(rng, stride=1 + seed % 2, hidden=9, size=(12, 11))
        plan = make_plan(network, target_cycles=(500, 1_500, 4_000)[seed])
        yield f"random: stride {1 + seed % 2}, dense", network, plan, random_frames(rng, network, FRAMES)


def main() -> int:
    """Print the tables; 0 when no stage and no whole is further off than it may be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, action="append", help="a trained model; may be repeated")
    parser.add_argument("--data", type=Path, help="recordings; found as by ssnn-fpga if not given")
    parser.add_argument("--gestures", type=Path, default=GESTURES, help="folder of .bs2 clips")
    parser.add_argument("--only", choices=("trained", "vgg9", "random"), help="these plans alone")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    models = arguments.model or [Path("build/nmnist_2bit/model.onnx"), Path("build/demo/model.onnx")]
    cases: list[Iterator[tuple[str, Network, Plan, Integers]]] = []
    if arguments.only in (None, "random"):
        cases.append(_random())
    if arguments.only in (None, "trained"):
        cases += [_trained(model, arguments.data) for model in models]
    if arguments.only in (None, "vgg9"):
        cases.append(_vgg9(arguments.gestures))
    console, found = Console(width=130), []
    try:
        for case in cases:
            for name, network, plan, frames in case:
                found.append(compare(name, network, plan, frames))
                if not arguments.json:
                    console.print(_table(found[-1]))
    except UserError as error:
        print(f"{error} Train the models with: make demo build/nmnist_2bit/model.onnx", file=sys.stderr)
        return 2
    missed = [sentence for comparison in found for sentence in comparison.missed()]
    if arguments.json:
        print(json.dumps({"plans": [asdict(comparison) for comparison in found], "missed": missed}))
    else:
        console.print(_summary(found))
    for sentence in missed:
        print(f"missed: {sentence}", file=sys.stderr)
    return 1 if missed else 0


def _table(found: Comparison) -> Table:
    table = Table(title=f"{found.case}: modelled in {found.seconds:.2f} s")
    for heading in ("stage", "module"):
        table.add_column(heading)
    for heading in (
        "cycles a frame",
        "simulated",
        "worst error",
        "lone sample left",
        "simulated ",
        "worst error ",
    ):
        table.add_column(heading, justify="right")
    for s in found.stages:
        table.add_row(
            s.stage, s.module, f"{s.cycles:,.1f}", f"{s.seen:,.1f}", f"{s.worst:.2%}",
            f"{s.lone:,.1f}", f"{s.lone_seen:,.1f}", f"{s.worst_lone:.2%}",
        )  # fmt: skip
    return table


def _summary(found: list[Comparison]) -> Table:
    table = Table(title="whole networks")
    table.add_column("plan")
    for heading in (
        "interval",
        "simulated",
        "error",
        "latency",
        "simulated ",
        "error ",
        "worst stage",
        "model s",
    ):
        table.add_column(heading, justify="right")
    for c in found:
        worst = max(max(s.worst, s.worst_lone) for s in c.stages)
        table.add_row(
            c.case,
            f"{c.interval:,.0f}", f"{c.interval_seen:,.0f}", f"{c.interval / c.interval_seen - 1:+.2%}",
            f"{c.latency:,.0f}", f"{c.latency_seen:,.0f}", f"{c.latency / c.latency_seen - 1:+.2%}",
            f"{worst:.2%}", f"{c.seconds:.2f}",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    sys.exit(main())
