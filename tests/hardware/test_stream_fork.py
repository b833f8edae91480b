"""The fork of a stream into copies."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

# stall of the input, stalls of the copies, whether there is a reset in mid-traffic and a hanging sink
_TRAFFIC = {
    "full-rate": (0.0, [0.0, 0.0, 0.0], False),
    "stalls": (0.4, [0.4, 0.0, 0.8], False),
    "reset-and-hanging-sink": (0.0, [0.2, 0.2, 0.0], True),
}


@pytest.mark.parametrize("traffic", _TRAFFIC)
def test_stream_fork(traffic: str) -> None:
    stall_in, stalls_out, hang = _TRAFFIC[traffic]
    config = {"tokens": 200, "stall_in": stall_in, "stalls_out": stalls_out, "hang": hang}
    parameters = {"WIDTH": 9, "OUTPUTS": len(stalls_out)}
    run_bench("stream_fork", bench="bench_stream_fork", parameters=parameters, seed=1, config=config)
