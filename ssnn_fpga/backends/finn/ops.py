"""FINN operators of what FINN lacks: neurons, temporal transformers, joins of currents, sums over time.

Tensors are frames, (1, H, W, C), integers in float32 as everywhere in FINN; a sample's frames come
one after the other. ``execute_sample`` takes them all and is how ``execution`` runs a graph. FINN's
own ``execute_node`` sees a frame a call: neurons and joins then keep their state until the sample's
last frame, operators that change the number of frames refuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, ClassVar

import numpy as np
from finn.custom_op.fpgadataflow.hwcustomop import HWCustomOp
from qonnx.core.datatype import DataType

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.plan.resources import Resources

Frame = np.ndarray[Any, Any]


class FrameOperator(HWCustomOp):  # type: ignore[misc]
    """What the operators share: PE channels a word, frames of pixels, types as attributes."""

    def get_nodeattr_types(self) -> dict[str, Any]:
        """FINN's attributes and these."""
        return {
            **super().get_nodeattr_types(),
            "PE": ("i", True, 1),
            "NumChannels": ("i", True, 0),
            "numInputVectors": ("ints", True, []),  # (1, H, W)
            "inputDataTypes": ("strings", True, []),
            "outputDataType": ("s", True, ""),
            **self.attributes(),
        }

    def attributes(self) -> dict[str, Any]:
        """Attributes of the operator itself."""
        return {}

    # ---- Frames ----

    def frames_in(self) -> int:
        """Frames of a sample at the inputs."""
        return 1

    def frames_out(self) -> int:
        """Frames of a sample at the output."""
        return self.frames_in()

    def execute_sample(self, *inputs: Sequence[Frame]) -> list[Frame]:
        """All frames of the output, for all frames of each input."""
        raise NotImplementedError

    def execute_node(self, context: dict[str, Frame], graph: Any) -> None:
        """One frame, for FINN's ``execute_onnx``: only where every frame in gives a frame out."""
        if self.frames_in() != 1:
            raise UserError(
                f"node {self.onnx_node.name}: {self.frames_in()} frames give {self.frames_out()}, which "
                "execute_onnx cannot do: use ssnn_fpga.backends.finn.execution.run"
            )
        (context[self.onnx_node.output[0]],) = self.execute_sample(
            *([context[tensor]] for tensor in self.onnx_node.input)
        )

    # ---- Shapes, types, widths ----

    def get_normal_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, H, W, C)."""
        return (*self._pixels(), self.get_nodeattr("NumChannels"))

    def get_normal_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, H, W, C)."""
        return self.get_normal_input_shape()

    def get_folded_input_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, H, W, C/PE, PE)."""
        pe = self.get_nodeattr("PE")
        return (*self._pixels(), self.get_nodeattr("NumChannels") // pe, pe)

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, H, W, C/PE, PE)."""
        return self.get_folded_input_shape()

    def get_input_datatype(self, ind: int = 0) -> Any:
        """Of input ``ind``."""
        return DataType[self.get_nodeattr("inputDataTypes")[ind]]

    def get_output_datatype(self, ind: int = 0) -> Any:
        """Of the output."""
        return DataType[self.get_nodeattr("outputDataType")]

    def get_instream_width(self, ind: int = 0) -> int:
        """Bits of a word."""
        return int(self.get_input_datatype(ind).bitwidth()) * self.get_folded_input_shape(ind)[-1]

    def get_outstream_width(self, ind: int = 0) -> int:
        """Bits of a word."""
        return int(self.get_output_datatype().bitwidth()) * self.get_folded_output_shape()[-1]

    def infer_node_datatype(self, model: Any) -> None:
        """Types of the inputs as the graph has them, of the output as the operator makes them."""
        kinds = [model.get_tensor_datatype(tensor).name for tensor in self.onnx_node.input]
        self.set_nodeattr("inputDataTypes", kinds)
        model.set_tensor_datatype(self.onnx_node.output[0], self.get_output_datatype())

    def verify_node(self) -> None:
        """FINN's hook; ``frame_graph`` has checked everything."""

    def _pixels(self) -> tuple[int, ...]:
        return tuple(int(size) for size in self.get_nodeattr("numInputVectors"))

    def words(self) -> int:
        """Words of a frame at an input."""
        return int(prod(self.get_folded_input_shape()[:-1]))

    # ---- Figures ----

    def resources(self) -> Resources:
        """By the project's calibrated model, not by FINN's."""
        from ssnn_fpga.backends.finn.resources import of_operator

        return of_operator(self.hardware())

    def hardware(self) -> Any:
        """The operator's ``hdl.Operator``."""
        raise NotImplementedError

    def get_exp_cycles(self) -> int:
        """Mean cycles of a sample's frames."""
        return self.words()

    def lut_estimation(self, fpgapart: str | None = None) -> int:
        """6-input LUTs."""
        return self.resources().luts

    def bram_estimation(self, fpgapart: str | None = None) -> int:
        """Block RAMs of 18 kbit."""
        return self.resources().block_rams

    def dsp_estimation(self, fpgapart: str | None = None) -> int:
        """DSP slices."""
        return self.resources().dsps


