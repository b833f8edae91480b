"""The operators' function bodies and qonnx classes against the golden functions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.core.onnx_exec import execute_onnx
from qonnx.custom_op.general.bipolar_quant import binary_quant
from qonnx.custom_op.general.quant import quant
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.infer_datatypes import InferDataTypes
from qonnx.transformation.infer_shapes import InferShapes

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden import arithmetic
from ssnn_fpga.network.ops import DOMAIN, QUANT_DOMAIN, append_functions


def _model(
    operator: str,
    domain: str,
    inputs: dict[str, np.ndarray],
    opset: int = 20,
    shape: Any = None,
    **attributes: Any,
) -> onnx.ModelProto:
    """One node; inputs become graph inputs."""
    infos = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), value.shape)
        for name, value in inputs.items()
    ]
    node = helper.make_node(operator, list(inputs), ["y"], operator.lower(), domain=domain, **attributes)
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)]
    return helper.make_model(
        helper.make_graph([node], "one_node", infos, outputs),
        opset_imports=[helper.make_opsetid("", opset), helper.make_opsetid(domain, 1)],
        ir_version=10,
    )


def _run(model: onnx.ModelProto, inputs: dict[str, np.ndarray]) -> np.ndarray:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {name: np.asarray(x) for name, x in inputs.items()})[0])


def _lif_case(
    rng: np.random.Generator, shape: Sequence[int], scalar_scale: bool, kind: type
) -> tuple[Any, ...]:
    """Node inputs, attributes, and golden's spikes."""
    channels = shape[1]
    shift = int(rng.integers(0, 9))
    attributes = {
        "leak_multiplier": int(rng.integers(0, (1 << shift) + 1)),
        "leak_shift": shift,
        "levels": int(rng.integers(1, 5)),
        "strict": int(rng.integers(2)),
        "reset_to_zero": int(rng.integers(2)),
        "fraction": int(rng.integers(0, 6)),
        "filter_shift": int(rng.choice([0, 1, 3])),
    }
    size = int(rng.choice([3, 200]))  # near small thresholds one unit of a leak decides
    a = rng.integers(-size, size + 1, shape)
    theta = rng.integers(1, (size << attributes["fraction"]) // 2 + 1, channels)
    bias = rng.integers(-size // 4, size // 4 + 1, channels)
    scale = rng.uniform(1e-3, 3, () if scalar_scale else channels).astype(kind)
    column = scale.reshape(-1, *[1] * (len(shape) - 2)) if len(shape) == 4 else scale
    inputs = {"x": (a * column).astype(kind), "scale": scale.astype(np.float32), "theta": theta, "bias": bias}
    golden = arithmetic.neuron(
        a.reshape(1, *shape, *[1] * (4 - len(shape))),
        theta,
        bias,
        leak_multiplier=attributes["leak_multiplier"],
        leak_shift=attributes["leak_shift"],
        levels=attributes["levels"],
        strict=bool(attributes["strict"]),
        reset="zero" if attributes["reset_to_zero"] else "subtract",
        fraction=attributes["fraction"],
        filter_shift=attributes["filter_shift"],
    )
    return inputs, attributes, golden.reshape(shape)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([(1, 3, 2, 2), (4, 2, 3, 1), (3, 5)]), st.booleans())
def test_lif_body_is_the_golden_neuron(seed: int, shape: tuple[int, ...], scalar_scale: bool) -> None:
    inputs, attributes, golden = _lif_case(np.random.default_rng(seed), shape, scalar_scale, np.float32)
    spikes = _run(append_functions(_model("Lif", DOMAIN, inputs, **attributes)), inputs)
    assert spikes.dtype == np.float32
    np.testing.assert_array_equal(spikes, golden)


def test_leak_rounds_towards_minus_infinity() -> None:
    """(-1 * 1) >> 1 is -1: then an accumulator of 1 just misses the threshold; rounding to 0 would spike."""
    inputs = {
        "x": np.array([[-1], [1]], np.float32),
        "scale": np.float32(1),
        "theta": np.array([1]),
        "bias": np.array([0]),
    }
    assert _run(append_functions(_model("Lif", DOMAIN, inputs, fraction=0)), inputs).tolist() == [[0], [0]]


def test_the_filter_rounds_towards_minus_infinity() -> None:
    """-1 - (-1 >> 1) is 0: then an accumulator of 1 is a current of 1; rounding to 0 would keep -1."""
    inputs = {
        "x": np.array([[-1], [1]], np.float32),
        "scale": np.float32(1),
        "theta": np.array([1]),
        "bias": np.array([0]),
    }
    model = _model("Lif", DOMAIN, inputs, fraction=0, leak_multiplier=0, filter_shift=1)
    assert _run(append_functions(model), inputs).tolist() == [[0], [1]]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32), st.integers(2, 5), st.integers(0, 4))
