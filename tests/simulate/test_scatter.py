"""Designs whose convolutions scatter: every value, the modelled cycles, and what their options add."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.network.layers import Conv
from ssnn_fpga.plan.activity import measure_activity
from ssnn_fpga.plan.pace import Pace
from ssnn_fpga.plan.plan import Options
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.compiled import CompiledAccelerator
from tests.random_networks import random_forked_network, random_frames, random_network
from tests.simulate.test_compiled import assert_same


def test_a_network_that_scatters_is_exact_and_takes_the_modelled_cycles(
    compiled: Path, tmp_path: Path
) -> None:
    rng = np.random.default_rng(3)
    network = random_network(
        rng,
        schedule=(4, 2),
        input_channels=2,
        size=(14, 13),
        channels=(4, 6),
        kernel=3,
        stride=1,
        weight_bits=3,
        pool="max",
    )
    convolutions = [layer.name for layer in network.layers if isinstance(layer, Conv)]
    folds = [{"scatter": 3, "pe": 2, "simd": 2}, {"scatter": 9, "simd": 1}, {"scatter": 1, "pe": 1}]
    frames = random_frames(rng, network, 8) * (rng.random((8, 1, 1, 14, 13)) < 0.15)
    trace = run_golden(network, frames)
    activity = measure_activity(network, frames, trace)
    plan = make_plan(
        network, overrides=dict(zip(convolutions, folds, strict=False)), activity=activity
    )  # fmt: skip
    assert [plan.stage(name).module for name in convolutions] == ["scatter_conv"] * len(convolutions)
    write_design(network, plan, tmp_path / "design")
    with CompiledAccelerator(tmp_path / "design", compiled, seed=3) as accelerator:
        assert_same(dict(trace), accelerator.run(frames, stall_in=0.3, stall_out=0.5, seed=3).trace)
        accelerator.break_off(frames, 300)
        assert_same(dict(trace), accelerator.run(frames).trace)
        modelled = Pace(plan, activity).frame_ends(range(len(frames)))
        for name in convolutions:
            tokens = plan.stage(name).output.tokens
            seen = np.diff(accelerator.stream_cycles(name)[tokens - 1 :: tokens])
            assert np.diff(modelled[name]) == pytest.approx(seen, rel=0.02, abs=2)


def test_a_loadable_fork_that_scatters_is_exact(compiled: Path, tmp_path: Path) -> None:
    """Both ways of a join scatter; weights come through the load port and have parity."""
    rng = np.random.default_rng(5)
    network = random_forked_network(
        rng, blocks=["join"], timesteps=2, channels=4, size=(6, 7), weight_bits=1, heads=0
    )
    folds = {layer.name: {"scatter": 1} for layer in network.layers if isinstance(layer, Conv)}
    plan = make_plan(network, overrides=folds, options=Options(loadable=True, parity=True))
    write_design(network, plan, tmp_path / "design")
    frames = random_frames(rng, network, 5)
    with CompiledAccelerator(tmp_path / "design", compiled, seed=5) as accelerator:
        result = accelerator.run(frames, stall_in=0.2, stall_out=0.6, seed=5)
        assert_same(dict(run_golden(network, frames)), result.trace)
        assert not result.errors
