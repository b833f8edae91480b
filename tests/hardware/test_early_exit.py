"""The choice between early and final logits against the golden model."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

_SHAPES = {
    "ten-classes": {
        "OUTPUTS": 10, "EARLY_BITS": 9, "FINAL_BITS": 12, "OUT_BITS": 12, "MARGIN": 20, "DEPTH": 3,
    },
    "two-classes": {
        "OUTPUTS": 2, "EARLY_BITS": 8, "FINAL_BITS": 6, "OUT_BITS": 9, "MARGIN": 1, "DEPTH": 1,
    },
}  # fmt: skip

# stalls of the inputs, stall of the output, whether the final logits come late, whether there is a
# reset in mid-traffic and a hanging sink
_TRAFFIC = {
    "full-rate": ((0.0, 0.0), 0.0, False, False),
    "stalls": ((0.4, 0.9), 0.4, False, False),
    "early-late": ((0.9, 0.0), 0.1, False, False),
    "final-late": ((0.0, 0.3), 0.0, True, False),
    "reset-and-hanging-sink": ((0.1, 0.1), 0.0, False, True),
}


@pytest.mark.parametrize("traffic", _TRAFFIC)
@pytest.mark.parametrize("shape", _SHAPES)
def test_early_exit(shape: str, traffic: str) -> None:
    stalls_in, stall_out, late, hang = _TRAFFIC[traffic]
    config = {
        "samples": 90, "stalls_in": stalls_in, "stall_out": stall_out, "late": late, "hang": hang,
    }  # fmt: skip
    run_bench("early_exit", bench="bench_early_exit", parameters=_SHAPES[shape], seed=4, config=config)
