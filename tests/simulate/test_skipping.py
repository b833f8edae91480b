"""Skipping zeros changes cycles and no value: the library of ``benchmarks/skipping.py`` beside ours."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from benchmarks.skipping import library_without_skipping
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.compiled import CompiledAccelerator
from tests.hardware.test_accelerator import FOLDS, small_network


def test_without_skipping_the_same_values_take_longer(compiled: Path, tmp_path: Path) -> None:
    """A frame with events in one corner, through each kind of reader."""
    network = small_network()
    frames = np.zeros((2, 4, 2, 8, 8), dtype=np.int64)
    frames[:, :, :, :2, :2] = np.random.default_rng(5).integers(0, 4, (2, 4, 2, 2, 2))
    expected = run_golden(network, frames)
    # Windows whole, tap by tap, and the lists of the dense layers.
    folds = FOLDS | {"conv2": {"pe": 3, "simd": 4, "tp": 1, "taps": 1}}
    plan = make_plan(network, overrides=folds)
    cycles = {}
    for name, library in {"skipping": None, "every beat": library_without_skipping(tmp_path / "rtl")}.items():
        design = tmp_path / name
        write_design(network, plan, design, library)
        with CompiledAccelerator(design, compiled) as accelerator:
            result = accelerator.run(frames)
        for layer, values in expected.items():
            np.testing.assert_array_equal(result.trace[layer], values, err_msg=f"{name}, {layer}")
        cycles[name] = result.latency_cycles
    assert cycles["skipping"] < cycles["every beat"]
