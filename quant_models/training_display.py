"""What a training shows on standard error: a bar while it runs, accuracies side by side at its end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from quant_models.run_folder import Run


def report(run: Run) -> None:
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
def display(run: Run, done: int, wanted: bool) -> Iterator[Any]:
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
