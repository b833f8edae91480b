"""Export of a trained run as QONNX: standard operators, Quant nodes, and the project's own two.

One sample is (T, C, H, W), so axis 0 is time: convolutions, pooling and the dense layer see a
batch of frames, and only Lif and TemporalTransform look along axis 0. The values on every edge
between layers are integers of scale 1; a weight scale lives between a layer and its neuron only.
"""

from __future__ import annotations

import copy
import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import numpy as np
import onnx
import onnx.numpy_helper
import torch
from brevitas.export import export_qonnx
from brevitas.inject.enum import RestrictValueType, ScalingImplType
from brevitas.nn import QuantConv2d, QuantIdentity, QuantLinear
from brevitas.quant.fixed_point import Uint8ActPerTensorFixedPoint
from torch import Tensor, nn
from torch.nn import functional

from quant_models.engine import TorchEngine
from quant_models.network import POOL, Readout, ShrinkingNetwork, Stage
from quant_models.recipe import NetworkRecipe
from quant_models.run_folder import write_aside
from quant_models.transformer import LinearTransformer
from ssnn_fpga.network.ops import DOMAIN, DOMAIN_VERSION, append_functions

_OPSET = 20

_LAYER = {"Conv": "conv", "Lif": "lif", "MaxPool": "pool", "TemporalTransform": "shrink"}
_TAIL = {"Reshape": "flatten", "Flatten": "flatten", "Gemm": "fc", "Add": "bias", "ReduceSum": "readout"}
_ROLES = {
    "Quant": ("values", "scale", "zero_point", "bits"),
    "Lif": ("input", "scale", "theta", "bias"),
    "TemporalTransform": ("input", "matrix"),
}
"""What the initializers of a node are called, after the node's name."""


def export(run_folder: Path, out: Path) -> Path:
    """Write the best model of a run so far to the QONNX file ``out``; returns ``out``.

    Raises UserError where the folder holds no trained run.
    """
    model = to_qonnx(TorchEngine.load(run_folder))
    out.parent.mkdir(parents=True, exist_ok=True)
    write_aside(out, lambda path: onnx.save(model, path))
    return out


def to_qonnx(engine: TorchEngine) -> onnx.ModelProto:
    """The QONNX model of a trained network; nodes are called as the engine's trace calls its layers."""
    with _quiet():
        exported = export_qonnx(
            _Deployed(engine.model),
            args=torch.zeros(engine.frame_shape),
            dynamo=True,
            external_data=False,
            verbose=False,
            opset_version=_OPSET,
            input_names=["frames"],
            output_names=["logits"],
        )
    model = cast(onnx.ModelProto, exported)
    _rename(model.graph)
    _set_count_bits(model.graph, engine.compression.bits)
    _strip_provenance(model)
    model.graph.name = engine.name
    onnx.helper.set_model_props(
        model,
        {"classes": json.dumps(list(engine.classes)), "compression": json.dumps(asdict(engine.compression))},
    )
    return append_functions(model)


class _Counts(Uint8ActPerTensorFixedPoint):  # type: ignore[misc]
    """The input: unsigned event counts, scale 1 (Brevitas states it as the range 2**bits)."""

    scaling_impl_type = ScalingImplType.CONST
    restrict_scaling_type = RestrictValueType.POWER_OF_TWO


class _Deployed(nn.Module):
    """The network as the file describes it: one sample (T, C, H, W), batch norm become integers."""

    def __init__(self, model: ShrinkingNetwork) -> None:
        super().__init__()
        self.counts = QuantIdentity(act_quant=_Counts, bit_width=8, scaling_init=float(1 << 8))
        self.stages = nn.ModuleList(_DeployedStage(cast(Stage, stage)) for stage in model.stages)
        self.shrinks = nn.ModuleList(_DeployedShrink(cast(LinearTransformer, s)) for s in model.shrinks)
        self.readout = _DeployedReadout(model.readout)

    def forward(self, frames: Tensor) -> Tensor:
        """Logits (O,), in real units."""
        x = self.counts(frames)
        for index, stage in enumerate(self.stages):
            x = functional.max_pool2d(stage(x), POOL)
            if index < len(self.shrinks):
                x = self.shrinks[index](x)
        return cast(Tensor, self.readout(x))


class _DeployedStage(nn.Module):
    """Convolution with the signs of the gains folded in, and a Lif node."""

    scale: Tensor
    theta: Tensor
    bias: Tensor

    def __init__(self, stage: Stage) -> None:
        super().__init__()
        exact = stage.integers()
        trained = _quantised_integers(stage.conv)
        # The folded weights are the trained ones up to the sign, so their scale and rounding are too.
        sign = np.where((exact.weight == trained).all(axis=(1, 2, 3)), 1.0, -1.0)
        sign *= exact.weight.any(axis=(1, 2, 3))
        self.conv = copy.deepcopy(stage.conv)
        with torch.no_grad():
            self.conv.weight.mul_(torch.from_numpy(sign).float().reshape(-1, 1, 1, 1))
        assert np.array_equal(_quantised_integers(self.conv), exact.weight)
        self.register_buffer("scale", self.conv.quant_weight().scale.detach().flatten().clone())
        self.register_buffer("theta", torch.from_numpy(exact.theta))
        self.register_buffer("bias", torch.from_numpy(exact.bias))
        self.attributes = _lif_attributes(stage.network)

    def forward(self, x: Tensor) -> Tensor:
        """Spikes (T, O, H, W)."""
        a = self.conv(x)
        return torch.onnx.ops.symbolic(
            f"{DOMAIN}::Lif",
            (a, self.scale, self.theta, self.bias),
            self.attributes,
            dtype=a.dtype,
            shape=a.shape,
            version=DOMAIN_VERSION,
        )


