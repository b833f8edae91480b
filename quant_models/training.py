"""Training: seeded, repeatable, resumable; the checkpoint is chosen by integer validation accuracy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from quant_models.lightning_run import ONE_PROCESSOR, Machines, is_first_process, run_epochs
from quant_models.network import ShrinkingNetwork
from quant_models.reading import IN_MEMORY, Data, Reading, splits_reader
from quant_models.recipe import Phase, Recipe, TrainingRecipe
from quant_models.run_folder import Run
from quant_models.samples import AnySamples
from quant_models.scoring import evaluate
from quant_models.training_display import display, report
from ssnn_fpga.errors import UserError


def train(
    recipe: Recipe,
    data: Data,
    out: Path,
    *,
    start: Path | None = None,
    resume: bool = True,
    progress: bool = True,
    machines: Machines = ONE_PROCESSOR,
    reading: Reading = IN_MEMORY,
) -> Run:
    """Train ``recipe`` on the train split of ``data``, recordings or images, into the folder ``out``.

    A recipe of several phases leaves one folder for each in ``out``, but for the last, which is
    ``out`` itself. ``start`` is the folder of another run, with whose weights the first phase
    begins. A folder that holds a checkpoint of the same recipe and data is resumed; a finished one
    is returned. Raises UserError for a folder of another recipe or other data.
    """
    splits = splits_reader(data, reading, progress and is_first_process())
    return train_phases(recipe, splits, out, start=start, resume=resume, progress=progress, machines=machines)


def train_phases(
    recipe: Recipe,
    data: Any,
    out: Path,
    *,
    start: Path | None = None,
    resume: bool = True,
    progress: bool = True,
    machines: Machines = ONE_PROCESSOR,
) -> Run:
    """As ``train``, on ``data(recipe of a phase)`` -> Splits."""
    phases = recipe.phases()
    previous = None if start is None else Run.open(start)
    if fault := phases[0][1].teacher_fault(None if previous is None else previous.recipe):
        raise UserError(f"recipe {recipe.name}: {fault}.")
    for index, (phase, settings) in enumerate(phases):
        folder = out if index + 1 == len(phases) else out / f"phase{index + 1}_{phase.name}"
        splits = data(settings)
        digest = splits.digest()
        run = Run(folder, settings, splits.classes, splits.name, digest, _digest_of(previous))
        fit(
            run,
            splits.training,
            splits.validation,
            splits.test,
            phase=phase,
            previous=previous,
            resume=resume,
            progress=progress,
            machines=machines,
        )
        previous = run
    assert previous is not None
    return previous


def _digest_of(run: Run | None) -> str:
    """A fingerprint of the best weights of a run."""
    if run is None:
        return ""
    try:
        return hashlib.sha256((run.folder / "best.pt").read_bytes()).hexdigest()
    except FileNotFoundError as error:
        raise UserError(f"{run.folder} holds no finished epoch: train it first.") from error


def load_best(run: Run) -> ShrinkingNetwork:
    """The network of a run with the weights of its best epoch. Raises UserError where there is none."""
    best = run.read_tensors("best.pt")
    if best is None:
        raise UserError(f"{run.folder} holds no finished epoch: train it first.")
    model = ShrinkingNetwork(run.recipe, len(run.classes))
    try:
        model.load_state_dict(best["model"])
    except (RuntimeError, KeyError, TypeError) as error:
        raise UserError(f"{run.folder}/best.pt belongs to another recipe or version: train again.") from error
    return model.eval()


def fit(
    run: Run,
    training: AnySamples,
    validation: AnySamples,
    test: AnySamples | None,
    *,
    phase: Phase | None = None,
    previous: Run | None = None,
    resume: bool = True,
    progress: bool = True,
    machines: Machines = ONE_PROCESSOR,
) -> None:
    """Train to the last epoch of the recipe, from the folder's checkpoint if there is one.

    On processors the same recipe and data give the same weights; on GPUs they need not.
    ``previous`` gives the first weights, and is the teacher where the recipe asks for one.
    """
    settings = run.recipe.training
    if settings.precision == "16-mixed" and machines.device.type == "cpu":
        raise UserError(
            f"recipe {run.recipe.name}: training.precision 16-mixed needs a GPU; processors have bf16-mixed."
        )
    if settings.teacher_weight and previous is not None and previous.classes != run.classes:
        raise UserError(
            f"{previous.folder} cannot teach recipe {run.recipe.name}: its classes are "
            f"{', '.join(previous.classes)}, those of the data {', '.join(run.classes)}."
        )
    first = is_first_process()
    if not (resume and _continued(run)) and first:
        run.create()
    with _reproducible(settings):
        model = ShrinkingNetwork(run.recipe, len(run.classes))
        earlier = None if previous is None else load_best(previous)
        if earlier is not None and not (phase and phase.fresh):
            _take_over(model, earlier)
        if phase and phase.threshold_percentile:
            order = torch.randperm(len(training), generator=torch.Generator().manual_seed(settings.seed))
            frames = training[order[: settings.batch]].loaded().frames.to(machines.device)
            model.to(machines.device).set_thresholds(frames, phase.threshold_percentile)
        done = len(run.metrics())
        with display(run, done, progress and first) as show:
            if done < settings.epochs:
                run_epochs(run, model, training, validation, earlier, show, machines)
        if first:
            _summarise(run, validation, test, machines.device)
    if progress and first:
        report(run)


def _take_over(model: ShrinkingNetwork, earlier: ShrinkingNetwork) -> None:
    """Weights of ``earlier`` wherever name and shape are the same."""
    own = model.state_dict()
    same = {name: value for name, value in earlier.state_dict().items() if name in own}
    fixed = () if model.network.neuron.leak == earlier.network.neuron.leak else (".leak",)
    model.load_state_dict(
        {
            name: value
            for name, value in same.items()
            if value.shape == own[name].shape and not name.endswith(fixed or ("\0",))
        },
        strict=False,
    )


def _continued(run: Run) -> bool:
    """Whether the folder holds this very run. Raises UserError where it belongs to another."""
    if not (run.folder / "run.json").exists():
        return False
    found = Run.open(run.folder)
    if found.recipe != run.recipe:
        raise UserError(
            f"{run.folder} holds a training of another recipe: choose another folder or delete this one."
        )
    if found.digest != run.digest or found.classes != run.classes:
        raise UserError(
            f"{run.folder} holds a training on other data ({found.data}): "
            "choose another folder or delete this one."
        )
    if found.start != run.start:
        raise UserError(
            f"{run.folder} holds a training that began with other weights: "
            "choose another folder or delete this one."
        )
    run.read_tensors("checkpoint.pt")  # a damaged one is refused here
    return True


@contextmanager
def _reproducible(settings: TrainingRecipe) -> Iterator[None]:
    """Seed, fix the number of threads and demand deterministic kernels; put all back afterwards."""
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(settings.threads)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
        torch.set_num_threads(threads)


def _summarise(run: Run, validation: AnySamples, test: AnySamples | None, device: torch.device) -> None:
    """Write summary.json for the best weights; the test recordings are looked at here for the first time."""
    model = load_best(run).to(device)
    metrics = run.metrics()
    checkpoint = run.read_tensors("checkpoint.pt")
    assert checkpoint is not None
    summary: dict[str, object] = {
        "best_epoch": checkpoint["learner"]["best_epoch"],
        "epochs": len(metrics),
    }
    for name, samples in (("validation", validation), ("test", test)):
        if samples is not None:
            score = evaluate(model, samples.to(device))
            summary[f"{name}_samples"] = len(samples)
            if model.network.inexact is None:
                summary[f"{name}_integer_accuracy"] = score.integer
            summary[f"{name}_float_accuracy"] = score.real
    summary["seconds"] = sum(entry["seconds"] for entry in metrics)
    run.write_json("summary.json", summary)
