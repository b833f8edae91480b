"""The guards at the accelerator's edges: a bad frame leaves no result, and its neighbours all theirs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sim.bench import ROOT, rtl_directory, run_bench

_STALLS = [(0.0, 0.0, 0.0), (0.3, 0.3, 0.3), (0.0, 0.0, 0.9)]


@pytest.mark.parametrize("stalls", _STALLS, ids=["full-rate", "stalls", "slow-verdicts"])
@pytest.mark.parametrize("guard", ["frame_guard", "result_guard"])
def test_guard(guard: str, stalls: tuple[float, float, float]) -> None:
    config = {"frames": 150, "stall_in": stalls[0], "stall_out": stalls[1], "stall_verdict": stalls[2]}
    parameters = {"WIDTH": 9, "TOKENS": 5}
    run_bench(guard, bench=f"bench_{guard}", parameters=parameters, seed=5, config=config)


@pytest.mark.parametrize("stalls", [(0.0, 0.0), (0.3, 0.7)], ids=["full-rate", "stalls"])
def test_only_results_of_good_frames_arrive(stalls: tuple[float, float], tmp_path: Path) -> None:
    """Both guards around a stand-in for the accelerator."""
    for source in (*rtl_directory().glob("*.sv"), ROOT / "sim" / "guarded_pool.sv"):
        shutil.copy(source, tmp_path)
    config = {"frames": 150, "stall_in": stalls[0], "stall_out": stalls[1]}
    run_bench(
        "guarded_pool",
        bench="bench_guarded_pool",
        parameters={"SIDE": 3, "ACT_BITS": 4},
        seed=9,
        config=config,
        rtl=tmp_path,
    )
