"""The hardware's dense layer against the golden model."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

# (channels, height, width) of the frame, and the parameters
_SHAPES = {
    "read-out": (
        (8, 3, 2),
        {"INPUTS": 48, "TIMESTEPS": 2, "ACT_BITS": 2, "OUTPUTS": 10, "PE": 5, "SIMD": 8, "TP": 4,
         "WEIGHT_BITS": 4, "ACC_BITS": 13},
    ),
    "bits-in-turns": (
        (6, 1, 2),
        {"INPUTS": 12, "TIMESTEPS": 3, "ACT_BITS": 4, "OUTPUTS": 4, "PE": 1, "SIMD": 6, "TP": 1,
         "WEIGHT_BITS": 2, "ACC_BITS": 9},
    ),
    "one-token": (
        (9, 1, 1),
        {"INPUTS": 9, "TIMESTEPS": 2, "ACT_BITS": 1, "OUTPUTS": 3, "PE": 3, "SIMD": 9, "TP": 1,
         "WEIGHT_BITS": 8, "ACC_BITS": 12},
    ),
    # more tokens than kernel cycles: arrival limits
    "token-a-cycle": (
        (4, 5, 4),
        {"INPUTS": 80, "TIMESTEPS": 2, "ACT_BITS": 1, "OUTPUTS": 4, "PE": 4, "SIMD": 4, "TP": 2,
         "WEIGHT_BITS": 1, "ACC_BITS": 9},
    ),
}  # fmt: skip


def _config(shape: str, stalls: tuple[float, float], hang: bool = False) -> dict[str, int | float]:
    channels, height, width = _SHAPES[shape][0]
    return {
        "frames": 5,
        "channels": channels,
        "height": height,
        "width": width,
        "activity": 0.7,
        "stall_in": stalls[0],
        "stall_out": stalls[1],
        "hang": hang,
    }


@pytest.mark.parametrize(
    ("stalls", "hang"),
    [((0.0, 0.0), False), ((0.4, 0.4), False), ((0.1, 0.8), False), ((0.0, 0.2), True)],
    ids=["full-rate", "stalls", "slow-sink", "hanging-sink"],
)
@pytest.mark.parametrize("shape", _SHAPES)
def test_dense(shape: str, stalls: tuple[float, float], hang: bool) -> None:
    config = _config(shape, stalls, hang)
    run_bench("dense", bench="bench_dense", parameters=_SHAPES[shape][1], seed=6, config=config)


@pytest.mark.parametrize("stalls", [(0.0, 0.0), (0.4, 0.4)], ids=["full-rate", "stalls"])
@pytest.mark.parametrize("shape", ["read-out", "bits-in-turns"])
def test_streamed_dense_leaves_out_zeros(shape: str, stalls: tuple[float, float]) -> None:
    parameters = {**_SHAPES[shape][1], "DATA_BITS": 32}
    run_bench(
        "streamed_dense", bench="bench_dense", parameters=parameters, seed=6, config=_config(shape, stalls)
    )
