"""Export of a trained run as QONNX."""

from __future__ import annotations

from pathlib import Path

import onnx

from quant_models.engine import TorchEngine
from quant_models.run_folder import write_aside
from ssnn_fpga.network import qonnx_export


def export(run_folder: Path, out: Path) -> Path:
    """Write the best model of a run so far to the QONNX file ``out``; returns ``out``.

    Raises UserError where the folder holds no trained run, or a network without integers.
    """
    model = to_qonnx(TorchEngine.load(run_folder))
    out.parent.mkdir(parents=True, exist_ok=True)
    write_aside(out, lambda path: onnx.save(model, path))
    return out


def to_qonnx(engine: TorchEngine) -> onnx.ModelProto:
    """The QONNX model of a trained network; nodes are called as the engine's trace calls its layers.

    Raises UserError where the recipe's network has no integers, with the remedy.
    """
    return qonnx_export.to_qonnx(engine.network, engine.model.readout_scales())
