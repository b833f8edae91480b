"""Sweeps: many trainings of one recipe with other values, on Ray Tune, Optuna choosing them.

The objective is accuracy on validation samples; the test split is not read.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from quant_models.reading import IN_MEMORY, Reading
from quant_models.recipe import Recipe
from quant_models.search_space import SearchSpace, with_values
from quant_models.sweep_journal import OBJECTIVE, Journal, Trial, trial_folder
from ssnn_fpga.errors import UserError
from ssnn_fpga.events.libraries import library

_WHAT, _EXTRA = "Sweeps", "sweep"


@dataclass(frozen=True)
class Resources:
    """Where trials run: in how many at once, and on what each.

    ``address`` of a Ray cluster, whose machines share the folders of data and sweep; None starts Ray on
    this machine.
    """

    at_once: int = 1
    gpus: float = 0.0
    address: str | None = None

    @property
    def accelerator(self) -> str:
        """What trials train on."""
        return "gpu" if self.gpus else "cpu"


ONE_AT_A_TIME = Resources()


def sweep(
    recipe: Recipe,
    space: SearchSpace,
    data: str | None,
    out: Path,
    *,
    trials: int | None = None,
    seed: int = 0,
    resources: Resources = ONE_AT_A_TIME,
    reading: Reading = IN_MEMORY,
    again: bool = False,
    progress: bool = True,
) -> list[Trial]:
    """Train ``recipe`` with values of ``space`` into ``out``/trials; all trials by number.

    ``data`` is named as for `find_data`. Without ``trials`` every combination of listed values is
    trained, with it Optuna chooses so many, from ``seed``. The same call goes on where one was
    interrupted; a finished sweep is returned. A trial that fails is in the result with its error, and
    does not stop the others; with ``again`` it is tried once more.

    Raises UserError for values that the recipe cannot take, for ranges without ``trials``, where the
    libraries of the extra "sweep" are missing, and for a folder of another sweep.
    """
    space.check(recipe)
    if trials is None and space.points is None:
        raise UserError("A range has no end of values: say how many to try with --trials N.")
    for module in ("ray.tune", "optuna"):
        library(module, _WHAT, _EXTRA)
    definition = {
        "recipe": recipe.model_dump(mode="json"),
        "space": {key: repr(values) for key, values in space.keys.items()},
        "seed": seed,
        "grid": trials is None,
        "data": data,
    }
    from quant_models.recorded_search import RecordedSearch

    journal = Journal(out, definition)
    wanted = trials or space.points or 0
    with _display(journal, wanted, again, progress) as ended:
        search = RecordedSearch(space, journal, wanted, seed, ended, again)
        _run(recipe, data, journal, search, resources, reading)
    return journal.trials()


def _run(
    recipe: Recipe, data: str | None, journal: Journal, search: Any, resources: Resources, reading: Reading
) -> None:
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_AIR_NEW_OUTPUT", "0")
    from ray import tune

    if search.left <= 0:
        return
    threads = recipe.training.threads
    trainable = tune.with_parameters(
        run_trial,
        content=recipe.model_dump(mode="json"),
        data=data,
        folder=str(journal.folder.resolve()),
        accelerator=resources.accelerator,
        reading=reading,
        started_in=os.getcwd(),
    )
    with _ray(resources, threads) as storage:
        tuner = tune.Tuner(
            tune.with_resources(trainable, {"cpu": threads, "gpu": resources.gpus}),
            tune_config=tune.TuneConfig(
                metric=OBJECTIVE,
                mode="max",
                search_alg=search,
                num_samples=search.left,
                max_concurrent_trials=resources.at_once,
                reuse_actors=True,  # a new process imports torch first, which takes seconds
            ),
            run_config=tune.RunConfig(name="sweep", storage_path=storage, verbose=0),
        )
        tuner.fit()
    if search.left > 0:
        Console(stderr=True).print(f"Stopped. The same command goes on from there ({journal.folder}).")
        raise KeyboardInterrupt


@contextmanager
def _ray(resources: Resources, threads: int) -> Iterator[str]:
    """Ray, started or joined; yields a folder for its own files, which nobody needs afterwards."""
    import ray

    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    with tempfile.TemporaryDirectory(prefix="ssnn-fpga-sweep-") as storage:
        try:
            if resources.address is not None:
                _knock(resources.address)
            if resources.address is None:
                cpus = threads * resources.at_once
                ray.init(num_cpus=cpus, include_dashboard=False, object_store_memory=100 << 20, **quiet)
            else:
                ray.init(address=resources.address, **quiet)
        except (OSError, ValueError, RuntimeError, ImportError) as error:
            raise UserError(
                f"Ray cannot be reached at {resources.address or 'this machine'} "
                f"({str(error).splitlines()[0]}): start it with `ray start`, or leave --address out."
            ) from error
        try:
            yield storage
        finally:
            ray.shutdown()


def _knock(address: str) -> None:
    """Raise OSError where nobody answers at host:port, which Ray would wait for without an end."""
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if host:
        socket.create_connection((host, int(port)), timeout=10).close()


def run_trial(
    config: dict[str, Any],
    *,
    content: dict[str, Any],
    data: str | None,
    folder: str,
    accelerator: str,
    reading: Reading,
    started_in: str,
) -> None:
    """One trial, in a process of Ray's; whatever goes wrong is part of what it reports."""
    from ray import tune

    os.chdir(started_in)  # relative paths are the user's; Ray has put the process elsewhere
    try:
        figures = train_trial(
            Recipe.model_validate(content),
            config["values"],
            data,
            trial_folder(Path(folder), config["number"]),
            accelerator,
            reading,
        )
    except UserError as error:
        tune.report({OBJECTIVE: 0.0, "error": str(error)})
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(last.filename).name}:{last.lineno}"
        tune.report({OBJECTIVE: 0.0, "error": f"{type(error).__name__} in {where}: {error}"})
    else:
        tune.report({OBJECTIVE: figures[OBJECTIVE], "figures": json.dumps(figures)})  # Ray flattens tables


