"""The guards at the accelerator's edges: a bad frame leaves no result, and its neighbours all theirs."""

from __future__ import annotations

import pytest

from sim.bench import ROOT, run_bench

_STALLS = [(0.0, 0.0, 0.0, False), (0.3, 0.3, 0.3, False), (0.0, 0.0, 0.9, False), (0.0, 0.2, 0.0, True)]


@pytest.mark.parametrize("stalls", _STALLS, ids=["full-rate", "stalls", "slow-verdicts", "hanging-sink"])
@pytest.mark.parametrize("guard", ["frame_guard", "result_guard"])
def test_guard(guard: str, stalls: tuple[float, float, float, bool]) -> None:
    config = {
        "frames": 150, "stall_in": stalls[0], "stall_out": stalls[1], "stall_verdict": stalls[2],
        "hang": stalls[3],
    }  # fmt: skip
    # Counters that hold all that comes, but for slow verdicts: those must stay at their largest value.
    parameters = {"WIDTH": 9, "TOKENS": 6, "COUNT_BITS": 4 if stalls[2] > 0.5 else 8}
    run_bench(guard, bench=f"bench_{guard}", parameters=parameters, seed=5, config=config)


@pytest.mark.parametrize(
    "stalls",
    [(0.0, 0.0, False), (0.3, 0.7, False), (0.0, 0.2, True)],
    ids=["full-rate", "stalls", "hanging-sink"],
)
def test_only_results_of_good_frames_arrive(stalls: tuple[float, float, bool]) -> None:
    """Both guards around a stand-in for the accelerator."""
    config = {"frames": 150, "stall_in": stalls[0], "stall_out": stalls[1], "hang": stalls[2]}
    run_bench(
        "guarded_pool",
        bench="bench_guarded_pool",
        parameters={"SIDE": 3, "ACT_BITS": 4},
        seed=9,
        config=config,
        top=(ROOT / "sim" / "guarded_pool.sv").read_text(),
    )
