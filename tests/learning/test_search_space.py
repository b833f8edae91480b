"""What a sweep may be asked for, and one clear sentence for what it may not."""

from __future__ import annotations

from typing import Any

import pytest

from quant_models.recipe import Recipe, load_recipe
from quant_models.search_space import Between, Listed, parse_space, with_values
from ssnn_fpga.errors import UserError


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("training.seed=0,1,2", Listed((0, 1, 2))),
        ("network.schedule=[4,2,1],[2, 1, 1]", Listed(([4, 2, 1], [2, 1, 1]))),
        ("network.weight_bits=4, [4,2,2,4]", Listed((4, [4, 2, 2, 4]))),
        ("network.transformer=linear,group", Listed(("linear", "group"))),
        ('network.layout="8C3-MP2|8C3","4C3|4C3"', Listed(("8C3-MP2|8C3", "4C3|4C3"))),
        ("training.augmentation.flip=true,false", Listed((True, False))),
        ("training.early_weight=0.1..1", Between(0.1, 1.0, False)),
        ("training.learning_rate=1e-4..1e-2:log", Between(1e-4, 1e-2, True)),
        ("training.epochs=3..9", Between(3, 9, False)),
        ("training.seed=7", Listed((7,))),
    ],
)
def test_values_and_ranges(text: str, values: Listed | Between) -> None:
    (found,) = parse_space([text]).keys.values()
    assert found == values
    if isinstance(values, Between) and isinstance(found, Between):
        assert type(found.low) is type(found.high) is type(values.low)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ([], "needs something to sweep over"),
        (["training.seed"], "names no key"),
        (["=1,2"], "names no key"),
        (["training.seed="], "gives no value"),
        (["training.seed=1,1"], "gives a value twice"),
        (["training.seed=1", "training.seed=2"], "training.seed is given twice"),
        (["network.schedule=[4,2,1"], "not TOML"),
        (["training.epochs=9..3"], "the range is empty"),
        (["training.early_weight=0..1:log"], "logarithmic from 0"),
        (["training.early_weight=1.2.3..4"], "no range of numbers"),
    ],
)
def test_what_cannot_be_read(texts: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words) as fault:
        parse_space(texts)
    assert "\n" not in str(fault.value)


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["training.sed=1,2"], "unknown key training.sed"),
        (["trainig.seed=1,2"], "there is no trainig in it"),
        (["seed=1,2"], "unknown key seed"),
        (["network.weight_bits=4,9"], "2 to 8 bits"),
        (["training.learning_rate=-1.0..1"], "learning_rate"),
        (["phase.t7.training.epochs=1,2"], "there is no t7"),
        (["phase.t5.training.epoch=1,2"], "unknown key training.epoch"),
        (["network.schedule=[4,2,1]"], "1 stages and schedule 3"),
        (["name.x=1"], "no key of a table"),
    ],
)
def test_what_the_recipe_cannot_take(texts: list[str], words: str) -> None:
    with pytest.raises(UserError, match=words):
        parse_space(texts).check(load_recipe("iir_mnist_small"))


def test_values_that_need_each_other_are_tried_together() -> None:
    space = parse_space(['network.layout="8C3-MP2|8C3"', "network.schedule=[2,1],[3,1]"])
    space.check(load_recipe("nmnist"))


def test_values_in_phases() -> None:
    values: dict[str, Any] = {
        "phase.t5.training.epochs": 7,
        "phase.t1.network.dropout": 0.1,
        "training.batch": 9,
    }
    recipe = with_values(load_recipe("iir_mnist_small"), values)
    phases = {phase.name: settings for phase, settings in recipe.phases()}
    assert phases["t5"].training.epochs == 7
    assert phases["t4"].training.epochs == load_recipe("iir_mnist_small").training.epochs
    assert phases["t1"].network.dropout == 0.1
    assert {settings.training.batch for settings in phases.values()} == {9}
    assert isinstance(recipe, Recipe)


def test_every_combination() -> None:
    space = parse_space(["training.seed=0,1", "network.schedule=[4,2,1],[2,1,1],[1,1,1]"])
    assert space.points == 6
    rows = [space.decoded(point) for point in space.grid()]
    assert rows[1] == {"training.seed": 0, "network.schedule": [2, 1, 1]}
    assert len({str(row) for row in rows}) == 6
    assert parse_space(["training.seed=0,1", "training.early_weight=0..1"]).points is None
