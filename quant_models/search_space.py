"""What a sweep searches: recipe keys, and for each a list of values or a range."""

from __future__ import annotations

import copy
import itertools
import json
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from quant_models.recipe import Recipe, first_fault
from ssnn_fpga.errors import UserError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_NUMBER = r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]+)?"
_RANGE = re.compile(rf"({_NUMBER}?)\.\.({_NUMBER})(:log)?")
_SYNTAX = "KEY=VALUE,VALUE or KEY=LOW..HIGH or KEY=LOW..HIGH:log"


@dataclass(frozen=True)
class Listed:
    """Some values of a key; a value is any that TOML has."""

    values: tuple[Any, ...]

    def examples(self) -> tuple[Any, ...]:
        """Values that say whether the recipe can take the key."""
        return self.values

    def distribution(self, optuna: Any) -> Any:
        """As Optuna has it, which knows no lists: as JSON."""
        return optuna.distributions.CategoricalDistribution([json.dumps(value) for value in self.values])

    def decoded(self, suggested: Any) -> Any:
        """The recipe's value for one of ``distribution``."""
        return json.loads(suggested)


@dataclass(frozen=True)
class Between:
    """All numbers of a range, its ends too; whole ones where both ends are."""

    low: float
    high: float
    logarithmic: bool

    def examples(self) -> tuple[float, ...]:
        """Values that say whether the recipe can take the key."""
        return self.low, self.high

    def distribution(self, optuna: Any) -> Any:
        """As Optuna has it."""
        kinds = optuna.distributions
        kind = kinds.IntDistribution if isinstance(self.low, int) else kinds.FloatDistribution
        return kind(self.low, self.high, log=self.logarithmic)

    def decoded(self, suggested: Any) -> Any:
        """The recipe's value for one of ``distribution``."""
        return suggested


@dataclass(frozen=True)
class SearchSpace:
    """The keys that a sweep changes, dotted: ``training.learning_rate``, ``phase.t1.training.epochs``."""

    keys: dict[str, Listed | Between]

    @property
    def points(self) -> int | None:
        """How many combinations there are; None where there is a range."""
        if any(isinstance(values, Between) for values in self.keys.values()):
            return None
        return math.prod(len(values.examples()) for values in self.keys.values())

    def grid(self) -> list[dict[str, Any]]:
        """Every combination of listed values, as Optuna has them; the last key changes fastest."""
        columns = [[json.dumps(value) for value in values.examples()] for values in self.keys.values()]
        return [dict(zip(self.keys, row, strict=True)) for row in itertools.product(*columns)]

    def distributions(self, optuna: Any) -> dict[str, Any]:
        """As Optuna has them."""
        return {key: values.distribution(optuna) for key, values in self.keys.items()}

    def decoded(self, suggested: dict[str, Any]) -> dict[str, Any]:
        """The recipe's values for a suggestion of Optuna's."""
        return {key: values.decoded(suggested[key]) for key, values in self.keys.items()}

    def check(self, recipe: Recipe) -> None:
        """Raise UserError for a key, or a value beside the recipe's own others, that it cannot take.

        A value that needs another of the sweep's beside it (a layout's stages and its schedule) is
        tried with the first of those.
        """
        first = {key: values.examples()[0] for key, values in self.keys.items()}
        for key, values in self.keys.items():
            faults = []
            for value in values.examples():
                for others in ({}, first):
                    try:
                        with_values(recipe, {**others, key: value})
                    except UserError as error:
                        faults.append(error)
                    else:
                        break
                else:
                    raise faults[0]


def parse_space(given: Sequence[str]) -> SearchSpace:
    """The search space of texts such as ``training.seed=0,1,2``, ``network.schedule=[4,2,1],[2,1,1]``.

    Raises UserError for one that says nothing.
    """
    keys: dict[str, Listed | Between] = {}
    for text in given:
        key, equals, values = text.partition("=")
        key = key.strip()
        if not equals or not re.fullmatch(r"\w+(\.\w+)*", key):
            raise UserError(f"--over {text}: names no key of a recipe; write {_SYNTAX}.")
        if key in keys:
            raise UserError(f"--over {text}: {key} is given twice; put all its values behind one --over.")
        keys[key] = _range(text, values.strip()) or _list(text, values)
    if not keys:
        raise UserError(f"A sweep needs something to sweep over: --over {_SYNTAX}.")
    return SearchSpace(keys)


def _range(text: str, values: str) -> Between | None:
    match = _RANGE.fullmatch(values)
    if match is None:
        return None
    try:
        low, high = (int(end) if re.fullmatch(r"[+-]?\d+", end) else float(end) for end in match.group(1, 2))
    except ValueError as error:
        raise UserError(f"--over {text}: is no range of numbers; write {_SYNTAX}.") from error
    if isinstance(low, float) or isinstance(high, float):
        low, high = float(low), float(high)
    if not low < high or (match[3] and low <= 0):
        raise UserError(
            f"--over {text}: the range is empty, or logarithmic from 0; give LOW < HIGH, above 0 for :log."
        )
    return Between(low, high, bool(match[3]))


def _list(text: str, values: str) -> Listed:
    try:
        found = tomllib.loads(f"values = [{values}]")["values"]
    except tomllib.TOMLDecodeError:
        try:  # words without quotes, which a shell would have eaten
            found = tomllib.loads("values = [" + re.sub(r"\b[A-Za-z_]\w*\b", _quoted, values) + "]")["values"]
        except tomllib.TOMLDecodeError as error:
            raise UserError(f"--over {text}: its values are not TOML ({error}); write {_SYNTAX}.") from error
    if not found:
        raise UserError(f"--over {text}: gives no value; write {_SYNTAX}.")
    if len({json.dumps(value) for value in found}) < len(found):
        raise UserError(f"--over {text}: gives a value twice; leave one out.")
    return Listed(tuple(found))


def _quoted(word: re.Match[str]) -> str:
    return word[0] if word[0] in ("true", "false", "inf", "nan") else f'"{word[0]}"'


def with_values(recipe: Recipe, values: dict[str, Any]) -> Recipe:
    """``recipe`` with other values of some dotted keys. Raises UserError where it cannot have them."""
    content = recipe.model_dump()
    for key, value in values.items():
        *path, last = key.split(".")
        place: Any = content
        for part in path:
            if isinstance(place, (list, tuple)):
                place = next((phase for phase in place if phase["name"] == part), None)
            else:
                place = place.get(part, None) if isinstance(place, dict) else None
            if place is None:
                raise UserError(f"recipe {recipe.name}: there is no {part} in it to set {key} of.")
        if not isinstance(place, dict):
            raise UserError(f"recipe {recipe.name}: {key} is no key of a table; name the key in full.")
        place[last] = copy.deepcopy(value)
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        raise UserError(f"recipe {recipe.name}: {first_fault(error)}.") from error