def train_trial(
    recipe: Recipe, values: dict[str, Any], data: str | None, out: Path, accelerator: str, reading: Reading
) -> dict[str, Any]:
    """Train, or go on training, one trial's recipe; its figures on validation samples."""
    from quant_models.lightning_run import Machines
    from quant_models.reading import splits_reader
    from quant_models.training import train_phases
    from ssnn_fpga.events.source import find_data

    changed = with_values(recipe, values)
    samples, _ = find_data(None if data is None else Path(data))
    splits = splits_reader(samples, reading, test=False)
    machines = Machines(accelerator=accelerator)
    summary = train_phases(changed, splits, out, progress=False, machines=machines).summary()
    real = summary["validation_float_accuracy"]
    return {
        OBJECTIVE: summary.get("validation_integer_accuracy", real),
        "validation_float_accuracy": real,
        "validation_samples": summary["validation_samples"],
        "best_epoch": summary["best_epoch"],
        "seconds": summary["seconds"],
    }


@contextmanager
def _display(journal: Journal, wanted: int, again: bool, shown: bool) -> Iterator[Any]:
    """A progress bar on standard error; yields what to call with each trial that ends."""
    columns = (
        TextColumn("trials"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[best]}"),
        TimeElapsedColumn(),
    )
    before = journal.trials()
    accuracies = [trial.objective for trial in before if trial.objective is not None]
    done = sum(trial.state == "finished" or (trial.state == "failed" and not again) for trial in before)
    with Progress(*columns, console=Console(stderr=True), disable=not shown) as bar:
        task = bar.add_task("trials", total=wanted, completed=done, best="")

        def ended(trial: Trial) -> None:
            if trial.objective is not None:
                accuracies.append(trial.objective)
            best = f"best validation {max(accuracies):.1%}" if accuracies else ""
            bar.update(task, advance=1, best=best)

        yield ended
