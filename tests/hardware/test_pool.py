"""The hardware's pooling against the golden model."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

_SHAPES = {
    "spikes-or": {
        "HEIGHT": 7, "WIDTH": 5, "CHANNELS": 6, "GROUP": 3, "TIMESTEPS": 3, "ACT_BITS": 1, "OUT_BITS": 1,
        "SIZE": 2, "SUM": 0,
    },
    "levels-maximum": {
        "HEIGHT": 6, "WIDTH": 8, "CHANNELS": 2, "GROUP": 2, "TIMESTEPS": 2, "ACT_BITS": 2, "OUT_BITS": 2,
        "SIZE": 2, "SUM": 0,
    },
    "sum-of-3x3": {
        "HEIGHT": 10, "WIDTH": 7, "CHANNELS": 2, "GROUP": 1, "TIMESTEPS": 2, "ACT_BITS": 2, "OUT_BITS": 5,
        "SIZE": 3, "SUM": 1,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "stalls", [(0.0, 0.0), (0.4, 0.4), (0.1, 0.8)], ids=["full-rate", "stalls", "slow-sink"]
)
@pytest.mark.parametrize("shape", _SHAPES)
def test_pool(shape: str, stalls: tuple[float, float]) -> None:
    parameters = _SHAPES[shape]
    config = {
        "frames": 4,
        "maximum": (1 << parameters["ACT_BITS"]) - 1,
        "stall_in": stalls[0],
        "stall_out": stalls[1],
    }
    run_bench("pool", bench="bench_pool", parameters=parameters, seed=11, config=config)
