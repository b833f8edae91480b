"""Steps for FINN's builder: from a graph of frames to hardware nodes, and their folds.

A user's own list of steps may mix them with FINN's; ``ESTIMATE`` and ``BUILD`` are ours.
"""

from __future__ import annotations

from math import prod
from typing import Any

from finn.builder import build_dataflow_steps as finn_steps
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp
from qonnx.transformation.base import Transformation

from ssnn_fpga.backends.finn.ops import LIF, FrameOperator


def step_fold_neurons(model: ModelWrapper, cfg: Any) -> ModelWrapper:
    """Folds our operators for the same cycles a frame as FINN's own; after FINN's own folding."""
    return model.transform(SetNeuronFolding(cfg._resolve_cycles_per_frame()))


class SetNeuronFolding(Transformation):  # type: ignore[misc]
    """PE, and then TL of neurons, as small as the target allows; without a target all stay as they are."""

    def __init__(self, target_cycles_per_frame: int | None) -> None:
        super().__init__()
        self._target = target_cycles_per_frame

    def apply(self, model: ModelWrapper) -> tuple[ModelWrapper, bool]:
        """FINN's call; once is enough."""
        for node in model.graph.node if self._target is not None else ():
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


def frames_of_nodes(model: ModelWrapper) -> dict[str, int]:
    """By node, the frames of a sample that pass through it."""
    first = next(
        (getCustomOp(node).frames_in() for node in model.graph.node if node.op_type.startswith("LIF")), 1
    )
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


ESTIMATE: list[Any] = [
    finn_steps.step_convert_to_hw,
    finn_steps.step_minimize_bit_width_initial,
    finn_steps.step_create_dataflow_partition,
    finn_steps.step_specialize_layers,
    finn_steps.step_target_fps_parallelization,
    step_fold_neurons,
    finn_steps.step_apply_folding_config,
    finn_steps.step_minimize_bit_width,
    finn_steps.step_generate_estimate_reports,
]
"""Hardware nodes, folds, cycles and resources; needs no Vivado."""