class LIF(FrameOperator):
    """Neurons with every option of the contract; TL is the timesteps that they take a cycle."""

    _states: ClassVar[dict[str, LIFState]] = {}
    """By node, for FINN's execute_onnx, which makes a new object each frame; empty between samples."""

    def attributes(self) -> dict[str, Any]:
        """Values on the membrane's grid, one a channel, and the contract's parameters."""
        return {
            "Timesteps": ("i", True, 1),
            "TL": ("i", False, 1),
            "theta": ("ints", True, []),
            "bias": ("ints", True, []),
            "leak_multiplier": ("i", False, 1),
            "leak_shift": ("i", False, 1),
            "levels": ("i", False, 1),
            "strict": ("i", False, 0, {0, 1}),
            "reset_to_zero": ("i", False, 0, {0, 1}),
            "fraction": ("i", False, 4),
            "filter_shift": ("i", False, 0),
            "mem_bits": ("i", True, 0),
            "current_bits": ("i", True, 0),
        }

    def frames_in(self) -> int:
        """A sample's timesteps."""
        return int(self.get_nodeattr("Timesteps"))

    def execute_sample(self, *inputs: Sequence[Frame]) -> list[Frame]:
        """Spike counts of accumulators."""
        state = LIFState(self)
        return [state.step(frame) for frame in inputs[0]]

    def execute_node(self, context: dict[str, Frame], graph: Any) -> None:
        """One timestep; the state goes with the sample's last."""
        name = self.onnx_node.name
        state = self._states.pop(name, None) or LIFState(self)
        context[self.onnx_node.output[0]] = state.step(context[self.onnx_node.input[0]])
        if state.timestep < self.frames_in():
            self._states[name] = state

    def get_exp_cycles(self) -> int:
        """A word a cycle, but in the last frame each goes through all timesteps."""
        frames = self.frames_in()
        return -(-self.words() * (frames - 1 + frames // int(self.get_nodeattr("TL"))) // frames)

    def hardware(self) -> Any:
        """``stream_lif``."""
        from ssnn_fpga.backends.finn import hdl

        value = self.get_nodeattr
        return hdl.neuron(
            channels=value("NumChannels"),
            pixels=int(prod(self._pixels())),
            pe=value("PE"),
            timesteps=value("Timesteps"),
            tl=value("TL"),
            acc_bits=self.get_input_datatype().bitwidth(),
            theta=np.array(value("theta"), np.int64),
            bias=np.array(value("bias"), np.int64),
            mem_bits=value("mem_bits"),
            current_bits=value("current_bits"),
            leak_multiplier=value("leak_multiplier"),
            leak_shift=value("leak_shift"),
            levels=value("levels"),
            strict=bool(value("strict")),
            reset_to_zero=bool(value("reset_to_zero")),
            fraction=value("fraction"),
            filter_shift=value("filter_shift"),
        )


class LIFState:
    """Membranes and currents of one sample, and how far it is."""

    def __init__(self, node: LIF) -> None:
        self._value = {name: node.get_nodeattr(name) for name in node.attributes()}
        self._theta = np.array(self._value["theta"], np.int64)
        self._bias = np.array(self._value["bias"], np.int64)
        self._membrane = self._current = np.zeros((), np.int64)
        self.timestep = 0

    def step(self, frame: Frame) -> Frame:
        """The next timestep's spike counts (docs/arithmetic.md, "Neuron")."""
        value, theta = self._value, self._theta
        current, membrane = self._current, self._membrane
        drive = (frame.astype(np.int64) << value["fraction"]) + self._bias
        current = current - (current >> value["filter_shift"]) + drive
        membrane = (membrane * value["leak_multiplier"] >> value["leak_shift"]) + current
        spikes = sum(
            (membrane >= level * theta + value["strict"]).astype(np.int64)
            for level in range(1, value["levels"] + 1)
        )
        assert isinstance(spikes, np.ndarray)
        kept = 0 if value["reset_to_zero"] else membrane - spikes * theta
        membrane = np.where(spikes > 0, kept, membrane)
        self._current, self._membrane = current, membrane
        self.timestep += 1
        return spikes.astype(np.float32)


class TemporalTransformer(FrameOperator):
    """Timesteps frames in, OutTimesteps frames out, each a weighted sum over time."""

    def attributes(self) -> dict[str, Any]:
        """``matrix`` row by row, (OutTimesteps, Timesteps)."""
        return {
            "Timesteps": ("i", True, 1),
            "OutTimesteps": ("i", True, 1),
            "matrix": ("ints", True, []),
            "shift": ("i", False, 4),
            "fraction": ("i", False, 1),
        }

    def frames_in(self) -> int:
        """T1."""
        return int(self.get_nodeattr("Timesteps"))

    def frames_out(self) -> int:
        """T2."""
        return int(self.get_nodeattr("OutTimesteps"))

    def get_output_datatype(self, ind: int = 0) -> Any:
        """As wide as its input and the fraction's bits."""
        return DataType[f"UINT{self.get_input_datatype().bitwidth() + self.get_nodeattr('fraction')}"]

    def infer_node_datatype(self, model: Any) -> None:
        """Its output grows with its input."""
        super().infer_node_datatype(model)
        self.set_nodeattr("outputDataType", self.get_output_datatype().name)

    def execute_sample(self, *inputs: Sequence[Frame]) -> list[Frame]:
        """Rounded half up (docs/arithmetic.md, "Temporal transformer")."""
        shift, fraction = self.get_nodeattr("shift"), self.get_nodeattr("fraction")
        frames = np.stack(inputs[0]).astype(np.int64)
        sums = np.tensordot(self._matrix(), frames, 1) << fraction
        return list((sums + ((1 << shift) >> 1) >> shift).astype(np.float32))

    def hardware(self) -> Any:
        """``stream_temporal_transform``."""
        from ssnn_fpga.backends.finn import hdl

        return hdl.temporal_transform(
            channels=self.get_nodeattr("NumChannels"),
            pixels=int(prod(self._pixels())),
            pe=self.get_nodeattr("PE"),
            act_bits=self.get_input_datatype().bitwidth(),
            out_bits=self.get_output_datatype().bitwidth(),
            matrix=self._matrix(),
            shift=self.get_nodeattr("shift"),
            fraction=self.get_nodeattr("fraction"),
        )

    def _matrix(self) -> Integers:
        return np.array(self.get_nodeattr("matrix"), np.int64).reshape(self.frames_out(), self.frames_in())


class CurrentJoin(FrameOperator):
    """Sum of two accumulators on the membrane's grid."""

    def attributes(self) -> dict[str, Any]:
        """``gain`` of the second input, one a channel."""
        return {"gain": ("ints", True, []), "fraction": ("i", False, 4)}

    def execute_sample(self, *inputs: Sequence[Frame]) -> list[Frame]:
        """Frame by frame (docs/arithmetic.md, "Forks and joins")."""
        gain, fraction = np.array(self.get_nodeattr("gain"), np.int64), self.get_nodeattr("fraction")
        return [
            ((first.astype(np.int64) << fraction) + gain * second.astype(np.int64)).astype(np.float32)
            for first, second in zip(*inputs, strict=True)
        ]

    def hardware(self) -> Any:
        """``stream_join_current``."""
        from ssnn_fpga.backends.finn import hdl

        return hdl.join_current(
            channels=self.get_nodeattr("NumChannels"),
            pe=self.get_nodeattr("PE"),
            first_bits=self.get_input_datatype(0).bitwidth(),
            second_bits=self.get_input_datatype(1).bitwidth(),
            out_bits=self.get_output_datatype().bitwidth(),
            gain=np.array(self.get_nodeattr("gain"), np.int64),
            fraction=self.get_nodeattr("fraction"),
        )


class SumOverTime(FrameOperator):
    """The read-out: logits of a sample from the accumulators of all its frames."""

    def attributes(self) -> dict[str, Any]:
        """``bias`` of one timestep, one a class; ``logit_bits`` hold every partial sum."""
        return {
            "Timesteps": ("i", True, 1),
            "bias": ("ints", True, []),
            "fraction": ("i", False, 4),
            "logit_bits": ("i", True, 0),
        }

    def frames_in(self) -> int:
        """A sample's timesteps."""
        return int(self.get_nodeattr("Timesteps"))

    def frames_out(self) -> int:
        """One."""
        return 1

    def get_output_datatype(self, ind: int = 0) -> Any:
        """Signed, of ``logit_bits``."""
        return DataType[f"INT{self.get_nodeattr('logit_bits')}"]

    def get_normal_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, O)."""
        return (1, self.get_nodeattr("NumChannels"))

    def get_folded_output_shape(self, ind: int = 0) -> tuple[int, ...]:
        """(1, 1, O): all logits in one word."""
        return (1, 1, self.get_nodeattr("NumChannels"))

    def execute_sample(self, *inputs: Sequence[Frame]) -> list[Frame]:
        """One frame of logits (docs/arithmetic.md, "Read-out")."""
        sums = np.sum(np.stack(inputs[0]).astype(np.int64), axis=0) << self.get_nodeattr("fraction")
        bias = np.array(self.get_nodeattr("bias"), np.int64)
        return [(sums + self.frames_in() * bias).astype(np.float32).reshape(1, -1)]

    def get_exp_cycles(self) -> int:
        """A word a cycle, and at the end the module's search for the largest logit."""
        return self.words() + -(-(int(self.get_nodeattr("NumChannels")) + 3) // self.frames_in())

    def hardware(self) -> Any:
        """``stream_readout``."""
        from ssnn_fpga.backends.finn import hdl

        return hdl.readout(
            outputs=self.get_nodeattr("NumChannels"),
            pe=self.get_nodeattr("PE"),
            timesteps=self.frames_in(),
            acc_bits=self.get_input_datatype().bitwidth(),
            logit_bits=self.get_nodeattr("logit_bits"),
            bias=np.array(self.get_nodeattr("bias"), np.int64),
            fraction=self.get_nodeattr("fraction"),
        )


OPERATORS: tuple[type[FrameOperator], ...] = (LIF, TemporalTransformer, CurrentJoin, SumOverTime)
"""What the extension makes known to FINN."""
