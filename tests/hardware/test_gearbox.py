"""The gearbox between channel groups."""

from __future__ import annotations

import pytest

from sim.bench import run_bench


@pytest.mark.parametrize(
    "stalls", [(0.0, 0.0), (0.4, 0.4), (0.1, 0.8)], ids=["full-rate", "stalls", "slow-sink"]
)
@pytest.mark.parametrize("groups", [(2, 6), (4, 8), (6, 2), (8, 4), (3, 3)])
def test_gearbox(groups: tuple[int, int], stalls: tuple[float, float]) -> None:
    parameters = {"PLANES": 3, "IN_GROUP": groups[0], "OUT_GROUP": groups[1]}
    config = {"pixels": 40, "stall_in": stalls[0], "stall_out": stalls[1]}
    run_bench("gearbox", bench="bench_gearbox", parameters=parameters, seed=3, config=config)
