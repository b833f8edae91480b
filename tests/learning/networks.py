"""Small networks and data with every awkward case in them, for the learning tests."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from quant_models.network import ShrinkingNetwork, Stage
from quant_models.recipe import Recipe
from quant_models.training import Samples


def small_recipe(**training: object) -> Recipe:
    """12 x 11 pixels, two stages, two epochs."""
    return Recipe.model_validate(
        {
            "name": "small",
            "compression": {"sensor_height": 12, "sensor_width": 11, "window_us": 1000, "bits": 2},
            "network": {"schedule": [3, 1], "channels": [4, 5], "weight_bits": 4},
            "training": {"epochs": 2, "batch": 8, "threads": 1, **training},
        }
    )


def recipe_with(weight_bits: int, schedule: list[int], leak: tuple[int, int], count_bits: int) -> Recipe:
    """A recipe of a small network for trace and export tests."""
    content = small_recipe().model_dump()
    content["network"] |= {
        "schedule": schedule,
        "channels": [4, 5, 3][: len(schedule)],
        "weight_bits": weight_bits,
        "leak_multiplier": leak[0],
        "leak_shift": leak[1],
    }
    content["compression"]["bits"] = count_bits
    return Recipe.model_validate(content)


def random_network(recipe: Recipe, seed: int, classes: int = 3) -> ShrinkingNetwork:
    """Random weights and statistics; channel 0 has negative gain, channel 1 none, channel 2 no weights."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = ShrinkingNetwork(recipe, classes)
        for module in model.stages:
            assert isinstance(module, Stage)
            norm = module.norm
            norm.weight.normal_().mul_(3)
            norm.bias.normal_()
            assert norm.running_mean is not None
            assert norm.running_var is not None
            norm.running_mean.normal_()
            norm.running_var.uniform_(0.1, 2)
            norm.weight[0] = -norm.weight[0].abs()
            norm.weight[1] = 0
            norm.bias[1] = 0.7  # fires now and then on its bias alone
            module.conv.weight[2] = 0
        for shrink in model.shrinks:
            shrink.logits.normal_()
        model.readout.bias.normal_()
    return model.eval()


def random_frames(recipe: Recipe, samples: int, seed: int) -> NDArray[np.uint8]:
    """Event counts (N, T, 2, H, W) that use the whole range."""
    random = np.random.default_rng(seed)
    shape = (recipe.network.schedule[0], 2, recipe.compression.sensor_height, recipe.compression.sensor_width)
    return random.integers(0, 1 << recipe.compression.bits, (samples, *shape), dtype=np.uint8)


def bright_halves(recipe: Recipe, samples: int, seed: int) -> Samples:
    """Two classes that can be told apart: events in the upper or in the lower half."""
    frames = random_frames(recipe, samples, seed)
    labels = np.arange(samples) % 2
    middle = frames.shape[3] // 2
    frames[labels == 0, :, :, middle:] = 0
    frames[labels == 1, :, :, :middle] = 0
    return Samples(torch.from_numpy(frames), torch.from_numpy(labels))
