"""Runs a hardware graph in Python, stream by stream: each node sees all frames of a sample.

FINN's ``execute_onnx`` runs the whole graph once a frame, which a network that shrinks its timesteps
cannot do: behind a transformer fewer frames pass. Here each node takes the frames of its inputs and
gives those of its output, as the hardware does, and nothing outlives a sample. FINN's own nodes
compute what FINN says they do, in its Python, whichever back end they have.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from finn.custom_op.fpgadataflow import custom_op
from qonnx.core.modelwrapper import ModelWrapper
from qonnx.custom_op.registry import getCustomOp

from ssnn_fpga.backends.finn.ops import Frame, FrameOperator

Run = Callable[..., list[list[Frame]]]


def run(model: ModelWrapper, frames: Sequence[Frame]) -> dict[str, list[Frame]]:
    """Every tensor's frames, for the frames (1, H, W, C) of one sample at the graph's input."""
    return Execution(model).run(frames)


class Execution:
    """A graph ready to run sample after sample."""

    def __init__(self, model: ModelWrapper) -> None:
        self._input = model.graph.input[0].name
        self._constants = {tensor.name for tensor in model.graph.initializer}
        self._steps = [(node, _runner(model, node)) for node in model.graph.node]

    def run(self, frames: Sequence[Frame]) -> dict[str, list[Frame]]:
        """Every tensor's frames of one sample."""
        streams: dict[str, list[Frame]] = {self._input: list(frames)}
        for node, step in self._steps:
            inputs = [streams[tensor] for tensor in node.input if tensor not in self._constants]
            for tensor, values in zip(node.output, step(*inputs), strict=True):
                streams[tensor] = values
        return streams


def _runner(model: ModelWrapper, node: Any) -> Run:
    operator = getCustomOp(deepcopy(node))
    if isinstance(operator, FrameOperator):
        return lambda *inputs: [operator.execute_sample(*inputs)]
    kind = node.op_type.removesuffix("_hls").removesuffix("_rtl")
    execute = custom_op[kind].execute_node
    if kind == "VVAU":
        # FINN takes PE lanes of windows for interleaved unless it sees a window generator right before
        # it, by the name that one has without a back end. In Python they never are.
        operator.set_nodeattr("PE", operator.get_nodeattr("Channels"))
    weights = {tensor: model.get_initializer(tensor) for tensor in node.input}
    context: dict[str, Any] = {tensor: values for tensor, values in weights.items() if values is not None}
    streamed = [tensor for tensor in node.input if tensor not in context]

    def frame_by_frame(*inputs: Sequence[Frame]) -> list[list[Frame]]:
        outputs: list[list[Frame]] = [[] for _ in node.output]
        for frame in zip(*inputs, strict=True):
            context.update(zip(streamed, frame, strict=True))
            context.update({out: np.zeros(model.get_tensor_shape(out), np.float32) for out in node.output})
            execute(operator, context, model.graph)
            for values, tensor in zip(outputs, node.output, strict=True):
                values.append(context[tensor])
        return outputs

    return frame_by_frame
