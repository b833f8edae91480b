"""The exported QONNX file, in a plain runtime and read back, against the torch trace."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from quant_models.engine import TorchEngine
from quant_models.export import export, to_qonnx
from quant_models.network import ShrinkingNetwork
from quant_models.recipe import Recipe
from quant_models.training import fit
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.network import qonnx_export
from ssnn_fpga.network.ops import DOMAIN
from ssnn_fpga.network.qonnx_import import load
from tests.learning.networks import (
    EVERYTHING,
    bright_halves,
    network_recipe,
    random_frames,
    random_network,
    recipe_with,
    small_recipe,
)
from tests.learning.test_training import _run

CASES = {
    "4 bits": recipe_with(4, [4, 2, 1], (1, 1), 2),
    "2 bits": recipe_with(2, [3, 2], (200, 8), 1),
    "8 bits": recipe_with(8, [2], (1, 0), 8),
    **{name: network_recipe(changes) for name, changes in EVERYTHING.items()},
}
every_case = pytest.mark.parametrize("recipe", CASES.values(), ids=CASES.keys())


def _engine(recipe: Recipe, model: ShrinkingNetwork) -> TorchEngine:
    return TorchEngine(model, recipe.name, ("a", "b", "c"))


@every_case
def test_a_plain_runtime_gives_the_trace_logits(recipe: Recipe) -> None:
    """onnxruntime knows no Quant, Lif or TemporalTransform: it runs the function bodies in the file."""
    engine = _engine(recipe, random_network(recipe, 12))
    exported = to_qonnx(engine)
    session = onnxruntime.InferenceSession(exported.SerializeToString())
    unit = engine.model.logit_scale() * recipe.network.schedule[-1]  # the file sums, the trainer averages
    frames = random_frames(recipe, 4, 12)
    for counts, expected in zip(frames, engine.trace(frames)["readout"], strict=True):
        (logits,) = session.run(None, {"frames": counts.astype(np.float32)})
        np.testing.assert_array_equal(logits.astype(np.float64) / unit, expected)


def test_the_file_says_what_a_reader_needs(tmp_path: Path) -> None:
    recipe = small_recipe()
    run = _run(tmp_path / "run", recipe)
    samples = bright_halves(recipe, 16, 0)
    fit(run, samples, samples, None, progress=False)
    path = export(run.folder, tmp_path / "new" / "model.onnx")
    model = onnx.load(path)
    properties = {p.key: p.value for p in model.metadata_props}
    assert json.loads(properties["classes"]) == ["upper", "lower"]
    assert json.loads(properties["compression"]) == {
        "sensor_height": 12,
        "sensor_width": 11,
        "timesteps": 3,
        "bits": 2,
        "window_us": 1000,
        "spatial_factor": 1,
        "bin_events": 0,
        "decay": [],
        "decay_shift": 0,
    }
    assert model.graph.name == "small"
    assert {o.domain: o.version for o in model.opset_import}[DOMAIN] == 1
    shapes = {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in model.graph.value_info}
    assert shapes["conv1"] == [3, 4, 12, 11]
    assert shapes["shrink1"] == [1, 4, 6, 5]
    assert [d.dim_value for d in model.graph.output[0].type.tensor_type.shape.dim] == [2]
    assert b"site-packages" not in path.read_bytes()  # no path of the machine that exported
    assert [p.name for p in path.parent.iterdir()] == ["model.onnx"]


def test_two_exports_are_the_same_bytes(tmp_path: Path) -> None:
    recipe = small_recipe()
    run = _run(tmp_path / "run", recipe)
    samples = bright_halves(recipe, 16, 0)
    fit(run, samples, samples, None, progress=False)
    first = export(run.folder, tmp_path / "a.onnx").read_bytes()
    assert first == export(run.folder, tmp_path / "b.onnx").read_bytes()


@every_case
def test_the_imported_network_is_the_trace(tmp_path: Path, recipe: Recipe) -> None:
    engine = _engine(recipe, random_network(recipe, 13))
    path = tmp_path / "model.onnx"
    onnx.save(to_qonnx(engine), path)
    network = load(path)
    assert network.classes == engine.classes
    assert network.compression == engine.compression
    frames = random_frames(recipe, 4, 13)
    imported, trained = run_golden(network, frames.astype(np.int64)), engine.trace(frames)
    assert set(imported) == set(trained)
    for name, expected in trained.items():
        np.testing.assert_array_equal(imported[name], expected, err_msg=name)


def test_early_exits_come_back_from_the_file(tmp_path: Path) -> None:
    recipe = network_recipe({})
    model = random_network(recipe, 14)
    frames = random_frames(recipe, 40, 14).astype(np.int64)
    never = model.integer_network(margins=[1 << 40, 1 << 40])
    leads = [np.sort(run_golden(never, frames)[f"early{place}"], axis=1) for place in (1, 2)]
    margins = [int(np.median(lead[:, -1] - lead[:, -2])) + 1 for lead in leads]
    exact = model.integer_network("early", ("a", "b", "c"), margins=margins)
    path = tmp_path / "model.onnx"
    onnx.save(qonnx_export.to_qonnx(exact, model.readout_scales()), path)
    expected, imported = run_golden(exact, frames), run_golden(load(path), frames)
    for name, value in expected.items():
        np.testing.assert_array_equal(imported[name], value, err_msg=name)
    same = (expected["exit1"] == expected["early1"]).all(axis=1)
    assert 0 < same.sum() < 40


def test_images_have_no_compression(tmp_path: Path) -> None:
    recipe = network_recipe({}, height=12, width=12, channels=3)
    engine = _engine(recipe, random_network(recipe, 15))
    path = tmp_path / "model.onnx"
    onnx.save(to_qonnx(engine), path)
    network = load(path)
    assert network.compression is None
    assert network.input.maximum == 255
    images = random_frames(recipe, 3, 15)
    repeated = np.repeat(images, 4, axis=1).astype(np.int64)
    np.testing.assert_array_equal(run_golden(network, repeated)["readout"], engine.trace(images)["readout"])
