"""Training: repeatable, resumable, honest about which recordings choose the checkpoint."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import torch

from quant_models import learner, training
from quant_models.augmentation import augment, draws
from quant_models.engine import TorchEngine
from quant_models.learner import Learner
from quant_models.recipe import Augmentation, Recipe
from quant_models.run_folder import Run
from quant_models.samples import Samples, hold_out
from quant_models.scoring import Score
from quant_models.training import fit
from ssnn_fpga.errors import UserError
from tests.learning.networks import bright_halves, small_recipe


def _run(folder: Path, recipe: Recipe, digest: str = "d") -> Run:
    return Run(folder, recipe, ("upper", "lower"), "halves", digest)


def _fit(folder: Path, recipe: Recipe) -> Run:
    run = _run(folder, recipe)
    fit(
        run,
        bright_halves(recipe, 24, 0),
        bright_halves(recipe, 8, 1),
        bright_halves(recipe, 10, 2),
        progress=False,
    )
    return run


def _weights(run: Run, name: str = "checkpoint.pt") -> dict[str, torch.Tensor]:
    content = run.read_tensors(name)
    assert content is not None
    model: dict[str, torch.Tensor] = content["model" if name == "best.pt" else "state_dict"]
    return model


def _same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_same_seed_gives_the_same_weights_and_another_seed_does_not(tmp_path: Path) -> None:
    torch.manual_seed(1)
    first = _fit(tmp_path / "a", small_recipe())
    torch.manual_seed(2)  # the caller's own random state must not matter
    second = _fit(tmp_path / "b", small_recipe())
    other = _fit(tmp_path / "c", small_recipe(seed=1))
    assert _same(_weights(first), _weights(second))
    assert not _same(_weights(first), _weights(other))


def test_every_epoch_and_seed_has_an_order_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    orders: list[list[int]] = []
    begun = Learner.on_train_epoch_start

    def begin(self: Learner) -> None:
        begun(self)
        orders.append(torch.cat(self._batches).tolist())

    monkeypatch.setattr(Learner, "on_train_epoch_start", begin)
    for seed in (0, 1):
        _fit(tmp_path / str(seed), small_recipe(seed=seed))
    assert len({tuple(order) for order in orders}) == 4
    assert all(sorted(order) == list(range(24)) for order in orders)


def _interrupt(patched: pytest.MonkeyPatch, at: int) -> None:
    """Ctrl-C in the middle of epoch ``at``."""
    whole = Learner.training_step

    def step(self: Learner, batch: Samples, batch_idx: int) -> torch.Tensor:
        if self.current_epoch == at - 1 and batch_idx == 1:
            raise KeyboardInterrupt
        return whole(self, batch, batch_idx)

    patched.setattr(Learner, "training_step", step)


@pytest.mark.parametrize(("at", "ema_decay"), [(1, 0), (2, 0), (4, 0.9)])
def test_an_interrupted_run_ends_like_an_uninterrupted_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    at: int,
    ema_decay: float,
) -> None:
    recipe = small_recipe(epochs=5, integer_share=0.4, ema_decay=ema_decay)
    whole = _fit(tmp_path / "whole", recipe)
    with monkeypatch.context() as patched:
        _interrupt(patched, at)
        with pytest.raises(KeyboardInterrupt):
            _fit(tmp_path / "cut", recipe)
    assert f"epoch {at - 1} of 5" in capsys.readouterr().err
    resumed = _fit(tmp_path / "cut", recipe)
    assert _same(_weights(whole), _weights(resumed))
    assert _same(_weights(whole, "best.pt"), _weights(resumed, "best.pt"))
    epochs = resumed.metrics()
    assert [entry["epoch"] for entry in epochs] == [1, 2, 3, 4, 5]
    assert [entry["integer_phase"] for entry in epochs] == [False] * 3 + [True] * 2


def test_the_average_of_the_weights_is_what_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    steps: list[dict[str, torch.Tensor]] = []
    end = Learner.on_train_batch_end

    def remember(self: Learner, *given: object) -> None:
        end(self, *given)
        weights = self.model.state_dict().items()
        steps.append({name: value.clone() for name, value in weights if value.is_floating_point()})

    monkeypatch.setattr(Learner, "on_train_batch_end", remember)
    monkeypatch.setattr(Score, "better_than", lambda *_: True)  # the last epoch is kept
    plain = _fit(tmp_path / "plain", small_recipe())
    assert all(torch.equal(_weights(plain, "best.pt")[name], value) for name, value in steps[-1].items())
    steps.clear()
    run = _fit(tmp_path / "averaged", small_recipe(ema_decay=0.8))
    kept, average = _weights(run, "best.pt"), steps[0]
    for weights in steps[1:]:
        average = {name: 0.8 * average[name] + 0.2 * value for name, value in weights.items()}
    assert len(steps) == 6
    for name, value in average.items():  # batch norm's statistics too
        torch.testing.assert_close(kept[name], value, msg=name)
    assert not torch.allclose(kept["readout.dense.weight"], steps[-1]["readout.dense.weight"])
    losses = [[entry["loss"] for entry in each.metrics()] for each in (plain, run)]
    assert losses[0] == losses[1]  # the weights that are trained are not touched
    assert run.metrics()[-1]["validation_loss"] != plain.metrics()[-1]["validation_loss"]


def test_a_finished_run_is_not_trained_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = _fit(tmp_path / "run", small_recipe())
    _interrupt(monkeypatch, 1)
    _fit(tmp_path / "run", small_recipe())
    assert run.summary()["epochs"] == 2


def test_resume_can_be_refused(tmp_path: Path) -> None:
    run = _fit(tmp_path / "run", small_recipe())
    before = _weights(run)
    other = small_recipe(seed=5)
    fresh = _run(tmp_path / "run", other)
    fit(
        fresh,
        bright_halves(other, 24, 0),
        bright_halves(other, 8, 1),
        None,
        resume=False,
        progress=False,
    )
    assert not _same(before, _weights(fresh))
    assert Run.open(tmp_path / "run").recipe.training.seed == 5


def test_another_recipe_or_other_data_is_refused(tmp_path: Path) -> None:
    _fit(tmp_path / "run", small_recipe())
    samples = bright_halves(small_recipe(), 8, 0)
    with pytest.raises(UserError, match="another recipe"):
        fit(_run(tmp_path / "run", small_recipe(seed=9)), samples, samples, None, progress=False)
    with pytest.raises(UserError, match="other data"):
        fit(_run(tmp_path / "run", small_recipe(), "e"), samples, samples, None, progress=False)


def test_damaged_and_missing_runs(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no training run"):
        TorchEngine.load(tmp_path)
    run = _fit(tmp_path / "run", small_recipe())
    copied = tmp_path / "copied"
    shutil.copytree(run.folder, copied)
    (copied / "best.pt").write_bytes((run.folder / "best.pt").read_bytes()[:100])
    with pytest.raises(UserError, match=r"best\.pt"):
        TorchEngine.load(copied)
    (copied / "best.pt").unlink()
    with pytest.raises(UserError, match="no finished epoch"):
        TorchEngine.load(copied)
    content = json.loads((run.folder / "run.json").read_text())
    (copied / "run.json").write_text(json.dumps({**content, "format": 1}))
    with pytest.raises(UserError, match="another version"):
        TorchEngine.load(copied)
    (copied / "run.json").write_text("{}")
    with pytest.raises(UserError, match="damaged"):
        TorchEngine.load(copied)
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(UserError, match="folder"):
        _fit(file, small_recipe())


def test_no_file_is_left_half_written(tmp_path: Path) -> None:
    _fit(tmp_path / "run", small_recipe())
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {"run.json", "checkpoint.pt", "best.pt", "metrics.json", "summary.json"}


def test_it_learns_and_the_engine_repeats_the_summary(tmp_path: Path) -> None:
    recipe = small_recipe(
        epochs=12, integer_share=0.25, learning_rate=0.02, augmentation={"shift": 1.0, "rotation": 0.0}
    )
    run = _fit(tmp_path / "run", recipe)
    test = bright_halves(recipe, 10, 2)
    engine = TorchEngine.load(run.folder)
    accuracy = float((engine.classify(test.frames.numpy()) == test.labels.numpy()).mean())
    assert accuracy == run.summary()["test_integer_accuracy"] >= 0.9
    assert engine.classes == ("upper", "lower")
    assert engine.trace(test.frames.numpy())["conv1"].shape == (10, 3, 4, 12, 11)
    assert engine.classify(test.frames.numpy()[:0]).shape == (0,)


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = _fit(tmp_path / "good", small_recipe(epochs=1))
    whole = Learner.training_step

    def step(self: Learner, batch: Samples, batch_idx: int) -> torch.Tensor:
        loss = whole(self, batch, batch_idx)
        if (self.current_epoch, batch_idx) >= (1, 1):
            self._losses[-1] = self._losses[-1] * torch.nan
            return loss * torch.nan
        return loss

    recipe = small_recipe(epochs=3, decline="steps")
    with monkeypatch.context() as patched:
        patched.setattr(Learner, "training_step", step)
        with pytest.raises(UserError, match=r"step 2 of epoch 2 .*learning_rate"):
            _fit(tmp_path / "run", recipe)
    run = _run(tmp_path / "run", recipe)
    assert len(run.metrics()) == 1
    assert all(torch.isfinite(value).all() for value in _weights(run).values())
    assert TorchEngine.load(run.folder).classes == TorchEngine.load(good.folder).classes
    assert len(_fit(tmp_path / "run", recipe).metrics()) == 3


def test_epochs_before_the_integer_phase_are_not_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = iter([Score(1.0, 1.0, 0.0), Score(1.0, 1.0, 0.0), Score(0.6, 0.5, 1.0), Score(0.5, 0.5, 1.0)])
    last = Score(0.0, 0.0, 0.0)
    monkeypatch.setattr(learner, "evaluate", lambda *_: next(scores, last))
    run = _fit(tmp_path / "run", small_recipe(epochs=4, integer_share=0.5))
    assert run.summary()["best_epoch"] == 3


def test_accuracies_are_reported_side_by_side(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recipe = small_recipe()
    samples = bright_halves(recipe, 16, 0)
    fit(_run(tmp_path / "run", recipe), samples, samples, samples)
    error = " ".join(capsys.readouterr().err.split())
    assert "validation integer" in error
    assert "test integer" in error
    assert error.count("float") >= 2


def test_progress_within_an_epoch_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[tuple[float, bool]] = []

    @contextmanager
    def display(*_: object) -> Iterator[Callable[[float, dict[str, float]], None]]:
        yield lambda epochs, metrics: shown.append((epochs, "validation_integer_accuracy" in metrics))

    monkeypatch.setattr(training, "display", display)
    monkeypatch.setattr(learner, "_CHECKED", 2)  # of three batches an epoch
    _fit(tmp_path / "run", small_recipe())
    assert shown == [(pytest.approx(2 / 3), False), (1, True), (pytest.approx(5 / 3), True), (2, True)]


def test_the_best_epoch_is_chosen_by_integer_accuracy() -> None:
    best = Score(integer=0.9, real=0.5, loss=1.0)
    assert best.better_than(None)
    assert not Score(integer=0.8, real=0.99, loss=0.1).better_than(best)
    assert Score(integer=0.9, real=0.1, loss=0.9).better_than(best)
    assert not Score(integer=0.9, real=0.9, loss=1.0).better_than(best)


def test_hold_out_is_stratified_seeded_and_disjoint() -> None:
    labels = torch.from_numpy(np.repeat([0, 1, 2], [40, 20, 5]))
    numbers = torch.arange(65).reshape(-1, 1)
    samples = Samples(numbers, labels)
    kept, held = hold_out(samples, 0.1, seed=3)
    assert torch.bincount(held.labels).tolist() == [4, 2, 1]
    assert sorted([*kept.frames.flatten().tolist(), *held.frames.flatten().tolist()]) == list(range(65))
    assert torch.equal(held.frames, hold_out(samples, 0.1, seed=3)[1].frames)
    assert not torch.equal(held.frames, hold_out(samples, 0.1, seed=4)[1].frames)
    with pytest.raises(UserError, match="at least two"):
        hold_out(Samples(numbers[:2], torch.tensor([0, 1])), 0.1, seed=0)


def test_augmentation_keeps_counts_whole_and_moves_all_timesteps_alike() -> None:
    frames = torch.from_numpy(np.random.default_rng(0).integers(0, 4, (6, 1, 2, 12, 12))).float()
    frames = frames.expand(-1, 3, -1, -1, -1).contiguous()
    limits = Augmentation(shift=2.0, rotation=15.0, scale=0.1, shear=0.1)
    moved = augment(frames, limits, draws(len(frames), torch.Generator().manual_seed(0)))
    assert set(moved.unique().tolist()) <= {0, 1, 2, 3}
    assert torch.equal(moved[:, 0], moved[:, 2])
    assert not torch.equal(moved, frames)
    still = Augmentation(shift=0, rotation=0, scale=0, shear=0)
    assert torch.equal(augment(frames, still, draws(6, torch.Generator().manual_seed(0))), frames)


def test_a_shift_is_in_pixels() -> None:
    frames = torch.zeros(200, 1, 2, 9, 15)
    frames[..., 4, 7] = 1
    limits = Augmentation(shift=2.0, rotation=0, scale=0, shear=0)
    moved = augment(frames, limits, draws(len(frames), torch.Generator().manual_seed(0)))
    rows = moved.sum(dim=(0, 1, 2, 4)).nonzero().flatten()
    columns = moved.sum(dim=(0, 1, 2, 3)).nonzero().flatten()
    assert rows.tolist() == [2, 3, 4, 5, 6]
    assert columns.tolist() == [5, 6, 7, 8, 9]


def test_mirrored_halves() -> None:
    frames = torch.zeros(200, 1, 2, 9, 15)
    frames[..., 2] = 1
    limits = Augmentation(shift=0, rotation=0, scale=0, shear=0, flip=True)
    moved = augment(frames, limits, draws(200, torch.Generator().manual_seed(0)))
    columns = moved[:, 0, 0, 4].argmax(dim=1)
    assert set(columns.tolist()) == {2, 12}
    assert 60 < int((columns == 12).sum()) < 140
