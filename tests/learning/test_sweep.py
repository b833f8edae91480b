"""Sweeps without their trainings: what is chosen, what is written down, what comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from optuna.study import Study
from optuna.trial import TrialState

from quant_models.recorded_search import RecordedSearch
from quant_models.search_space import parse_space
from quant_models.sweep import run_trial, sweep
from quant_models.sweep_journal import OBJECTIVE, Journal, Trial
from quant_models.sweep_table import ranked, seed_groups
from ssnn_fpga.errors import UserError
from tests.learning.networks import small_recipe

SPACE = parse_space(["training.early_weight=0.0..1.0", "network.transformer=linear,group,first"])


def _accuracy(values: dict[str, Any]) -> float:
    return float(1 - (values["training.early_weight"] - 0.3) ** 2)


def _end(search: RecordedSearch, name: str, config: dict[str, Any]) -> None:
    """Trial 3 fails, trial 5 dies; the others have an accuracy."""
    number = config["number"]
    if number == 5:
        search.on_trial_complete(name, None, error=True)
    elif number == 3:
        search.on_trial_complete(name, {OBJECTIVE: 0.0, "error": "the loss is not a number"})
    else:
        accuracy = _accuracy(config["values"])
        figures = json.dumps({OBJECTIVE: accuracy, "validation_float_accuracy": accuracy, "seconds": 1.0})
        search.on_trial_complete(name, {OBJECTIVE: accuracy, "figures": figures})


def _swept(folder: Path, stops: tuple[int, ...] = ()) -> list[Trial]:
    """Twenty trials, two at a time, the later one ended first; begun anew after some numbers of steps.

    Enough for Optuna to choose by what it was told: its first ten are drawn at random.
    """
    journal = Journal(folder, {"seed": 0})
    search, running, steps = RecordedSearch(SPACE, journal, 20, seed=4), {}, 0
    while True:
        while len(running) < 2:
            name = f"{steps}.{len(running)}"
            config = search.suggest(name)
            if config == "FINISHED":
                break
            assert isinstance(config, dict)
            running[name] = config
        if not running:
            return journal.trials()
        steps += 1
        if steps in stops:
            search, running = RecordedSearch(SPACE, Journal(folder, {"seed": 0}), 20, seed=4), {}
            continue
        name = max(running, key=lambda each: running[each]["number"])
        _end(search, name, running.pop(name))


def test_a_resumed_search_goes_on_as_an_uninterrupted_one(tmp_path: Path) -> None:
    whole = _swept(tmp_path / "whole")
    assert [trial.number for trial in whole] == list(range(20))
    assert len({trial.suggested["training.early_weight"] for trial in whole}) == 20
    resumed = _swept(tmp_path / "resumed", stops=(1, 4, 9, 13, 17))
    assert [trial.values for trial in resumed] == [trial.values for trial in whole]
    assert [trial.objective for trial in resumed] == [trial.objective for trial in whole]


def test_a_trial_that_fails_is_kept_with_its_reason(tmp_path: Path) -> None:
    trials = _swept(tmp_path / "sweep")
    assert [trial.number for trial in trials if trial.state == "failed"] == [3, 5]
    assert trials[3].error == "the loss is not a number"
    assert "its process ended" in trials[5].error
    assert [trial.number for trial in ranked(trials)][-1] not in (3, 5)
    assert len(ranked(trials)) == 18
    best = ranked(trials)[0]
    assert best.objective == max(trial.objective or 0 for trial in trials)


def test_optuna_is_told_which_trials_failed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its sampler learns from a pruned trial that the values are bad; from a failed one it learns nothing."""
    told: dict[int, TrialState] = {}
    tell = Study.tell

    def remember(self: Study, trial: Any, values: Any = None, state: Any = None, **given: Any) -> Any:
        told[trial.number] = state
        return tell(self, trial, values, state, **given)

    monkeypatch.setattr(Study, "tell", remember)
    _swept(tmp_path / "sweep")
    states = [told.pop(number) for number in range(20)]
    failed, complete = TrialState.FAIL, TrialState.COMPLETE
    assert states == [failed if number in (3, 5) else complete for number in range(20)]
    RecordedSearch(SPACE, Journal(tmp_path / "sweep", {"seed": 0}), 20, seed=4)  # taken through it again
    assert [told[number] for number in range(20)] == states


def test_failed_trials_are_tried_again_if_asked(tmp_path: Path) -> None:
    _swept(tmp_path / "sweep")
    journal = Journal(tmp_path / "sweep", {"seed": 0})
    assert RecordedSearch(SPACE, journal, 20, seed=4).left == 0
    search = RecordedSearch(SPACE, journal, 21, seed=4, again=True)
    assert search.left == 3
    new = RecordedSearch(SPACE, Journal(tmp_path / "sweep", {"seed": 0}), 21, seed=4).suggest("new")
    journal.folder.joinpath("trials.jsonl").write_text(
        "".join(
            json.dumps(event) + "\n" for event in journal.events()[:-1]
        )  # the new one is begun again below
    )
    for number in (3, 5):
        config = search.suggest(str(number))
        assert isinstance(config, dict)
        assert config["number"] == number
        figures = json.dumps({OBJECTIVE: 0.5})
        search.on_trial_complete(str(number), {OBJECTIVE: 0.5, "figures": figures})
    assert search.left == 1
    assert [trial.state for trial in journal.trials()] == ["finished"] * 20
    assert journal.trials()[3].error == ""
    again = RecordedSearch(SPACE, journal, 21, seed=4)
    assert (again.left, again.suggest("later")) == (1, new)  # they do not change what comes after


