"""Training's forward passes, the integer network in torch, and golden: one meaning."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from quant_models.blocks import Neurons, Unit
from quant_models.network import ShrinkingNetwork
from quant_models.recipe import Recipe
from quant_models.synapses import Synapses
from quant_models.torch_engine import ExactNetwork
from quant_models.transformer import AttentionTransformer, GroupTransformer, LinearTransformer, uniform_groups
from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.network.layers import EarlyExit
from tests.learning.networks import EVERYTHING, network_recipe, random_frames, random_network, recipe_with

CASES = {
    **{
        f"{bits} bits, {schedule}, leak {leak}": recipe_with(bits, schedule, leak, counts)
        for bits, schedule, leak, counts in [
            (4, [4, 2, 1], (1, 1), 2),
            (2, [4, 2, 1], (1, 1), 1),
            (8, [3, 2], (200, 8), 4),
            (3, [5], (1, 0), 8),
        ]
    },
    **{name: network_recipe(changes) for name, changes in EVERYTHING.items()},
    "images": network_recipe({}, height=12, width=12, channels=3),
}
every_case = pytest.mark.parametrize("recipe", CASES.values(), ids=CASES.keys())


@every_case
@pytest.mark.parametrize("seed", range(2))
def test_torch_is_golden_at_every_layer(recipe: Recipe, seed: int) -> None:
    model = random_network(recipe, seed)
    frames = random_frames(recipe, 5, seed)
    network = model.integer_network()
    repeated = np.broadcast_to(frames, (5, *network.input.shape)).astype(np.int64)
    expected = run_golden(network, repeated)
    found = model.trace(torch.from_numpy(frames))
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == torch.int64
        np.testing.assert_array_equal(found[name].numpy(), value, err_msg=name)
    assert expected["lif1"].mean() > 0
    np.testing.assert_array_equal(model(torch.from_numpy(frames)).numpy(), expected["readout"])
    np.testing.assert_array_equal(
        ExactNetwork(network).logits(torch.from_numpy(frames)).numpy(), expected["readout"]
    )


@every_case
def test_straight_through_values_are_the_integers(recipe: Recipe) -> None:
    model = random_network(recipe, 3)
    frames = torch.from_numpy(random_frames(recipe, 5, 3))
    integers = model.trace(frames)["readout"].double() * model.logit_scale()
    model.enter_integer_phase()
    model.train()
    real, early = model.logits(frames)
    np.testing.assert_allclose(real.detach().numpy(), integers.numpy(), rtol=1e-5, atol=1e-5)
    sum(each.square().sum() for each in [real, *early]).backward()
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.parametrize("layout", ["4C3-MP2|5C3-MP2|6C3-MP2", "4C3-AP2|5C3-AP2|6C3-AP2"])
def test_early_exits_are_what_the_early_classifiers_say(layout: str) -> None:
    recipe = network_recipe({"layout": layout})
    model = random_network(recipe, 4)
    frames = random_frames(recipe, 40, 4)
    never, always = 1 << 60, 0
    network = model.integer_network(margins=[never, never])
    assert [layer.name for layer in network.layers[-2:]] == ["exit2", "exit1"]
    traced = ExactNetwork(network).trace(torch.from_numpy(frames))
    expected = run_golden(network, frames.astype(np.int64))
    for name, value in expected.items():
        np.testing.assert_array_equal(traced[name].numpy(), value, err_msg=name)
    np.testing.assert_array_equal(traced["exit1"], traced["readout"])
    # the real logits of training order as the integers do
    model.enter_integer_phase()
    model.train()
    _, early = model.logits(torch.from_numpy(frames))
    for place, real in enumerate(early, start=1):
        integers = traced[f"early{place}"].double()
        scale = model.readout_scales()[f"early{place}_fc"] / 2**recipe.network.fraction
        head = model.early[place - 1]
        unit = scale / (recipe.network.schedule[place - 1] * head.pixels)  # type: ignore[operator]
        torch.testing.assert_close(real.detach().double(), integers * unit, rtol=1e-5, atol=1e-5)
    first = model.integer_network(margins=[always, never])
    assert isinstance(first.layers[-1], EarlyExit)
    traced = ExactNetwork(first).trace(torch.from_numpy(frames))
    np.testing.assert_array_equal(traced["exit1"], traced["early1"])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"transformer": "attention"}, "linear or group"),
        ({"weight_bits": 32}, "2 to 8 weight_bits"),
        ({"activation": "relu", "schedule": [1, 1, 1]}, "spikes"),
    ],
)
def test_what_has_no_integers_is_trained_and_refused_at_export(
    changes: dict[str, object], words: str
) -> None:
    recipe = network_recipe(changes)
    model = ShrinkingNetwork(recipe, 3)
    frames = torch.from_numpy(random_frames(recipe, 4, 0))
    logits, early = model.logits(frames)
    (logits.square().sum() + sum(each.square().sum() for each in early)).backward()
    assert logits.shape == (4, 3)
    assert all(p.grad is not None for p in model.parameters() if p.requires_grad and p.dim() > 1)
    assert recipe.integer_from == recipe.training.epochs
    with pytest.raises(UserError, match=words):
        model.integer_network()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weight_bits": [4, 4]}, "fewer entries"),
        ({"weight_bits": [4] * 9}, "entries more"),
    ],
)
def test_bits_of_each_layer_must_fit(changes: dict[str, object], words: str) -> None:
    with pytest.raises(UserError, match=words):
        ShrinkingNetwork(network_recipe(changes), 3)


@pytest.mark.parametrize("weight_bits", [2, 3, 4, 8])
def test_integer_weights_use_the_narrow_range(weight_bits: int) -> None:
    """A scale that is the next power of two leaves the largest weight in the upper half of the range."""
    model = random_network(recipe_with(weight_bits, [4, 2, 1], (1, 1), 2), 0)
    weights = [layer.weight for layer in model.integer_network().layers if hasattr(layer, "weight")]
    assert len(weights) == 4
    for weight in weights:
        assert 1 << (weight_bits - 2) <= np.abs(weight).max() <= (1 << (weight_bits - 1)) - 1


def test_negative_gain_negates_and_no_gain_silences() -> None:
    model = random_network(recipe_with(4, [4, 2, 1], (1, 1), 2), 0)
    unit = model.stages[0][0]  # type: ignore[index]
    assert isinstance(unit, Unit)
    trained = unit.synapses.branch().weight.detach().numpy()
    network = model.integer_network()
    weight = network.layer("conv1").weight  # type: ignore[union-attr]
    neuron = network.layer("lif1")
    np.testing.assert_array_equal(weight[0], -trained[0])
    assert trained[1].any()
    assert not weight[1].any()
    assert neuron.theta[1:3].tolist() == [16, 16]  # type: ignore[union-attr]
    assert neuron.bias[1] == round(0.7 * 16)  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ["4 bits, [4, 2, 1], leak (1, 1)", "levels", "synaptic filter", "residual"])
def test_float_path_agrees_with_the_integer_path_on_a_fine_grid(name: str) -> None:
    """With many fraction bits rounding vanishes: nearly all spikes of the two paths are the same."""
    recipe = CASES[name]
    finer = recipe.network.model_copy(update={"fraction": 8})
    recipe = recipe.model_copy(update={"network": finer})
    model = random_network(recipe, 5)
    frames = torch.from_numpy(random_frames(recipe, 8, 5))
    exact = model.trace(frames)
    x = frames.transpose(0, 1).float()
    with torch.no_grad():
        for block in model.stages[0]:  # type: ignore[union-attr]
            x = block(x)
    last = "join1" if "join1" in exact else "pool1"
    assert (exact[last].transpose(0, 1) == x).float().mean() > 0.98


def test_frozen_statistics_in_the_integer_phase() -> None:
    recipe = recipe_with(4, [4, 2, 1], (1, 1), 2)
    model = random_network(recipe, 0)
    frames = torch.from_numpy(random_frames(recipe, 4, 0))
    norm = next(module for module in model.modules() if isinstance(module, Synapses)).norm
    assert norm.running_mean is not None
    before = norm.running_mean.clone()
    model.enter_integer_phase()
    model.train()
    model.logits(frames)
    model.float_logits(frames)
    assert torch.equal(norm.running_mean, before)
    model.integer_phase = False
    model.train()
    model.logits(frames)
    assert not torch.equal(norm.running_mean, before)


def test_thresholds_by_percentile_make_that_share_fire() -> None:
    recipe = network_recipe({"schedule": [1, 1, 1], "neuron": {"learn_threshold": True}})
    torch.manual_seed(0)
    model = ShrinkingNetwork(recipe, 3)
    frames = torch.from_numpy(random_frames(recipe, 60, 0))
    model.set_thresholds(frames, 90)
    thresholds = [float(m.threshold.detach()) for m in model.modules() if isinstance(m, Neurons)]
    assert len(set(thresholds)) == 3
    model.train()
    x = frames.transpose(0, 1).float()
    with torch.no_grad():
        for stage in model.stages:
            unit, pool = stage  # type: ignore[misc]
            x = unit(x)
            assert 0.08 < float(x.mean()) < 0.12
            x = pool(x)


def test_uniform_groups_have_fractional_ends() -> None:
    torch.testing.assert_close(
        uniform_groups(4, 2), torch.tensor([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]).double()
    )
    torch.testing.assert_close(
        uniform_groups(3, 2), torch.tensor([[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]]).double()
    )
    torch.testing.assert_close(uniform_groups(8, 5).sum(dim=1), torch.ones(5).double())


def test_a_transformer_starts_at_its_groups() -> None:
    expected = [[8, 8, 0, 0], [0, 0, 8, 8]]
    assert LinearTransformer(4, 2, 4, 1).matrix().tolist() == expected
    assert GroupTransformer(4, 2, 4, 1).matrix().tolist() == expected
    x = torch.rand(4, 2, 3, 5, 5)
    torch.testing.assert_close(
        AttentionTransformer(4, 2, 0)(x), torch.stack([x[:2].mean(0), x[2:].mean(0)]), rtol=0, atol=0.02
    )
