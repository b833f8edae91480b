"""The layers that hls4ml lacks, as hls4ml layers.

Every tensor is (timestep, row, column, channel), a sample whole: hls4ml takes the first axis of an
ONNX file for the batch and calls the top function once for each of its entries, but a network that
shrinks has fewer frames behind a transformer than in front of it, so time cannot be that axis.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from hls4ml.model.attributes import Attribute, TypeAttribute, WeightAttribute
from hls4ml.model.layers import Layer
from hls4ml.model.types import IntegerPrecisionType, NamedType, Source

_BIT = IntegerPrecisionType(width=1, signed=False)


class Timed(Layer):  # type: ignore[misc]
    """A layer over all timesteps of a sample, computed by a kernel of ``hw/hls``.

    Its attributes are ``out_shape`` and what the kernel's configuration names.
    """

    KERNEL: ClassVar[str]
    """C++ function."""
    HEADER: ClassVar[str]
    CONSTANTS: ClassVar[tuple[str, ...]] = ()
    """Attributes that become constants of the kernel's configuration."""
    TYPES: ClassVar[tuple[str, ...]] = ()
    """Types of its own, beside those of inputs and output."""
    WEIGHTS: ClassVar[tuple[str, ...]] = ()
    """Arrays, in the order of the function's parameters; each has a type of its own."""

    def __init_subclass__(cls) -> None:
        """hls4ml asks a class for the attributes that it expects."""
        if "_expected_attributes" not in cls.__dict__:
            cls._expected_attributes = [
                *(Attribute(name, value_type=int) for name in cls.CONSTANTS),
                *(TypeAttribute(name) for name in (*cls.TYPES, *cls.WEIGHTS)),
                *(WeightAttribute(name) for name in cls.WEIGHTS),
            ]

    def initialize(self) -> None:
        """Called by hls4ml once the attributes are there."""
        self.add_output_variable(self.get_attr("out_shape"))
        for name in self.WEIGHTS:
            self.add_weights_variable(name=name, var_name=name + "{index}")
        for name in self.TYPES:
            self._set_type_t(name)


class TimedLif(Timed):
    """Leaky integrate-and-fire neuron."""

    KERNEL, HEADER = "lif", "nnet_lif.h"
    CONSTANTS = (
        *("timesteps", "pixels", "channels", "levels", "strict", "reset_to_zero"),
        *("leak_multiplier", "leak_shift", "fraction", "filter_shift"),
    )
    TYPES = ("current", "membrane", "product", "threshold", "leak")
    WEIGHTS = ("theta", "bias")


class TimedTransform(Timed):
    """Temporal transformer."""

    KERNEL, HEADER = "temporal_transform", "nnet_temporal_transform.h"
    CONSTANTS = ("timesteps", "out_timesteps", "pixels", "channels", "shift", "fraction")
    TYPES = ("sum", "scaled")
    WEIGHTS = ("matrix",)


class TimedPool(Timed):
    """Sum or maximum pooling."""

    KERNEL, HEADER = "pool_timesteps", "nnet_pool_timesteps.h"
    CONSTANTS = ("timesteps", "in_height", "in_width", "channels", "size", "is_sum")


class TimedPadding(Timed):
    """Zeros around a frame, before a convolution over streams."""

    KERNEL, HEADER = "pad_timesteps", "nnet_pad_timesteps.h"
    CONSTANTS = ("timesteps", "in_height", "in_width", "channels", "padding")


class TimedStride(Timed):
    """Every stride-th pixel and row, before a convolution of kernel 1 over streams."""

    KERNEL, HEADER = "stride_timesteps", "nnet_stride_timesteps.h"
    CONSTANTS = ("timesteps", "in_height", "in_width", "channels", "stride")


class TimedJoin(Timed):
    """Sum of two activations."""

    KERNEL, HEADER = "join_activations", "nnet_join.h"
    CONSTANTS = ("timesteps", "pixels", "channels")


