"""Images of loadable designs: their layout, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Activation, Layer, Network
from ssnn_fpga.plan.options import memory_of
from ssnn_fpga.plan.plan import Options
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.rtl.images import check_same_shape, contents, load_image, read_image, write_image
from ssnn_fpga.rtl.memory import with_parity
from tests.random_networks import random_network, redrawn


@pytest.fixture
def network() -> Network:
    return random_network(
        np.random.default_rng(5),
        schedule=(4, 2),
        size=(8, 8),
        channels=(4, 6),
        kernel=3,
        padding=1,
        weight_bits=3,
        hidden=4,
        outputs=5,
        levels=1,
    )


def changed(network: Network, which: str, /, **fields: object) -> Network:
    layers: tuple[Layer, ...] = tuple(
        replace(layer, **fields) if layer.name == which else layer  # type: ignore[arg-type]
        for layer in network.layers
    )
    return replace(network, name="other", layers=layers)


def test_an_image_is_the_memories_word_by_word(network: Network) -> None:
    plan = make_plan(network, overrides={"conv2": {"pe": 3, "simd": 9}}, options=Options(loadable=True))
    image = load_image(network, plan)
    place = 0
    names = []
    for stage, memory, words in contents(network, plan):
        assert len(words) == memory.depth
        parts = -(-memory.width // 32)
        for word in words:
            read = sum(int(part) << (32 * i) for i, part in enumerate(image[place : place + parts]))
            assert read == word
            place += parts
        names.append(stage.name)
    assert place == len(image)
    assert names == [stage.name for stage in plan.stages if memory_of(stage) is not None]
    assert names[0] == "conv1"
    conv2 = memory_of(plan.stage("conv2"))
    assert conv2 is not None
    assert (conv2.width, conv2.depth) == (3 * 9 * 3, 4 * 9 // 9 * 2)


def test_a_loadable_design_holds_its_own_image(network: Network, tmp_path: Path) -> None:
    plan = make_plan(network, options=Options(loadable=True))
    write_design(network, plan, tmp_path / "d")
    np.testing.assert_array_equal(read_image(tmp_path / "d/load.bin"), load_image(network, plan))
    assert not list((tmp_path / "d/rtl").glob("*.hex"))
    (tmp_path / "d/load.bin").write_bytes(b"abc")
    with pytest.raises(UserError, match="no whole number of 32-bit words: write the image again"):
        read_image(tmp_path / "d/load.bin")
    with pytest.raises(UserError, match="cannot be read"):
        read_image(tmp_path / "nowhere.bin")


def test_parity_is_in_the_images_of_weights(network: Network, tmp_path: Path) -> None:
    plan = make_plan(network, options=Options(parity=True))
    write_design(network, plan, tmp_path / "d")
    for stage, memory, words in contents(network, plan):
        wanted = with_parity(words, memory.width) if stage.module in ("conv", "dense") else words
        file = tmp_path / "d/rtl" / str(stage.parameter(memory.image)).strip('"')
        assert [int(line, 16) for line in file.read_text().split()] == wanted


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda n: changed(n, "conv2", stride=2), "layer conv2: its stride 2 is not"),
        (
            lambda n: changed(n, "lif1", levels=2),
            "layer lif1: its levels 2 is not the design's: compile other",
        ),
        (lambda n: changed(n, "conv1", weight_bits=4), "layer conv1: its weight_bits 4 is not"),
        (
            lambda n: changed(n, "readout", bias=np.zeros(4, dtype=np.int64)),
            r"layer readout: the shape of its bias, \(4,\), is not the design's",
        ),
        (
            lambda n: changed(n, "lif2", name="spikes2"),
            "other has the layers .*spikes2.*, the design of random",
        ),
        (
            lambda n: replace(n, name="other", input=Activation(4, 1, 8, 8, 3)),
            "other takes frames of 4 timesteps x 1 channels x 8 x 8, at most 3, the design of random takes",
        ),
    ],
)
def test_another_shape_is_refused(
    spoil: Callable[[Network], Network], sentence: str, network: Network
) -> None:
    check_same_shape(network, redrawn(np.random.default_rng(1), network, extreme=True))
    with pytest.raises(UserError, match=sentence):
        check_same_shape(network, spoil(network))


def test_values_beyond_the_widths_name_their_layer(network: Network) -> None:
    plan = make_plan(network, options=Options(loadable=True))
    lif = network.layer("lif2")
    large = changed(network, "lif2", bias=lif.bias + (1 << 30))  # type: ignore[union-attr]
    check_same_shape(network, large)
    with pytest.raises(UserError, match=r"layer lif2: values .* do not fit \d+ signed bits, which is what"):
        load_image(large, plan)
    # A threshold that no membrane reaches is stored as the largest one.
    never = changed(network, "lif2", theta=lif.theta + (1 << 40))  # type: ignore[union-attr]
    highest = (1 << int(plan.stage("lif2").parameter("THETA_BITS"))) - 1
    stored = changed(network, "lif2", theta=lif.theta * 0 + highest)  # type: ignore[union-attr]
    np.testing.assert_array_equal(load_image(never, plan), load_image(stored, plan))


def test_a_fixed_design_takes_no_image(network: Network, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has its weights in the bitstream: compile it with --loadable"):
        load_image(network, make_plan(network))
    write_image(np.arange(3, dtype=np.uint32), tmp_path / "i.bin")
    assert (tmp_path / "i.bin").read_bytes() == bytes([0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0])
