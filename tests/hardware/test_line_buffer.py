"""The line buffer: every kernel size, stride and padding, frames that the stride does not fill."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

_SHAPES = {
    "3x3-padded": {
        "HEIGHT": 6, "WIDTH": 5, "CHANNELS": 4, "GROUP": 2, "PLANES": 3, "KERNEL": 3, "STRIDE": 1,
        "PADDING": 1,
    },
    "3x3-bare-stride-2": {
        "HEIGHT": 8, "WIDTH": 6, "CHANNELS": 2, "GROUP": 2, "PLANES": 1, "KERNEL": 3, "STRIDE": 2,
        "PADDING": 0,
    },
    "5x5-padded-stride-2": {
        "HEIGHT": 7, "WIDTH": 8, "CHANNELS": 2, "GROUP": 1, "PLANES": 2, "KERNEL": 5, "STRIDE": 2,
        "PADDING": 2,
    },
    "5x5-half-padded": {
        "HEIGHT": 5, "WIDTH": 4, "CHANNELS": 1, "GROUP": 1, "PLANES": 2, "KERNEL": 5, "STRIDE": 1,
        "PADDING": 1,
    },
    "1x1": {
        "HEIGHT": 3, "WIDTH": 3, "CHANNELS": 2, "GROUP": 1, "PLANES": 2, "KERNEL": 1, "STRIDE": 1,
        "PADDING": 0,
    },
    "1x1-stride-3": {
        "HEIGHT": 9, "WIDTH": 8, "CHANNELS": 2, "GROUP": 1, "PLANES": 2, "KERNEL": 1, "STRIDE": 3,
        "PADDING": 0,
    },
    "3x3-of-one-pixel": {
        "HEIGHT": 1, "WIDTH": 1, "CHANNELS": 1, "GROUP": 1, "PLANES": 4, "KERNEL": 3, "STRIDE": 1,
        "PADDING": 1,
    },
    "block-ram-rows": {
        "HEIGHT": 4, "WIDTH": 33, "CHANNELS": 4, "GROUP": 2, "PLANES": 1, "KERNEL": 3, "STRIDE": 1,
        "PADDING": 1,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    "stalls", [(0.0, 0.0), (0.4, 0.4), (0.1, 0.8)], ids=["full-rate", "stalls", "slow-sink"]
)
@pytest.mark.parametrize("shape", _SHAPES)
def test_line_buffer(shape: str, stalls: tuple[float, float]) -> None:
    _run(shape, {"frames": 5, "stall_in": stalls[0], "stall_out": stalls[1], "hang": False})


def test_hanging_sink() -> None:
    """The columns are not taken for long while frames wait at the input."""
    _run("3x3-padded", {"frames": 5, "stall_in": 0.0, "stall_out": 0.2, "hang": True})


def _run(shape: str, config: dict[str, float]) -> None:
    run_bench("line_buffer", bench="bench_line_buffer", parameters=_SHAPES[shape], seed=7, config=config)
