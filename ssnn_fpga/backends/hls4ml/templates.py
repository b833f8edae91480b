"""What hls4ml writes for the layers of this package: a configuration and a function call each."""

from __future__ import annotations

from typing import Any

from hls4ml.backends.template import FunctionCallTemplate, LayerConfigTemplate
from hls4ml.backends.vivado.passes.convolution_templates import (
    Conv2DConfigTemplate,
    conv2d_config_template,
    conv_mult_config_template,
)
from hls4ml.backends.vivado.passes.core_templates import DenseConfigTemplate, dense_config_template

from ssnn_fpga.backends.hls4ml.layers import Timed, TimedConv2D, TimedDense

_SYNAPSES = "nnet_utils/nnet_synapses_timesteps.h"
_OPERANDS = ("input", "other")


class KernelConfig(LayerConfigTemplate):  # type: ignore[misc]
    """The structure of constants and types that a kernel of ``hw/hls`` is instantiated with."""

    def __init__(self, layer_class: type[Timed]) -> None:
        super().__init__(layer_class)

    def format(self, node: Any) -> str:
        """C++ of one layer's configuration."""
        lines = [
            f"    static const {_kind(node.get_attr(n))} {n} = {node.get_attr(n)};" for n in node.CONSTANTS
        ]
        own = {name: node.get_attr(f"{name}_t").name for name in (*node.TYPES, *node.WEIGHTS)}
        values = {
            **dict(zip(_OPERANDS, (node.get_input_variable(name) for name in node.inputs), strict=False)),
            "output": node.get_output_variable(),
        }
        # Of a stream, the variable's type is a word; kernels want the type of a value.
        carried = {name: variable.type.precision.definition_cpp() for name, variable in values.items()}
        lines += [f"    typedef {cpp} {name}_t;" for name, cpp in {**carried, **own}.items()]
        return "\n".join([f"struct config{node.index} {{", *lines, "};\n"])


def _kind(value: int) -> str:
    return "unsigned" if value < 1 << 32 else "long long"


class KernelCall(FunctionCallTemplate):  # type: ignore[misc]
    """The call of a kernel of ``hw/hls``."""

    def __init__(self, layer_class: type[Timed]) -> None:
        super().__init__(layer_class, include_header=[f"nnet_utils/{layer_class.HEADER}"])

    def format(self, node: Any) -> str:
        """C++ of one layer's call."""
        operands = [node.get_input_variable(name).name for name in node.inputs]
        weights = [node.get_weights(name).name for name in node.WEIGHTS]
        arguments = ", ".join([*operands, node.get_output_variable().name, *weights])
        return f"nnet::{node.KERNEL}<config{node.index}>({arguments});"


class ConvConfig(Conv2DConfigTemplate):  # type: ignore[misc]
    """hls4ml's configuration of a convolution, for one frame."""

    def __init__(self) -> None:
        super(Conv2DConfigTemplate, self).__init__(TimedConv2D)
        self.template = conv2d_config_template
        self.mult_template = conv_mult_config_template


class DenseConfig(DenseConfigTemplate):  # type: ignore[misc]
    """hls4ml's configuration of a dense layer, for one frame."""

    def __init__(self) -> None:
        super(DenseConfigTemplate, self).__init__(TimedDense)
        self.template = dense_config_template


class SynapsesCall(FunctionCallTemplate):  # type: ignore[misc]
    """The call of hls4ml's convolution or dense layer for all timesteps."""

    def __init__(self, layer_class: type[TimedConv2D] | type[TimedDense], function: str) -> None:
        super().__init__(layer_class, include_header=[_SYNAPSES])
        self._function = function

    def format(self, node: Any) -> str:
        """C++ of one layer's call."""
        source, result = node.get_input_variable(), node.get_output_variable()
        types = f"{node.get_attr('timesteps')}, {source.type.name}, {result.type.name}, config{node.index}"
        weights = f"{node.get_weights('weight').name}, {node.get_weights('bias').name}"
        return f"nnet::{self._function}<{types}>({source.name}, {result.name}, {weights});"
