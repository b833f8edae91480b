"""Optuna as Ray Tune's searcher, with every step in a journal from which it comes back exactly.

The journal has all that the searcher was asked and told, in order. A searcher made anew with the same
seed and taken through the same steps is in the same state, so a resumed sweep goes on with the trials
that an uninterrupted one would have had, and nothing has to be pickled.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ray.tune.search import Searcher
from ray.tune.search.optuna import OptunaSearch

from quant_models.search_space import SearchSpace
from quant_models.sweep_journal import OBJECTIVE, Journal, Trial
from ssnn_fpga.errors import UserError


class RecordedSearch(Searcher):  # type: ignore[misc]
    """Suggests up to ``trials`` trials; those that were begun and not ended come first."""

    def __init__(
        self,
        space: SearchSpace,
        journal: Journal,
        trials: int,
        seed: int,
        ended: Callable[[Trial], None] = lambda _: None,
        again: bool = False,
    ) -> None:
        """``ended`` is called with each trial that ends; ``again`` tries those that failed once more.

        Raises UserError for a journal of another search.
        """
        import optuna

        super().__init__(metric=OBJECTIVE, mode="max")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        grid = space.grid() if space.points is not None and trials >= space.points else []
        self._search = OptunaSearch(
            space.distributions(optuna),
            metric=OBJECTIVE,
            mode="max",
            seed=seed,
            points_to_evaluate=grid or None,
        )
        self._space, self._journal, self._trials, self._ended = space, journal, trials, ended
        self._known: list[Trial] = []
        self._numbers: dict[str, int] = {}
        self._told: set[int] = set()
        for event in journal.events():
            self._replay(event)
        for trial in self._known:
            if again and trial.state == "failed":
                trial.state = "begun"
        self._waiting = [trial for trial in self._known if trial.state == "begun"]

    @property
    def left(self) -> int:
        """How many trials have not ended yet."""
        return self._trials - sum(trial.state != "begun" for trial in self._known)

    def _replay(self, event: dict[str, Any]) -> None:
        if event["event"] == "begun":
            suggested = self._search.suggest(str(event["number"]))
            if suggested != event["suggested"] or event["number"] != len(self._known):
                raise UserError(
                    f"{self._journal.folder} was swept with another version of Optuna, whose trials differ: "
                    "go on with that one, or choose another folder."
                )
            self._known.append(Trial(event["number"], event["values"], suggested))
        else:
            self._tell(event)

    def _tell(self, event: dict[str, Any]) -> None:
        trial = self._known[event["number"]]
        trial.state, trial.error = event["event"], event.get("error", "")
        trial.figures = event.get("figures", {})
        told = {OBJECTIVE: trial.objective} if trial.state == "finished" else None
        if trial.number not in self._told:  # what is tried again was told as failed, and stays so
            self._told.add(trial.number)
            self._search.on_trial_complete(str(trial.number), told, error=trial.state == "failed")

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """The next trial for Ray, as number and values of the recipe."""
        if self._waiting:
            trial = self._waiting.pop(0)
        elif len(self._known) == self._trials:
            return str(Searcher.FINISHED)
        else:
            number = len(self._known)
            suggested = self._search.suggest(str(number))
            trial = Trial(number, self._space.decoded(suggested), suggested)
            event = {"event": "begun", "number": number, "values": trial.values, "suggested": suggested}
            self._journal.write(event)
            self._known.append(trial)
        self._numbers[trial_id] = trial.number
        return {"number": trial.number, "values": trial.values}

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Write down how a trial ended; one that was stopped from outside has not ended."""
        number = self._numbers.pop(trial_id, None)
        if number is None or (result is None and not error):
            return
        event: dict[str, Any] = {"event": "failed", "number": number}
        if result is not None and result.get("figures"):
            event |= {"event": "finished", "figures": json.loads(result["figures"])}
        else:
            event["error"] = (result or {}).get("error") or "its process ended without a word"
        self._journal.write(event)
        self._tell(event)
        self._ended(self._known[number])

    def __getstate__(self) -> dict[str, Any]:
        """Ray keeps a pickled copy beside its own files; none is ever read."""
        return {}

    def save(self, checkpoint_path: str) -> None:
        """Nothing: the journal has it all."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing: see ``__init__``."""
