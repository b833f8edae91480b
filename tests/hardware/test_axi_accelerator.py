"""The accelerator's AXI edge under its cocotb bench: slow memory, errors, stops and resets."""

from __future__ import annotations

from typing import Any

import pytest

from sim.bench import run_bench

IDENTITY = "128'h00112233445566778899aabbccddeeff"
CASES: list[tuple[dict[str, int], dict[str, Any]]] = [
    ({"FRAME_TOKENS": 5, "IN_WIDTH": 13, "OUT_WIDTH": 84}, {"stall": 0.4, "frames": 4}),
    (
        {"FRAME_TOKENS": 4, "IN_WIDTH": 200, "OUT_WIDTH": 1200, "SAMPLES": 2, "LOADABLE": 1},
        {"stall": 0.2, "frames": 5},
    ),
    (
        {
            "FRAME_TOKENS": 9,
            "IN_WIDTH": 40,
            "OUT_WIDTH": 64,
            "MAX_BURST": 1,
            "ADDRESS_BITS": 64,
            "SAMPLES": 1,
        },
        {"stall": 0.0, "frames": 3, "early": True},
    ),
    (
        {
            "FRAME_TOKENS": 24, "IN_WIDTH": 6, "OUT_WIDTH": 32, "EVENTS": 1, "GROUP": 1, "SENSOR_HEIGHT": 6,
            "SENSOR_WIDTH": 8, "FACTOR": 2, "TIMESTEPS": 3, "ACT_BITS": 2, "WINDOW": 350,
        },
        {"stall": 0.3, "frames": 2},
    ),
    (
        {
            "FRAME_TOKENS": 6, "IN_WIDTH": 20, "OUT_WIDTH": 40, "WEIGHTS": 1, "WEIGHT_BITS": 128,
            "WEIGHT_BEATS": 16, "ADDRESS_BITS": 40,
        },
        {"stall": 0.2, "frames": 3},
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    "case", range(len(CASES)), ids=["slots", "wide-loadable", "single-beats-early", "events", "weights"]
)
def test_axi_accelerator(case: int) -> None:
    """Nine runs, one of each kind; ``python -m benchmarks.axi_edge`` makes thousands."""
    parameters, config = CASES[case]
    run_bench(
        "axi_accelerator",
        bench="bench_axi_accelerator",
        parameters={**parameters, "IDENTITY": IDENTITY},
        config={**config, "runs": 9},
        seed=case + 1,
    )
