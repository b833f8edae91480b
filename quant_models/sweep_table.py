"""A sweep's results for the terminal: every trial, best first, and means over seeds."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence

from rich.table import Table

from quant_models.sweep_journal import Trial

_SEED = "training.seed"


def ranked(trials: Sequence[Trial]) -> list[Trial]:
    """Finished trials, the best accuracy on validation samples first; of equals the earlier one."""
    return sorted(
        (trial for trial in trials if trial.objective is not None),
        key=lambda t: (-(t.objective or 0), t.number),
    )


def seed_groups(trials: Sequence[Trial]) -> list[tuple[dict[str, object], list[float]]]:
    """Values but for the seed, and the accuracies of their seeds; the best mean first."""
    groups: dict[str, list[float]] = {}
    for trial in ranked(trials):
        others = {key: value for key, value in trial.values.items() if key != _SEED}
        groups.setdefault(json.dumps(others), []).append(trial.objective or 0.0)
    found = [(json.loads(others), accuracies) for others, accuracies in groups.items()]
    return sorted(found, key=lambda group: -statistics.mean(group[1]))


def sweep_table(trials: Sequence[Trial]) -> Table:
    """All trials, those that failed last."""
    keys = list(trials[0].values) if trials else []
    table = Table(title="accuracy on validation samples", title_justify="left")
    for heading in ("trial", *keys, "integer", "float", "seconds"):
        table.add_column(heading, justify="left" if heading in keys else "right")
    for trial in ranked(trials):
        figures = trial.figures
        table.add_row(
            str(trial.number),
            *(json.dumps(trial.values[key]) for key in keys),
            f"{trial.objective:.2%}",
            f"{figures['validation_float_accuracy']:.2%}",
            f"{figures['seconds']:.0f}",
        )
    for trial in trials:
        if trial.objective is None:
            values = (json.dumps(trial.values[key]) for key in keys)
            table.add_row(str(trial.number), *values, trial.state, "", "", style="red")
    return table


def seed_table(trials: Sequence[Trial]) -> Table | None:
    """Means over seeds; None where a sweep has no other key, or not this one."""
    keys = [key for key in (trials[0].values if trials else ()) if key != _SEED]
    if not keys or _SEED not in trials[0].values:
        return None
    table = Table(title="over the seeds", title_justify="left")
    for heading in (*keys, "seeds", "mean", "least", "most"):
        table.add_column(heading, justify="left" if heading in keys else "right")
    for values, accuracies in seed_groups(trials):
        spread = (statistics.mean(accuracies), min(accuracies), max(accuracies))
        cells = (json.dumps(values[key]) for key in keys)
        table.add_row(*cells, str(len(accuracies)), *(f"{accuracy:.2%}" for accuracy in spread))
    return table
