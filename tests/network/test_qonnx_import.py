"""Import of QONNX: every style of writing a network gives that network, the rest is refused by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, helper, numpy_helper

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden.engine import run
from ssnn_fpga.golden.exits import exit_order, exits
from ssnn_fpga.network.layers import Compression, Conv, CurrentJoin, Network, Neuron, Readout
from ssnn_fpga.network.lowering import save
from ssnn_fpga.network.ops import DOMAIN, QUANT_DOMAIN, append_functions
from ssnn_fpga.network.qonnx_import import load
from tests.network.qonnx_files import PLAIN, Style, qonnx_of
from tests.random_networks import random_forked_network, random_frames, random_network

_STYLES = {
    "plain": PLAIN,
    "real scales": Style(real_scales=True),
    "one scale a tensor": Style(per_channel=False),
    "gemm untransposed": Style(dense="gemm_plain", flatten="reshape", bias="gemm"),
    "matmul": Style(dense="matmul", flatten="reshape_zero", bias="after"),
    "gemm with bias": Style(bias="gemm", real_scales=True),
    "folded weights": Style(folded=True, real_scales=True),
    "clutter": Style(clutter=True, flatten="shape"),
    "shuffled": Style(shuffled=True, clutter=True),
    "average pools": Style(average=True),
}


def _assert_same(got: Network, expected: Network, *, ignore: tuple[str, ...] = ()) -> None:
    assert (got.name, got.input, got.classes) == (expected.name, expected.input, expected.classes)
    assert sorted(layer.name for layer in got.layers) == sorted(layer.name for layer in expected.layers)
    for other in expected.layers:
        mine = got.layer(other.name)
        assert type(mine) is type(other)
        for entry in fields(other):
            if entry.name not in ignore:
                a, b = getattr(mine, entry.name), getattr(other, entry.name)
                assert np.array_equal(a, b), f"{other.name}.{entry.name}"


def _network(seed: int, style: Style) -> tuple[np.random.Generator, Network]:
    rng = np.random.default_rng(seed)
    pinned = {"schedule": (3, 3), "pool": "sum"} if style.average else {}
    network = random_network(
        rng, input_maximum=int(rng.choice([1, 3, 7, 15])), weight_bits=int(rng.integers(3, 9)), **pinned
    )
    # The read-out's bias lies on the grid of the last neuron's fraction.
    fraction = [layer.fraction for layer in network.layers if hasattr(layer, "theta")][-1]
    readout = replace(network.layers[-1], fraction=fraction)
    return rng, replace(network, layers=(*network.layers[:-1], readout))


def _forked_network(seed: int, style: Style) -> tuple[np.random.Generator, Network]:
    """A network of forks and joins that a file can say: its gains are positive, as scales are."""
    rng = np.random.default_rng(seed)
    pinned: dict[str, Any] = {}
    if style.average:
        pinned = {"timesteps": 1, "blocks": ("currents", "depthwise", "grouped"), "size": (8, 8)}
    elif style.folded:
        pinned = {"blocks": ("join", "grouped"), "weight_bits": int(rng.choice([1, 5]))}
    network = random_forked_network(rng, input_maximum=int(rng.choice([1, 3, 7, 15])), **pinned)
    layers = {layer.name: layer for layer in network.layers}
    for layer in network.layers:
        if isinstance(layer, CurrentJoin):
            second = layers[layer.inputs[1]]
            assert isinstance(second, Conv)
            sign = np.where(layer.gain < 0, -1, 1)
            layers[second.name] = replace(second, weight=second.weight * sign.reshape(-1, 1, 1, 1))
            # A gain of 0 is written as weights of 0.
            lost = (layer.gain == 0) & (second.weight_bits > 1)
            weight = np.where(lost.reshape(-1, 1, 1, 1), 0, layers[second.name].weight)  # type: ignore[union-attr]
            layers[second.name] = replace(layers[second.name], weight=weight)
            silent = ~weight.any(axis=(1, 2, 3))
            layers[layer.name] = replace(layer, gain=np.where(silent, 0, np.maximum(1, np.abs(layer.gain))))
        elif isinstance(layer, Readout):  # its bias lies on the grid of the neuron before it
            source = layer.name
            while not isinstance(layers[source], Neuron):
                source = layers[source].inputs[0]
            below = layers[layers[source].inputs[0]]
            grid = below if isinstance(below, CurrentJoin) else layers[source]
            layers[layer.name] = replace(layer, fraction=grid.fraction)  # type: ignore[union-attr]
    return rng, replace(network, layers=tuple(layers.values()))


@pytest.mark.parametrize("generate", [_network, _forked_network])
@pytest.mark.parametrize("name", _STYLES)
@pytest.mark.parametrize("seed", range(8))
def test_every_style_gives_the_network(
    name: str, seed: int, generate: Callable[..., tuple[np.random.Generator, Network]], tmp_path: Path
) -> None:
    style = _STYLES[name]
    rng, network = generate(seed, style)
    model, _ = qonnx_of(network, rng, style)
    onnx.save(model, tmp_path / "model.onnx")
    got = load(tmp_path / "model.onnx")
    _assert_same(got, network, ignore=("weight_bits",) if style.folded else ())


@pytest.mark.parametrize("generate", [_network, _forked_network])
@pytest.mark.parametrize("name", [name for name in _STYLES if name != "shuffled"])
@pytest.mark.parametrize("seed", range(3))
def test_the_file_itself_runs_and_means_the_same(
    name: str, seed: int, generate: Callable[..., tuple[np.random.Generator, Network]], tmp_path: Path
) -> None:
    """Plain onnxruntime, through the function bodies, gives golden's logits in real units."""
    rng, network = generate(seed, _STYLES[name])
    model, units = qonnx_of(network, rng, _STYLES[name])
    whole = append_functions(model)
    session = onnxruntime.InferenceSession(whole.SerializeToString(), providers=["CPUExecutionProvider"])
    onnx.save(whole, tmp_path / "model.onnx")
    frames = random_frames(rng, load(tmp_path / "model.onnx"), 4)
    values = run(network, frames)
    order = exit_order(network)
    for frame, logits, taken in zip(frames, values.logits, exits(network, values), strict=True):
        (given,) = session.run(None, {"frames": frame.astype(np.float32)})
        np.testing.assert_array_equal(np.rint(given.astype(np.float64) / units[order[taken]]), logits)