def _lif_attributes(network: NetworkRecipe) -> dict[str, Any]:
    return {
        "leak_multiplier": network.leak_multiplier,
        "leak_shift": network.leak_shift,
        "levels": 1,
        "strict": 0,
        "reset_to_zero": 0,
        "fraction": network.fraction,
    }


class _DeployedShrink(nn.Module):
    """A TemporalTransform node."""

    matrix: Tensor

    def __init__(self, transformer: LinearTransformer) -> None:
        super().__init__()
        self.register_buffer("matrix", torch.from_numpy(transformer.matrix()))
        self.attributes: dict[str, Any] = {"shift": transformer.shift, "fraction": transformer.fraction}

    def forward(self, x: Tensor) -> Tensor:
        """Frames (T2, C, H, W) of x (T1, C, H, W)."""
        return torch.onnx.ops.symbolic(
            f"{DOMAIN}::TemporalTransform",
            (x, self.matrix),
            self.attributes,
            dtype=x.dtype,
            shape=(len(self.matrix), *x.shape[1:]),
            version=DOMAIN_VERSION,
        )


class _DeployedReadout(nn.Module):
    """Dense layer, bias on its integer grid, sum over time."""

    def __init__(self, readout: Readout) -> None:
        super().__init__()
        exact = readout.integers()
        self.dense: QuantLinear = copy.deepcopy(readout.dense)
        self.bias = nn.Parameter(torch.from_numpy(exact.bias * exact.scale / 2**readout.fraction).float())

    def forward(self, x: Tensor) -> Tensor:
        """Logits (O,) of x (T, C, H, W)."""
        return cast(Tensor, (self.dense(x.flatten(1)) + self.bias).sum(dim=0))


def _quantised_integers(conv: QuantConv2d) -> np.ndarray:
    """Integer weights of a Brevitas layer."""
    quantised = conv.quant_weight()
    return cast(np.ndarray, (quantised.value / quantised.scale).detach().round().long().numpy())


def _rename(graph: onnx.GraphProto) -> None:
    """Nodes, and the tensors they make, get the layers' names; initializers their node's.

    The exporter shares equal initializers; here every node gets its own, under its own name.
    """
    names = _node_names(graph)
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    tensors = {node.output[0]: name for node, name in zip(graph.node, names, strict=True)}
    kept = {graph.output[0].name: "logits", graph.input[0].name: "frames"}
    renamed: list[onnx.TensorProto] = []
    for node, name in zip(graph.node, names, strict=True):
        node.name = name
        for index, tensor in enumerate(node.input):
            if tensor in initializers:
                roles = _ROLES.get(node.op_type, ("input", "value"))
                copied = copy.deepcopy(initializers[tensor])
                copied.name = node.input[index] = f"{name}_{roles[index]}"
                renamed.append(copied)
            else:
                node.input[index] = kept.get(tensor) or tensors[tensor]
        node.output[0] = kept.get(node.output[0], name)
    shapes = [info for info in graph.value_info if info.name in tensors]
    for info in shapes:
        info.name = tensors[info.name]
    graph.ClearField("value_info")
    graph.value_info.extend(shapes)
    graph.input[0].name, graph.output[0].name = "frames", "logits"
    graph.ClearField("initializer")
    graph.initializer.extend(renamed)


def _set_count_bits(graph: onnx.GraphProto, bits: int) -> None:
    """Counts are exported at 8 bits and narrowed here: Brevitas would write one bit as bipolar, -1 or 1."""
    stated = next(tensor for tensor in graph.initializer if tensor.name == "counts_bits")
    stated.CopyFrom(onnx.numpy_helper.from_array(np.array(bits, dtype=np.float32), stated.name))


def _node_names(graph: onnx.GraphProto) -> list[str]:
    """conv1, lif1, ... in the order of the nodes; a Quant node is called after what it feeds."""
    counted: dict[str, int] = {}
    names: dict[int, str] = {}
    for position, node in enumerate(graph.node):
        if node.op_type in _LAYER:
            counted[node.op_type] = counted.get(node.op_type, 0) + 1
            names[position] = f"{_LAYER[node.op_type]}{counted[node.op_type]}"
        elif node.op_type in _TAIL:
            names[position] = _TAIL[node.op_type]
    for position, node in enumerate(graph.node):
        if node.op_type != "Quant":
            continue
        if node.input[0] == graph.input[0].name:
            names[position] = "counts"
        else:
            user = next(p for p, n in enumerate(graph.node) if node.output[0] in n.input)
            names[position] = f"{names[user]}_weights"
    return [names[position] for position in range(len(graph.node))]


def _strip_provenance(model: onnx.ModelProto) -> None:
    """Drop the exporter's stack traces: they hold absolute paths of this machine."""
    graph = model.graph
    for part in (
        model,
        graph,
        *graph.node,
        *graph.value_info,
        *graph.input,
        *graph.output,
        *graph.initializer,
    ):
        part.ClearField("metadata_props")
    for node in graph.node:
        node.ClearField("doc_string")


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence the exporters, which warn about each other's deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
