"""The learning experiments: accuracy on N-MNIST, ablations of SSNN, reduction to one timestep.

``python -m benchmarks.learning_frames --data FOLDER`` makes the frames once; this command trains
what its results file does not hold yet, so it can be stopped and repeated. ``--table`` prints the
results: mean over the seeds, each seed, and the 95 % interval of one run.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Container, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from benchmarks.learning_experiments import SEEDS, Experiment, experiments, shortened
from benchmarks.learning_runs import work


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


def table(results: dict[tuple[str, int], dict[str, Any]], wanted: list[Experiment]) -> str:
    """Markdown, a line an experiment; what was not run is listed as such. Below it, what all of it costs."""
    lines = [
        "| experiment | seeds | test accuracy, mean % | each | 95 % interval of one run "
        "| training recordings left out, mean % | values unlike golden | processor seconds a run |",
        "|---|---|---|---|---|---|---|---|",
    ]
    cost, runs = 0.0, 0
    for experiment in wanted:
        found = [
            results[key] for key in ((experiment.name, seed) for seed in experiment.seeds) if key in results
        ]
        if not found:
            lines.append(f"| {experiment.name} | not run | | | | | | |")
            continue
        kind = "test_integer_accuracy" if "test_integer_accuracy" in found[0] else "test_float_accuracy"
        if kind not in found[0]:
            kind = next(key for key in found[0] if key.endswith("_test_accuracy"))
        values = [entry[kind] for entry in found]
        mean = statistics.mean(values)
        low, high = wilson(mean, int(found[0].get("test_samples", 100)))
        each = ", ".join(f"{100 * value:.2f}" for value in values)
        note = "" if kind == "test_integer_accuracy" else f" ({kind.removesuffix('_accuracy')})"
        seconds, unlike, left_out = (
            [entry[key] for entry in found if key in entry]
            for key in ("processor_seconds", "values_unlike_golden", "left_out_accuracy")
        )
        lines.append(
            f"| {experiment.name}{note} | {len(found)} | {100 * mean:.2f} | {each} "
            f"| {100 * low:.1f}–{100 * high:.1f} "
            f"| {f'{100 * statistics.mean(left_out):.2f} ({len(left_out)} runs)' if left_out else ''} "
            f"| {f'{sum(unlike)} ({len(unlike)} runs)' if unlike else ''} "
            f"| {f'{statistics.mean(seconds):.0f}' if seconds else ''} |"
        )
        if seconds and not experiment.tried:
            runs += len(experiment.seeds)
            cost += len(experiment.seeds) * statistics.mean(seconds)
    lines += [
        "",
        f"{runs} runs, all seeds of what is timed and not only tried: {cost / 60:.0f} min of a core.",
    ]
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
    parser.add_argument("--only", nargs="*", help="names of experiments, or patterns such as 'iir_*'")
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS)
    parser.add_argument("--smoke", action="store_true", help="one epoch of 300 samples each")
    parser.add_argument("--table", action="store_true", help="print the table and train nothing")
    arguments = parser.parse_args()
    if not _wanted(arguments):
        parser.error(f"no experiment is called {' or '.join(arguments.only)}: --table lists them")
    if not arguments.table:
        with tempfile.TemporaryDirectory() as scratch:
            try:
                _train_all(arguments, arguments.runs or Path(scratch))
            except KeyboardInterrupt:
                print("Stopped: the same command goes on with what is missing.", file=sys.stderr)
                return 130
    print(table(read_results(arguments.results), _wanted(arguments)))
    return 0


def _wanted(arguments: argparse.Namespace) -> list[Experiment]:
    """What is named; else, to be trained, what the table consists of; to be shown, everything."""
    return [
        each
        for each in experiments(arguments.device)
        if (
            any(fnmatchcase(each.name, pattern) for pattern in arguments.only)
            if arguments.only
            else arguments.table or not each.tried
        )
    ]


def _to_train(
    arguments: argparse.Namespace, done: Container[tuple[str, int]], runs: Path
) -> Iterator[tuple[list[Experiment], int]]:
    """An experiment, those that start with its network, and a seed: a first of all before a second of any.

    What another one starts with is trained again where only its result is there and not its run.
    """
    every = [shortened(each) if arguments.smoke else each for each in experiments(arguments.device)]
    named = {each.name for each in _wanted(arguments)}
    needed = named | {each.start for each in every if each.name in named}
    missing = {
        data
        for each in every
        for data in (each.data, each.also_on)
        if each.name in needed and data and not (arguments.frames / f"{data}.npz").exists()
    }
    if missing:
        print(f"no {', '.join(sorted(missing))} in {arguments.frames}: what needs them is left out")
    absent = {each.name for each in every if {each.data, each.also_on} & missing}
    every = [each for each in every if each.name not in absent and each.start not in absent]
    for seed in arguments.seeds:
        chosen = {
            each.name: each.start
            for each in every
            if each.name in named and seed in each.seeds and (each.name, seed) not in done
        }
        todo = [
            each
            for each in every
            if each.name in chosen
            or (each.name in chosen.values() and not (runs / f"{each.name}_{seed}" / "summary.json").exists())
        ]
        names = {each.name for each in todo}
        for each in todo:
            if each.start not in names:
                yield [each, *(other for other in todo if other.start == each.name)], seed


def _train_all(arguments: argparse.Namespace, runs: Path) -> None:
    arguments.results.parent.mkdir(parents=True, exist_ok=True)
    done = read_results(arguments.results)
    context = multiprocessing.get_context("spawn")
    light, heavy, lock = context.Queue(), context.Queue(), context.Lock()
    for chain, seed in _to_train(arguments, done, runs):
        (heavy if chain[0].heavy else light).put((chain, seed))
    ends = time.time() + arguments.seconds
    workers = []
    for place in range(arguments.processes):
        queues = [light] if place else [heavy, light]
        limit = 300 if arguments.smoke else 0
        given = (arguments.device, queues, arguments.frames, runs, arguments.results, lock, ends, limit)
        workers.append(context.Process(target=work, args=given))
        workers[-1].start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the workers are stopped then, too
    try:
        for worker in workers:
            worker.join(max(0.0, ends - time.time()))
    finally:
        for worker in workers:
            worker.kill()


if __name__ == "__main__":
    sys.exit(main())