def test_classes_compression_and_names_come_along(tmp_path: Path) -> None:
    rng, network = _network(0, PLAIN)
    model, _ = qonnx_of(network, rng)
    compression = {"sensor_height": 34, "sensor_width": 34, "bits": 2, "window_us": 306000}
    compression["timesteps"] = network.input.timesteps
    _set_metadata(model, "compression", json.dumps(compression))
    for node in model.graph.node:
        node.name = {"conv1": "/stages.0/Conv", "lif1": "0-LIF", "readout": ""}.get(node.name, node.name)
    onnx.save(model, tmp_path / "model.onnx")
    got = load(tmp_path / "model.onnx")
    assert got.compression == Compression(**compression)
    assert [layer.name for layer in got.layers][:2] == ["stages_0_conv", "layer_0_lif"]
    assert got.layers[-1].name == "readout"
    assert got.classes == network.classes


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    rng, network = _network(0, PLAIN)
    model, _ = qonnx_of(network, rng)
    for node in model.graph.node:
        node.name = "Input"
    onnx.save(model, tmp_path / "model.onnx")
    names = [layer.name for layer in load(tmp_path / "model.onnx").layers]
    assert names == [f"input_{number}" for number in range(2, 2 + len(network.layers))]


def test_lowest_weight_outside_the_narrow_range_takes_a_bit_more(tmp_path: Path) -> None:
    rng, network = _network(2, PLAIN)
    model, _ = qonnx_of(network, rng)
    quant = _find(model, "Quant", 1)
    _attribute(quant, "narrow").i = 0
    values = _initializer(model, quant.input[0])
    changed = numpy_helper.to_array(values).copy()
    changed.flat[0] = -1e9
    values.CopyFrom(numpy_helper.from_array(changed, values.name))
    onnx.save(model, tmp_path / "model.onnx")
    bits = network.layers[0].weight_bits  # type: ignore[union-attr]
    if bits == 8:
        with pytest.raises(UserError, match="its weights need 9 bits"):
            load(tmp_path / "model.onnx")
        return
    conv = load(tmp_path / "model.onnx").layers[0]
    assert conv.weight.flat[0] == -(1 << (bits - 1))  # type: ignore[union-attr]
    assert conv.weight_bits == bits + 1  # type: ignore[union-attr]


