"""NIR out: what snnTorch and Norse compute from the file is what the network computes without rounding."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.interchange.float_network import logits, run
from ssnn_fpga.interchange.nir_export import float_of, write_nir
from ssnn_fpga.interchange.nir_import import read_nir
from ssnn_fpga.network.layers import Network, Neuron
from tests.golden.test_early_exit import shrinking
from tests.interchange.networks import FRAME, frames, integer_network, read_by


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("leak", [(1, 1), (3, 2), (0, 0), (1, 0)])
@pytest.mark.parametrize("reader", ["snntorch", "norse"])
def test_readers_get_the_same_spikes(
    reader: str, leak: tuple[int, int], strict: bool, tmp_path: Path
) -> None:
    """The read-out sums the last spikes' weights in integers, so one spike more or less shows."""
    if reader == "snntorch" and leak == (1, 0):
        pytest.skip("snnTorch reads an integrator as a neuron with a leak of 0.9")
    network, given = integer_network(2, leak=leak, strict=strict), frames()
    write_nir(network, tmp_path / "net.nir")
    real = float_of(network)
    values = run(real, given)
    assert all(0.05 < values[name].mean() < 0.95 for name in ("lif1", "lif2", "lif3"))
    theirs = read_by(reader, tmp_path / "net.nir", given, dt=1e-4)
    np.testing.assert_array_equal(theirs, values["fc2"][..., 0, 0])


def test_average_pooling_in_snntorch(tmp_path: Path) -> None:
    network, given = integer_network(4, pool=True), frames()
    write_nir(network, tmp_path / "net.nir")
    values = run(float_of(network), given)
    assert 0.05 < values["lif2"].mean() < 0.95
    theirs = read_by("snntorch", tmp_path / "net.nir", given, dt=1e-4)
    np.testing.assert_array_equal(theirs, values["fc2"][..., 0, 0])


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("pool", [False, True])
def test_what_is_written_is_read_back(seed: int, pool: bool, tmp_path: Path) -> None:
    network, given = integer_network(seed, pool=pool, strict=seed > 1), frames()
    write_nir(network, tmp_path / "net.nir")
    real, again = float_of(network), read_nir(tmp_path / "net.nir", frame=FRAME)
    first, second = run(real, given), run(again, given)
    for name in ("lif1", "lif2", "lif3"):
        np.testing.assert_array_equal(second[name], first[name])
    np.testing.assert_array_equal(logits(again, second), logits(real, first))


def test_without_a_leak_the_float_network_is_the_integer_one() -> None:
    network, given = integer_network(0, leak=(1, 0)), frames()
    real = float_of(network)
    trace = run_golden(network, given)
    np.testing.assert_array_equal(trace.logits, logits(real, run(real, given)) * 16)


def _changed(network: Network, name: str, **changes: Any) -> Network:
    layers = tuple(
        replace(layer, **changes) if layer.name == name else layer  # type: ignore[type-var]
        for layer in network.layers
    )
    return replace(network, layers=layers)


def to_zero(network: Network) -> Network:
    """The same network with neurons that are reset to zero."""
    layers = (replace(each, reset="zero") if isinstance(each, Neuron) else each for each in network.layers)
    return replace(network, layers=tuple(layers))


REFUSED = {
    "subtracting neurons": (_changed(integer_network(0), "lif2", reset="subtract"), "'lif2' .* subtract"),
    "several thresholds": (_changed(integer_network(0), "lif1", levels=3), "'lif1' .* 3 thresholds"),
    "a filter": (_changed(integer_network(0), "lif3", filter_shift=2), "'lif3' .* filtered"),
    "maximum pooling": (
        _changed(integer_network(0, pool=True), "pool1", kind="max"),
        "'pool1' .* no maximum",
    ),
    "a fine leak": (integer_network(0, leak=(230, 8)), "'lif1' .* 230/256 .* float32"),
    "groups": (_changed(integer_network(0), "conv2", groups=2, weight=np.ones((6, 2, 3, 3), int)), "groups"),
    "early exits": (to_zero(shrinking(np.random.default_rng(0))), "'early0_pool|'shrink1' .* forks or joins"),
    "a transformer": (to_zero(shrinking(np.random.default_rng(0), heads=0)), "'shrink1' .* no TemporalTra"),
}


@pytest.mark.parametrize(("network", "words"), REFUSED.values(), ids=REFUSED)
def test_what_nir_cannot_express_is_refused_with_the_reason(
    network: Network, words: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match=f"layer {words}" if words[0] == "'" else words) as raised:
        write_nir(network, tmp_path / "net.nir")
    assert "cannot be written as NIR" in str(raised.value)
    assert "\n" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []
