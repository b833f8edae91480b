"""The watchdog that turns a hang into an error."""

from __future__ import annotations

from sim.bench import run_bench


def test_watchdog() -> None:
    parameters = {"LIMIT": 7, "SAMPLES": 3, "FRAME_TOKENS": 3}
    run_bench("watchdog", bench="bench_watchdog", parameters=parameters, seed=7)
