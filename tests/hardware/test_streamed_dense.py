"""A dense layer whose weights come from a memory outside the chip, against the golden model."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

_SHAPES = {
    # a word of 3 beats, each used once a frame; the frame crosses a 4 KB boundary
    "planes-resident": {
        "INPUTS": 48, "TIMESTEPS": 2, "ACT_BITS": 1, "OUTPUTS": 10, "PE": 5, "SIMD": 8, "TP": 2,
        "WEIGHT_BITS": 4, "ACC_BITS": 10, "DATA_BITS": 64, "MAX_BURST": 16, "OUTSTANDING": 2,
        "MEM_ADDRESS_BITS": 13, "COUNT_BITS": 12,
    },
    # bits and timesteps in turns: the words of a PE group come 6 times
    "bits-in-turns": {
        "INPUTS": 30, "TIMESTEPS": 3, "ACT_BITS": 2, "OUTPUTS": 4, "PE": 2, "SIMD": 6, "TP": 1,
        "WEIGHT_BITS": 2, "ACC_BITS": 9, "DATA_BITS": 32, "MAX_BURST": 4, "OUTSTANDING": 3,
        "MEM_ADDRESS_BITS": 14, "COUNT_BITS": 3,
    },
    # a timestep and a word a beat, one fold: the results leave back to back
    "token-a-beat": {
        "INPUTS": 8, "TIMESTEPS": 2, "ACT_BITS": 2, "OUTPUTS": 4, "PE": 2, "SIMD": 8, "TP": 2,
        "WEIGHT_BITS": 2, "ACC_BITS": 7, "DATA_BITS": 32, "MAX_BURST": 8, "OUTSTANDING": 4,
        "MEM_ADDRESS_BITS": 13, "COUNT_BITS": 3,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("stall", "latency", "errors", "hang"),
    [(0.0, 0, False, False), (0.5, 30, False, False), (0.2, 10, True, False), (0.1, 0, False, True)],
    ids=["fast-memory", "slow-memory", "errors", "hanging-sink"],
)
@pytest.mark.parametrize("shape", _SHAPES)
def test_streamed_dense(shape: str, stall: float, latency: int, errors: bool, hang: bool) -> None:
    config = {
        "frames": 12, "base": 4096 - 10 * 8, "latency": latency, "stall": stall,
        "stall_in": stall / 2, "stall_out": stall / 2, "errors": errors, "hang": hang,
    }  # fmt: skip
    run_bench(
        "streamed_dense", bench="bench_streamed_dense", parameters=_SHAPES[shape], seed=8, config=config
    )
