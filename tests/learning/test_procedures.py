"""Trainings that build on each other: phases, timestep reduction, teachers, several processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from pydantic import ValidationError

from quant_models.engine import TorchEngine
from quant_models.recipe import ImageRecipe, Recipe
from quant_models.run_folder import Run
from quant_models.samples import Samples, Splits
from quant_models.training import fit, load_best, train_phases
from ssnn_fpga.errors import UserError
from tests.learning.networks import bright_halves, small_recipe

IMAGES = {
    "name": "iir",
    "images": {"height": 12, "width": 12, "channels": 1},
    "network": {
        "layout": "6C3-AP2-6C3-AP2-8D",
        "schedule": [3],
        "neuron": {"learn_threshold": True, "leak": "learned", "leak_shift": 0, "strict": True},
    },
    "training": {"epochs": 2, "batch": 16, "threads": 1, "learning_rate": 0.01},
    "phase": [
        {
            "name": "ann",
            "network": {"activation": "relu", "schedule": [1], "weight_bits": 32},
            "training": {"epochs": 4},
        },
        {"name": "three", "threshold_percentile": 90},
        {"name": "one", "network": {"schedule": [1]}, "training": {"teacher_weight": 0.5}},
    ],
}


def _halves(recipe: Recipe) -> Splits:
    parts = [bright_halves(recipe, 64, 0), bright_halves(recipe, 16, 1), bright_halves(recipe, 16, 2)]
    return Splits(*parts, ("upper", "lower"), "halves")


def test_from_a_conventional_network_to_one_timestep(tmp_path: Path) -> None:
    recipe = Recipe.model_validate(IMAGES)
    run = train_phases(recipe, _halves, tmp_path / "run", progress=False)
    names = {path.name for path in run.folder.iterdir() if path.is_dir()}
    assert names == {"phase1_ann", "phase2_three"}
    ann, three = (Run.open(run.folder / name) for name in sorted(names))
    assert "validation_integer_accuracy" not in ann.summary()
    assert ann.summary()["validation_float_accuracy"] > 0.9
    assert three.summary()["validation_integer_accuracy"] > 0.8
    assert TorchEngine.load(run.folder).network.input.timesteps == 1
    with pytest.raises(UserError, match="activation"):
        TorchEngine.load(ann.folder).network  # noqa: B018
    before = (run.folder / "best.pt").read_bytes()
    train_phases(recipe, _halves, tmp_path / "run", progress=False)  # nothing is trained again
    assert (run.folder / "best.pt").read_bytes() == before


def _at_once(folder: Path, changes: dict[str, object], previous: Run) -> dict[str, torch.Tensor]:
    """Weights that a run begins with, seen after a training of rate almost 0."""
    recipe = small_recipe(epochs=1, learning_rate=1e-30, weight_decay=0, integer_share=1.0)
    network = recipe.network.model_copy(update=changes)
    recipe = recipe.model_copy(update={"network": network})
    run = Run(folder, recipe, ("upper", "lower"), "halves", "d")
    samples = bright_halves(recipe, 16, 0)
    fit(run, samples, samples, None, previous=previous, progress=False)
    return load_best(run).state_dict()


def test_fewer_timesteps_begin_with_the_weights_of_more(tmp_path: Path) -> None:
    recipe = small_recipe()
    first = Run(tmp_path / "first", recipe, ("upper", "lower"), "halves", "d")
    samples = bright_halves(recipe, 16, 0)
    fit(first, samples, samples, None, progress=False)
    trained = load_best(first).state_dict()
    same = _at_once(tmp_path / "same", {}, first)
    assert all(torch.equal(same[name], value) for name, value in trained.items())
    fewer = _at_once(tmp_path / "fewer", {"schedule": (2, 1)}, first)
    for name, value in trained.items():
        assert name == "shrinks.0.logits" or torch.equal(fewer[name], value), name
    assert fewer["shrinks.0.logits"].shape == (1, 2)
    ternary = _at_once(tmp_path / "ternary", {"weight_bits": 2}, first)
    assert torch.equal(
        ternary["stages.0.0.synapses.layer.weight"], trained["stages.0.0.synapses.layer.weight"]
    )


def test_another_start_is_refused(tmp_path: Path) -> None:
    recipe, samples = small_recipe(), bright_halves(small_recipe(), 16, 0)
    run = Run(tmp_path / "run", recipe, ("upper", "lower"), "halves", "d", start="one")
    fit(run, samples, samples, None, progress=False)
    other = Run(tmp_path / "run", recipe, ("upper", "lower"), "halves", "d", start="two")
    with pytest.raises(UserError, match="other weights"):
        fit(other, samples, samples, None, progress=False)
    damaged = torch.load(tmp_path / "run" / "best.pt", weights_only=True)
    damaged["model"].pop("readout.bias")
    torch.save(damaged, tmp_path / "run" / "best.pt")
    with pytest.raises(UserError, match="another recipe or version"):
        load_best(run)


def test_a_teacher_pulls_its_pupil(tmp_path: Path) -> None:
    """With the teacher's classes alone, a pupil whose labels are all wrong learns the right ones."""
    recipe = small_recipe(
        epochs=12, learning_rate=0.02, augmentation={"shift": 0.0, "rotation": 0.0, "scale": 0, "shear": 0}
    )
    right = bright_halves(recipe, 64, 0)
    wrong = Samples(right.frames, 1 - right.labels)
    teacher = Run(tmp_path / "teacher", recipe, ("upper", "lower"), "halves", "d")
    fit(teacher, right, bright_halves(recipe, 16, 1), None, progress=False)
    settings = recipe.training.model_copy(update={"teacher_weight": 1.0, "early_weight": 0.0, "seed": 3})
    taught = recipe.model_copy(update={"training": settings})
    pupil = Run(tmp_path / "pupil", taught, ("upper", "lower"), "halves", "d")
    fit(pupil, wrong, bright_halves(recipe, 16, 1), None, previous=teacher, progress=False)
    assert teacher.summary()["validation_integer_accuracy"] > 0.9
    assert pupil.metrics()[-1]["training_accuracy"] < 0.1
    assert pupil.summary()["validation_integer_accuracy"] > 0.9


