"""Words that come in loop order, and the beats that a reader did not leave out."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

_SHAPES = {
    "timesteps": {"FOLDS": 3, "PLANES": 4, "ACT_BITS": 1, "TP": 2, "PE_GROUPS": 3},
    "four-timesteps": {"FOLDS": 2, "PLANES": 4, "ACT_BITS": 1, "TP": 1, "PE_GROUPS": 2},
    "bits-in-turns": {"FOLDS": 2, "PLANES": 8, "ACT_BITS": 4, "TP": 1, "PE_GROUPS": 2},
    "a-word": {"FOLDS": 1, "PLANES": 1, "ACT_BITS": 1, "TP": 1, "PE_GROUPS": 1},
}


@pytest.mark.parametrize(
    ("no_beat", "no_word", "no_room"), [(0.0, 0.0, 0.0), (0.6, 0.2, 0.3)], ids=["full-rate", "stalls"]
)
@pytest.mark.parametrize("shape", _SHAPES)
def test_weight_aligner(shape: str, no_beat: float, no_word: float, no_room: float) -> None:
    config = {"cycles": 3000, "no_beat": no_beat, "no_word": no_word, "no_room": no_room}
    run_bench(
        "weight_aligner", bench="bench_weight_aligner", parameters=_SHAPES[shape], seed=2, config=config
    )
