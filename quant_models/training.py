"""Training: seeded, repeatable, resumable; the checkpoint is chosen by integer validation accuracy."""

from __future__ import annotations

import hashlib
import logging
import signal
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from quant_models.network import ShrinkingNetwork
from quant_models.reading import IN_MEMORY, Data, Reading, splits_reader
from quant_models.recipe import Phase, Recipe, TrainingRecipe
from quant_models.run_folder import Run
from quant_models.samples import AnySamples
from quant_models.scoring import evaluate
from ssnn_fpga.errors import UserError


@dataclass(frozen=True)
class Machines:
    """What trains: processes on a machine, machines, and "cpu", "gpu" or "auto".

    Lightning starts the other processes of a machine by running the same command again; of several
    machines each is given the command, with the environment that torchrun or Slurm sets.
    """

    processes: int = 1
    nodes: int = 1
    accelerator: str = "cpu"

    @property
    def device(self) -> torch.device:
        """Where this process evaluates."""
        gpu = self.accelerator in ("gpu", "cuda", "auto") and torch.cuda.is_available()
        return torch.device("cuda" if gpu else "cpu")


ONE_PROCESSOR = Machines()


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
    splits = splits_reader(data, reading, progress and _is_first_process())
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
    first = _is_first_process()
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
        with _display(run, done, progress and first) as show:
            if done < settings.epochs:
                _lightning(run, model, training, validation, earlier, show, machines)
        if first:
            _summarise(run, validation, test, machines.device)
    if progress and first:
        _report(run)


def _is_first_process() -> bool:
    """Whether this process writes the files: with several, each runs the whole program."""
    from lightning.pytorch.utilities import rank_zero_only

    return bool(rank_zero_only.rank == 0)


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


def _lightning(
    run: Run,
    model: ShrinkingNetwork,
    training: AnySamples,
    validation: AnySamples,
    teacher: ShrinkingNetwork | None,
    show: Any,
    machines: Machines,
) -> None:
    """The epochs that are left, by Lightning; an interrupt leaves the last whole epoch's checkpoint."""
    from lightning.pytorch import Trainer

    from quant_models.learner import Learner

    learner = Learner(run, model, training, validation, teacher, show)
    handler = signal.getsignal(signal.SIGINT)
    with _quiet_lightning():
        trainer = Trainer(
            max_epochs=run.recipe.training.epochs,
            accelerator=machines.accelerator,
            devices=machines.processes,
            num_nodes=machines.nodes,
            strategy="ddp" if machines.processes * machines.nodes > 1 else "auto",
            precision=run.recipe.training.precision,
            deterministic=machines.device.type == "cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
        )
        checkpoint = run.folder / "checkpoint.pt"
        interrupted = False
        try:
            trainer.fit(
                learner, ckpt_path=str(checkpoint) if checkpoint.exists() else None, weights_only=True
            )
        except (KeyboardInterrupt, SystemExit):  # Lightning exits where it caught an interrupt
            interrupted = True
        finally:
            if threading.current_thread() is threading.main_thread():  # in others there is no handler to set
                signal.signal(signal.SIGINT, handler)  # it has told the process to ignore the next one
    if interrupted or trainer.interrupted:
        Console(stderr=True).print(
            f"Stopped after epoch {len(run.metrics())} of {run.recipe.training.epochs}. "
            f"The same command goes on from there ({run.folder})."
        )
        raise KeyboardInterrupt


@contextmanager
def _quiet_lightning() -> Iterator[None]:
    """Silence what Lightning says about hardware it found and workers it would like."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


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


def _report(run: Run) -> None:
    """Integer and float accuracy side by side, on standard error."""
    summary, kind = run.summary(), "recordings" if run.recipe.images is None else "images"
    parts = []
    for name in ("validation", "test"):
        if f"{name}_samples" in summary:
            real, samples = summary[f"{name}_float_accuracy"], summary[f"{name}_samples"]
            integer = summary.get(f"{name}_integer_accuracy")
            exact = "" if integer is None else f"integer {integer:.1%}, "
            parts.append(f"{name} {exact}float {real:.1%} ({samples} {kind})")
    Console(stderr=True).print(f"Best epoch {summary['best_epoch']}: {'; '.join(parts)}")


@contextmanager
def _display(run: Run, done: int, wanted: bool) -> Iterator[Any]:
    """A progress bar on standard error; yields what to call with epochs done and the last metrics."""
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[accuracy]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not wanted) as bar:
        task = bar.add_task("training", total=run.recipe.training.epochs, completed=done, accuracy="")

        def show(epochs: float, metrics: dict[str, float]) -> None:
            accuracy = (
                f"validation: integer {metrics['validation_integer_accuracy']:.1%}, "
                f"float {metrics['validation_float_accuracy']:.1%}"
                if metrics
                else ""
            )
            bar.update(task, completed=epochs, accuracy=accuracy)

        yield show