def test_exit_body_is_the_golden_one(seed: int, classes: int, margin: int) -> None:
    rng = np.random.default_rng(seed)
    early, late = rng.integers(-4, 5, (2, classes))  # close together: leads of every size, and ties
    scale = np.float32(rng.uniform(1e-3, 3))
    inputs = {"e": (early * scale).astype(np.float32), "scale": scale, "l": late.astype(np.float32) + 0.5}
    model = append_functions(_model("EarlyExit", DOMAIN, inputs, margin=margin))
    sure = bool(arithmetic.sure(early[None], margin)[0])
    np.testing.assert_array_equal(_run(model, inputs), inputs["e"] if sure else inputs["l"])


def test_qonnx_runs_an_exit() -> None:
    inputs = {"e": np.float32([0.5, 2.5]), "scale": np.float32(0.5), "l": np.float32([7, 8])}
    for margin, logits in ((4, [0.5, 2.5]), (5, [7, 8])):
        wrapper = ModelWrapper(_model("EarlyExit", DOMAIN, inputs, margin=margin)).transform(InferShapes())
        assert wrapper.get_tensor_shape("y") == [2]
        wrapper = wrapper.transform(InferDataTypes())
        assert execute_onnx(wrapper, inputs)["y"].tolist() == logits


def test_bipolar_body_is_qonnx_bipolar_quant() -> None:
    x = np.float32([[-2, -0.0, 0], [0.1, 3, -1e-9]])
    inputs = {"x": x, "scale": np.float32([[0.5], [2]])}
    model = append_functions(_model("BipolarQuant", QUANT_DOMAIN, inputs))
    np.testing.assert_array_equal(_run(model, inputs), binary_quant(x, inputs["scale"]))


def test_lif_takes_float64_accumulators() -> None:
    a = np.array([(1 << 40) + 1, -(1 << 40), (1 << 40) - 1]).reshape(3, 1)
    inputs = {
        "x": a.astype(np.float64),
        "scale": np.float32(1),
        "theta": np.array([(1 << 40) + 1]),
        "bias": np.array([0]),
    }
    attributes = {"leak_multiplier": 1, "leak_shift": 0, "fraction": 0}
    spikes = _run(append_functions(_model("Lif", DOMAIN, inputs, **attributes)), inputs)
    assert spikes.reshape(-1).tolist() == [1, 0, 0]


def test_attributes_have_the_contracts_defaults() -> None:
    """Leak one half, one level, >=, subtract, four fraction bits; shift 4, fraction 1."""
    rng = np.random.default_rng(5)
    a = rng.integers(-9, 15, (4, 2, 3, 3))
    inputs = {
        "x": a.astype(np.float32),
        "scale": np.float32(1),
        "theta": np.array([100, 64]),
        "bias": np.array([-3, 8]),
    }
    spikes = _run(append_functions(_model("Lif", DOMAIN, inputs)), inputs)
    np.testing.assert_array_equal(spikes, arithmetic.neuron(a[None], inputs["theta"], inputs["bias"])[0])
    matrix = np.array([[9, 5, 2, 0], [0, 0, 1, 15]])
    inputs = {"x": np.abs(a).astype(np.float32), "matrix": matrix}
    y = _run(append_functions(_model("TemporalTransform", DOMAIN, inputs)), inputs)
    np.testing.assert_array_equal(y, arithmetic.temporal_transform(np.abs(a)[None], matrix)[0])


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32),
    st.integers(0, 6),
    st.integers(0, 3),
    st.sampled_from([(3, 2, 2, 3), (2, 5), (1, 1)]),
)
def test_transform_body_is_the_golden_one(
    seed: int, shift: int, fraction: int, shape: tuple[int, ...]
) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 50, shape)
    matrix = rng.multinomial(1 << shift, np.ones(shape[0]) / shape[0], size=int(rng.integers(1, 4)))
    inputs = {"x": x.astype(np.float32), "matrix": matrix}
    model = _model("TemporalTransform", DOMAIN, inputs, shift=shift, fraction=fraction)
    golden = arithmetic.temporal_transform(
        x.reshape(1, *shape, *[1] * (4 - len(shape))), matrix, shift, fraction
    )
    np.testing.assert_array_equal(
        _run(append_functions(model), inputs), golden.reshape(len(matrix), *shape[1:])
    )


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32), st.booleans(), st.booleans(), st.integers(2, 8), st.sampled_from([0.0, 1.0, 3.0])
)
def test_quant_body_is_qonnx_quant(
    seed: int, signed: bool, narrow: bool, bits: int, zero_point: float
) -> None:
    rng = np.random.default_rng(seed)
    scale = np.exp2(rng.integers(-4, 3, (5, 1))).astype(np.float32)
    x = (rng.integers(-600, 600, (5, 7)) / 2 * scale).astype(np.float32)  # every other one a tie
    inputs = {"x": x, "scale": scale, "zero": np.float32(zero_point), "bits": np.float32(bits)}
    model = _model(
        "Quant", QUANT_DOMAIN, inputs, signed=int(signed), narrow=int(narrow), rounding_mode="ROUND"
    )
    expected = quant(x, scale, inputs["zero"], inputs["bits"], signed, narrow, "ROUND")
    np.testing.assert_array_equal(_run(append_functions(model), inputs), expected)


