"""Training: seeded, repeatable, resumable; the checkpoint is chosen by integer validation accuracy."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor
from torch.nn import functional

from quant_models.augmentation import augment
from quant_models.network import ShrinkingNetwork
from quant_models.recipe import Recipe, TrainingRecipe
from quant_models.run_folder import Run
from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import RecordingSet
from ssnn_fpga.events.frames import LabelledFrames, load_frames

_EVALUATION_BATCH = 100
_WARMUP_EPOCHS = 2


@dataclass(frozen=True)
class Samples:
    """Frames uint8 (N, T, 2, H, W) and class numbers (N,)."""

    frames: Tensor
    labels: Tensor

    @classmethod
    def of(cls, loaded: LabelledFrames) -> Samples:
        """The same as tensors."""
        return cls(torch.from_numpy(loaded.frames), torch.from_numpy(loaded.labels))

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, indices: Tensor) -> Samples:
        return Samples(self.frames[indices], self.labels[indices])


@dataclass(frozen=True)
class Score:
    """Accuracies by the two paths, and the integer logits' cross-entropy, which breaks ties."""

    integer: float
    real: float
    loss: float

    def better_than(self, other: Score | None) -> bool:
        """Whether this epoch is the one to keep."""
        return other is None or (self.integer, -self.loss) > (other.integer, -other.loss)


def train(
    recipe: Recipe, recordings: RecordingSet, out: Path, *, resume: bool = True, progress: bool = True
) -> Run:
    """Train ``recipe`` on the train split of ``recordings`` into the folder ``out``.

    Validation recordings are those of a validation split, else a stratified share of the train
    split. A folder that holds a checkpoint of the same recipe and data is resumed; a finished one
    is returned. Raises UserError for a folder of another recipe or other data.
    """
    classes = recordings.classes()
    compression = recipe.frame_compression()
    train_split = load_frames(recordings, "train", compression, classes=classes)
    train_split.check_training()
    if "validation" in recordings.splits:
        training = Samples.of(train_split)
        validation = Samples.of(load_frames(recordings, "validation", compression, classes=classes))
    else:
        training, validation = hold_out(
            Samples.of(train_split), recipe.training.validation, recipe.training.seed
        )
    test = None
    if "test" in recordings.splits:
        test = Samples.of(load_frames(recordings, "test", compression, classes=classes))
    run = Run(out, recipe, classes, recordings.name, _digest(training, validation))
    fit(run, training, validation, test, resume=resume, progress=progress)
    return run


def hold_out(samples: Samples, share: float, seed: int) -> tuple[Samples, Samples]:
    """Training and validation samples: of each class ``share``, at least one, goes to validation."""
    random = np.random.default_rng(seed)
    labels = samples.labels.numpy()
    held = np.zeros(len(labels), dtype=bool)
    for label in np.unique(labels):
        members = random.permutation(np.flatnonzero(labels == label))
        held[members[: max(1, round(len(members) * share))]] = True
    if held.all():
        raise UserError("the train split has a single recording of each class: give at least two.")
    return samples[torch.from_numpy(~held)], samples[torch.from_numpy(held)]


def _digest(*parts: Samples) -> str:
    """A fingerprint of frames and labels: a run is resumed on the very data it began with."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.frames.contiguous().numpy())
        digest.update(part.labels.contiguous().numpy())
    return digest.hexdigest()


def fit(
    run: Run,
    training: Samples,
    validation: Samples,
    test: Samples | None,
    *,
    resume: bool = True,
    progress: bool = True,
) -> None:
    """Train to the last epoch of the recipe, from the folder's checkpoint if there is one."""
    settings = run.recipe.training
    checkpoint = _continued(run) if resume else None
    if checkpoint is None:
        run.create()
    with _reproducible(settings):
        model = ShrinkingNetwork(run.recipe, len(run.classes))
        optimiser = _optimiser(model, settings)
        state = _State.restored(checkpoint, model, optimiser)
        with _display(settings.epochs, state.epochs_done, progress) as show:
            try:
                while state.epochs_done < settings.epochs:
                    _epoch(run, model, optimiser, state, training, validation)
                    show(state.metrics[-1])
            except KeyboardInterrupt:
                Console(stderr=True).print(
                    f"Stopped after epoch {state.epochs_done} of {settings.epochs}. "
                    f"The same command goes on from there ({run.folder})."
                )
                raise
        _summarise(run, model, state, validation, test)
    if progress:
        _report(run)