def _find(model: onnx.ModelProto, operator: str, skip: int = 0) -> onnx.NodeProto:
    return [node for node in model.graph.node if node.op_type == operator][skip]


def _initializer(model: onnx.ModelProto, name: str) -> onnx.TensorProto:
    return next(tensor for tensor in model.graph.initializer if tensor.name == name)


def _attribute(node: onnx.NodeProto, name: str) -> onnx.AttributeProto:
    return next(attribute for attribute in node.attribute if attribute.name == name)


def _set_metadata(model: onnx.ModelProto, key: str, value: str) -> None:
    entry = (
        next((entry for entry in model.metadata_props if entry.key == key), None)
        or model.metadata_props.add()
    )
    entry.key, entry.value = key, value


def _set_constant(model: onnx.ModelProto, name: str, value: np.ndarray) -> None:
    _initializer(model, name).CopyFrom(numpy_helper.from_array(np.asarray(value), name))


def _scale_constant(model: onnx.ModelProto, name: str, factor: float) -> None:
    values = numpy_helper.to_array(_initializer(model, name))
    _set_constant(model, name, (values * factor).astype(values.dtype))


def _insert_after(
    model: onnx.ModelProto, tensor: str, operator: str, *extra: str, **attributes: object
) -> None:
    """Put an operator behind ``tensor``; who read the tensor reads its result."""
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            if name == tensor:
                node.input[index] = f"{tensor}_new"
    node = helper.make_node(
        operator, [tensor, *extra], [f"{tensor}_new"], f"my_{operator.lower()}", **attributes
    )
    place = next(i for i, other in enumerate(model.graph.node) if tensor in other.output)
    model.graph.node.insert(place + 1, node)


def _add_constant(model: onnx.ModelProto, name: str, value: object) -> str:
    model.graph.initializer.append(numpy_helper.from_array(np.asarray(value), name))
    return name


def _conv_bias(model: onnx.ModelProto, steps: float) -> None:
    """A bias of ``steps`` accumulator steps on every channel of the first convolution."""
    scale = numpy_helper.to_array(_initializer(model, "lif1_scale")).reshape(-1)
    channels = numpy_helper.to_array(_initializer(model, "lif1_theta")).size
    bias = np.broadcast_to(scale * steps, channels).astype(np.float32)
    _find(model, "Conv").input.append(_add_constant(model, "conv1_bias", bias))


def _small() -> onnx.ModelProto:
    """Two stages with a maximum pool and a transformer, classifier with one scale."""
    rng = np.random.default_rng(11)
    network = random_network(
        rng,
        schedule=(4, 2),
        size=(8, 8),
        channels=(2, 3),
        kernel=3,
        padding=1,
        stride=1,
        pool="max",
        pool_size=2,
        weight_bits=4,
        hidden=0,
        outputs=3,
        fraction=4,
        input_maximum=3,
    )
    return qonnx_of(network, rng)[0]


def test_whole_conv_bias_becomes_the_neurons(tmp_path: Path) -> None:
    onnx.save(_small(), tmp_path / "plain.onnx")
    model = _small()
    _conv_bias(model, 3.0)
    onnx.save(model, tmp_path / "biased.onnx")
    plain, biased = (load(tmp_path / f"{name}.onnx").layers[1] for name in ("plain", "biased"))
    np.testing.assert_array_equal(biased.bias, plain.bias + (3 << 4))  # type: ignore[union-attr]


def _negative_scale(model: onnx.ModelProto) -> None:
    _scale_constant(model, "conv1_weights_scale", -1)


def _missing_tensor(model: onnx.ModelProto) -> None:
    _find(model, "Lif").input[0] = "nowhere"


def _two_outputs(model: onnx.ModelProto) -> None:
    model.graph.output.append(helper.make_tensor_value_info("lif1", TensorProto.FLOAT, None))


