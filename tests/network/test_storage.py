"""A stored network comes back exactly, and a damaged file is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Compression, Network
from ssnn_fpga.network.storage import load_network, save_network
from tests.random_networks import random_forked_network, random_network


def _same(first: Network, second: Network) -> bool:
    head = (first.name, first.input, first.classes, first.compression)
    if head != (second.name, second.input, second.classes, second.compression):
        return False
    for mine, other in zip(first.layers, second.layers, strict=True):
        assert type(mine) is type(other)
        for entry in fields(mine):
            a, b = getattr(mine, entry.name), getattr(other, entry.name)
            assert type(a) is type(b)
            if isinstance(a, np.ndarray):
                assert a.dtype == b.dtype == np.int64
            if not np.array_equal(a, b):
                return False
    return True


@pytest.mark.parametrize("seed", range(20))
def test_round_trip_is_exact(seed: int, tmp_path: Path) -> None:
    network = (random_forked_network if seed % 4 < 2 else random_network)(np.random.default_rng(seed))
    if seed % 2:
        network = replace(network, compression=Compression(34, 34, 4, 2, 306_000))
    save_network(network, tmp_path / "a.json")
    loaded = load_network(tmp_path / "a.json")
    assert _same(network, loaded)
    save_network(loaded, tmp_path / "b.json")
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_compressions_of_every_age_load(tmp_path: Path) -> None:
    compression = Compression(34, 34, 4, 2, 306_000, decay=(16, 8), decay_shift=3)
    path = tmp_path / "a.json"
    save_network(replace(random_network(np.random.default_rng(0)), compression=compression), path)
    assert load_network(path).compression == compression
    content = json.loads(path.read_text())
    for name in ("bin_events", "decay", "decay_shift"):
        del content["compression"][name]
    path.write_text(json.dumps(content))
    assert load_network(path).compression == Compression(34, 34, 4, 2, 306_000)


def test_one_changed_weight_is_seen(tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(0))
    save_network(network, tmp_path / "a.json")
    loaded = load_network(tmp_path / "a.json")
    network.layers[0].weight.flat[0] ^= 1  # type: ignore[union-attr]
    assert not _same(network, loaded)


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(0))
    path = tmp_path / "network.json"
    save_network(network, path)
    content = json.loads(path.read_text())

    def stored(**changes: object) -> Path:
        path.write_text(json.dumps({**content, **changes}))
        return path

    with pytest.raises(UserError, match="cannot read"):
        load_network(tmp_path / "missing.json")
    with pytest.raises(UserError, match="version 2, this program reads 1"):
        load_network(stored(version=2))
    with pytest.raises(UserError, match="holds no integer network"):
        load_network(stored(format="something else"))
    with pytest.raises(UserError, match="damaged"):
        load_network(stored(layers=[{"layer": "Attention"}]))
    with pytest.raises(UserError, match="reads 'conv1', which is no earlier layer"):
        load_network(stored(layers=content["layers"][1:]))
    path.write_text(path.read_text()[:50])
    with pytest.raises(UserError, match="no JSON"):
        load_network(path)


def test_needs_numpy_only() -> None:
    """A board has neither onnx nor qonnx."""
    program = (
        "import sys; import ssnn_fpga.network.storage, ssnn_fpga.golden.engine, ssnn_fpga.golden.compare; "
        "print({m.split('.')[0] for m in sys.modules} & {'onnx', 'qonnx', 'torch', 'onnxruntime', 'scipy'})"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "set()"
