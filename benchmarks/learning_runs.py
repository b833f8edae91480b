"""One training of the learning experiments: its data, what is measured on it, and the queue's worker."""

from __future__ import annotations

import functools
import json
import queue
import time
import traceback
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.learning_experiments import EVENTS, Experiment
from quant_models.engine import TorchEngine
from quant_models.lightning_run import Machines
from quant_models.network import ShrinkingNetwork
from quant_models.recipe import Recipe
from quant_models.run_folder import Run
from quant_models.samples import Samples, Splits, hold_out
from quant_models.scoring import evaluate
from quant_models.training import load_best, train_phases
from ssnn_fpga.golden.engine import run as run_golden


def load(data: str, folder: Path, timesteps: int) -> tuple[dict[str, Samples], tuple[str, ...]]:
    """Samples of every split by name, and the classes; images have one timestep whatever is asked."""
    arrays = _arrays(folder / f"{data}.npz")
    found = {}
    for split in ("train", "test"):
        if f"{split}_frames" in arrays:
            frames = arrays[f"{split}_frames"]
            n, bins, *size = frames.shape
            if bins > 1:
                counts = frames.reshape(n, timesteps, bins // timesteps, *size).sum(axis=2, dtype=np.uint16)
                frames = np.minimum(counts, (1 << EVENTS["bits"]) - 1).astype(np.uint8)
            labels = torch.from_numpy(arrays[f"{split}_labels"])
            found[split] = Samples(torch.from_numpy(frames), labels)
    return found, tuple(str(name) for name in arrays["classes"])


@functools.lru_cache(maxsize=1)  # every phase asks
def _arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as arrays:
        return dict(arrays)


def run_one(
    experiment: Experiment, seed: int, frames: Path, runs: Path, device: str, limit: int | None = None
) -> dict[str, Any]:
    """Train, test, and measure; what goes into the results file."""
    content = dict(experiment.recipe)
    content["training"] = {**content["training"], "seed": seed}
    recipe = Recipe.model_validate(content)

    def data(phase: Recipe) -> Splits:
        found, classes = load(experiment.data, frames, phase.network.schedule[0])
        found = {split: samples[: limit or len(samples)] for split, samples in found.items()}
        if experiment.recordings is not None and not limit:
            found["train"] = found["train"][_rows(experiment, len(found["train"]))]
        kept, held = hold_out(found["train"], phase.training.validation, seed)
        return Splits(kept, held, found.get("test"), classes, experiment.data)

    began, processor_began = time.perf_counter(), time.process_time()
    folder = runs / f"{experiment.name}_{seed}"
    whole = not folder.exists()  # the times of one that goes on say nothing
    start = None if experiment.start is None else runs / f"{experiment.start}_{seed}"
    run = train_phases(
        recipe, data, folder, start=start, progress=False, machines=Machines(accelerator=device)
    )
    result: dict[str, Any] = {
        "experiment": experiment.name,
        "seed": seed,
        "device": device,
        **run.summary(),
    }
    if whole:
        result["seconds"] = time.perf_counter() - began
        result["processor_seconds"] = time.process_time() - processor_began  # of the one thread
    for index, (phase, _) in enumerate(recipe.phases()[:-1] if recipe.phase else ()):
        summary = Run.open(folder / f"phase{index + 1}_{phase.name}").summary()
        kind = "integer" if "test_integer_accuracy" in summary else "float"
        result[f"{phase.name}_test_accuracy"] = summary[f"test_{kind}_accuracy"]
    model = load_best(run)
    if recipe.network.inexact is None and recipe.compression is not None:
        result["gradient_norms"] = gradient_norms(recipe, data(run.recipe), trained=model)
    splits = data(run.recipe)
    if recipe.network.inexact is None and splits.test is not None:
        result["values_unlike_golden"] = unlike_golden(run.folder, splits.test)
        result["spike_rates"] = spike_rates(run.folder, splits.test)
    if experiment.recordings is not None and recipe.compression is not None and not limit:
        result["left_out_accuracy"] = evaluate(model, _left_out(experiment, recipe, frames)).integer
    if experiment.also_on is not None:
        result |= _tested_on(experiment.also_on, model, frames)
    return result


def _rows(experiment: Experiment, available: int) -> torch.Tensor:
    """Which recordings of the training split the experiment uses, evenly spaced."""
    wanted = experiment.recordings or available
    return torch.arange(wanted) * available // wanted


def _left_out(experiment: Experiment, recipe: Recipe, frames: Path) -> Samples:
    """Training recordings that were neither trained on nor used to choose the epoch."""
    found, _ = load(experiment.data, frames, recipe.phases()[-1][1].network.schedule[0])
    kept = torch.ones(len(found["train"]), dtype=torch.bool)
    kept[_rows(experiment, len(kept))] = False
    return found["train"][kept]


def unlike_golden(run: Path, samples: Samples) -> int:
    """Values of any layer, of all samples, in which torch's evaluation differs from the golden model."""
    engine, different = TorchEngine.load(run), 0
    for frames in samples.frames.split(100):
        counts = np.broadcast_to(frames.numpy(), (len(frames), *engine.frame_shape)).astype(np.int64)
        golden, torch_values = run_golden(engine.network, counts), engine.trace(counts)
        different += sum(int((golden[name] != values).sum()) for name, values in torch_values.items())
    return different


def spike_rates(run: Path, samples: Samples) -> list[float]:
    """Mean spikes of a neuron and timestep, layer by layer, over 200 samples."""
    engine = TorchEngine.load(run)
    frames = samples.frames[:: max(1, len(samples) // 200)].numpy()
    counts = np.broadcast_to(frames, (len(frames), *engine.frame_shape)).astype(np.int64)
    return [float(values.mean()) for name, values in engine.trace(counts).items() if name.startswith("lif")]


def _tested_on(data: str, model: Any, frames: Path) -> dict[str, Any]:
    """Accuracy on all recordings, training ones too, of a data set that the network has not seen."""
    found, _ = load(data, frames, model.network.schedule[0])
    result = {}
    for split, samples in found.items():
        assert isinstance(samples, Samples)
        result[f"{data}_{split}_accuracy"] = evaluate(model, samples).integer
    return result


def gradient_norms(recipe: Any, splits: Any, *, trained: Any) -> dict[str, list[float]]:
    """Mean norm of the gradient of each stage's weights over ten batches: at random weights, and trained."""
    settings = recipe.phases()[-1][1]
    torch.manual_seed(0)
    found = {}
    for name, model in (("random", ShrinkingNetwork(settings, len(splits.classes))), ("trained", trained)):
        model.train()
        norms = [0.0] * len(model.stages)
        batches = torch.arange(len(splits.training))[:500].split(50)
        for rows in batches:
            batch = splits.training[rows]
            logits, early = model.logits(batch.frames)
            loss = functional.cross_entropy(logits, batch.labels)
            for each in early:
                loss = loss + settings.training.early_weight * functional.cross_entropy(each, batch.labels)
            model.zero_grad()
            loss.backward()
            for place, stage in enumerate(model.stages):
                squares = [p.grad.square().sum() for p in stage.parameters() if p.grad is not None]
                norms[place] += float(torch.stack(squares).sum().sqrt()) / len(batches)
        found[name] = norms
    return found


def work(
    device: str,
    queues: list[Any],
    frames: Path,
    runs: Path,
    results: Path,
    lock: Any,
    ends: float,
    limit: int,
) -> None:
    """Train jobs of the queue, one experiment after the other, until there are none or the time is over."""
    torch.set_num_threads(1)
    while time.time() < ends:
        try:
            chain, seed = queues[0].get(timeout=2)
        except queue.Empty:
            if len(queues) == 1:
                return
            queues = queues[1:]
            continue
        for experiment in chain:
            try:
                result = run_one(experiment, seed, frames, runs, device, limit or None)
            except KeyboardInterrupt:  # of the terminal: whoever started this says what there is to say
                return
            except Exception:  # one that fails must not stop the others
                error = traceback.format_exc()[-2000:]
                result = {"experiment": experiment.name, "seed": seed, "error": error}
            with lock, results.open("a", encoding="utf-8") as file:
                file.write(json.dumps(result) + "\n")
            print(
                f"{experiment.name} {seed}: {result.get('test_integer_accuracy', result.get('error'))}",
                flush=True,
            )
