"""The hardware's event front end against the event station."""

from __future__ import annotations

import json

import pytest

from sim.bench import run_bench
from ssnn_fpga.events.dataset import open_recordings
from ssnn_fpga.events.emulated import emulated_digits
from tests.events.places import real_nmnist

_SMALL = {"SENSOR_HEIGHT": 6, "SENSOR_WIDTH": 12, "TIMESTEPS": 4, "WINDOW": 350, "TIME_BITS": 16}


def _table(*weights: int) -> dict[str, int | str]:
    packed = sum(weight << 5 * place for place, weight in enumerate(weights))
    return {"DECAY_ENTRIES": len(weights), "DECAY": f"{5 * len(weights)}'h{packed:x}"}


_SHAPES: dict[str, dict[str, int | str]] = {
    # a timestamp that wraps several times within a recording; counts that stay at their largest value
    "recordings": {
        **_SMALL, "TIMESTEPS": 3, "FACTOR": 3, "STEP": 0, "ACT_BITS": 4, "TIME_BITS": 10, "COUNT_BITS": 2,
        "DECAY_SHIFT": 5, **_table(16, 12, 7, 3),
    },
    "every-bin": {
        **_SMALL, "FACTOR": 2, "STEP": 1, "ACT_BITS": 4, "COUNT_BITS": 9,
        "DECAY_SHIFT": 4, **_table(16, 14, 12, 11, 10),
    },
    "by-count": {**_SMALL, "FACTOR": 1, "STEP": 2, "ACT_BITS": 3, "BIN_EVENTS": 20, "COUNT_BITS": 9},
}  # fmt: skip


@pytest.mark.parametrize(
    "stalls",
    [(0.0, 0.0, False), (0.3, 0.8, False), (0.0, 0.2, True)],
    ids=["full-rate", "stalls", "hanging-sink"],
)
@pytest.mark.parametrize("shape", _SHAPES)
def test_event_front_end(shape: str, stalls: tuple[float, float, bool]) -> None:
    config = {
        "events": [100, 0, 1, 40, 150], "faults": 0.1,
        "stall_in": stalls[0], "stall_out": stalls[1], "hang": stalls[2],
    }  # fmt: skip
    run_bench(
        "event_front_end", bench="bench_event_front_end", parameters=_SHAPES[shape], seed=3, config=config
    )


@pytest.mark.parametrize("step", [0, 1])
def test_recordings_of_a_camera(step: int) -> None:
    """Real N-MNIST where it is found, else what the emulated camera saw; the output says which."""
    place = real_nmnist()
    digits = emulated_digits(1, 1) if place is None else open_recordings(place)
    print(f"recordings: {digits.name}")
    recordings = [
        entry.read()[: 5000 if step else None] for entry in digits.entries("test")[: 1 if step else 2]
    ]
    parameters = {
        "SENSOR_HEIGHT": 34, "SENSOR_WIDTH": 34, "FACTOR": 1, "TIMESTEPS": 4, "ACT_BITS": 3,
        "WINDOW": 150_001 if step else 306_000, "STEP": step, "TIME_BITS": 20, "COUNT_BITS": 9,
    }  # fmt: skip
    run_bench(
        "event_front_end",
        bench="bench_event_front_end",
        parameters=parameters,
        seed=1,
        config={"recordings": "recordings.json", "faults": 0.0, "stall_in": 0.0, "stall_out": 0.0},
        files={"recordings.json": json.dumps([events.tolist() for events in recordings])},
    )
