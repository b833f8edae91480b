"""The learning experiments: accuracy on N-MNIST, ablations of SSNN, reduction to one timestep.

``python -m benchmarks.learning_frames --data FOLDER`` makes the frames once; this command trains
what its results file does not hold yet, so it can be stopped and repeated. ``--table`` prints the
results: mean over the seeds, spread, and the 95 % interval of all test recordings together.

Everything that is chosen (epochs, checkpoint) is chosen on validation recordings.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import queue
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.learning_frames import WINDOW_US

SEEDS = (0, 1, 2)
EVENTS = {"sensor_height": 34, "sensor_width": 34, "window_us": WINDOW_US, "bits": 3}
MOVED = {"shift": 3.0, "rotation": 15.0, "scale": 0.15, "shear": 0.15}
WRITERS = {"shift": 2.0, "rotation": 10.0, "scale": 0.1, "shear": 0.1}
IIR_NEURON = {
    "learn_threshold": True,
    "leak": "learned",
    "leak_multiplier": 1,
    "leak_shift": 0,
    "strict": True,
    "surrogate_height": 0.3,
}


@dataclass(frozen=True)
class Experiment:
    """One line of the table."""

    name: str
    data: str
    recipe: dict[str, Any]
    start: str | None = None  # the experiment whose network of the same seed it begins with
    recordings: int | None = None  # of the training split, evenly spaced; all of them if not given
    also_on: str | None = None  # a second data set that the trained network is tested on
    heavy: bool = False  # goes first, and to a process of its own
    seeds: tuple[int, ...] = SEEDS


def shortened(experiment: Experiment) -> Experiment:
    """The same for one epoch of every phase: to see that it runs."""
    recipe = dict(experiment.recipe)
    recipe["training"] = {**recipe["training"], "epochs": 1}
    phases = recipe["phase"]
    recipe["phase"] = [{**p, "training": {**p.get("training", {}), "epochs": 1}} for p in phases]
    if experiment.data == "cifar10":
        recipe["network"] = {**recipe["network"], "width": 1 / 16}
    return replace(experiment, recipe=recipe, seeds=(0,))


def _events(
    name: str, schedule: list[int], *, training: dict[str, Any], phase: Any = (), **network: Any
) -> dict[str, Any]:
    return {
        "name": name,
        "compression": EVENTS,
        "network": {"schedule": schedule, **network},
        "training": {"threads": 1, **training},
        "phase": list(phase),
    }


def _ablations(data: str, training: dict[str, Any], recordings: int | None = None) -> Iterator[Experiment]:
    """SSNN of an average of two timesteps against what leaves a part of it out."""

    def one(
        part: str, schedule: list[int], changes: dict[str, Any] | None = None, phase: Any = (), **network: Any
    ) -> Experiment:
        name = f"{data}_{part}"
        recipe = _events(name, schedule, training={**training, **(changes or {})}, phase=phase, **network)
        return Experiment(name, data, recipe, recordings=recordings)

    shrinking = [3, 2, 1]
    yield one("ssnn", shrinking)
    yield one("plain", [2, 2, 2], {"early_weight": 0.0})
    yield one("plain_early", [2, 2, 2])
    yield one("group", shrinking, transformer="group")
    yield one("first", shrinking, transformer="first")
    yield one("no_early", shrinking, {"early_weight": 0.0})
    for weight in (0.1, 1.0):
        yield one(f"lambda_{str(weight).replace('.', '_')}", shrinking, {"early_weight": weight})
    yield one("attention", shrinking, transformer="attention")
    yield one("direct_one", [1, 1, 1])
    third = max(1, training["epochs"] // 3)
    schedules = ([3, 2, 1], [2, 1, 1], [1, 1, 1])
    phases = [{"name": f"from_{s[0]}", "network": {"schedule": s}} for s in schedules]
    yield one("reduced_to_one", [1, 1, 1], {"epochs": third}, phase=phases)


def _iir(data: str, size: dict[str, int], layout: str, training: dict[str, Any], *epochs: int) -> Experiment:
    """IIR-SNN: a conventional network, thresholds by percentile, then 5, 3, 2 and 1 timesteps."""
    conventional, *spiking = epochs
    phases: list[dict[str, Any]] = [
        {
            "name": "ann",
            "network": {"activation": "relu", "schedule": [1], "weight_bits": 32, "dropout": 0.1},
            "training": {"epochs": conventional, "learning_rate": 2e-3},
        }
    ]
    for timesteps, length in zip((5, 3, 2, 1), spiking, strict=True):
        phases.append(
            {"name": f"t{timesteps}", "network": {"schedule": [timesteps]}, "training": {"epochs": length}}
        )
    phases[1]["threshold_percentile"] = 90
    recipe = {
        "name": f"iir_{data}",
        "images": size,
        "network": {"schedule": [1], "layout": layout, "neuron": IIR_NEURON},
        "training": {"threads": 1, **training, "epochs": 1},
        "phase": phases,
    }
    return Experiment(f"iir_{data}", data, recipe, heavy=True, seeds=SEEDS if data == "mnist" else (0,))


def experiments() -> list[Experiment]:
    """All of them, the most wanted first."""
    ten = {"epochs": 150, "augmentation": MOVED}
    four = {"epochs": 40, "batch": 100, "validation": 0.06, "augmentation": WRITERS}
    cifar = {
        "batch": 128,
        "learning_rate": 5e-4,
        "weight_decay": 0.05,
        "validation": 0.04,
        "augmentation": {"shift": 4.0, "rotation": 0.0, "scale": 0.0, "shear": 0.0, "flip": True},
    }
    mnist = {**cifar, "batch": 200, "augmentation": WRITERS}
    pretrained = _events("emulated", [4, 2, 1], training={"epochs": 12, "batch": 100, "augmentation": MOVED})
    return [
        _iir("cifar10", {"height": 32, "width": 32, "channels": 3}, "vgg16", cifar, 8, 3, 2, 2, 3),
        Experiment("nmnist10_4bit", "nmnist10", _events("n4", [4, 2, 1], training=ten)),
        Experiment("emulated", "emulated", pretrained, also_on="nmnist10"),
        *(
            Experiment(
                f"nmnist6789_{bits}bit_width{width}",
                "nmnist6789",
                _events(
                    f"f{bits}", [3, 2, 1], training={**four, "epochs": 60}, weight_bits=bits, width=width
                ),
            )
            for width in (2, 1)
            for bits in (4, 2)
        ),
        Experiment(
            "nmnist10_pretrained",
            "nmnist10",
            _events("n4", [4, 2, 1], training={**ten, "epochs": 60, "learning_rate": 1e-3}),
            start="emulated",
        ),
        Experiment("nmnist10_2bit", "nmnist10", _events("n2", [4, 2, 1], training=ten, weight_bits=2)),
        # a seventh of the recordings for training, so that the whole comparison takes minutes
        *_ablations("nmnist6789", {"epochs": 42, "augmentation": WRITERS}, recordings=1000),
        *_ablations("nmnist10", {**ten, "epochs": 42}),
        _iir(
            "mnist",
            {"height": 28, "width": 28, "channels": 1},
            "16C3-AP2-32C3-AP2-128D",
            mnist,
            6,
            3,
            2,
            2,
            3,
        ),
    ]


# Data


def load(data: str, folder: Path, timesteps: int) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Samples of every split by name, and the classes."""
    from quant_models.samples import Samples

    if data in ("mnist", "cifar10"):
        return _images(folder / data)
    import torch

    with np.load(folder / f"{data}.npz") as arrays:
        found = {}
        for split in ("train", "test"):
            if f"{split}_frames" in arrays:
                frames = arrays[f"{split}_frames"]
                n, bins, *size = frames.shape
                counts = frames.reshape(n, timesteps, bins // timesteps, *size).sum(axis=2, dtype=np.uint16)
                counts = np.minimum(counts, (1 << EVENTS["bits"]) - 1).astype(np.uint8)
                labels = torch.from_numpy(arrays[f"{split}_labels"])
                found[split] = Samples(torch.from_numpy(counts), labels)
        return found, tuple(str(name) for name in arrays["classes"])


@functools.cache  # every phase asks
def _images(folder: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    import torch

    from quant_models.samples import Samples
    from ssnn_fpga.events.images import open_images

    images = open_images(folder)
    found = {}
    for split in images.splits:
        entries = images.entries(split)
        pixels = np.stack([entry.read() for entry in entries])[:, None]
        labels = np.array([images.classes.index(entry.label) for entry in entries])
        found[split] = Samples(torch.from_numpy(pixels), torch.from_numpy(labels))
    return found, images.classes


# One training


def run_one(
    experiment: Experiment, seed: int, frames: Path, runs: Path, device: str, limit: int | None = None
) -> dict[str, Any]:
    """Train, test, and measure; what goes into the results file."""
    import torch

    from quant_models.recipe import Recipe
    from quant_models.run_folder import Run
    from quant_models.samples import Splits, hold_out
    from quant_models.training import Machines, load_best, train_phases

    content = dict(experiment.recipe)
    content["training"] = {**content["training"], "seed": seed}
    recipe = Recipe.model_validate(content)

    def data(phase: Recipe) -> Splits:
        found, classes = load(experiment.data, frames, phase.network.schedule[0])
        found = {split: samples[: limit or len(samples)] for split, samples in found.items()}
        if experiment.recordings is not None and not limit:
            rows = torch.arange(experiment.recordings) * len(found["train"]) // experiment.recordings
            found["train"] = found["train"][rows]
        kept, held = hold_out(found["train"], phase.training.validation, seed)
        return Splits(kept, held, found.get("test"), classes, experiment.data)

    began = time.perf_counter()
    folder = runs / f"{experiment.name}_{seed}"
    start = None if experiment.start is None else runs / f"{experiment.start}_{seed}"
    run = train_phases(
        recipe, data, folder, start=start, progress=False, machines=Machines(accelerator=device)
    )
    result: dict[str, Any] = {
        "experiment": experiment.name,
        "seed": seed,
        "device": device,
        "seconds": time.perf_counter() - began,
        **run.summary(),
    }
    for index, (phase, _) in enumerate(recipe.phases()[:-1] if recipe.phase else ()):
        summary = Run.open(folder / f"phase{index + 1}_{phase.name}").summary()
        kind = "integer" if "test_integer_accuracy" in summary else "float"
        result[f"{phase.name}_test_accuracy"] = summary[f"test_{kind}_accuracy"]
    model = load_best(run)
    if recipe.network.inexact is None and recipe.compression is not None:
        result["gradient_norms"] = gradient_norms(recipe, data(run.recipe), trained=model)
    if experiment.also_on is not None:
        result |= _tested_on(experiment.also_on, model, frames)
    return result


def _tested_on(data: str, model: Any, frames: Path) -> dict[str, Any]:
    """Accuracy on all recordings, training ones too, of a data set that the network has not seen."""
    from quant_models.samples import Samples
    from quant_models.scoring import evaluate

    found, _ = load(data, frames, model.network.schedule[0])
    result = {}
    for split, samples in found.items():
        assert isinstance(samples, Samples)
        result[f"{data}_{split}_accuracy"] = evaluate(model, samples).integer
    return result


def gradient_norms(recipe: Any, splits: Any, *, trained: Any) -> dict[str, list[float]]:
    """Mean norm of the gradient of each stage's weights over ten batches: at random weights, and trained."""
    import torch
    from torch.nn import functional

    from quant_models.network import ShrinkingNetwork

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


# The table


def _work(
    device: str,
    queues: list[Any],
    frames: Path,
    runs: Path,
    results: Path,
    lock: Any,
    ends: float,
    limit: int,
) -> None:
    """Train jobs of the queue until there are none, or the time is over."""
    import torch

    torch.set_num_threads(1)
    while time.time() < ends:
        try:
            experiment, seed = queues[0].get(timeout=2)
        except queue.Empty:
            if len(queues) == 1:
                return
            queues = queues[1:]
            continue
        wanted = experiment.start
        while wanted and time.time() < ends and not (runs / f"{wanted}_{seed}" / "summary.json").exists():
            time.sleep(1)
        try:
            result = run_one(experiment, seed, frames, runs, device, limit or None)
        except Exception:  # one that fails must not stop the others
            result = {"experiment": experiment.name, "seed": seed, "error": traceback.format_exc()[-2000:]}
        with lock, results.open("a", encoding="utf-8") as file:
            file.write(json.dumps(result) + "\n")
        print(
            f"{experiment.name} {seed}: {result.get('test_integer_accuracy', result.get('error'))}",
            flush=True,
        )


def read_results(path: Path) -> dict[tuple[str, int], dict[str, Any]]:
    """Finished trainings by experiment and seed."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    entries = [json.loads(line) for line in lines]
    return {(e["experiment"], e["seed"]): e for e in entries if "error" not in e}


def wilson(right: float, samples: int) -> tuple[float, float]:
    """95 % interval of a share ``right`` of ``samples``."""
    z = 1.96
    middle = (right + z * z / (2 * samples)) / (1 + z * z / samples)
    half = z * (right * (1 - right) / samples + z * z / (4 * samples**2)) ** 0.5 / (1 + z * z / samples)
    return middle - half, middle + half


def table(results: dict[tuple[str, int], dict[str, Any]]) -> str:
    """Markdown, a line an experiment; what was not run is listed as such."""
    lines = [
        "| experiment | seeds | test accuracy, mean % | each | 95 % interval of one run | seconds a run |",
        "|---|---|---|---|---|---|",
    ]
    for experiment in experiments():
        found = [
            results[key] for key in ((experiment.name, seed) for seed in experiment.seeds) if key in results
        ]
        if not found:
            lines.append(f"| {experiment.name} | not run | | | | |")
            continue
        kind = "test_integer_accuracy" if "test_integer_accuracy" in found[0] else "test_float_accuracy"
        if kind not in found[0]:
            kind = next(key for key in found[0] if key.endswith("_test_accuracy"))
        values = [entry[kind] for entry in found]
        mean = statistics.mean(values)
        low, high = wilson(mean, int(found[0].get("test_samples", 100)))
        each = ", ".join(f"{100 * value:.2f}" for value in values)
        seconds = statistics.mean(entry["seconds"] for entry in found)
        note = "" if kind == "test_integer_accuracy" else f" ({kind.removesuffix('_accuracy')})"
        lines.append(
            f"| {experiment.name}{note} | {len(found)} | {100 * mean:.2f} | {each} | "
            f"{100 * low:.1f}–{100 * high:.1f} | {seconds:.0f} |"
        )
    return "\n".join(lines)


def main() -> int:
    """Train what is missing, then print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=Path, default=Path("build/learning"))
    parser.add_argument("--results", type=Path, default=Path("build/learning/results.jsonl"))
    parser.add_argument("--runs", type=Path, help="folder of the runs (default: a temporary one)")
    parser.add_argument("--device", default="cpu", choices=["cpu", "gpu"])
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=7200, help="stop after that long")
    parser.add_argument("--only", nargs="*", help="names of experiments")
    parser.add_argument("--smoke", action="store_true", help="one epoch of 300 samples each")
    parser.add_argument("--table", action="store_true", help="print the table and train nothing")
    arguments = parser.parse_args()
    if not arguments.table:
        with tempfile.TemporaryDirectory() as scratch:
            _train_all(arguments, arguments.runs or Path(scratch))
    print(table(read_results(arguments.results)))
    return 0


def _train_all(arguments: argparse.Namespace, runs: Path) -> None:
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    done = read_results(arguments.results)
    context = multiprocessing.get_context("spawn")
    light, heavy, lock = context.Queue(), context.Queue(), context.Lock()
    wanted = [shortened(each) for each in experiments()] if arguments.smoke else experiments()
    for seed in SEEDS:  # a first run of all before a second one of any
        for experiment in wanted:
            if (
                seed in experiment.seeds
                and (experiment.name, seed) not in done
                and experiment.name in (arguments.only or [experiment.name])
            ):
                (heavy if experiment.heavy else light).put((experiment, seed))
    ends = time.time() + arguments.seconds
    workers = []
    for place in range(arguments.processes):
        queues = [light] if place else [heavy, light]
        limit = 300 if arguments.smoke else 0
        given = (arguments.device, queues, arguments.frames, runs, arguments.results, lock, ends, limit)
        workers.append(context.Process(target=_work, args=given))
        workers[-1].start()
    for worker in workers:
        worker.join(max(0.0, ends - time.time()))
    for worker in workers:
        if worker.is_alive():
            worker.kill()


if __name__ == "__main__":
    sys.exit(main())
