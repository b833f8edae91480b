"""One stage for each layer of a network: the library module, its parameters and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from math import gcd
from typing import Any

from ssnn_fpga.network.layers import (
    Accumulator,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Join,
    Layer,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.ranges import NeuronRange, ReadoutRange
from ssnn_fpga.plan import cycles, resources
from ssnn_fpga.plan.activity import Activity
from ssnn_fpga.plan.folds import Fold, FoldSpace, fold_space
from ssnn_fpga.plan.plan import INPUT, Feed, Stage
from ssnn_fpga.plan.resources import Resources
from ssnn_fpga.plan.streams import AccumulatorStream, ActivationStream, LogitStream, Stream

MAX_BURST, OUTSTANDING = 16, 4
"""Beats of a burst and bursts under way of a layer whose weights come from memory."""


def activation_stream(edge: Activation, group: int) -> ActivationStream:
    """The tokens of an edge in channel groups of ``group``."""
    return ActivationStream(edge.timesteps, edge.channels, edge.height, edge.width, edge.bits, group)


def accumulator_stream(edge: Accumulator, pe: int, resident: int) -> AccumulatorStream:
    """The tokens of an accumulator edge: ``pe`` channels, ``resident`` timesteps."""
    return AccumulatorStream(edge.timesteps, edge.channels, edge.height, edge.width, edge.bits, pe, resident)


def synapse_stages(
    layer: Conv | Dense,
    edge: Activation,
    out: Accumulator,
    fold: Fold,
    feed: Feed,
    activity: Activity | None = None,
) -> list[Stage]:
    """``conv``, or ``dense`` with the gearboxes that bring its tokens to SIMD inputs."""
    if isinstance(layer, Conv):
        return [_conv(layer, edge, out, fold, feed, activity)]
    stages = gearboxes(layer.name, feed, fold.simd)
    return [*stages, _dense(layer, edge, out, fold, leaving(stages[-1]) if stages else feed, activity)]


def synapse_cost(layer: Conv | Dense, edge: Activation, out: Accumulator, fold: Fold) -> Resources:
    """Kernel and weights, which do not depend on the tokens that feed the layer."""
    space = fold_space(layer, edge)
    if fold.scatter:  # reader and synapses in one, which depends on the tokens: see reader_cost
        return Resources()
    kernel = resources.estimate(
        "synapses",
        pe=fold.pe,
        simd=fold.simd,
        tp=fold.tp,
        act_bits=edge.bits,
        weight_bits=layer.weight_bits,
        acc_bits=out.bits,
        depth=1 if fold.streamed else out.channels // fold.pe * -(-space.inputs // fold.simd),
        x_sets=fold.pe if space.depthwise else 1,
    )
    if not fold.streamed:
        return kernel
    word_bits = fold.pe * fold.simd * layer.weight_bits
    return kernel + resources.estimate(
        "weight_fetch", word_bits=word_bits, data_bits=fold.streamed, room=MAX_BURST * OUTSTANDING
    )


def port_cycles(layer: Conv | Dense, edge: Activation, out: Accumulator, fold: Fold) -> int:
    """Cycles a sample of the memory port for the layer's weights; see ``cycles.fetch``."""
    return cycles.fetch(fold_space(layer, edge), fold, out.height * out.width, layer.weight_bits)


def reader_cost(
    layer: Conv | Dense, edge: Activation, out: Accumulator, fold: Fold, source: ActivationStream
) -> Resources:
    """The reader and, in front of a dense layer, the gearboxes; PE plays no part but where words scatter."""
    space = fold_space(layer, edge)
    if isinstance(layer, Conv) and fold.scatter:
        parameters = _scatter_parameters(layer, edge, out, fold, source)
        return resources.estimate("scatter_conv", **{name.lower(): n for name, n in parameters.items()})
    if isinstance(layer, Conv):
        return resources.estimate(
            "tap_reader" if fold.taps else "window_reader",
            height=edge.height,
            width=edge.width,
            channels=edge.channels,
            group=source.group,
            planes=source.planes,
            kernel=layer.weight.shape[2],
            stride=layer.stride,
            padding=layer.padding,
            act_bits=edge.bits,
            simd=fold.simd,
            tp=fold.tp,
            pe_groups=1,
            conv_groups=layer.groups,
            x_sets=fold.pe if space.depthwise else 1,
        )
    before = sum((stage.resources for stage in gearboxes("", Feed("", source), fold.simd)), Resources())
    return before + _frame_cost(space, fold)


