"""The guards at the accelerator's edges: a bad frame leaves no result, and its neighbours all theirs."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

_STALLS = [(0.0, 0.0, 0.0), (0.3, 0.3, 0.3), (0.0, 0.0, 0.9)]


@pytest.mark.parametrize("stalls", _STALLS, ids=["full-rate", "stalls", "slow-verdicts"])
@pytest.mark.parametrize("guard", ["frame_guard", "result_guard"])
def test_guard(guard: str, stalls: tuple[float, float, float]) -> None:
    config = {"frames": 150, "stall_in": stalls[0], "stall_out": stalls[1], "stall_verdict": stalls[2]}
    parameters = {"WIDTH": 9, "TOKENS": 5}
    run_bench(guard, bench=f"bench_{guard}", parameters=parameters, seed=5, config=config)
