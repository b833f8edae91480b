"""The folder of one training run: what is in it, written aside and then renamed.

run.json        recipe, class names, data set and its digest
checkpoint.pt   everything needed to go on after the last whole epoch
best.pt         weights of the epoch that was best on the validation recordings
metrics.json    one entry for each epoch
summary.json    accuracies of the finished run, those of the test recordings too
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError

from quant_models.recipe import Recipe
from ssnn_fpga.errors import UserError

FORMAT = 2
"""Of run.json and the files of weights; a folder of another format is refused."""


def write_aside(path: Path, write: Callable[[Path], object]) -> None:
    """Let ``write`` fill a file beside ``path``, then put it in its place at once."""
    aside = path.with_name(path.name + ".part")
    write(aside)
    os.replace(aside, path)


@dataclass(frozen=True)
class Run:
    """One training run and its folder."""

    folder: Path
    recipe: Recipe
    classes: tuple[str, ...]
    data: str
    digest: str  # of the training frames and labels
    start: str = ""  # digest of the weights it began with, where they came from another training

    @classmethod
    def open(cls, folder: Path) -> Run:
        """The run in ``folder``. Raises UserError where there is none."""
        path = folder / "run.json"
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != FORMAT:
                raise ValueError(content["format"])
            recipe = Recipe.model_validate(content["recipe"])
            names = tuple(content["classes"])
            return cls(folder, recipe, names, content["data"], content["digest"], content["start"])
        except (FileNotFoundError, NotADirectoryError) as error:
            raise UserError(f"{folder} holds no training run: give the folder that train wrote.") from error
        except (ValidationError, ValueError, KeyError, TypeError, OSError) as error:
            raise UserError(f"{path} is damaged or of another version: train again.") from error

    def create(self) -> None:
        """Make the folder and write run.json; an older run's files go."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"{self.folder} cannot be made a folder: {error.strerror}.") from error
        for name in ("checkpoint.pt", "best.pt", "metrics.json", "summary.json"):
            (self.folder / name).unlink(missing_ok=True)
        self.write_json(
            "run.json",
            {
                "format": FORMAT,
                "recipe": self.recipe.model_dump(mode="json"),
                "classes": list(self.classes),
                "data": self.data,
                "digest": self.digest,
                "start": self.start,
            },
        )

    def write_json(self, name: str, content: object) -> None:
        """Write a JSON file of the run."""
        text = json.dumps(content, indent=1) + "\n"
        write_aside(self.folder / name, lambda path: path.write_text(text, encoding="utf-8"))

    def write_tensors(self, name: str, content: dict[str, Any]) -> None:
        """Write tensors and plain values."""
        write_aside(self.folder / name, lambda path: torch.save(content, path))

    def read_tensors(self, name: str) -> dict[str, Any] | None:
        """What write_tensors wrote, None before that. Raises UserError for a damaged file."""
        path = self.folder / name
        try:
            content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        except FileNotFoundError:
            return None
        except Exception as error:  # torch.load raises whatever its unpickler and archive reader do
            raise UserError(f"{path} cannot be read: delete it and train again.") from error
        return content

    def summary(self) -> dict[str, Any]:
        """Contents of summary.json. Raises UserError while the run is not finished."""
        try:
            content: dict[str, Any] = json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise UserError(f"{self.folder} is not trained to the end: run the same train again.") from error
        return content

    def metrics(self) -> list[dict[str, float]]:
        """Contents of metrics.json: one entry for each epoch so far."""
        try:
            content: list[dict[str, float]] = json.loads(
                (self.folder / "metrics.json").read_text(encoding="utf-8")
            )
        except FileNotFoundError:
            return []
        return content