def synapse_cycles(
    layer: Conv | Dense,
    edge: Activation,
    out: Accumulator,
    fold: Fold,
    group: int,
    activity: Activity | None = None,
) -> int:
    """Cycles a sample of a synapse layer that is fed in groups of ``group``; see ``cycles.conv``."""
    space = fold_space(layer, edge)
    fetched = port_cycles(layer, edge, out, fold)
    if isinstance(layer, Dense):
        return max(fetched, cycles.dense(space, fold, activity))
    kernel_size = layer.weight.shape[2]
    window = cycles.Window(
        kernel_size, layer.stride, edge.height, edge.width, out.height, out.width, layer.padding
    )
    if fold.scatter:
        return cycles.scatter(space, fold, window, edge.channels // group, activity)
    if fold.taps:
        return max(fetched, cycles.taps(space, fold, window, edge.channels // group, activity))
    return max(fetched, cycles.conv(space, fold, edge.channels // group, window, activity))


def leaving(stage: Stage) -> Feed:
    """What the one behind ``stage`` reads."""
    return Feed(stage.name, stage.output)


def gearboxes(layer: str, feed: Feed, group: int) -> list[Stage]:
    """From the group of ``feed`` to ``group``; through their common divisor if neither divides."""
    source = feed.stream
    assert isinstance(source, ActivationStream)
    inputs = source.channels * source.height * source.width
    steps = [gcd(source.group, group)] if source.group % group and group % source.group else []
    stages: list[Stage] = []
    for step, wanted in enumerate([*steps, group]):
        if wanted == source.group:
            continue
        whole = source.channels % wanted == 0
        # Beyond one pixel a token spans pixels in stream order: the frame is one long pixel.
        shape = (source.channels, source.height, source.width) if whole else (inputs, 1, 1)
        output = ActivationStream(source.timesteps, *shape, source.bits, wanted)
        stage = _stage(
            f"{layer}_{'narrow' if step < len(steps) else 'group'}",
            "gearbox",
            (feed,),
            output,
            cycles=cycles.token_rate(source, output),
            lead=1 / max(1, min(source.tokens, output.tokens)),
            layer="",
            PLANES=source.planes,
            IN_GROUP=source.group,
            OUT_GROUP=wanted,
        )
        stages.append(stage)
        feed, source = leaving(stage), output
    return stages


def gate(stream: ActivationStream) -> Stage:
    """``stream_gate``: keeps frames outside until the memories have been loaded."""
    return _stage(
        f"{INPUT}_gate",
        "stream_gate",
        (Feed(INPUT, stream),),
        stream,
        cycles=stream.tokens,
        lead=0.0,
        layer="",
        WIDTH=stream.token_bits,
        FRAME_TOKENS=stream.tokens,
    )


def fork(feed: Feed, copies: int) -> Stage:
    """``stream_fork``: one stream for ``copies`` readers; its stage stands for all copies."""
    return _stage(
        f"{feed.name}_fork",
        "stream_fork",
        (feed,),
        feed.stream,
        cycles=feed.stream.tokens,
        lead=0.0,
        layer="",
        WIDTH=feed.stream.token_bits,
        OUTPUTS=copies,
    )


def fifo(name: str, feed: Feed, depth: int) -> Stage:
    """``stream_fifo`` of at least ``depth`` tokens; the skipped bit of accumulators waits with them."""
    width = feed.stream.token_bits + isinstance(feed.stream, AccumulatorStream)
    return _stage(
        name,
        "stream_fifo",
        (feed,),
        feed.stream,
        cycles=feed.stream.tokens,
        lead=0.0,
        layer="",
        WIDTH=width,
        DEPTH=max(2, depth),
    )


def join_stage(layer: Join, edge: Activation, feeds: Sequence[Feed], group: int) -> Stage:
    """``join_sum``."""
    output = activation_stream(edge, group)
    sources = [feed.stream for feed in feeds]
    bits = sum(s.bits << (8 * place) for place, s in enumerate(sources))
    return _stage(
        layer.name,
        "join_sum",
        tuple(feeds),
        output,
        cycles=output.tokens,
        lead=0.0,
        cost=resources.estimate(
            "join_sum",
            inputs=len(feeds),
            group=group,
            timesteps=edge.timesteps,
            act_bits=bits,
            out_bits=edge.bits,
        ),
        INPUTS=len(feeds),
        GROUP=group,
        TIMESTEPS=edge.timesteps,
        ACT_BITS=f"{8 * len(feeds)}'h{bits:x}",
        OUT_BITS=edge.bits,
    )


def current_join(layer: CurrentJoin, edge: Accumulator, gain_bits: int, feeds: Sequence[Feed]) -> Stage:
    """``join_current``: both inputs in one format."""
    first, second = (feed.stream for feed in feeds)
    assert isinstance(first, AccumulatorStream)
    assert isinstance(second, AccumulatorStream)
    output = accumulator_stream(edge, first.pe, first.resident)
    return _stage(
        layer.name,
        "join_current",
        tuple(feeds),
        output,
        cycles=output.tokens,
        lead=0.0,
        CHANNELS=first.channels,
        PE=first.pe,
        TIMESTEPS=first.timesteps,
        NT=first.resident,
        FIRST_BITS=first.bits,
        SECOND_BITS=second.bits,
        GAIN_BITS=gain_bits,
        OUT_BITS=output.bits,
        FRACTION=layer.fraction,
        INIT=_image(layer, "gain"),
    )


def early_exit(layer: EarlyExit, feeds: Sequence[Feed], depth: int) -> Stage:
    """``early_exit``: up to ``depth`` samples may have left before their final logits come."""
    early, final = (feed.stream for feed in feeds)
    assert isinstance(early, LogitStream)
    assert isinstance(final, LogitStream)
    output = LogitStream(early.channels, max(early.bits, final.bits))
    return _stage(
        layer.name,
        "early_exit",
        tuple(feeds),
        output,
        cycles=early.channels + 2,
        lead=1.0,
        OUTPUTS=early.channels,
        EARLY_BITS=early.bits,
        FINAL_BITS=final.bits,
        OUT_BITS=output.bits,
        MARGIN=layer.margin,
        DEPTH=depth,
    )


def follower(
    layer: Layer, edge: Activation | None, widths: NeuronRange | ReadoutRange | None, tl: int, feed: Feed
) -> Stage:
    """The stage of a layer that has no fold of its own; ``edge`` is what leaves it if not logits."""
    match layer, widths, feed.stream:
        case Neuron(), NeuronRange(), AccumulatorStream() as source:
            assert edge is not None
            return _neuron(layer, edge, widths, tl, source, feed)
        case Readout(), ReadoutRange(), AccumulatorStream() as source:
            return _readout(layer, widths, source, feed)
        case Pool(), None, ActivationStream() as source:
            assert edge is not None
            return _pool(layer, edge, source, feed)
        case TemporalTransform(), None, ActivationStream() as source:
            assert edge is not None
            return _transform(layer, edge, source, feed)
    raise AssertionError(f"{layer.name} does not fit its input")  # edges() refuses such networks


def _stage(
    name: str,
    module: str,
    inputs: tuple[Feed, ...],
    output: Stream,
    *,
    cycles: int,
    lead: float,
    cost: Resources | None = None,
    worst: int | None = None,
    port_cycles: int = 0,
    layer: str | None = None,
    **parameters: int | str,
) -> Stage:
    if cost is None:  # the model knows the module by its own parameters
        numbers = {key.lower(): value for key, value in parameters.items() if isinstance(value, int)}
        cost = resources.estimate(module, **numbers)
    return Stage(
        name=name,
        module=module,
        layer=name if layer is None else layer,
        parameters=tuple(parameters.items()),
        inputs=inputs,
        output=output,
        cycles=cycles,
        worst=cycles if worst is None else worst,
        lead=lead,
        resources=cost,
        port_cycles=port_cycles,
    )


def _image(layer: Layer, content: str) -> str:
    """Name of a memory image, as a SystemVerilog string literal."""
    return f'"{layer.name}_{content}.hex"'


def _conv(
    layer: Conv, edge: Activation, out: Accumulator, fold: Fold, feed: Feed, activity: Activity | None
) -> Stage:
    space = fold_space(layer, edge)
    source = feed.stream
    assert isinstance(source, ActivationStream)
    kernel_size = layer.weight.shape[2]
    rows_ahead = kernel_size - layer.padding
    if fold.scatter:
        return _stage(
            layer.name,
            "scatter_conv",
            (feed,),
            accumulator_stream(out, fold.pe, space.resident(fold.tp)),
            cycles=synapse_cycles(layer, edge, out, fold, source.group, activity),
            worst=synapse_cycles(layer, edge, out, fold, source.group),
            lead=min(1.0, rows_ahead / edge.height),
            cost=reader_cost(layer, edge, out, fold, source),
            **_scatter_parameters(layer, edge, out, fold, source) | {"WEIGHT_INIT": _image(layer, "weight")},
        )
    return _stage(
        layer.name,
        "streamed_conv" if fold.streamed else "conv",
        (feed,),
        accumulator_stream(out, fold.pe, space.resident(fold.tp)),
        port_cycles=port_cycles(layer, edge, out, fold),
        cycles=synapse_cycles(layer, edge, out, fold, source.group, activity),
        worst=synapse_cycles(layer, edge, out, fold, source.group),
        lead=min(1.0, ((rows_ahead - 1) * edge.width + rows_ahead) / (edge.height * edge.width)),
        cost=synapse_cost(layer, edge, out, fold) + reader_cost(layer, edge, out, fold, source),
        HEIGHT=edge.height,
        WIDTH=edge.width,
        IN_CHANNELS=edge.channels,
        IN_GROUP=source.group,
        TIMESTEPS=edge.timesteps,
        ACT_BITS=edge.bits,
        KERNEL=kernel_size,
        STRIDE=layer.stride,
        PADDING=layer.padding,
        OUT_CHANNELS=out.channels,
        PE=fold.pe,
        SIMD=fold.simd,
        TP=fold.tp,
        WEIGHT_BITS=layer.weight_bits,
        ACC_BITS=out.bits,
        **_weights(layer, fold),
        CONV_GROUPS=layer.groups,
        TAP_SERIAL=fold.taps,
    )


def _scatter_parameters(
    layer: Conv, edge: Activation, out: Accumulator, fold: Fold, source: ActivationStream
) -> dict[str, Any]:
    return {
        "HEIGHT": edge.height,
        "WIDTH": edge.width,
        "IN_CHANNELS": edge.channels,
        "IN_GROUP": source.group,
        "TIMESTEPS": edge.timesteps,
        "ACT_BITS": edge.bits,
        "KERNEL": layer.weight.shape[2],
        "STRIDE": layer.stride,
        "PADDING": layer.padding,
        "OUT_CHANNELS": out.channels,
        "PE": fold.pe,
        "SIMD": fold.simd,
        "TP": fold.tp,
        "TAPS": fold.scatter,
        "WEIGHT_BITS": layer.weight_bits,
        "ACC_BITS": out.bits,
    }


def _weights(layer: Conv | Dense, fold: Fold) -> dict[str, Any]:
    """Parameters that say where the weights are: an image, or a memory port."""
    if not fold.streamed:
        return {"WEIGHT_INIT": _image(layer, "weight")}
    return {"DATA_BITS": fold.streamed, "MAX_BURST": MAX_BURST, "OUTSTANDING": OUTSTANDING}


def _dense(
    layer: Dense, edge: Activation, out: Accumulator, fold: Fold, feed: Feed, activity: Activity | None
) -> Stage:
    space = fold_space(layer, edge)
    return _stage(
        layer.name,
        "streamed_dense" if fold.streamed else "dense",
        (feed,),
        accumulator_stream(out, fold.pe, space.resident(fold.tp)),
        port_cycles=port_cycles(layer, edge, out, fold),
        cycles=synapse_cycles(layer, edge, out, fold, fold.simd, activity),
        worst=synapse_cycles(layer, edge, out, fold, fold.simd),
        lead=1.0,
        cost=synapse_cost(layer, edge, out, fold) + _frame_cost(space, fold),
        INPUTS=space.inputs,
        TIMESTEPS=edge.timesteps,
        ACT_BITS=edge.bits,
        OUTPUTS=out.channels,
        PE=fold.pe,
        SIMD=fold.simd,
        TP=fold.tp,
        WEIGHT_BITS=layer.weight_bits,
        ACC_BITS=out.bits,
        **_weights(layer, fold),
    )


def _frame_cost(space: FoldSpace, fold: Fold) -> Resources:
    return resources.estimate(
        "frame_reader",
        tokens=space.inputs // fold.simd,
        planes=space.planes,
        act_bits=space.bits,
        simd=fold.simd,
        tp=fold.tp,
        pe_groups=1,
    )


def _neuron(
    layer: Neuron, edge: Activation, widths: NeuronRange, tl: int, source: AccumulatorStream, feed: Feed
) -> Stage:
    return _stage(
        layer.name,
        "lif",
        (feed,),
        activation_stream(edge, source.pe),
        cycles=cycles.neuron(source, tl),
        lead=1 / source.tokens,
        CHANNELS=source.channels,
        PE=source.pe,
        TIMESTEPS=source.timesteps,
        NT=source.resident,
        TL=tl,
        ACC_BITS=source.bits,
        MEM_BITS=widths.membrane_bits,
        THETA_BITS=widths.theta_bits,
        BIAS_BITS=widths.bias_bits,
        FRACTION=layer.fraction,
        LEAK_MULT=layer.leak_multiplier,
        LEAK_SHIFT=layer.leak_shift,
        FILTER_SHIFT=layer.filter_shift,
        CURRENT_BITS=widths.current_bits,
        LEVELS=layer.levels,
        STRICT=int(layer.strict),
        RESET_ZERO=int(layer.reset == "zero"),
        INIT=_image(layer, "threshold"),
    )


def _pool(layer: Pool, edge: Activation, source: ActivationStream, feed: Feed) -> Stage:
    output = activation_stream(edge, source.group)
    return _stage(
        layer.name,
        "pool",
        (feed,),
        output,
        cycles=cycles.token_rate(source, output),
        lead=min(1.0, ((layer.size - 1) * source.width + layer.size) / (source.height * source.width)),
        HEIGHT=source.height,
        WIDTH=source.width,
        CHANNELS=source.channels,
        GROUP=source.group,
        TIMESTEPS=source.timesteps,
        ACT_BITS=source.bits,
        OUT_BITS=edge.bits,
        SIZE=layer.size,
        SUM=int(layer.kind == "sum"),
    )


def _transform(layer: TemporalTransform, edge: Activation, source: ActivationStream, feed: Feed) -> Stage:
    output = activation_stream(edge, source.group)
    return _stage(
        layer.name,
        "temporal_transform",
        (feed,),
        output,
        cycles=cycles.token_rate(source, output),
        lead=1 / source.tokens,
        cost=resources.estimate(
            "temporal_transform",
            group=source.group,
            t_in=source.timesteps,
            t_out=edge.timesteps,
            act_bits=source.bits,
            out_bits=edge.bits,
            shift=layer.shift,
            fraction=layer.fraction,
            matrix=tuple(int(entry) for entry in layer.matrix.flat),
        ),
        GROUP=source.group,
        T_IN=source.timesteps,
        T_OUT=edge.timesteps,
        ACT_BITS=source.bits,
        OUT_BITS=edge.bits,
        SHIFT=layer.shift,
        FRACTION=layer.fraction,
        MATRIX=_matrix_literal(layer),
    )


def _matrix_literal(layer: TemporalTransform) -> str:
    """Entry (t2, t1) at bits (t2*T_IN + t1)*(SHIFT+1) +: SHIFT+1."""
    bits = layer.shift + 1
    value = sum(int(entry) << (index * bits) for index, entry in enumerate(layer.matrix.reshape(-1)))
    return f"{layer.matrix.size * bits}'h{value:x}"


def _readout(layer: Readout, widths: ReadoutRange, source: AccumulatorStream, feed: Feed) -> Stage:
    return _stage(
        layer.name,
        "readout",
        (feed,),
        LogitStream(source.channels, widths.logit_bits),
        cycles=cycles.readout(source),
        lead=1.0,
        OUTPUTS=source.channels,
        PE=source.pe,
        TIMESTEPS=source.timesteps,
        NT=source.resident,
        ACC_BITS=source.bits,
        LOGIT_BITS=widths.logit_bits,
        BIAS_BITS=widths.bias_bits,
        FRACTION=layer.fraction,
        INIT=_image(layer, "bias"),
    )
