"""A run's early classifiers as early exits of its network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from quant_models.early_exits import validation_samples, with_early_exits
from quant_models.engine import TorchEngine
from quant_models.recipe import Recipe
from quant_models.training import train
from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import RecordingSet, open_recordings
from ssnn_fpga.events.recording import write_recording
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.golden.exits import exit_order, exits
from tests.events.places import some_events
from tests.learning.networks import random_frames, small_recipe


def square_recipe(schedule: list[int]) -> Recipe:
    """12 x 12 pixels: early exits average over squares."""
    content = small_recipe(epochs=1).model_dump()
    content["compression"] |= {"sensor_width": 12, "window_us": 300_000}
    content["network"] |= {"schedule": schedule, "layout": "|".join(["4C3-MP2", "5C3-MP2"][: len(schedule)])}
    return Recipe.model_validate(content)


def recordings(folder: Path, seed: int = 0) -> RecordingSet:
    """Two classes, ten recordings of each for training."""
    random = np.random.default_rng(seed)
    for number in range(20):
        file = folder / "train" / str(number % 2) / f"{number}.bin"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(write_recording(some_events(random, 200, (12, 12))))
    return open_recordings(folder)


def test_nobody_leaves_until_margins_are_chosen(tmp_path: Path) -> None:
    recipe, data = square_recipe([3, 1]), recordings(tmp_path / "data")
    run = train(recipe, data, tmp_path / "run", progress=False)
    network = with_early_exits(run.folder)
    assert exit_order(network) == ("early1", "readout")
    frames = random_frames(recipe, 30, seed=1)
    trace = run_golden(network, frames)
    assert set(exits(network, trace).tolist()) == {1}
    expected = TorchEngine.load(run.folder).trace(frames)["readout"]
    np.testing.assert_array_equal(trace.logits, expected)
    frames, labels = validation_samples(run.folder, data)
    assert frames.shape[1:] == (3, 2, 12, 12)
    assert sorted(set(labels.tolist())) == [0, 1]
    with pytest.raises(UserError, match="was trained on other data"):
        validation_samples(run.folder, recordings(tmp_path / "other", seed=1))


def test_one_stage_has_no_early_classifier(tmp_path: Path) -> None:
    train(square_recipe([2]), recordings(tmp_path / "data"), tmp_path / "run", progress=False)
    with pytest.raises(UserError, match="there are no early classifiers to keep"):
        with_early_exits(tmp_path / "run")
