"""The popcount kernel: every width of the weights, every way to fold the planes."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

_SHAPES = {
    "ternary-36": {"PE": 2, "SIMD": 36, "TP": 1, "ACT_BITS": 1, "WEIGHT_BITS": 2, "ACC_BITS": 9},
    "four-bit-planes-in-turns": {
        "PE": 3,
        "SIMD": 7,
        "TP": 2,
        "ACT_BITS": 4,
        "WEIGHT_BITS": 4,
        "ACC_BITS": 13,
    },
    "three-bit-timesteps": {"PE": 2, "SIMD": 5, "TP": 6, "ACT_BITS": 2, "WEIGHT_BITS": 3, "ACC_BITS": 9},
    "five-bit-whole-timestep": {
        "PE": 1,
        "SIMD": 18,
        "TP": 3,
        "ACT_BITS": 3,
        "WEIGHT_BITS": 5,
        "ACC_BITS": 14,
    },
    "eight-bit": {"PE": 2, "SIMD": 10, "TP": 2, "ACT_BITS": 1, "WEIGHT_BITS": 8, "ACC_BITS": 13},
    "binary-36": {"PE": 2, "SIMD": 36, "TP": 1, "ACT_BITS": 1, "WEIGHT_BITS": 1, "ACC_BITS": 8},
    "binary-planes-in-turns": {"PE": 3, "SIMD": 5, "TP": 2, "ACT_BITS": 4, "WEIGHT_BITS": 1, "ACC_BITS": 9},
    "depthwise": {"PE": 3, "SIMD": 9, "TP": 2, "ACT_BITS": 1, "WEIGHT_BITS": 4, "ACC_BITS": 9, "X_SETS": 3},
    "depthwise-binary": {
        "PE": 2,
        "SIMD": 4,
        "TP": 4,
        "ACT_BITS": 2,
        "WEIGHT_BITS": 1,
        "ACC_BITS": 7,
        "X_SETS": 2,
    },
    "one-synapse": {"PE": 1, "SIMD": 1, "TP": 1, "ACT_BITS": 2, "WEIGHT_BITS": 2, "ACC_BITS": 5},
}


@pytest.mark.parametrize(
    ("stalls", "largest"),
    [((0.0, 0.0), False), ((0.4, 0.4), False), ((0.1, 0.8), True)],
    ids=["full-rate", "stalls", "slow-sink-extremes"],
)
@pytest.mark.parametrize("shape", _SHAPES)
def test_popcount_kernel(shape: str, stalls: tuple[float, float], largest: bool) -> None:
    _run(shape, {"largest": largest, "stall_in": stalls[0], "stall_out": stalls[1], "hang": False})


def test_hanging_sink() -> None:
    """The sums are not taken for long while beats wait at the input."""
    _run("ternary-36", {"largest": False, "stall_in": 0.0, "stall_out": 0.2, "hang": True})


def _run(shape: str, config: dict[str, float]) -> None:
    config = {"groups": 60, "folds": 3, **config}
    run_bench(
        "popcount_kernel", bench="bench_popcount_kernel", parameters=_SHAPES[shape], seed=10, config=config
    )
