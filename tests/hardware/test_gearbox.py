"""The gearbox between channel groups."""

from __future__ import annotations

import pytest

from sim.bench import run_bench


@pytest.mark.parametrize(
    "stalls",
    [(0.0, 0.0, False), (0.4, 0.4, False), (0.1, 0.8, False), (0.0, 0.2, True)],
    ids=["full-rate", "stalls", "slow-sink", "reset-and-hanging-sink"],
)
@pytest.mark.parametrize("groups", [(2, 6), (4, 8), (6, 2), (8, 4), (3, 3)])
def test_gearbox(groups: tuple[int, int], stalls: tuple[float, float, bool]) -> None:
    parameters = {"PLANES": 3, "IN_GROUP": groups[0], "OUT_GROUP": groups[1]}
    config = {"pixels": 40, "stall_in": stalls[0], "stall_out": stalls[1], "hang": stalls[2]}
    run_bench("gearbox", bench="bench_gearbox", parameters=parameters, seed=3, config=config)
