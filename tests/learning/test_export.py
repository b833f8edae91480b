"""The exported QONNX file, run node by node with the golden functions, against the torch trace."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper

from quant_models.engine import TorchEngine
from quant_models.export import export, to_qonnx
from quant_models.network import ShrinkingNetwork
from quant_models.recipe import Recipe
from quant_models.training import fit
from ssnn_fpga.golden import arithmetic as golden
from ssnn_fpga.golden.engine import run as run_golden
from ssnn_fpga.network.ops import DOMAIN
from ssnn_fpga.network.qonnx_import import load
from tests.learning.networks import bright_halves, random_frames, random_network, recipe_with, small_recipe
from tests.learning.test_training import _run

CASES = [
    (4, [4, 2, 1], (1, 1), 2),
    (2, [3, 2], (200, 8), 1),
    (8, [2], (1, 0), 8),
]


def _engine(recipe: Recipe, model: ShrinkingNetwork) -> TorchEngine:
    return TorchEngine(model, recipe.name, ("a", "b", "c"), recipe.frame_compression())


class _Interpreter:
    """Executes one sample of an exported file in float32, as the QONNX and ONNX texts define it."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.graph = model.graph
        self.constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}

    def run(self, frames: np.ndarray) -> dict[str, np.ndarray]:
        """Every node's output by node name, for frames (T, C, H, W)."""
        values = self.constants | {"frames": frames.astype(np.float32)}
        outputs: dict[str, np.ndarray] = {}
        for node in self.graph.node:
            attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
            method = getattr(self, f"_{node.op_type.lower()}")
            result = method(*(values[name] for name in node.input), **attributes)
            values[node.output[0]] = outputs[node.name] = result
        return outputs

    def _quant(self, x, scale, zero, bits, signed, narrow, rounding_mode):  # type: ignore[no-untyped-def]
        assert rounding_mode in (b"ROUND", b"HALF_EVEN")
        low = -(2 ** (bits - 1)) + narrow if signed else 0
        high = 2 ** (bits - 1) - 1 if signed else 2**bits - 1 - narrow
        return ((np.clip(np.rint(x / scale + zero), low, high) - zero) * scale).astype(np.float32)

    def _conv(self, x, w, pads, strides, group=1, **_):  # type: ignore[no-untyped-def]
        assert (group, list(pads), list(strides)) == (1, [1, 1, 1, 1], [1, 1])
        padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
        windows = np.lib.stride_tricks.sliding_window_view(padded, w.shape[2:], axis=(2, 3))
        return np.einsum("tcijkl,ockl->toij", windows, w, optimize=True).astype(np.float32)

    def _lif(self, x, scale, theta, bias, **attributes):  # type: ignore[no-untyped-def]
        a = np.rint(x / scale.reshape(-1, 1, 1)).astype(np.int64)
        spikes = golden.neuron(
            a[None],
            theta,
            bias,
            leak_multiplier=attributes["leak_multiplier"],
            leak_shift=attributes["leak_shift"],
            levels=attributes["levels"],
            strict=bool(attributes["strict"]),
            reset="zero" if attributes["reset_to_zero"] else "subtract",
            fraction=attributes["fraction"],
        )
        return spikes[0].astype(np.float32)

    def _temporaltransform(self, x, matrix, shift, fraction):  # type: ignore[no-untyped-def]
        return golden.temporal_transform(x[None].astype(np.int64), matrix, shift, fraction)[0].astype(
            np.float32
        )

    def _maxpool(self, x, kernel_shape, strides, **_):  # type: ignore[no-untyped-def]
        assert list(kernel_shape) == list(strides) == [2, 2]
        return golden.pool(x[None], "max")[0]

    def _reshape(self, x, shape, **_):  # type: ignore[no-untyped-def]
        return x.reshape(shape)

    def _gemm(self, x, w, transB, **_):  # type: ignore[no-untyped-def]
        return x @ (w.T if transB else w)

    def _add(self, x, y):  # type: ignore[no-untyped-def]
        return x + y

    def _reducesum(self, x, axes, keepdims, **_):  # type: ignore[no-untyped-def]
        return x.sum(axis=tuple(axes), keepdims=bool(keepdims))


@pytest.mark.parametrize(("weight_bits", "schedule", "leak", "count_bits"), CASES)
def test_exported_file_is_the_trace(
    weight_bits: int, schedule: list[int], leak: tuple[int, int], count_bits: int
) -> None:
    recipe = recipe_with(weight_bits, schedule, leak, count_bits)
    model = random_network(recipe, 11)
    engine = _engine(recipe, model)
    exported = to_qonnx(engine)
    frames = random_frames(recipe, 3, 11)
    trace = engine.trace(frames)
    interpreter = _Interpreter(exported)
    initializers = interpreter.constants
    for sample, counts in enumerate(frames):
        outputs = interpreter.run(counts)
        for name, expected in trace.items():
            found = outputs[name].astype(np.float64)
            if name.startswith("conv"):
                scale = initializers[f"lif{name.removeprefix('conv')}_scale"].reshape(-1, 1, 1)
                found = found / scale
            elif name == "fc":
                found = (found / float(initializers["fc_weights_scale"]))[..., None, None]
            elif name == "readout":
                found = found / float(initializers["fc_weights_scale"]) * 2**recipe.network.fraction
            np.testing.assert_array_equal(found, expected[sample], err_msg=f"{name}, sample {sample}")


@pytest.mark.parametrize(("weight_bits", "schedule", "leak", "count_bits"), CASES)
def test_a_plain_runtime_gives_the_trace_logits(
    weight_bits: int, schedule: list[int], leak: tuple[int, int], count_bits: int
) -> None:
    """onnxruntime knows no Quant, Lif or TemporalTransform: it runs the function bodies in the file."""
    recipe = recipe_with(weight_bits, schedule, leak, count_bits)
    engine = _engine(recipe, random_network(recipe, 12))
    exported = to_qonnx(engine)
    session = onnxruntime.InferenceSession(exported.SerializeToString())
    unit = engine.model.logit_scale() * schedule[-1]  # the file sums over time, the trainer takes the mean
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


@pytest.mark.parametrize(("weight_bits", "schedule", "leak", "count_bits"), CASES)
def test_the_imported_network_is_the_trace(
    tmp_path: Path, weight_bits: int, schedule: list[int], leak: tuple[int, int], count_bits: int
) -> None:
    recipe = recipe_with(weight_bits, schedule, leak, count_bits)
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
