"""Runs FINN's builder on a graph of frames: estimates, and with Vivado everything up to an overlay."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from finn.builder.build_dataflow import build_dataflow_cfg
from finn.builder.build_dataflow_config import (
    DataflowBuildConfig,
    DataflowOutputType,
    ShellFlowType,
)
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from ssnn_fpga.backends.finn import hdl
from ssnn_fpga.backends.finn.boot import has_vivado
from ssnn_fpga.backends.finn.ops import FrameOperator
from ssnn_fpga.backends.finn.steps import build_steps, cycles_of_sample, estimate_steps, frames_of_nodes
from ssnn_fpga.errors import UserError

HARDWARE_FILE = "hardware.onnx"
"""The hardware graph that the estimates are of, in the folder of a build."""
_ESTIMATED = "step_minimize_bit_width.onnx"
_FOLDS = ("PE", "SIMD", "TL")


@dataclass(frozen=True)
class Options:
    """What the hardware is for."""

    cycles: int
    """Cycles a sample to fold for; where they are out of reach, the least that FINN can reach."""
    part: str = "xc7z020clg400-1"
    clock_ns: float = 10.0
    overlay: str = ""
    """FINN's name of the board for which an overlay is built where Vivado is on PATH, or none."""


def build(graph: Path, out: Path, options: Options) -> dict[str, Any]:
    """Build the graph file into the folder ``out`` and return its figures.

    Writes ``hardware.onnx``, FINN's reports and intermediate models, and the HDL of our operators.
    Raises UserError where FINN gives up.
    """
    whole = bool(options.overlay) and has_vivado()
    outputs = [DataflowOutputType.ESTIMATE_REPORTS]
    if whole:
        outputs += [
            DataflowOutputType.STITCHED_IP,
            DataflowOutputType.BITFILE,
            DataflowOutputType.PYNQ_DRIVER,
            DataflowOutputType.DEPLOYMENT_PACKAGE,
        ]
    config = DataflowBuildConfig(
        output_dir=str(out),
        synth_clk_period_ns=options.clock_ns,
        fpga_part=options.part,
        board=options.overlay if whole else None,
        shell_flow_type=ShellFlowType.VIVADO_ZYNQ if whole else None,
        generate_outputs=outputs,
        steps=(build_steps if whole else estimate_steps)(options.cycles),
        standalone_thresholds=True,
        auto_fifo_depths=False,
        enable_build_pdb_debug=False,
    )
    if build_dataflow_cfg(str(graph), config):
        raise UserError(f"FINN gave up, {_last_error(out)}; docs/finn.md says what it takes")
    model = ModelWrapper(str(out / "intermediate_models" / _ESTIMATED))
    model.save(str(out / HARDWARE_FILE))
    for node in model.graph.node:
        operator = getCustomOp(node)
        if isinstance(operator, FrameOperator):
            hdl.write(operator.hardware(), node.name, out / "hdl" / node.name)
    return {**figures(model, options.part), "overlay": whole}


def figures(model: ModelWrapper, part: str) -> dict[str, Any]:
    """Of a hardware graph: cycles a sample, sums of resources, bits of waiting frames, each node."""
    nodes = [
        _node(node, frames, part)
        for node, frames in zip(model.graph.node, frames_of_nodes(model).values(), strict=True)
    ]
    totals = {name: sum(node[name] for node in nodes) for name in ("luts", "block_rams", "dsps")}
    own = [getCustomOp(node) for node in model.graph.node]
    waiting = sum(op.hardware().waiting_bits for op in own if isinstance(op, FrameOperator))
    return {"cycles": cycles_of_sample(model), **totals, "state_bits": waiting, "nodes": nodes}


def _node(node: Any, frames: int, part: str) -> dict[str, Any]:
    operator = getCustomOp(node)
    known = operator.get_nodeattr_types()
    return {
        "name": node.name,
        "output": node.output[0],
        "folds": {name: int(operator.get_nodeattr(name)) for name in _FOLDS if name in known},
        "frames": frames,
        "cycles": frames * int(operator.get_exp_cycles()),
        "luts": int(operator.lut_estimation(part)),
        "block_rams": int(operator.bram_estimation(part)),
        "dsps": int(operator.dsp_estimation(part)),
        "by": "ssnn-fpga" if isinstance(operator, FrameOperator) else "FINN",
    }


def _last_error(out: Path) -> str:
    """FINN's own last word."""
    log = out / "build_dataflow.log"
    lines = log.read_text().splitlines() if log.is_file() else []
    errors = [line for line in lines if "ERROR" in line]
    return errors[-1].split("ERROR", 1)[1].strip(" :") if errors else "without saying why"