def test_other_roundings_are_refused() -> None:
    inputs = {name: np.zeros((), np.float32) for name in ("x", "scale", "zero", "bits")}
    model = _model("Quant", QUANT_DOMAIN, inputs, signed=1, narrow=0, rounding_mode="CEIL")
    with pytest.raises(UserError, match="'quant': Quant with rounding mode 'CEIL'"):
        append_functions(model)


def test_appending_twice_changes_nothing_and_leaves_the_model_alone() -> None:
    inputs, attributes, _ = _lif_case(np.random.default_rng(0), (2, 2, 2, 2), False, np.float32)
    model = _model("Lif", DOMAIN, inputs, shape=(2, 2, 2, 2), **attributes)
    once = append_functions(model)
    assert not model.functions
    assert [function.name for function in once.functions] == ["Lif"]
    assert append_functions(once) == once
    onnx.checker.check_model(once, full_check=True)


def test_versions_without_the_operators_needed_are_refused() -> None:
    inputs, attributes, _ = _lif_case(np.random.default_rng(1), (3, 2, 2, 2), False, np.float32)
    with pytest.raises(UserError, match="opset 13; export it with opset 15 or later"):
        append_functions(_model("Lif", DOMAIN, inputs, 13, **attributes))


@pytest.mark.parametrize("opset", [15, 18, 21])
def test_other_versions_of_the_standard_operators(opset: int) -> None:
    inputs, attributes, golden = _lif_case(np.random.default_rng(1), (3, 2, 2, 2), False, np.float32)
    model = append_functions(_model("Lif", DOMAIN, inputs, opset, **attributes))
    np.testing.assert_array_equal(_run(model, inputs), golden)


def test_qonnx_finds_the_operators_by_their_domain() -> None:
    inputs, attributes, golden = _lif_case(np.random.default_rng(2), (3, 2, 2, 2), False, np.float32)
    wrapper = ModelWrapper(_model("Lif", DOMAIN, inputs, **attributes))
    assert getCustomOp(wrapper.graph.node[0]).get_nodeattr("fraction") == attributes["fraction"]
    wrapper = wrapper.transform(InferShapes()).transform(InferDataTypes())
    assert wrapper.get_tensor_shape("y") == [3, 2, 2, 2]
    np.testing.assert_array_equal(execute_onnx(wrapper, inputs)["y"], golden)


def test_qonnx_infers_the_transformers_shape() -> None:
    matrix = np.array([[16, 0, 0], [0, 8, 8]])
    x = np.arange(12).reshape(3, 2, 2, 1)
    inputs = {"x": x.astype(np.float32), "matrix": matrix}
    wrapper = ModelWrapper(_model("TemporalTransform", DOMAIN, inputs)).transform(InferShapes())
    assert wrapper.get_tensor_shape("y") == [2, 2, 2, 1]
    golden = arithmetic.temporal_transform(x[None], matrix)[0]
    np.testing.assert_array_equal(execute_onnx(wrapper, inputs)["y"], golden)
