"""The watchdog that turns a hang into an error."""

from __future__ import annotations

from sim.bench import run_bench


def test_watchdog() -> None:
    run_bench("watchdog", bench="bench_watchdog", parameters={"LIMIT": 7, "SAMPLES": 3}, seed=7)
