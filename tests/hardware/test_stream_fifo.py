"""The stream register and the stream FIFO."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

_STALLS = pytest.mark.parametrize(
    "stalls",
    [(0.0, 0.0, False), (0.4, 0.4, False), (0.1, 0.8, False), (0.0, 0.2, True)],
    ids=["full-rate", "stalls", "slow-sink", "reset-and-hanging-sink"],
)


def _config(stalls: tuple[float, float, bool], capacity: int, full_rate: bool) -> dict[str, float]:
    return {
        "tokens": 300,
        "stall_in": stalls[0],
        "stall_out": stalls[1],
        "hang": stalls[2],
        "capacity": capacity,
        "full_rate": full_rate and stalls == (0.0, 0.0, False),
    }


@_STALLS
def test_stream_register(stalls: tuple[float, float, bool]) -> None:
    config = _config(stalls, 2, True)
    run_bench("stream_register", bench="bench_stream_fifo", parameters={"WIDTH": 9}, seed=1, config=config)


@_STALLS
@pytest.mark.parametrize("depth", [1, 2, 5, 80])
def test_stream_fifo(depth: int, stalls: tuple[float, float, bool]) -> None:
    parameters = {"WIDTH": 7, "DEPTH": depth}
    config = _config(stalls, depth + 1, depth > 1)
    run_bench("stream_fifo", bench="bench_stream_fifo", parameters=parameters, seed=2, config=config)