def test_a_stopped_trial_has_not_ended(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "sweep", {})
    search = RecordedSearch(SPACE, journal, 4, seed=0)
    config = search.suggest("a")
    search.on_trial_complete("a", None)
    assert search.left == 4
    assert [trial.state for trial in journal.trials()] == ["begun"]
    again = RecordedSearch(SPACE, journal, 4, seed=0)
    assert again.left == 4
    assert again.suggest("b") == config


def test_a_line_that_was_cut_is_dropped(tmp_path: Path) -> None:
    whole = _swept(tmp_path / "whole")
    _swept(tmp_path / "cut")
    file = tmp_path / "cut" / "trials.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:11]) + lines[11][:-9])
    assert [trial.values for trial in _swept(tmp_path / "cut")] == [trial.values for trial in whole]
    file.write_bytes(b"no json\n")
    with pytest.raises(UserError, match=r"trials\.jsonl is damaged"):
        Journal(tmp_path / "cut", {"seed": 0}).trials()


def test_another_sweep_s_folder_is_refused(tmp_path: Path) -> None:
    _swept(tmp_path / "sweep")
    with pytest.raises(UserError, match=r"another sweep \(its seed differs"):
        Journal(tmp_path / "sweep", {"seed": 1})
    with pytest.raises(UserError, match="another version of Optuna"):
        RecordedSearch(SPACE, Journal(tmp_path / "sweep", {"seed": 0}), 20, seed=5)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").write_text("")
    with pytest.raises(UserError, match="something else than a sweep"):
        Journal(tmp_path / "other", {"seed": 0})
    assert [file.name for file in (tmp_path / "other").iterdir()] == ["thesis.tex"]
    with pytest.raises(UserError, match="cannot be the folder"):
        Journal(tmp_path / "other" / "thesis.tex", {"seed": 0})


def test_combinations_come_in_order_and_more_trials_may_follow(tmp_path: Path) -> None:
    space = parse_space(["training.seed=0,1", "network.transformer=linear,group"])
    search = RecordedSearch(space, Journal(tmp_path / "grid", {}), 4, seed=0)
    configs = [search.suggest(str(number)) for number in range(5)]
    assert configs.pop() == "FINISHED"
    assert [config["values"] for config in configs if isinstance(config, dict)] == [
        space.decoded(point) for point in space.grid()
    ]
    search = RecordedSearch(SPACE, Journal(tmp_path / "more", {}), 2, seed=0)
    for name in "ab":
        config = search.suggest(name)
        assert isinstance(config, dict)
        _end(search, name, config)
    assert search.suggest("c") == "FINISHED"
    assert RecordedSearch(SPACE, Journal(tmp_path / "more", {}), 5, seed=0).left == 3


def test_means_over_seeds() -> None:
    accuracies = {(0, 4): 0.9, (1, 4): 0.7, (0, 2): 0.85, (1, 2): 0.85}
    trials = [
        Trial(number, {"training.seed": s, "network.weight_bits": b}, {}, "finished", {OBJECTIVE: accuracy})
        for number, ((s, b), accuracy) in enumerate(accuracies.items())
    ]
    failed = Trial(4, {"training.seed": 2, "network.weight_bits": 2}, {}, "failed", error="x")
    groups = seed_groups([*trials, failed])
    assert groups[0] == ({"network.weight_bits": 2}, [0.85, 0.85])
    assert groups[1] == ({"network.weight_bits": 4}, [0.9, 0.7])


def test_ranges_need_a_number_of_trials(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="--trials N"):
        sweep(small_recipe(), SPACE, None, tmp_path / "sweep")
    assert not (tmp_path / "sweep").exists()


def test_whatever_a_trial_raises_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from ray import tune

    from quant_models import sweep as module

    reports: list[dict[str, Any]] = []
    monkeypatch.setattr(tune, "report", reports.append)
    given: dict[str, Any] = {
        "content": small_recipe().model_dump(mode="json"),
        "data": f"images:{tmp_path / 'nowhere'}",
        "folder": str(tmp_path),
        "accelerator": "cpu",
        "reading": module.IN_MEMORY,
        "started_in": str(tmp_path),
    }
    config = {"number": 0, "values": {"training.seed": 1}}
    monkeypatch.chdir(tmp_path)
    run_trial(config, **given)

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("so it goes")

    monkeypatch.setattr(module, "train_trial", broken)
    run_trial(config, **given)
    assert "nowhere: no such file or folder" in reports[0]["error"]
    assert reports[1]["error"].startswith("ZeroDivisionError in test_sweep.py:")
    assert "figures" not in reports[0] | reports[1]