@dataclass
class _State:
    """What a checkpoint holds beside weights and optimiser."""

    epochs_done: int
    best: Score | None
    best_epoch: int
    metrics: list[dict[str, float]]

    @classmethod
    def restored(
        cls, checkpoint: dict[str, Any] | None, model: ShrinkingNetwork, optimiser: torch.optim.Optimizer
    ) -> _State:
        """The state of ``checkpoint``, loaded into model and optimiser; a fresh one for None."""
        if checkpoint is None:
            return cls(0, None, 0, [])
        model.load_state_dict(checkpoint["model"])
        optimiser.load_state_dict(checkpoint["optimiser"])
        metrics = checkpoint["metrics"]
        return cls(len(metrics), Score(**checkpoint["best"]), checkpoint["best_epoch"], metrics)


def _continued(run: Run) -> dict[str, Any] | None:
    """The checkpoint to go on from. Raises UserError where the folder belongs to another run."""
    if not (run.folder / "run.json").exists():
        return None
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
    return run.read_tensors("checkpoint.pt")


@contextmanager
def _reproducible(settings: TrainingRecipe) -> Iterator[None]:
    """Seed, fix the number of threads and demand deterministic kernels; put all back afterwards."""
    threads = torch.get_num_threads()
    deterministic = torch.are_deterministic_algorithms_enabled()
    torch.set_num_threads(settings.threads)
    torch.use_deterministic_algorithms(True)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(settings.seed)
            yield
    finally:
        torch.use_deterministic_algorithms(deterministic)
        torch.set_num_threads(threads)


def _optimiser(model: ShrinkingNetwork, settings: TrainingRecipe) -> torch.optim.Optimizer:
    """AdamW; thresholds' stand-ins (batch norm), biases and transformer rows do not decay."""
    decayed = [p for name, p in model.named_parameters() if p.dim() > 1 and not name.startswith("shrinks")]
    chosen = {id(p) for p in decayed}
    kept = [p for p in model.parameters() if id(p) not in chosen]
    return torch.optim.AdamW(
        [{"params": decayed, "weight_decay": settings.weight_decay}, {"params": kept, "weight_decay": 0.0}],
        lr=settings.learning_rate,
    )


def _learning_rate(settings: TrainingRecipe, epoch: float) -> float:
    """Linear warm-up, then a cosine to zero; ``epoch`` counts with fractions."""
    warmup = min(1.0, (epoch + 0.1) / _WARMUP_EPOCHS)
    return settings.learning_rate * warmup * 0.5 * (1 + math.cos(math.pi * epoch / settings.epochs))


def _epoch(
    run: Run,
    model: ShrinkingNetwork,
    optimiser: torch.optim.Optimizer,
    state: _State,
    training: Samples,
    validation: Samples,
) -> None:
    """One epoch: train, score on the validation recordings, keep what is best, write the checkpoint."""
    settings, epoch, began = run.recipe.training, state.epochs_done, time.perf_counter()
    if epoch >= settings.integer_from and not model.integer_phase:
        model.enter_integer_phase()
    if epoch == settings.integer_from:
        state.best = None  # one of many epochs shines on few recordings by chance: compare the last ones only
    loss, accuracy = _pass_over(model, optimiser, training, settings, epoch)
    if not math.isfinite(loss):
        raise UserError(
            f"{run.folder}: training diverged in epoch {epoch + 1}: lower training.learning_rate."
        )
    score = evaluate(model, validation)
    if score.better_than(state.best):
        state.best, state.best_epoch = score, epoch + 1
        run.write_tensors("best.pt", {"model": model.state_dict()})
    state.metrics.append(
        {
            "epoch": epoch + 1,
            "integer_phase": model.integer_phase,
            "loss": loss,
            "training_accuracy": accuracy,
            "validation_integer_accuracy": score.integer,
            "validation_float_accuracy": score.real,
            "validation_loss": score.loss,
            "seconds": time.perf_counter() - began,
        }
    )
    state.epochs_done = epoch + 1
    assert state.best is not None  # the first epoch has set it
    run.write_tensors(
        "checkpoint.pt",
        {
            "model": model.state_dict(),
            "optimiser": optimiser.state_dict(),
            "best": vars(state.best),
            "best_epoch": state.best_epoch,
            "metrics": state.metrics,
        },
    )
    run.write_json("metrics.json", state.metrics)


