"""One stage for each layer of a network: the library module, its parameters and its figures."""

from __future__ import annotations

from math import gcd

import numpy as np

from ssnn_fpga.network.layers import (
    Accumulator,
    Activation,
    Conv,
    Dense,
    Logits,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.ranges import NeuronRange, ReadoutRange
from ssnn_fpga.plan import cycles, resources
from ssnn_fpga.plan.folds import Fold, fold_space
from ssnn_fpga.plan.plan import Stage
from ssnn_fpga.plan.streams import AccumulatorStream, ActivationStream, LogitStream


def image(layer: str, content: str) -> str:
    """Name of a memory image, as a SystemVerilog string literal."""
    return f'"{layer}_{content}.hex"'


def activation_stream(edge: Activation, group: int) -> ActivationStream:
    """The tokens of an edge in channel groups of ``group``."""
    return ActivationStream(edge.timesteps, edge.channels, edge.height, edge.width, edge.bits, group)


def synapse_stages(
    layer: Conv | Dense, edge: Activation, out: Accumulator, fold: Fold, source: ActivationStream
) -> list[Stage]:
    """``conv``, or ``dense`` with the gearboxes that bring its tokens to SIMD inputs."""
    if isinstance(layer, Conv):
        return [_conv(layer, edge, out, fold, source)]
    stages = gearboxes(layer.name, source, fold.simd)
    source = _activations(stages[-1]) if stages else source
    return [*stages, _dense(layer, edge, out, fold, source)]


def _activations(stage: Stage) -> ActivationStream:
    assert isinstance(stage.output, ActivationStream)
    return stage.output


def gearboxes(layer: str, source: ActivationStream, group: int) -> list[Stage]:
    """From ``source``'s group to ``group``; through the greatest common divisor if neither divides."""
    inputs = source.channels * source.height * source.width
    steps = [gcd(source.group, group)] if source.group % group and group % source.group else []
    stages: list[Stage] = []
    for step, wanted in enumerate([*steps, group]):
        if wanted == source.group:
            continue
        # Beyond one pixel a token spans pixels in stream order: the frame is one long pixel.
        output = ActivationStream(source.timesteps, inputs, 1, 1, source.bits, wanted)
        stages.append(
            Stage(
                name=f"{layer}_{'narrow' if step < len(steps) else 'group'}",
                module="gearbox",
                layer="",
                parameters=(
                    ("PLANES", source.planes),
                    ("IN_GROUP", source.group),
                    ("OUT_GROUP", wanted),
                ),
                source=source,
                output=output,
                cycles=cycles.token_rate(source, output),
                lead=1 / max(1, min(source.tokens, output.tokens)),
                resources=resources.register(source.planes * (source.group + wanted)),
            )
        )
        source = output
    return stages


def _accumulators(out: Accumulator, pe: int, resident: int) -> AccumulatorStream:
    return AccumulatorStream(out.timesteps, out.channels, out.height, out.width, out.bits, pe, resident)


def _conv(layer: Conv, edge: Activation, out: Accumulator, fold: Fold, source: ActivationStream) -> Stage:
    space = fold_space(layer, edge)
    output = _accumulators(out, fold.pe, space.resident(fold.tp))
    kernel_size = layer.weight.shape[2]
    rows_ahead = kernel_size - layer.padding
    return Stage(
        name=layer.name,
        module="conv",
        layer=layer.name,
        parameters=(
            ("HEIGHT", edge.height),
            ("WIDTH", edge.width),
            ("IN_CHANNELS", edge.channels),
            ("IN_GROUP", source.group),
            ("TIMESTEPS", edge.timesteps),
            ("ACT_BITS", edge.bits),
            ("KERNEL", kernel_size),
            ("STRIDE", layer.stride),
            ("PADDING", layer.padding),
            ("OUT_CHANNELS", out.channels),
            ("PE", fold.pe),
            ("SIMD", fold.simd),
            ("TP", fold.tp),
            ("WEIGHT_BITS", layer.weight_bits),
            ("ACC_BITS", out.bits),
            ("WEIGHT_INIT", image(layer.name, "weight")),
        ),
        source=source,
        output=output,
        cycles=cycles.conv(
            space, fold, source, cycles.Window(kernel_size, layer.stride, out.height, out.width)
        ),
        lead=min(1.0, ((rows_ahead - 1) * edge.width + rows_ahead) / (edge.height * edge.width)),
        resources=resources.kernel(fold.pe, fold.simd, fold.tp, layer.weight_bits, out.bits)
        + resources.line_buffer(kernel_size, source)
        + resources.beat_multiplexer(space.inputs, fold.simd, source, fold.tp)
        + _weights(fold, layer.weight_bits, space.inputs, space.outputs),
    )


def _dense(layer: Dense, edge: Activation, out: Accumulator, fold: Fold, source: ActivationStream) -> Stage:
    space = fold_space(layer, edge)
    return Stage(
        name=layer.name,
        module="dense",
        layer=layer.name,
        parameters=(
            ("INPUTS", space.inputs),
            ("TIMESTEPS", edge.timesteps),
            ("ACT_BITS", edge.bits),
            ("OUTPUTS", out.channels),
            ("PE", fold.pe),
            ("SIMD", fold.simd),
            ("TP", fold.tp),
            ("WEIGHT_BITS", layer.weight_bits),
            ("ACC_BITS", out.bits),
            ("WEIGHT_INIT", image(layer.name, "weight")),
        ),
        source=source,
        output=_accumulators(out, fold.pe, space.resident(fold.tp)),
        cycles=cycles.dense(space, fold),
        lead=1.0,
        resources=resources.kernel(fold.pe, fold.simd, fold.tp, layer.weight_bits, out.bits)
        + resources.memory(source.token_bits, 2 * source.tokens)
        + resources.beat_multiplexer(fold.simd, fold.simd, source, fold.tp)
        + _weights(fold, layer.weight_bits, space.inputs, space.outputs),
    )


def _weights(fold: Fold, bits: int, inputs: int, outputs: int) -> resources.Resources:
    return resources.memory(fold.pe * fold.simd * bits, outputs // fold.pe * -(-inputs // fold.simd))


def neuron_stage(
    layer: Neuron, edge: Activation, widths: NeuronRange, tl: int, source: AccumulatorStream
) -> Stage:
    """``lif``: accumulators to tokens of group PE."""
    return Stage(
        name=layer.name,
        module="lif",
        layer=layer.name,
        parameters=(
            ("CHANNELS", source.channels),
            ("PE", source.pe),
            ("TIMESTEPS", source.timesteps),
            ("NT", source.resident),
            ("TL", tl),
            ("ACC_BITS", source.bits),
            ("MEM_BITS", widths.membrane_bits),
            ("THETA_BITS", widths.theta_bits),
            ("BIAS_BITS", widths.bias_bits),
            ("FRACTION", layer.fraction),
            ("LEAK_MULT", layer.leak_multiplier),
            ("LEAK_SHIFT", layer.leak_shift),
            ("LEVELS", layer.levels),
            ("STRICT", int(layer.strict)),
            ("RESET_ZERO", int(layer.reset == "zero")),
            ("INIT", image(layer.name, "threshold")),
        ),
        source=source,
        output=activation_stream(edge, source.pe),
        cycles=cycles.neuron(source, tl),
        lead=1 / source.tokens,
        resources=resources.neuron(source, tl, widths.membrane_bits, layer.levels, layer.leak_multiplier)
        + resources.memory(source.pe * (widths.theta_bits + widths.bias_bits), source.channels // source.pe),
    )


def pool_stage(layer: Pool, edge: Activation, source: ActivationStream) -> Stage:
    """``pool``."""
    output = activation_stream(edge, source.group)
    return Stage(
        name=layer.name,
        module="pool",
        layer=layer.name,
        parameters=(
            ("HEIGHT", source.height),
            ("WIDTH", source.width),
            ("CHANNELS", source.channels),
            ("GROUP", source.group),
            ("TIMESTEPS", source.timesteps),
            ("ACT_BITS", source.bits),
            ("OUT_BITS", edge.bits),
            ("SIZE", layer.size),
            ("SUM", int(layer.kind == "sum")),
        ),
        source=source,
        output=output,
        cycles=cycles.token_rate(source, output),
        lead=min(1.0, ((layer.size - 1) * source.width + layer.size) / (source.height * source.width)),
        resources=resources.pool(source, edge.bits),
    )


def transform_stage(layer: TemporalTransform, edge: Activation, source: ActivationStream) -> Stage:
    """``temporal_transform``."""
    output = activation_stream(edge, source.group)
    return Stage(
        name=layer.name,
        module="temporal_transform",
        layer=layer.name,
        parameters=(
            ("GROUP", source.group),
            ("T_IN", source.timesteps),
            ("T_OUT", edge.timesteps),
            ("ACT_BITS", source.bits),
            ("OUT_BITS", edge.bits),
            ("SHIFT", layer.shift),
            ("FRACTION", layer.fraction),
            ("MATRIX", _matrix_literal(layer)),
        ),
        source=source,
        output=output,
        cycles=cycles.token_rate(source, output),
        lead=1 / source.tokens,
        resources=resources.temporal_transform(source, int(np.count_nonzero(layer.matrix)), edge.bits),
    )


def _matrix_literal(layer: TemporalTransform) -> str:
    """Entry (t2, t1) at bits (t2*T_IN + t1)*(SHIFT+1) +: SHIFT+1."""
    bits = layer.shift + 1
    value = sum(int(entry) << (index * bits) for index, entry in enumerate(layer.matrix.reshape(-1)))
    return f"{layer.matrix.size * bits}'h{value:x}"


def readout_stage(layer: Readout, edge: Logits, widths: ReadoutRange, source: AccumulatorStream) -> Stage:
    """``readout``."""
    return Stage(
        name=layer.name,
        module="readout",
        layer=layer.name,
        parameters=(
            ("OUTPUTS", source.channels),
            ("PE", source.pe),
            ("TIMESTEPS", source.timesteps),
            ("NT", source.resident),
            ("ACC_BITS", source.bits),
            ("LOGIT_BITS", widths.logit_bits),
            ("BIAS_BITS", widths.bias_bits),
            ("FRACTION", layer.fraction),
            ("INIT", image(layer.name, "bias")),
        ),
        source=source,
        output=LogitStream(edge.channels, widths.logit_bits),
        cycles=cycles.readout(source),
        lead=1.0,
        resources=resources.readout(source, widths.logit_bits)
        + resources.memory(source.pe * widths.bias_bits, source.channels // source.pe),
    )
