"""Mixed precision: the float part of training runs in it, the integers stay exact."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from quant_models.engine import TorchEngine
from quant_models.export import export
from quant_models.learner import Learner
from quant_models.recipe import Recipe
from quant_models.run_folder import Run
from quant_models.samples import Samples
from quant_models.synapses import Synapses
from quant_models.training import fit
from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.network.qonnx_import import load
from tests.learning.networks import bright_halves, network_recipe

BLOCKS: dict[str, dict[str, object]] = {
    "convolutions": {"neuron": {"levels": 2, "filter_shift": 1, "leak": "learned", "learn_threshold": True}},
    "residual": {"layout": "4C3-4R3|5R3/2-5R3|6R3-GAP-7D", "transformer": "group"},
    "bits of each layer": {"weight_bits": [8, 2, 3, 4]},
}


def _recipe(changes: dict[str, object], **training: object) -> Recipe:
    content = network_recipe(changes).model_dump()
    content["training"] |= {
        "epochs": 10,
        "batch": 8,
        "threads": 1,
        "learning_rate": 0.02,
        "integer_share": 0.4,
    }
    content["training"]["augmentation"] |= {"shift": 0.0, "rotation": 0.0, "scale": 0.0, "shear": 0.0}
    content["training"] |= {"integer_share": 0.4, "precision": "bf16-mixed", **training}
    return Recipe.model_validate(content)


def _fit(folder: Path, recipe: Recipe) -> Run:
    run = Run(folder, recipe, ("upper", "lower"), "halves", "d")
    parts = [bright_halves(recipe, samples, seed) for seed, samples in enumerate((32, 12, 12))]
    fit(run, *parts, progress=False)
    return run


@pytest.mark.parametrize("changes", BLOCKS.values(), ids=BLOCKS.keys())
def test_integers_are_exact_after_it(tmp_path: Path, changes: dict[str, object]) -> None:
    recipe = _recipe(changes)
    run = _fit(tmp_path / "run", recipe)
    assert run.summary()["test_integer_accuracy"] > 0.8
    engine = TorchEngine.load(run.folder)
    network = load(export(run.folder, tmp_path / "model.onnx"))
    test = bright_halves(recipe, 20, 5)
    golden = run_golden(network, test.frames.numpy().astype(np.int64))
    for name, values in engine.trace(test.frames.numpy()).items():
        np.testing.assert_array_equal(golden[name], values, err_msg=name)
    for name, value in engine.model.state_dict().items():
        assert value.dtype in (torch.float32, torch.float64, torch.int64), name  # what is kept is not rounded


def test_only_the_float_part_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Products of the first epochs in bf16; in the integer phase, where they must be exact, in float32."""
    seen: dict[int, set[torch.dtype]] = {}
    epoch = [0]
    step, accumulate = Learner.training_step, Synapses.accumulate

    def watched(self: Learner, batch: Samples, batch_idx: int) -> torch.Tensor:
        epoch[0] = self.current_epoch
        return step(self, batch, batch_idx)

    def accumulated(self: Synapses, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        result = accumulate(self, x, weight)
        seen.setdefault(epoch[0], set()).add(result.dtype)
        return result

    def summed(module: torch.nn.Module, given: object, result: torch.Tensor) -> None:
        if module.training:  # evaluation is not in mixed precision
            seen.setdefault(epoch[0], set()).add(result.dtype)

    monkeypatch.setattr(Learner, "training_step", watched)
    monkeypatch.setattr(Synapses, "accumulate", accumulated)
    made = Synapses.__init__

    def hooked(self: Synapses, *given: int, **more: int) -> None:
        made(self, *given, **more)
        self.layer.register_forward_hook(summed)

    monkeypatch.setattr(Synapses, "__init__", hooked)
    _fit(tmp_path / "run", _recipe({}, epochs=4, integer_share=0.5))
    assert seen == {0: {torch.bfloat16}, 1: {torch.bfloat16}, 2: {torch.float32}, 3: {torch.float32}}


def test_half_precision_needs_a_gpu(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="precision 16-mixed needs a GPU; processors have bf16-mixed"):
        _fit(tmp_path / "run", _recipe({}, precision="16-mixed"))
    assert not (tmp_path / "run").exists()
