"""Recipes: the bundled one, and one clear sentence for each fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from quant_models.network import ShrinkingNetwork
from quant_models.recipe import Recipe, bundled_recipes, load_recipe
from ssnn_fpga.errors import UserError

GOOD = """
name = "mine"
[compression]
window_us = 300000
[network]
schedule = [4, 2, 1]
layout = "8C3-MP2|8C3-MP2|8C3-MP2"
[training]
epochs = 3
"""


def test_bundled_recipe_by_bare_name() -> None:
    assert "nmnist" in bundled_recipes()
    recipe = load_recipe("nmnist")
    assert recipe.network.schedule == (4, 2, 1)
    assert recipe.network.weight_bits == 4
    compression = recipe.frame_compression()
    assert compression is not None
    assert compression.timesteps == 4


@pytest.mark.parametrize("name", bundled_recipes())
def test_every_bundled_recipe_makes_its_networks(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    for _, phase in recipe.phases():
        narrow = phase.network.model_copy(update={"width": 1 / 32})  # the full VGG16 takes seconds
        model = ShrinkingNetwork(phase.model_copy(update={"network": narrow}), 10)
        assert len(model.stages) == len(phase.network.schedule)


def test_phases_change_what_they_name() -> None:
    recipe = Recipe.model_validate(
        {
            "name": "steps",
            "images": {"height": 8, "width": 8},
            "network": {"schedule": [5], "layout": "4C3-MP2", "neuron": {"levels": 2}},
            "training": {"epochs": 9, "augmentation": {"shift": 4.0}},
            "phase": [
                {"name": "ann", "network": {"schedule": [1], "activation": "relu"}},
                {"name": "snn", "network": {"neuron": {"leak": "learned"}}, "training": {"epochs": 2}},
            ],
        }
    )
    (first, ann), (second, snn) = recipe.phases()
    assert (first.name, second.name) == ("ann", "snn")
    assert (ann.network.activation, ann.training.epochs) == ("relu", 9)
    assert (snn.network.schedule, snn.training.epochs) == ((5,), 2)
    assert (snn.network.neuron.leak, snn.network.neuron.levels) == ("learned", 2)
    assert snn.training.augmentation.shift == 4.0
    assert ann.phases()[0][1] == ann


def test_recipe_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    recipe = load_recipe(path)
    assert recipe.name == "mine"
    assert recipe.training.integer_from == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("epochs = 3", "epochs = 3\nepoch = 4", "training.epoch"),
        ("epochs = 3", "", "training.epochs"),
        ("[4, 2, 1]", "[4, 2, 0]", "network.schedule"),
        ("[4, 2, 1]", "[1, 2, 4]", "never increase"),
        ("[4, 2, 1]", "[4, 2]", "3 stages and schedule 2"),
        ("8C3-MP2|", "8C3-MP2|8C4-MP2|", "'8C4' is no block"),
        ("schedule =", "weight_bits = 1\nschedule =", "network.weight_bits"),
        ("schedule =", "weight_bits = 9\nschedule =", "network.weight_bits"),
        ("schedule =", "activation = 'relu'\nschedule =", "no timesteps"),
        ("[training]", "[network.neuron]\nleak_multiplier = 3\n[training]", "leak_multiplier"),
        ("[training]", "[network.neuron]\nlevels = 0\n[training]", "network.neuron.levels"),
        ("[compression]", "[images]\nheight = 32\nwidth = 32\n[compression]", "either"),
        ("epochs = 3", "epochs = 3\n[[phase]]\nname = 'a'\n[[phase]]\nname = 'a'", "one name"),
        ("epochs = 3", "epochs = 3\n[[phase]]\nname = 'a'\nnetwork = {schedule = [1, 2, 4]}", "increase"),
        ("window_us = 300000", "window_us = 300000\nbits = 9", "compression.bits"),
        ("window_us = 300000", "window_us = 300000\nsensor_height = 7", "pooling"),
        ("window_us = 300000", "window_us = 300000\nspatial_factor = 3", "spatial_factor"),
        ("epochs = 3", "epochs = ", "TOML"),
        ('name = "mine"', 'name = "my net"', "name"),
    ],
)
def test_faults_name_file_and_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    path = tmp_path / "mine.toml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(UserError) as fault:
        load_recipe(path)
    message = str(fault.value)
    assert str(path) in message
    assert words in message
    assert "\n" not in message
    assert message.endswith(".")


def test_missing_recipe_names_the_bundled_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nmnist"):
        load_recipe(tmp_path / "nothing.toml")
