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
    # six words in the row of windows, which is no power of two
    "three-columns": {
        "HEIGHT": 5, "WIDTH": 7, "CHANNELS": 4, "GROUP": 2, "TIMESTEPS": 2, "ACT_BITS": 1, "OUT_BITS": 1,
        "SIZE": 2, "SUM": 0,
    },
    # global: the frame is one window, with a word a group and in a register
    "global-sum": {
        "HEIGHT": 5, "WIDTH": 5, "CHANNELS": 4, "GROUP": 2, "TIMESTEPS": 2, "ACT_BITS": 2, "OUT_BITS": 7,
        "SIZE": 5, "SUM": 1,
    },
    "global-maximum": {
        "HEIGHT": 4, "WIDTH": 4, "CHANNELS": 3, "GROUP": 3, "TIMESTEPS": 2, "ACT_BITS": 2, "OUT_BITS": 2,
        "SIZE": 4, "SUM": 0,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "stalls",
    [(0.0, 0.0, False), (0.4, 0.4, False), (0.1, 0.8, False), (0.0, 0.2, True)],
    ids=["full-rate", "stalls", "slow-sink", "reset-and-hanging-sink"],
)
@pytest.mark.parametrize("shape", _SHAPES)
def test_pool(shape: str, stalls: tuple[float, float, bool]) -> None:
    parameters = _SHAPES[shape]
    config = {
        "frames": 4,
        "maximum": (1 << parameters["ACT_BITS"]) - 1,
        "stall_in": stalls[0],
        "stall_out": stalls[1],
        "hang": stalls[2],
    }
    run_bench("pool", bench="bench_pool", parameters=parameters, seed=11, config=config)