def test_a_teacher_must_be_there_and_see_the_same(tmp_path: Path) -> None:
    taught = small_recipe(teacher_weight=0.5)
    with pytest.raises(UserError, match="needs a teacher: a phase before this one, or a run"):
        train_phases(taught, _halves, tmp_path / "run", progress=False)
    first = train_phases(small_recipe(epochs=1), _halves, tmp_path / "first", progress=False)
    train_phases(taught, _halves, tmp_path / "pupil", start=first.folder, progress=False)
    longer = taught.network.model_copy(update={"schedule": (4, 1)})
    images = {"compression": None, "images": ImageRecipe(height=12, width=12, channels=1)}
    faults: list[tuple[dict[str, Any], str]]
    faults = [({"network": longer}, "4 timesteps and its teacher 3"), (images, r"\(1, 12, 12\)")]
    for changes, words in faults:
        other = taught.model_copy(update=changes)
        with pytest.raises(UserError, match=words):
            train_phases(other, _halves, tmp_path / "other", start=first.folder, progress=False)
    with pytest.raises(UserError, match="classes are upper, lower, those of the data upper, nether"):
        train_phases(
            taught,
            lambda recipe: replace(_halves(recipe), classes=("upper", "nether")),
            tmp_path / "other",
            start=first.folder,
            progress=False,
        )
    assert not (tmp_path / "other").exists()
    shorter = {"name": "two", "training": {"teacher_weight": 0.5}, "network": {"schedule": [2, 1]}}
    with pytest.raises(ValidationError, match="phase two: the network sees 2 timesteps and its teacher 3"):
        Recipe.model_validate({**small_recipe().model_dump(), "phase": [{"name": "one"}, shorter]})


_TWO = """
import sys
from pathlib import Path
from quant_models.lightning_run import Machines
from quant_models.run_folder import Run
from quant_models.training import fit
from tests.learning.networks import bright_halves, small_recipe

if __name__ == "__main__":
    recipe = small_recipe(epochs=3, integer_share=0.4, batch=8, ema_decay=0.9)
    run = Run(Path(sys.argv[1]), recipe, ("upper", "lower"), "halves", "d")
    training, validation = bright_halves(recipe, 27, 0), bright_halves(recipe, 8, 1)
    fit(run, training, validation, None, machines=Machines(processes=int(sys.argv[2])), progress=False)
"""


def test_two_processes_train_what_one_does(tmp_path: Path) -> None:
    """By gloo on one machine; batches of 8 and a last one of 3 rows, which do not split evenly."""
    script = tmp_path / "two.py"
    script.write_text(_TWO)
    root = Path(__file__).parents[2]
    curves = []
    for processes in ("1", "2"):
        folder = tmp_path / processes
        ran = subprocess.run(
            [sys.executable, str(script), str(folder), processes],
            env={**os.environ, "PYTHONPATH": str(root), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
            cwd=root,
        )
        assert ran.returncode == 0, ran.stderr
        epochs = json.loads((folder / "metrics.json").read_text())
        curves.append([[entry["loss"], entry["validation_loss"]] for entry in epochs])
    assert len(curves[0]) == 3
    one, two = (torch.tensor(each).T for each in curves)
    torch.testing.assert_close(two[0], one[0], rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(two[1], one[1], rtol=0.05, atol=0)  # of integers: a weight may round otherwise
