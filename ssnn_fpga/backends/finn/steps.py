"""Steps for FINN's builder: from a graph of frames to hardware nodes, and their folds.

A user's own list of steps may mix them with FINN's; ``estimate_steps`` and ``build_steps`` are ours.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from copy import deepcopy
from math import prod
from pathlib import Path
from typing import Any

from finn.builder import build_dataflow_steps as finn_steps
from finn.transformation.fpgadataflow.convert_to_hw.elementwise_binary_operation import (
    InferElementwiseBinaryOperation,
)
from finn.transformation.fpgadataflow.set_folding import SetFolding
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation
from qonnx.transformation.infer_datatypes import InferDataTypes

from ssnn_fpga.backends.finn.frame_graph import frame_graph
from ssnn_fpga.backends.finn.ops import LIF, FrameOperator
from ssnn_fpga.network.qonnx_import import load


def step_frames(model: ModelWrapper, cfg: Any) -> ModelWrapper:
    """A QONNX file of this project, as the builder has read it, to the graph of its frames.

    First of all steps where the builder gets the file itself: it streamlines every scale into integer
    thresholds and infers the operators. Raises UserError as ``load`` and ``frame_graph`` do.
    """
    with tempfile.TemporaryDirectory(prefix="ssnn-fpga-") as scratch:
        path = Path(scratch) / "model.onnx"
        model.save(str(path))
        return frame_graph(load(path))


def step_sums_to_hw(model: ModelWrapper, cfg: Any) -> ModelWrapper:
    """Sums of activations, before FINN's own conversion: their types must be known to what follows.

    FINN calls such a sum a signed number of 32 bits until it minimises widths, which its pooling
    refuses.
    """
    model = model.transform(InferElementwiseBinaryOperation())
    for node in model.get_nodes_by_op_type("ElementwiseAdd"):
        getCustomOp(node).minimize_accumulator_width(model)
    return model.transform(InferDataTypes())


def fold_step(cycles: int) -> Callable[[ModelWrapper, Any], ModelWrapper]:
    """A step that folds all nodes for ``cycles`` a sample, instead of ``step_target_fps_parallelization``."""

    def step_fold_for_sample(model: ModelWrapper, cfg: Any) -> ModelWrapper:
        return model.transform(FoldForSample(cycles, cfg.mvau_wwidth_max))

    return step_fold_for_sample


class FoldForSample(Transformation):  # type: ignore[misc]
    """FINN's SetFolding and ``SetNeuronFolding``, each node with the cycles that its frames leave it.

    A node through which two frames of a sample pass has half the cycles a frame of one that sees a
    single frame. What cannot be reached is relaxed to the least that can, for all nodes, as FINN's
    own second pass does.
    """

    def __init__(self, cycles_per_sample: int, mvau_wwidth_max: int = 36) -> None:
        super().__init__()
        self._cycles, self._width = cycles_per_sample, mvau_wwidth_max

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """FINN's call; once is enough."""
        self._fold(model, self._cycles)
        reached = cycles_of_sample(model)
        if reached > self._cycles:
            self._fold(model, reached)
        return model, False

    def _fold(self, model: ModelWrapper, cycles: int) -> None:
        passing = frames_of_nodes(model)
        for frames in sorted(set(passing.values())):
            target = max(1, cycles // frames)
            folded = deepcopy(model)
            folded = folded.transform(SetFolding(target, self._width, two_pass_relaxation=False))
            folded = folded.transform(SetNeuronFolding(target))
            attributes = {node.name: node.attribute for node in folded.graph.node}
            for node in model.graph.node:
                if passing[node.name] == frames:
                    del node.attribute[:]
                    node.attribute.extend(attributes[node.name])


class SetNeuronFolding(Transformation):  # type: ignore[misc]
    """PE of our operators, and TL of neurons, as small as the target allows: what SetFolding leaves out."""

    def __init__(self, target_cycles_per_frame: int) -> None:
        super().__init__()
        self._target = target_cycles_per_frame

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """FINN's call; once is enough."""
        for node in model.graph.node:
            operator = getCustomOp(node)
            if isinstance(operator, FrameOperator):
                self._fold(operator)
        return model, False

    def _fold(self, operator: FrameOperator) -> None:
        for pe in _divisors(operator.get_nodeattr("NumChannels")):
            operator.set_nodeattr("PE", pe)
            for tl in _divisors(operator.frames_in()) if isinstance(operator, LIF) else (1,):
                if isinstance(operator, LIF):
                    operator.set_nodeattr("TL", tl)
                if operator.get_exp_cycles() <= self._target:
                    return


def step_hold_skips(model: ModelWrapper, cfg: Any) -> ModelWrapper:
    """FIFO depths in front of joins, for ``auto_fifo_depths=False``.

    A neuron lets a frame go when the sample's last has come: a branch with fewer of them must hold
    the frames that the longer one is behind, or both stand still.
    """
    behind: dict[str, int] = {model.graph.input[0].name: 0}  # words' worth of frames, by tensor
    for node in model.graph.node:
        operator = getCustomOp(node)
        streamed = [tensor for tensor in node.input if tensor in behind]
        last = max(behind[tensor] for tensor in streamed)
        if len(streamed) > 1:
            frame = prod(operator.get_folded_input_shape(0)[:-1])
            depths = [(last - behind[tensor] + 1) * frame + 2 for tensor in streamed]
            operator.set_nodeattr("inFIFODepths", [int(depth) for depth in depths])
        waits = operator.frames_in() - 1 if isinstance(operator, FrameOperator) else 0
        behind.update(dict.fromkeys(node.output, last + waits))
    return model


def cycles_of_sample(model: ModelWrapper) -> int:
    """Of the slowest node, over all frames of a sample."""
    return max(
        int(getCustomOp(model.get_node_from_name(name)).get_exp_cycles()) * frames
        for name, frames in frames_of_nodes(model).items()
    )


def frames_of_nodes(model: ModelWrapper) -> dict[str, int]:
    """By node, the frames of a sample that pass through it."""
    operators = (getCustomOp(node) for node in model.graph.node)
    counts = (operator.frames_in() for operator in operators if isinstance(operator, FrameOperator))
    first = next((count for count in counts if count > 1), 1)
    frames = {model.graph.input[0].name: first}
    passing = {}
    for node in model.graph.node:
        operator, count = getCustomOp(node), frames[node.input[0]]
        passing[node.name] = count
        for tensor in node.output:
            frames[tensor] = operator.frames_out() if _changes(operator) else count
    return passing


def _changes(operator: Any) -> bool:
    return isinstance(operator, FrameOperator) and operator.frames_in() > 1


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


def estimate_steps(cycles: int) -> list[Any]:
    """Hardware nodes, folds for ``cycles`` a sample, cycles and resources; needs no Vivado."""
    return [
        step_sums_to_hw,
        finn_steps.step_convert_to_hw,
        finn_steps.step_minimize_bit_width_initial,
        finn_steps.step_create_dataflow_partition,
        finn_steps.step_specialize_layers,
        fold_step(cycles),
        finn_steps.step_apply_folding_config,
        finn_steps.step_minimize_bit_width,
        finn_steps.step_generate_estimate_reports,
    ]


def build_steps(cycles: int) -> list[Any]:
    """As far as an overlay for PYNQ; needs Vivado and Vitis HLS, and was never run with them."""
    return [
        *estimate_steps(cycles),
        step_hold_skips,
        finn_steps.step_generate_hardware,
        finn_steps.step_create_stitched_ip,
        finn_steps.step_prepare_synthesis,
        finn_steps.step_synthesize_bitfile,
        finn_steps.step_make_driver,
        finn_steps.step_deployment_package,
    ]