def _pass_over(
    model: ShrinkingNetwork,
    optimiser: torch.optim.Optimizer,
    training: Samples,
    settings: TrainingRecipe,
    epoch: int,
) -> tuple[float, float]:
    """One pass over the training samples: mean loss and accuracy.

    All randomness of an epoch comes from a generator seeded with (seed, epoch), so that a resumed
    run draws what an uninterrupted one would have drawn.
    """
    generator = torch.Generator().manual_seed(settings.seed * 1_000_003 + epoch)
    model.train()
    order = torch.randperm(len(training), generator=generator)
    total_loss, right = 0.0, 0
    batches = order.split(settings.batch)
    for number, indices in enumerate(batches):
        for group in optimiser.param_groups:
            group["lr"] = _learning_rate(settings, epoch + number / len(batches))
        batch = training[indices]
        logits, early = model.logits(augment(batch.frames.float(), settings.augmentation, generator))
        loss = functional.cross_entropy(logits, batch.labels, label_smoothing=settings.label_smoothing)
        for each in early:
            loss = loss + settings.early_weight * functional.cross_entropy(each, batch.labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        total_loss += loss.item() * len(batch)
        right += int((logits.argmax(1) == batch.labels).sum())
    return total_loss / len(training), right / len(training)


def evaluate(model: ShrinkingNetwork, samples: Samples) -> Score:
    """Accuracy by the integer and by the float path."""
    model.eval()
    scale = model.logit_scale()
    integer, real, loss = 0, 0, 0.0
    for frames, labels in zip(
        samples.frames.split(_EVALUATION_BATCH), samples.labels.split(_EVALUATION_BATCH), strict=True
    ):
        logits = model(frames)
        integer += int((logits.argmax(1) == labels).sum())
        real += int((model.float_logits(frames).argmax(1) == labels).sum())
        loss += float(functional.cross_entropy(logits.double() * scale, labels, reduction="sum"))
    return Score(integer / len(samples), real / len(samples), loss / len(samples))


def _summarise(
    run: Run, model: ShrinkingNetwork, state: _State, validation: Samples, test: Samples | None
) -> None:
    """Write summary.json for the best weights; the test recordings are looked at here for the first time."""
    best = run.read_tensors("best.pt")
    if best is None:
        raise UserError(f"{run.folder}/best.pt is missing: delete the folder and train again.")
    model.load_state_dict(best["model"])
    summary: dict[str, object] = {"best_epoch": state.best_epoch, "epochs": state.epochs_done}
    for name, samples in (("validation", validation), ("test", test)):
        if samples is not None:
            score = evaluate(model, samples)
            summary[f"{name}_samples"] = len(samples)
            summary[f"{name}_integer_accuracy"] = score.integer
            summary[f"{name}_float_accuracy"] = score.real
    summary["seconds"] = sum(entry["seconds"] for entry in state.metrics)
    run.write_json("summary.json", summary)


def _report(run: Run) -> None:
    """Integer and float accuracy side by side, on standard error."""
    summary = run.summary()
    parts = []
    for name in ("validation", "test"):
        if f"{name}_samples" in summary:
            integer, real = summary[f"{name}_integer_accuracy"], summary[f"{name}_float_accuracy"]
            samples = summary[f"{name}_samples"]
            parts.append(f"{name} integer {integer:.1%}, float {real:.1%} ({samples} recordings)")
    Console(stderr=True).print(f"Best epoch {summary['best_epoch']}: {'; '.join(parts)}")


@contextmanager
def _display(epochs: int, done: int, wanted: bool) -> Iterator[Any]:
    """A progress bar on standard error; yields what to call with each epoch's metrics."""
    columns = (
        TextColumn("training"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[accuracy]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), disable=not wanted) as bar:
        task = bar.add_task("training", total=epochs, completed=done, accuracy="")

        def show(metrics: dict[str, float]) -> None:
            bar.update(
                task,
                advance=1,
                accuracy=f"validation: integer {metrics['validation_integer_accuracy']:.1%}, "
                f"float {metrics['validation_float_accuracy']:.1%}",
            )

        yield show
