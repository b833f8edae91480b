"""Several read masters on one port: each gets the beats that it asked for, in order."""

from __future__ import annotations

import pytest

from sim.bench import run_bench


@pytest.mark.parametrize(
    ("stall", "latency", "pause"),
    [(0.0, 0, 0.0), (0.5, 20, 0.3), (0.1, 3, 0.9)],
    ids=["fast", "slow-memory", "quiet-masters"],
)
@pytest.mark.parametrize(
    "shape",
    [
        {"PORTS": 3, "DATA_BITS": 64, "ADDRESS_BITS": 32, "BURSTS": 4},
        {"PORTS": 1, "DATA_BITS": 32, "ADDRESS_BITS": 20, "BURSTS": 1},
    ],
    ids=["three", "one"],
)
def test_read_arbiter(shape: dict[str, int], stall: float, latency: int, pause: float) -> None:
    config = {"bursts": 40, "latency": latency, "stall": stall, "pause": pause}
    run_bench("read_arbiter", bench="bench_read_arbiter", parameters=shape, seed=3, config=config)
