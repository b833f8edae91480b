"""Runs the lowered integer file under plain onnxruntime, every layer's values observable."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers, Network
from ssnn_fpga.network.lowering import LAYERS_KEY, lower


def trace(model: str | Path | Network, frames: Integers) -> dict[str, Integers]:
    """Every layer's values for ``frames`` (N, T, C, H, W): int64 (N, T, C, H, W), logits (N, O).

    ``model`` is a lowered file that this project wrote, or a network that is lowered here.
    Raises UserError where the file is no such file or the frames do not fit it.
    """
    lowered = lower(model, every_layer=True) if isinstance(model, Network) else _opened(Path(model))
    layers = [output.name for output in lowered.graph.output]
    session = _session(lowered)
    (given,) = session.get_inputs()
    if frames.ndim != 5 or list(frames.shape[1:]) != given.shape:
        raise UserError(
            f"frames of shape {frames.shape} do not fit the lowered model; give (N, {str(given.shape)[1:-1]})"
        )
    samples = [session.run(layers, {given.name: frame}) for frame in frames.astype(np.float32)]
    if not samples:
        raise UserError("there is no sample to run; give at least one")
    return {
        layer: np.stack([sample[index] for sample in samples]).astype(np.int64)
        for index, layer in enumerate(layers)
    }


def _session(model: onnx.ModelProto) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3  # no warnings about constants it folds
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def _opened(path: Path) -> onnx.ModelProto:
    """The lowered file with every layer as an output."""
    try:
        model = onnx.load(path)
    except Exception as error:  # protobuf and onnx raise several unrelated kinds
        raise UserError(f"{path} cannot be read as an ONNX file; export and compile it again") from error
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    if LAYERS_KEY not in metadata:
        raise UserError(f"{path} is not a lowered integer file; give the file that compile wrote")
    known = {info.name: info for info in (*model.graph.value_info, *model.graph.output)}
    outputs = [known[name] for name in json.loads(metadata[LAYERS_KEY])]
    model.graph.ClearField("output")
    model.graph.output.extend(outputs)
    return model
