"""Compiled harness against the cocotb loop: clock cycles a second on the same design, in one run.

The design is that of the network bench, under the same folds. Both run it at full rate, record the
results only, and check them against the golden model. With every stream recorded and unpacked the
harness is a little slower; that figure is printed beside. Exits 1 when the harness is less than 20
times as fast as cocotb. Seconds are those of the processor, of which both keep one core busy, so that
other work on the machine does not count.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from sim.bench import run_bench
from sim.bench_accelerator import random_frames
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.compiled import CompiledAccelerator
from tests.hardware.test_accelerator import FOLDS, small_network

TARGET = 20.0
ROUNDS = 3
ACTIVITY = 0.4
HARNESS_SAMPLES, COCOTB_SAMPLES = 2000, 20


def cocotb_rate(design: Path, folder: Path, seed: int) -> float:
    """Clock cycles a second of the cocotb bench."""
    figures = folder / "figures.json"
    config = {
        "design": str(design),
        "samples": COCOTB_SAMPLES,
        "activity": ACTIVITY,
        "stall_in": 0.0,
        "stall_out": 0.0,
        "layers": False,
        "figures": str(figures),
    }
    images = {path.name: path.read_text() for path in (design / "rtl").glob("*.hex")}
    run_bench(
        "accelerator",
        bench="bench_accelerator",
        parameters={},
        seed=seed,
        config=config,
        files=images,
        rtl=design / "rtl",
    )
    measured = json.loads(figures.read_text())
    return float(measured["cycles"] / measured["seconds"])


def harness_rate(accelerator: CompiledAccelerator, seed: int, probes: bool) -> float:
    """Clock cycles a second of the compiled harness, packing and unpacking of values included."""
    network = accelerator.design.network
    frames = random_frames(np.random.default_rng(seed), network.input, HARNESS_SAMPLES, ACTIVITY)
    began = time.process_time()
    result = accelerator.run(frames, probes=probes)
    seconds = time.process_time() - began
    expected = run_golden(network, frames)
    for layer, values in result.trace.items():
        np.testing.assert_array_equal(values, expected[layer])
    return result.cycles / seconds


def main() -> int:
    """Print the figures; 0 when the target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    network = small_network()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        design = folder / "design"
        write_design(network, make_plan(network, overrides=FOLDS), design)
        with CompiledAccelerator(design) as accelerator:
            harness, recording, cocotb = [], [], []
            for seed in range(ROUNDS):  # in turns, so that all see the same load of the machine
                harness.append(harness_rate(accelerator, seed, probes=False))
                recording.append(harness_rate(accelerator, seed, probes=True))
                with redirect_stdout(sys.stderr):
                    cocotb.append(cocotb_rate(design, folder, seed))
    ratio = statistics.median(h / c for h, c in zip(harness, cocotb, strict=True))
    figures = {
        "harness_cycles_per_second": round(statistics.median(harness)),
        "every_stream_recorded": round(statistics.median(recording)),
        "cocotb_cycles_per_second": round(statistics.median(cocotb)),
        "harness_times_faster": ratio,
        "target": TARGET,
    }
    if as_json:
        print(json.dumps(figures, indent=2))
    else:
        print("\n".join(f"{key:28} {value:,.6g}" for key, value in figures.items()))
    return 0 if ratio >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
