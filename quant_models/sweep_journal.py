"""The folder of a sweep: what is swept, and a journal of its trials, a line an event.

sweep.json     recipe, search space, seed, data
trials.jsonl   {"event": "begun" | "finished" | "failed", "number": …, …}, in the order in which it happened
trials/NNNN    the run of each trial

Both are JSON: nothing of a sweep is ever unpickled.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from quant_models.run_folder import write_aside
from ssnn_fpga.errors import UserError

FORMAT = 1
OBJECTIVE = "validation_accuracy"
"""What a sweep makes as large as possible."""


@dataclass
class Trial:
    """One training of a sweep."""

    number: int
    values: dict[str, Any]  # of the recipe's keys
    suggested: dict[str, Any]  # the same as the searcher has them
    state: Literal["begun", "finished", "failed"] = "begun"
    figures: dict[str, Any] = field(default_factory=dict)
    error: str = ""

    @property
    def objective(self) -> float | None:
        """Accuracy on validation samples; None where the trial has none."""
        return self.figures.get(OBJECTIVE)


def trial_folder(sweep: Path, number: int) -> Path:
    """Where a trial of the sweep in the folder ``sweep`` trains."""
    return sweep / "trials" / f"{number:04d}"


class Journal:
    """A sweep's folder."""

    def __init__(self, folder: Path, definition: dict[str, Any]) -> None:
        """Make the folder, or go on with it. Raises UserError where it holds another sweep."""
        self.folder = folder
        self._path = folder / "trials.jsonl"
        kept = folder / "sweep.json"
        content = {"format": FORMAT, **definition}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if self._path.exists():
                found = json.loads(kept.read_text(encoding="utf-8"))
                different = [key for key, value in content.items() if found.get(key) != value]
                if different:
                    raise UserError(
                        f"{folder} holds another sweep (its {different[0]} differs): "
                        "choose another folder or delete this one."
                    )
            elif any(path != kept for path in folder.iterdir()):
                raise UserError(f"{folder} holds something else than a sweep: choose another folder.")
            else:
                text = json.dumps(content, indent=1) + "\n"
                write_aside(kept, lambda path: path.write_text(text, encoding="utf-8"))
        except OSError as error:
            raise UserError(f"{folder} cannot be the folder of a sweep: {error.strerror}.") from error
        except (ValueError, AttributeError) as error:
            raise UserError(f"{kept} is damaged: delete the folder and sweep again.") from error

    def events(self) -> list[dict[str, Any]]:
        """All events so far. A last line that was not written whole is dropped, from the file too."""
        if not self._path.exists():
            return []
        content = self._path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            write_aside(self._path, lambda path: path.write_bytes(whole))
        try:
            return [json.loads(line) for line in whole.splitlines()]
        except ValueError as error:
            raise UserError(f"{self._path} is damaged: delete the folder and sweep again.") from error

    def write(self, event: dict[str, Any]) -> None:
        """Add an event, on the disk when this returns."""
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(event) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def trials(self) -> list[Trial]:
        """All trials by number."""
        found: dict[int, Trial] = {}
        for event in self.events():
            number = event["number"]
            if event["event"] == "begun":
                found[number] = Trial(number, event["values"], event["suggested"])
            else:
                trial = found[number]
                trial.state, trial.error = event["event"], event.get("error", "")
                trial.figures = event.get("figures", {})
        return [found[number] for number in sorted(found)]