class TimedCurrentJoin(Timed):
    """Sum of two accumulators on the membrane's grid."""

    KERNEL, HEADER = "join_currents", "nnet_join.h"
    CONSTANTS = ("timesteps", "pixels", "channels", "fraction")
    WEIGHTS = ("gain",)


class TimedReadout(Timed):
    """Logits of a sample; its biases are those of all timesteps together."""

    KERNEL, HEADER = "readout", "nnet_readout.h"
    CONSTANTS = ("timesteps", "channels", "fraction")
    WEIGHTS = ("bias",)


class TimedEarlyExit(Timed):
    """Early logits where they are sure enough, else the later ones."""

    KERNEL, HEADER = "early_exit", "nnet_readout.h"
    CONSTANTS = ("channels", "margin")
    TYPES = ("lead",)


class _Synapses(Layer):  # type: ignore[misc]
    """hls4ml's own matrix product, a frame at a time. Biases are the neuron's, so here they are 0."""

    _expected_attributes: ClassVar[list[Any]] = [
        Attribute("timesteps"),
        WeightAttribute("weight"),
        WeightAttribute("bias"),
        TypeAttribute("weight"),
        TypeAttribute("bias"),
        TypeAttribute("accum"),
    ]

    def initialize(self) -> None:
        """Called by hls4ml once the attributes are there."""
        self.add_output_variable(self.get_attr("out_shape"))
        self._fold()
        self.add_weights_variable(name="weight", var_name="w{index}")
        outputs = self.get_attr("out_shape")[-1]
        self.add_weights_variable(name="bias", var_name="b{index}", precision=_BIT, data=np.zeros(outputs))

    def _fold(self) -> None:
        """Choose hls4ml's product: its "resource" one shares multipliers, and wants a row an output."""
        weight = self.get_attr("weight_data")
        shared = self.model.config.get_reuse_factor(self) > 1
        self.set_attr("strategy", "resource" if shared else "latency")
        if shared:
            self.set_attr("weight_data", weight.reshape(-1, weight.shape[-1]).T.copy())


class TimedConv2D(_Synapses):
    """hls4ml's convolution, a frame at a time; attributes as ``Conv2D`` of hls4ml, and timesteps."""

    def initialize(self) -> None:
        """Called by hls4ml once the attributes are there."""
        super().initialize()
        self.set_attr("implementation", "linebuffer")
        pixels = self.get_attr("out_height") * self.get_attr("out_width")
        self.set_attr("n_partitions", pixels)  # one window after the other
        if self.model.config.get_config_value("IOType") == "io_parallel":
            self.set_attr("line_buffer_codegen", Source(self._windows(pixels)))

    def _windows(self, partitions: int) -> str:
        """hls4ml generates the code that picks a window's values."""
        padding = self.get_attr("pad_top")
        code: str = self.model.config.backend.generate_conv2d_line_buffer_fn(
            self.index,
            partitions,
            self.get_attr("in_height"),
            self.get_attr("in_width"),
            self.get_attr("n_chan"),
            kernel=self.get_attr("filt_height"),
            stride=self.get_attr("stride_height"),
            pad=padding,
        )
        return code


class TimedDense(_Synapses):
    """hls4ml's dense layer, a frame at a time; attributes as ``Dense`` of hls4ml, and timesteps."""

    def initialize(self) -> None:
        """Called by hls4ml once the attributes are there."""
        super().initialize()
        # The configuration names an index type, which only hls4ml's compressed product uses.
        self.set_attr("index_t", NamedType("layer{index}_index", _BIT, index=self.index))


KERNEL_LAYERS: tuple[type[Timed], ...] = (
    TimedLif,
    TimedTransform,
    TimedPool,
    TimedPadding,
    TimedStride,
    TimedJoin,
    TimedCurrentJoin,
    TimedReadout,
    TimedEarlyExit,
)
"""The layers that ``hw/hls`` computes."""
