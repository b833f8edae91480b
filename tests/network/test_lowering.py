"""The lowered integer file under plain onnxruntime equals golden in every value of every layer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest

from ssnn_fpga.backends.onnxruntime_engine import trace
from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.compare import compare
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Conv,
    Dense,
    EarlyExit,
    Network,
    Neuron,
    Pool,
    Readout,
)
from ssnn_fpga.network.lowering import lower, save
from tests.random_networks import random_forked_network, random_frames, random_network


@pytest.mark.parametrize("generate", [random_network, random_forked_network])
@pytest.mark.parametrize("seed", range(40))
def test_lowered_file_equals_golden(seed: int, generate: Callable[..., Network], tmp_path: Path) -> None:
    rng = np.random.default_rng(seed)
    network = generate(rng)
    frames = random_frames(rng, network, 3)
    expected = run(network, frames)
    save(network, tmp_path / "model.int.onnx")
    comparison = compare(expected, trace(tmp_path / "model.int.onnx", frames))
    assert comparison.equal, str(comparison)
    assert compare(expected, trace(network, frames)).equal


def test_file_is_plain_onnx_with_named_layers(tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(1), schedule=(2, 1))
    save(network, tmp_path / "model.int.onnx")
    model = onnx.load(tmp_path / "model.int.onnx")
    onnx.checker.check_model(model, full_check=True)
    metadata = {entry.key: json.loads(entry.value) for entry in model.metadata_props}
    assert metadata["layers"] == [layer.name for layer in network.layers]
    assert metadata["classes"] == list(network.classes)
    bodies = {(function.domain, function.name) for function in model.functions}
    assert {(n.domain, n.op_type) for n in model.graph.node if n.domain} <= bodies
    assert [path.name for path in tmp_path.iterdir()] == ["model.int.onnx"]


@pytest.mark.parametrize("bits", [16, 22])
def test_accumulators_past_float32_are_exact(bits: int) -> None:
    """Eight-bit weights on wide inputs: every accumulator needs more than 24 bits."""
    rng = np.random.default_rng(bits)
    conv = rng.integers(-127, 128, (3, 4, 3, 3))
    network = Network(
        "wide",
        Activation(2, 4, 6, 6, maximum=(1 << bits) - 1),
        (
            Conv("conv", (NETWORK_INPUT,), conv, 8, padding=1),
            Neuron("lif", ("conv",), np.full(3, 1 << bits + 8), np.array([3, -9, 1 << 20]), fraction=3),
            Pool("pool", ("lif",), "sum", 2),
            Dense("hidden", (NETWORK_INPUT,), rng.integers(-127, 128, (5, 144)), 8),
            Neuron("lif_hidden", ("hidden",), np.full(5, 1 << bits + 9), np.zeros(5, np.int64), levels=3),
            Dense("classifier", ("pool",), rng.integers(-127, 128, (4, 27)), 8),
            Readout("early", ("classifier",), rng.integers(-9, 9, 4)),
            Dense("last", ("lif_hidden",), rng.integers(-127, 128, (4, 5)), 8),
            Readout("readout", ("last",), rng.integers(-9, 9, 4)),
            EarlyExit("exit", ("early", "readout"), 2000),
        ),
    )
    frames = random_frames(rng, network, 3)
    expected = run(network, frames)
    assert np.abs(expected["conv"]).max() > 1 << 24
    comparison = compare(expected, trace(network, frames))
    assert comparison.equal, str(comparison)


def test_values_that_float32_cannot_hold_are_refused() -> None:
    pool = Pool("sums", (NETWORK_INPUT,), "sum", 2)
    network = Network("wide", Activation(1, 1, 4, 4, maximum=1 << 23), (pool,))
    with pytest.raises(UserError, match="layer 'sums': its values reach 33554432"):
        lower(network)


def test_files_and_frames_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    network = random_network(np.random.default_rng(1))
    frames = random_frames(np.random.default_rng(1), network, 1)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(lower(network).SerializeToString()[:100])
    foreign = tmp_path / "foreign.onnx"
    model = lower(network)
    del model.metadata_props[:]
    onnx.save(model, foreign)
    with pytest.raises(UserError, match=r"broken\.onnx cannot be read"):
        trace(broken, frames)
    with pytest.raises(UserError, match=r"missing\.onnx cannot be read"):
        trace(tmp_path / "missing.onnx", frames)
    with pytest.raises(UserError, match=r"foreign\.onnx is not a lowered integer file"):
        trace(foreign, frames)
    with pytest.raises(UserError, match="do not fit the lowered model"):
        trace(network, frames[..., :-1])
    with pytest.raises(UserError, match="no sample"):
        trace(network, frames[:0])


def test_unwritable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(UserError, match="cannot write"):
        save(random_network(np.random.default_rng(1)), tmp_path / "file" / "model.int.onnx")
