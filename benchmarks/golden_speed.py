"""Golden model against the torch evaluation of the same network, as a ratio taken in one run.

Both run the demo's network on the same random event counts and must give the same classes.
Exits 1 when golden is slower.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import torch

from quant_models.engine import TorchEngine
from quant_models.export import to_qonnx
from quant_models.network import ShrinkingNetwork
from quant_models.recipe import load_recipe
from ssnn_fpga.golden.engine import classify
from ssnn_fpga.network.qonnx_import import load

SAMPLES, ROUNDS = 100, 7
TARGET = 1.0


def engines() -> tuple[TorchEngine, Callable[[np.ndarray], np.ndarray]]:
    """The demo's network with random weights under torch, and the same file under golden."""
    recipe = load_recipe("nmnist")
    torch.manual_seed(0)
    classes = tuple(str(digit) for digit in range(10))
    engine = TorchEngine(ShrinkingNetwork(recipe, 10).eval(), recipe.name, classes)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        onnx.save(to_qonnx(engine), path)
        network = load(path)
    return engine, lambda frames: classify(network, frames)


def main() -> int:
    """Print the figures; 0 when the target is met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    engine, golden = engines()
    random = np.random.default_rng(0)
    # A quarter of the cells hold events, about what N-MNIST has.
    frames = random.integers(1, 4, (SAMPLES, *engine.frame_shape)) * (
        random.random((SAMPLES, *engine.frame_shape)) < 0.25
    )
    if not np.array_equal(engine.classify(frames), golden(frames)):
        print("torch and golden disagree: run the tests", file=sys.stderr)
        return 1
    ratios, torch_times, golden_times = [], [], []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        engine.classify(frames)
        middle = time.perf_counter()
        golden(frames)
        ended = time.perf_counter()
        torch_times.append(middle - began)
        golden_times.append(ended - middle)
        ratios.append(torch_times[-1] / golden_times[-1])
    figures = {
        "samples": SAMPLES,
        "torch_ms_per_sample": 1e3 * statistics.median(torch_times) / SAMPLES,
        "golden_ms_per_sample": 1e3 * statistics.median(golden_times) / SAMPLES,
        "golden_times_faster": statistics.median(ratios),
        "target": TARGET,
    }
    print(
        json.dumps(figures, indent=2)
        if as_json
        else "\n".join(f"{key:24} {value:.3g}" for key, value in figures.items())
    )
    return 0 if figures["golden_times_faster"] >= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
