"""The evaluation-mode trace against the golden functions, layer by layer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from quant_models.network import ShrinkingNetwork, Stage
from quant_models.transformer import LinearTransformer, uniform_groups
from ssnn_fpga.golden import arithmetic as golden
from tests.learning.networks import random_frames, random_network, recipe_with

CASES = [
    # weight bits, schedule, leak, count bits
    (4, [4, 2, 1], (1, 1), 2),
    (2, [4, 2, 1], (1, 1), 1),
    (8, [3, 2], (200, 8), 4),
    (3, [5], (1, 0), 8),
]


def _golden_trace(model: ShrinkingNetwork, frames: np.ndarray) -> dict[str, np.ndarray]:
    """The same network through ssnn_fpga.golden; integers of a layer are taken from the model."""
    values: dict[str, np.ndarray] = {}
    x = frames.astype(np.int64)
    network = model.network
    for index, stage in enumerate(model.stages, start=1):
        assert isinstance(stage, Stage)
        weight, theta, bias = stage.integers()
        values[f"conv{index}"] = a = golden.conv(x, weight, padding=1)
        values[f"lif{index}"] = s = golden.neuron(
            a,
            theta,
            bias,
            leak_multiplier=network.leak_multiplier,
            leak_shift=network.leak_shift,
            fraction=network.fraction,
        )
        values[f"pool{index}"] = x = golden.pool(s, "max")
        if index <= len(model.shrinks):
            shrink = model.shrinks[index - 1]
            assert isinstance(shrink, LinearTransformer)
            values[f"shrink{index}"] = x = golden.temporal_transform(
                x, shrink.matrix(), shrink.shift, shrink.fraction
            )
    exact = model.readout.integers()
    values["fc"] = a = golden.dense(x, exact.weight)
    values["readout"] = golden.readout(a, exact.bias, network.fraction)
    return values


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("weight_bits", "schedule", "leak", "count_bits"), CASES)
def test_trace_is_golden_at_every_layer(
    weight_bits: int, schedule: list[int], leak: tuple[int, int], count_bits: int, seed: int
) -> None:
    recipe = recipe_with(weight_bits, schedule, leak, count_bits)
    model = random_network(recipe, seed)
    frames = random_frames(recipe, 5, seed)
    expected = _golden_trace(model, frames)
    found = model.trace(torch.from_numpy(frames))
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert found[name].dtype == torch.int64
        np.testing.assert_array_equal(found[name].numpy(), value, err_msg=name)
    assert 0 < expected["lif1"].mean() < 1
    np.testing.assert_array_equal(model(torch.from_numpy(frames)).numpy(), expected["readout"])


@pytest.mark.parametrize(("weight_bits", "schedule", "leak", "count_bits"), CASES)
def test_straight_through_values_are_the_integers(
    weight_bits: int, schedule: list[int], leak: tuple[int, int], count_bits: int
) -> None:
    recipe = recipe_with(weight_bits, schedule, leak, count_bits)
    model = random_network(recipe, 3)
    frames = torch.from_numpy(random_frames(recipe, 5, 3))
    integers = model.trace(frames)["readout"].double() * model.logit_scale()
    model.enter_integer_phase()
    model.train()
    real, _ = model.logits(frames)
    np.testing.assert_allclose(real.detach().numpy(), integers.numpy(), rtol=1e-5, atol=1e-5)
    real.square().sum().backward()
    for name, parameter in model.named_parameters():
        if not name.startswith("early"):
            assert parameter.grad is not None, name
            assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.parametrize("weight_bits", [2, 3, 4, 8])
def test_integer_weights_use_the_narrow_range(weight_bits: int) -> None:
    """A scale that is the next power of two leaves the largest weight in the upper half of the range."""
    model = random_network(recipe_with(weight_bits, [4, 2, 1], (1, 1), 2), 0)
    weights = [stage.integers().weight for stage in model.stages if isinstance(stage, Stage)]
    for weight in [*weights, model.readout.integers().weight]:
        assert 1 << (weight_bits - 2) <= np.abs(weight).max() <= (1 << (weight_bits - 1)) - 1


def test_negative_gain_negates_and_no_gain_silences() -> None:
    model = random_network(recipe_with(4, [4, 2, 1], (1, 1), 2), 0)
    stage = model.stages[0]
    assert isinstance(stage, Stage)
    quantised = stage.conv.quant_weight()
    trained = (quantised.value / quantised.scale).detach().round().long().numpy()
    exact = stage.integers()
    np.testing.assert_array_equal(exact.weight[0], -trained[0])
    assert trained[1].any()
    assert not exact.weight[1].any()
    assert exact.theta[1:3].tolist() == [16, 16]
    assert exact.bias[1] == round(0.7 * 16)


def test_float_path_agrees_with_the_integer_path_on_a_fine_grid() -> None:
    """With many fraction bits rounding vanishes: nearly all spikes of the two paths are the same."""
    recipe = recipe_with(8, [4], (1, 0), 2)
    recipe = recipe.model_copy(update={"network": recipe.network.model_copy(update={"fraction": 8})})
    model = random_network(recipe, 5)
    frames = torch.from_numpy(random_frames(recipe, 8, 5))
    exact = model.trace(frames)["lif1"].transpose(0, 1)
    stage = model.stages[0]
    real = stage(frames.transpose(0, 1).float())
    assert (exact == real).float().mean() > 0.99


def test_frozen_statistics_in_the_integer_phase() -> None:
    recipe = recipe_with(4, [4, 2, 1], (1, 1), 2)
    model = random_network(recipe, 0)
    frames = torch.from_numpy(random_frames(recipe, 4, 0))
    stage = model.stages[0]
    assert isinstance(stage, Stage)
    assert stage.norm.running_mean is not None
    before = stage.norm.running_mean.clone()
    model.enter_integer_phase()
    model.train()
    model.logits(frames)
    model.float_logits(frames)
    assert torch.equal(stage.norm.running_mean, before)
    model.integer_phase = False
    model.train()
    model.logits(frames)
    assert not torch.equal(stage.norm.running_mean, before)


def test_uniform_groups_have_fractional_ends() -> None:
    torch.testing.assert_close(
        uniform_groups(4, 2), torch.tensor([[0.5, 0.5, 0, 0], [0, 0, 0.5, 0.5]]).double()
    )
    torch.testing.assert_close(
        uniform_groups(3, 2), torch.tensor([[2 / 3, 1 / 3, 0], [0, 1 / 3, 2 / 3]]).double()
    )
    torch.testing.assert_close(uniform_groups(8, 5).sum(dim=1), torch.ones(5).double())


def test_a_transformer_starts_at_its_groups() -> None:
    assert LinearTransformer(4, 2, 4, 1).matrix().tolist() == [[8, 8, 0, 0], [0, 0, 8, 8]]