def _unknown_domain(model: onnx.ModelProto) -> None:
    _insert_after(model, "lif1", "Spikify", domain="their.ops")


def _class_scales(model: onnx.ModelProto) -> None:
    _set_constant(model, "classifier_weights_scale", np.float32([[0.5], [0.25], [0.5]]))


def _free_input(model: onnx.ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_param = "T"


def _batched_input(model: onnx.ModelProto) -> None:
    shape = [1, 4, *[size.dim_value for size in model.graph.input[0].type.tensor_type.shape.dim][1:]]
    model.graph.input[0].CopyFrom(helper.make_tensor_value_info("frames", TensorProto.FLOAT, shape))


def _no_input_quant(model: onnx.ModelProto) -> None:
    _find(model, "Conv").input[0] = "frames"


def _second_quant(model: onnx.ModelProto) -> None:
    parameters = [_add_constant(model, f"q{i}", np.float32(value)) for i, value in enumerate((0.5, 0, 4))]
    _insert_after(model, "pool1", "Quant", *parameters, domain=QUANT_DOMAIN, signed=0, narrow=0)


_REFUSED: dict[str, tuple[Callable[[onnx.ModelProto], object], str]] = {
    "unsupported operator": (
        lambda m: _insert_after(m, "pool1", "Relu"),
        r"node 'my_relu' \(Relu\): this operator is not supported; use only Add, AveragePool, Conv, Div",
    ),
    "batch norm": (
        lambda m: _insert_after(
            m,
            "conv1",
            "BatchNormalization",
            *[_add_constant(m, f"n{i}", np.ones(2, np.float32)) for i in range(4)],
        ),
        r"\(BatchNormalization\): this operator is not supported",
    ),
    "foreign domain": (_unknown_domain, r"\(Spikify\): this operator of domain 'their.ops' is not supported"),
    "transpose that stays": (
        lambda m: _insert_after(m, "pool1", "Transpose", perm=[0, 1, 3, 2]),
        r"'my_transpose' \(Transpose\): this operator is not supported",
    ),
    "lif scale is another": (
        lambda m: _scale_constant(m, "lif1_scale", 2.0),
        r"'lif1' \(Lif\): divides channel 0 by .* but layer 'conv1' delivers the scale",
    ),
    "lif scale a little off": (
        lambda m: _scale_constant(m, "lif2_scale", 1.01),
        r"'lif2' \(Lif\): divides channel",
    ),
    "negative scale": (_negative_scale, r"'conv1_weights' \(Quant\): its scale is not positive"),
    "conv bias off the grid": (
        lambda m: _conv_bias(m, 0.5),
        r"'lif1' \(Lif\): layer 'conv1' adds a bias that is not on its integer grid; remove it",
    ),
    "read-out bias off the grid": (
        lambda m: _scale_constant(m, "classifier_bias", 1.0371),
        r"'readout' \(ReduceSum\): layer 'classifier' adds a bias that is not on the grid",
    ),
    "scale for each class": (
        _class_scales,
        r"'readout' \(ReduceSum\): layer 'classifier' has a weight scale",
    ),
    "float weights": (
        lambda m: _find(m, "Conv").input.__setitem__(1, "conv1_weights_values"),
        r"'conv1' \(Conv\): its weights are neither quantised nor on an integer grid",
    ),
    "zero point": (
        lambda m: _set_constant(m, "conv1_weights_zero", np.float32(1)),
        r"'conv1_weights' \(Quant\): has a zero point",
    ),
    "rounding": (
        lambda m: setattr(_attribute(_find(m, "Quant", 1), "rounding_mode"), "s", b"FLOOR"),
        r"'conv1_weights' \(Quant\): rounds by 'FLOOR'",
    ),
    "nine bits": (
        lambda m: _set_constant(m, "conv1_weights_bits", np.float32(9)),
        r"'conv1' \(Conv\): its weights need 9 bits",
    ),
    "fractional bits": (
        lambda m: _set_constant(m, "conv1_weights_bits", np.float32(3.5)),
        r"'conv1_weights' \(Quant\): its bit width is not one integer",
    ),
    "groups": (
        lambda m: _find(m, "Conv").attribute.append(helper.make_attribute("group", 3)),
        r"'conv1': 3 groups do not divide",
    ),
    "dilation": (
        lambda m: _find(m, "Conv").attribute.append(helper.make_attribute("dilations", [2, 2])),
        r"'conv1' \(Conv\): is dilated",
    ),
    "automatic padding": (
        lambda m: _find(m, "Conv").attribute.append(helper.make_attribute("auto_pad", "SAME_UPPER")),
        r"'conv1' \(Conv\): pads automatically",
    ),
    "crooked padding": (
        lambda m: _attribute(_find(m, "Conv"), "pads").ints.__setitem__(0, 0),
        r"'conv1' \(Conv\): kernel .* are not square",
    ),
    "overlapping pool": (
        lambda m: _attribute(_find(m, "MaxPool"), "strides").ints.__setitem__(slice(None), [1, 1]),
        r"'pool1' \(MaxPool\): overlaps",
    ),
    "pool of sums": (
        lambda m: _insert_after(m, "conv1", "MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
        r"'my_maxpool' \(MaxPool\): needs activations",
    ),
    "neuron of spikes": (
        lambda m: _insert_after(m, "lif1", "Lif", "lif1_scale", "lif1_theta", "lif1_bias", domain=DOMAIN),
        r"'my_lif' \(Lif\): needs the output of a convolution or dense layer",
    ),
    "average before transformer": (
        lambda m: _insert_after(m, "lif1", "AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
        r"\(TemporalTransform\): its input has the scale 0.25",
    ),
    "second quantiser": (_second_quant, r"'my_quant' \(Quant\): quantises integers 0 to .* a second time"),
    "fractional threshold": (
        lambda m: _set_constant(m, "lif1_theta", np.float32([1.5, 2])),
        r"'lif1' \(Lif\): its theta holds fractions",
    ),
    "threshold 0": (lambda m: _set_constant(m, "lif1_theta", np.int64([0, 2])), "layer 'lif1': theta is 0"),
    "leak above 1": (
        lambda m: setattr(_attribute(_find(m, "Lif"), "leak_multiplier"), "i", 1000),
        "layer 'lif1': leak 1000",
    ),
    "transformer rows": (
        lambda m: _scale_constant(m, "transform2_matrix", 3),
        "layer 'transform2': its matrix rows sum to",
    ),
    "reshape across time": (
        lambda m: _insert_after(m, "pool2", "Reshape", _add_constant(m, "all", np.int64([1, -1]))),
        r"'my_reshape' \(Reshape\): makes .* keeps time on axis 0",
    ),
    "scaling by a vector": (
        lambda m: _insert_after(
            m, "conv1", "Mul", _add_constant(m, "v", np.float32([1, 2]).reshape(2, 1, 1))
        ),
        r"'my_mul' \(Mul\): scales by more than one constant number",
    ),
    "no read-out": (
        lambda m: (m.graph.node.pop(), m.graph.output[0].__setattr__("name", m.graph.node[-1].output[0])),
        "the graph ends without a read-out",
    ),
    "sum over classes": (
        lambda m: _set_constant(m, "readout_axes", np.int64([1])),
        r"'readout' \(ReduceSum\): reduces other axes than time",
    ),
    "not a number": (
        lambda m: _scale_constant(m, "conv1_weights_values", np.nan),
        "constant 'conv1_weights_values' holds NaN or infinity",
    ),
    "two outputs": (_two_outputs, "has 1 inputs and 2 outputs"),
    "tensor from nowhere": (
        _missing_tensor,
        r"'lif1' \(Lif\): reads the tensor 'nowhere', which nothing makes",
    ),
    "free axis": (_free_input, "input 'frames' has no fixed shape"),
    "batch axis": (_batched_input, r"reads an input of shape \(1, 4, .*export it as \(T, C, H, W\)"),
    "unknown input range": (_no_input_quant, r"'conv1' \(Conv\): nothing states the input's range"),
    "classes": (lambda m: _set_metadata(m, "classes", '{"a": 1}'), "metadata 'classes' is no list of names"),
    "too few classes": (lambda m: _set_metadata(m, "classes", '["a"]'), "names 1 classes but has 3 logits"),
    "broken metadata": (lambda m: _set_metadata(m, "classes", "[1,"), "metadata 'classes' is no valid JSON"),
    "compression": (
        lambda m: _set_metadata(m, "compression", '{"bits": 2}'),
        "metadata 'compression' must give bits, sensor_height",
    ),
    "compression of another T": (
        lambda m: _set_metadata(
            m,
            "compression",
            '{"sensor_height": 8, "sensor_width": 8, "timesteps": 9, "bits": 2, "window_us": 5}',
        ),
        "the compression makes 9 timesteps but the input takes 4",
    ),
}


def _small_forked() -> onnx.ModelProto:
    """A join of spikes, an early exit, a join of currents; binary weights, no pool."""
    return qonnx_of(_forked(), np.random.default_rng(4))[0]


def _forked() -> Network:
    network = random_forked_network(
        np.random.default_rng(5),
        blocks=("join", "currents"),
        heads=1,
        timesteps=2,
        size=(8, 6),
        channels=2,
        weight_bits=1,
        stride=1,
        input_maximum=3,
        outputs=3,
    )
    exact = {"gain": np.array([12, 20]), "fraction": 3}
    fractions: dict[str, dict[str, Any]] = {"block2_sum": exact, "early1": {"fraction": 2}}
    fractions |= {"block1_lif": {"fraction": 2}, "lif": {"fraction": 2}, "readout": {"fraction": 3}}
    layers = [replace(layer, **fractions.get(layer.name, {})) for layer in network.layers]
    return replace(network, layers=tuple(layers))


def _drop_margin(model: onnx.ModelProto) -> None:
    del _find(model, "EarlyExit").attribute[:]


def _maker(model: onnx.ModelProto, tensor: str) -> onnx.NodeProto:
    return next(node for node in model.graph.node if tensor in node.output)


def _read(name: str, place: int, tensor: str) -> Callable[[onnx.ModelProto], None]:
    """Let one input of a node be another tensor."""
    return lambda model: _maker(model, name).input.__setitem__(place, tensor)


_FORKED_REFUSED: dict[str, tuple[Callable[[onnx.ModelProto], object], str]] = {
    "join of two scales": (
        lambda m: _insert_after(m, "block1_lif", "Mul", _add_constant(m, "double", np.float32(2))),
        r"'block1_join' \(Add\): adds activations of the scales 2, 1; bring them to one grid",
    ),
    "join of spikes and currents": (
        _read("block1_join", 0, "block1_conv"),
        r"'block1_join' \(Add\): adds what cannot be joined",
    ),
    "join of three currents": (
        lambda m: _insert_after(m, "block2_sum", "Add", "block2_conv2"),
        r"'my_add' \(Add\): adds the currents of a third layer",
    ),
    "join of other shapes": (
        _read("block2_sum", 1, "early1_fc_biased"),
        r"'block2_sum' \(Add\): adds layers of the shapes",
    ),
    "constant behind a join": (
        lambda m: _insert_after(m, "block2_sum", "Add", _add_constant(m, "one", np.float32(1))),
        r"'my_add' \(Add\): adds a constant to what has no bias",
    ),
    "gain off the grid": (
        lambda m: _scale_constant(m, "block2_shortcut_weights_scale", 1.03),
        r"'block2_lif2' \(Lif\): the sum of 'block2_conv2' and 'block2_shortcut' is not on the grid",
    ),
    "read-out of a join": (
        lambda m: _insert_after(m, "early1_fc_biased", "Add", "early1_fc_biased"),
        r"'early1' \(ReduceSum\): sums two layers at once",
    ),
    "early scale is another": (
        lambda m: _scale_constant(m, "exit1_scale", 1.01),
        r"'exit1' \(EarlyExit\): divides by .* but one step of the logits of 'early1' is",
    ),
    "no margin": (_drop_margin, r"'exit1' \(EarlyExit\): has no margin"),
    "exit of spikes": (_read("exit1", 0, "lif"), r"'exit1' \(EarlyExit\): needs logits"),
    "exit of accumulators": (_read("exit1", 2, "readout_fc"), r"'exit1' \(EarlyExit\): needs logits"),
    "logits scaled behind an exit": (
        lambda m: (
            m.graph.node.append(
                helper.make_node("Mul", ["exit1", _add_constant(m, "two", 2.0)], ["out"], "out")
            ),
            m.graph.output[0].__setattr__("name", "out"),
        ),
        r"'out' \(Mul\): scales logits behind an early exit",
    ),
    "global pool of no square": (
        lambda m: _insert_after(m, "block1_join", "GlobalAveragePool"),
        r"'my_globalaveragepool' \(GlobalAveragePool\): averages 8 x 6 pixels",
    ),
    "negative binary scale": (
        lambda m: _scale_constant(m, "conv_weights_scale", -1),
        r"'conv_weights' \(BipolarQuant\): its scale is not positive",
    ),
    "filter": (
        lambda m: _attribute(_find(m, "Lif"), "filter_shift").__setattr__("i", 30),
        "'lif': filter shift 30",
    ),
}


@pytest.mark.parametrize("small", [_small, _small_forked])
def test_the_model_that_the_refusals_change_is_accepted(
    small: Callable[[], onnx.ModelProto], tmp_path: Path
) -> None:
    onnx.save(small(), tmp_path / "model.onnx")
    assert load(tmp_path / "model.onnx").layers


@pytest.mark.parametrize("shift", [0, 1, 2])
def test_a_join_has_the_grid_of_the_neuron_behind_it(shift: int, tmp_path: Path) -> None:
    """Lif may state 2**shift times the finest scale and make up for it with fraction bits."""
    model = _small_forked()
    _scale_constant(model, "block2_lif2_scale", 2**shift)
    _attribute(_maker(model, "block2_lif2"), "fraction").i = shift
    _maker(model, "block2_sum").input[:] = ["block2_shortcut", "block2_conv2"]  # the order does not matter
    onnx.save(model, tmp_path / "model.onnx")
    _assert_same(load(tmp_path / "model.onnx"), _forked())


@pytest.mark.parametrize("shift", [0, 2])
def test_whole_biases_of_joined_layers_become_the_neurons(shift: int, tmp_path: Path) -> None:
    model = _small_forked()
    scale = numpy_helper.to_array(_initializer(model, "block2_lif2_scale"))
    for layer, steps in (("block2_conv2", 7 << shift), ("block2_shortcut", -3 << shift)):
        bias = np.broadcast_to(scale * steps, 2).astype(np.float32)
        _maker(model, layer).input.append(_add_constant(model, f"{layer}_bias", bias))
    _scale_constant(model, "block2_lif2_scale", 2**shift)
    _attribute(_maker(model, "block2_lif2"), "fraction").i = shift
    onnx.save(model, tmp_path / "biased.onnx")
    biased, plain = load(tmp_path / "biased.onnx").layer("block2_lif2"), _forked().layer("block2_lif2")
    np.testing.assert_array_equal(biased.bias, plain.bias + (4 << shift))  # type: ignore[union-attr]


@pytest.mark.parametrize("case", [*_REFUSED, *_FORKED_REFUSED])
def test_refusals_name_the_culprit(case: str, tmp_path: Path) -> None:
    change, message = {**_REFUSED, **_FORKED_REFUSED}[case]
    model = _small() if case in _REFUSED else _small_forked()
    change(model)
    onnx.save(model, tmp_path / "model.onnx")
    with pytest.raises(UserError, match=message) as caught:
        load(tmp_path / "model.onnx")
    assert "\n" not in str(caught.value)


def test_files_that_are_no_model(tmp_path: Path) -> None:
    whole = _small().SerializeToString()
    for name, content in (("cut", whole[: len(whole) // 2]), ("empty", b""), ("text", b"not an onnx file\n")):
        path = tmp_path / f"{name}.onnx"
        path.write_bytes(content)
        with pytest.raises(UserError, match=rf"{name}\.onnx (cannot be read|holds no ONNX graph)"):
            load(path)
    with pytest.raises(UserError, match=r"missing\.onnx does not exist"):
        load(tmp_path / "missing.onnx")
    save(_network(0, PLAIN)[1], tmp_path / "lowered.onnx")
    with pytest.raises(UserError, match="is a lowered integer file"):
        load(tmp_path / "lowered.onnx")
