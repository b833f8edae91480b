"""Small networks and data with every awkward case in them, for the learning tests."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

from quant_models.blocks import Neurons
from quant_models.network import Readout, ShrinkingNetwork
from quant_models.recipe import Recipe
from quant_models.samples import Samples
from quant_models.synapses import Synapses
from quant_models.transformer import LinearTransformer


def small_recipe(**training: object) -> Recipe:
    """12 x 11 pixels, two stages, two epochs."""
    return Recipe.model_validate(
        {
            "name": "small",
            "compression": {"sensor_height": 12, "sensor_width": 11, "window_us": 1000, "bits": 2},
            "network": {"schedule": [3, 1], "layout": "4C3-MP2|5C3-MP2", "weight_bits": 4},
            "training": {"epochs": 2, "batch": 8, "threads": 1, **training},
        }
    )


def recipe_with(weight_bits: int, schedule: list[int], leak: tuple[int, int], count_bits: int) -> Recipe:
    """A recipe of a small network for trace and export tests."""
    content = small_recipe().model_dump()
    content["network"] |= {
        "schedule": schedule,
        "layout": "|".join(["4C3-MP2", "5C3-MP2", "3C3-MP2"][: len(schedule)]),
        "weight_bits": weight_bits,
        "neuron": {"leak_multiplier": leak[0], "leak_shift": leak[1]},
    }
    content["compression"]["bits"] = count_bits
    return Recipe.model_validate(content)


EVERYTHING: dict[str, dict[str, object]] = {
    "levels": {"neuron": {"levels": 3}},
    "synaptic filter": {"neuron": {"filter_shift": 2, "levels": 2}},
    "strict": {"neuron": {"strict": True, "levels": 2}},
    "learned neuron": {
        "neuron": {"leak": "learned", "learn_threshold": True, "learn_filter": True, "filter_shift": 1}
    },
    "leak of a power": {"neuron": {"leak": "power", "leak_shift": 2, "surrogate": "rectangular"}},
    "first": {"transformer": "first"},
    "group": {"transformer": "group", "schedule": [5, 2, 2]},
    "average pooling": {"layout": "4C3-AP2|5C3-AP2|6C3-GAP-7D", "neuron": {"surrogate": "arctangent"}},
    "residual": {
        "layout": "4C3-4R3|5R3/2-5R3|6R3-GAP",
        "neuron": {"levels": 2, "filter_shift": 1},
        "schedule": [4, 2, 1],
    },
    "bits of each layer": {"weight_bits": [8, 2, 3, 4]},
}
"""Networks that between them use every block and every setting of a neuron."""


def network_recipe(changes: dict[str, object], **images: int) -> Recipe:
    """12 x 12 pixels, three stages; of events, or of ``images``."""
    size = {"images": images} if images else {"compression": EVENTS}
    network = {"schedule": [4, 2, 1], "layout": "4C3-MP2|5C3-MP2|6C3-MP2", **changes}
    return Recipe.model_validate({"name": "every", "network": network, "training": {"epochs": 2}, **size})


EVENTS = {"sensor_height": 12, "sensor_width": 12, "window_us": 1000, "bits": 2}


def random_network(recipe: Recipe, seed: int, classes: int = 3) -> ShrinkingNetwork:
    """Random weights and statistics; channel 0 has negative gain, channel 1 none, channel 2 no weights."""
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)
        model = ShrinkingNetwork(recipe, classes)
        for module in model.modules():
            if isinstance(module, Synapses):
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
                module.layer.weight[2] = 0
            elif isinstance(module, LinearTransformer):
                module.logits.normal_()
            elif isinstance(module, Readout):
                module.bias.normal_()
            elif isinstance(module, Neurons):
                for learned in (module.log_threshold, module.leak, module.filter):
                    if learned.requires_grad:
                        learned.add_(0.4 * torch.rand(()) - 0.2)
    return model.eval()


def random_frames(recipe: Recipe, samples: int, seed: int) -> NDArray[np.uint8]:
    """Event counts (N, T, 2, H, W) that use the whole range."""
    random = np.random.default_rng(seed)
    timesteps = 1 if recipe.images else recipe.network.schedule[0]
    shape = (samples, timesteps, *recipe.input_size)
    return random.integers(0, recipe.input_maximum + 1, shape, dtype=np.uint8)


def bright_halves(recipe: Recipe, samples: int, seed: int) -> Samples:
    """Two classes that can be told apart: events in the upper or in the lower half."""
    frames = random_frames(recipe, samples, seed)
    labels = np.arange(samples) % 2
    middle = frames.shape[3] // 2
    frames[labels == 0, :, :, middle:] = 0
    frames[labels == 1, :, :, :middle] = 0
    return Samples(torch.from_numpy(frames), torch.from_numpy(labels))
