"""VGG-9 (arXiv 2401.01912) on DVS-Gesture windows: exactness, cycles, fit, and what compiling takes.

At a quarter of the paper's width for pynq-z2: every value of every layer on 20 windows against the
golden model, cycles of the compiled RTL between results and for each window alone. At full width for
a chip of an Alveo U250's size: seconds and memory of planning and writing the design, and the last
stage alone simulated, exactly. Weights are random (see ``vgg9_network``), so no accuracy is claimed.
Seconds assume 100 MHz.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks.vgg9_network import gesture_windows, synthetic_windows, vgg9
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Activation, Integers, Network
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.compiled import CompiledAccelerator

GESTURES = Path(__file__).resolve().parents[2] / "shared" / "data" / "dvs128_gesture_10rec"
WINDOWS = 20
SCHEDULE = (8, 5, 2)
MHZ = 100.0
SHARE = 0.8
AIM = 0.98
"""Share of the target latency that is planned for."""
TARGET_MS, TARGET_SECONDS, TARGET_BYTES = 0.7, 60.0, 4e9


@dataclass(frozen=True)
class _Budget:
    luts: int
    bram_bits: int
    dsps: int


@dataclass(frozen=True)
class _Alveo:
    """The logic and block RAM of an Alveo U250, of which a design takes half."""

    name: str = "alveo-u250"
    family: str = "xilinx7"
    budget: _Budget = _Budget(luts=1_728_000, bram_bits=2_688 * 36_864, dsps=12_288)
    plan_share: float = 0.5
    neuron_timesteps: int = 1
    memory_port_bits: int = 0


def windows(folder: Path) -> tuple[Integers, str]:
    """(20, 8, 2, 48, 48) frames, and what they are."""
    if folder.is_dir():
        return gesture_windows(folder, WINDOWS, SCHEDULE[0]), "DVS128 Gesture clips"
    return synthetic_windows(WINDOWS, SCHEDULE[0]), "synthetic windows (no DVS128 Gesture clips found)"


def simulate(network: Network, design: Path, frames: Integers) -> dict[str, Any]:
    """Mismatches and cycles of a written design: windows back to back, and each window alone."""
    with CompiledAccelerator(design) as accelerator:
        result = accelerator.run(frames)
        alone = [accelerator.run(frame[None], probes=False).latency_cycles for frame in frames]
    expected = run(network, frames)
    wrong = sum(int((values != result.trace[layer]).sum()) for layer, values in expected.items())
    return {
        "mismatches": wrong,
        "values": sum(values.size for values in expected.values()),
        "interval_cycles": result.cycles_per_sample,
        "worst_latency_cycles": max(alone),
    }


def quarter(frames: Integers, folder: Path) -> dict[str, Any]:
    """A quarter of the width, the smallest plan for pynq-z2 whose latency is below the target."""
    network = vgg9(0.25, frames[:4], schedule=SCHEDULE)
    target = int(AIM * TARGET_MS * 1e3 * MHZ)
    plan = make_plan(network, load_board("pynq-z2"), target_latency=target, share=SHARE)
    write_design(network, plan, folder)
    figures = simulate(network, folder, frames)
    return figures | {
        "planned_interval": plan.interval,
        "planned_latency": plan.latency,
        "milliseconds": figures["worst_latency_cycles"] / MHZ / 1e3,
        "resources": plan.resource_figures(),
    }


def full(frames: Integers, folder: Path) -> dict[str, Any]:
    """Full width for an Alveo; the stage behind the last temporal transformer simulated alone."""
    network = vgg9(1.0, frames[:1], schedule=SCHEDULE)
    context = multiprocessing.get_context("spawn")  # a process of its own, so that its memory is its own
    with context.Pool(1) as pool:
        compiled = pool.apply(_compile, (network, folder))
    start = next(i for i, layer in enumerate(network.layers) if layer.name == "conv7")
    before = network.layers[start - 1].name
    edge = edges(network)[before]
    assert isinstance(edge, Activation)
    first = replace(network.layers[start], inputs=("input",))
    stage = Network("vgg9_last_stage", edge, (first, *network.layers[start + 1 :]))
    design = folder.with_name("stage")
    write_design(stage, make_plan(stage, target_cycles=200_000), design)
    inputs = run(network, frames[:2])[before]
    return compiled | {"stage": simulate(stage, design, inputs)}


def _compile(network: Network, folder: Path) -> dict[str, Any]:
    began = time.perf_counter()
    plan = make_plan(network, _Alveo())
    write_design(network, plan, folder)
    return {
        "seconds": time.perf_counter() - began,
        "peak_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "planned_interval": plan.interval,
        "resources": plan.resource_figures(),
    }


def main() -> int:
    """Print the figures; 0 when every target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gestures", type=Path, default=GESTURES, help="folder of .bs2 clips")
    parser.add_argument("--part", choices=("quarter", "full", "both"), default="both")
    part = parser.parse_args().part
    frames, description = windows(parser.parse_args().gestures)
    figures: dict[str, Any] = {"data": description}
    missed: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        if part != "full":
            found = figures["quarter"] = quarter(frames, Path(folder) / "quarter")
            missed += [f"{found['mismatches']} values differ"] * bool(found["mismatches"])
            missed += [f"{found['milliseconds']:.3f} ms a sample"] * (found["milliseconds"] >= TARGET_MS)
        if part != "quarter":
            found = figures["full"] = full(frames, Path(folder) / "full")
            missed += [f"{found['stage']['mismatches']} values differ"] * bool(found["stage"]["mismatches"])
            missed += [f"compiled in {found['seconds']:.0f} s"] * (found["seconds"] >= TARGET_SECONDS)
            missed += [f"{found['peak_bytes']:,} bytes"] * (found["peak_bytes"] >= TARGET_BYTES)
    print(json.dumps(figures, indent=2))
    for sentence in missed:
        print(f"missed: {sentence}", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
