"""Recipes: the bundled one, and one clear sentence for each fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from quant_models.recipe import bundled_recipes, load_recipe
from ssnn_fpga.errors import UserError

GOOD = """
name = "mine"
[compression]
window_us = 300000
[network]
schedule = [4, 2, 1]
channels = [8, 8, 8]
[training]
epochs = 3
"""


def test_bundled_recipe_by_bare_name() -> None:
    assert "nmnist" in bundled_recipes()
    recipe = load_recipe("nmnist")
    assert recipe.network.schedule == (4, 2, 1)
    assert recipe.network.weight_bits == 4
    assert recipe.frame_compression().timesteps == 4


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
        ("[4, 2, 1]", "[4, 4, 1]", "network.schedule"),
        ("[4, 2, 1]", "[4, 2, 0]", "network.schedule"),
        ("[4, 2, 1]", "[1, 2, 4]", "decrease"),
        ("[8, 8, 8]", "[8, 8]", "channels"),
        ("[8, 8, 8]", "[8, 8, 8]\nweight_bits = 1", "network.weight_bits"),
        ("[8, 8, 8]", "[8, 8, 8]\nweight_bits = 9", "network.weight_bits"),
        ("[8, 8, 8]", "[8, 8, 8]\nleak_multiplier = 3", "leak_multiplier"),
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
