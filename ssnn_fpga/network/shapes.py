"""Shapes and value ranges of every edge of a network, and the checks that make it consistent."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Accumulator,
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Edge,
    Integers,
    Join,
    Layer,
    Logits,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_EXACT = 1 << 53
"""Bound of an accumulator: beyond it double precision, the widest engine, is not exact."""


def edges(network: Network) -> dict[str, Edge]:
    """The output edge of "input" and of every layer, by name, in the network's order.

    Raises UserError, naming the layer, where the network contradicts itself or the contract.
    """
    _check_input(network.input)
    found: dict[str, Edge] = {NETWORK_INPUT: network.input}
    known: dict[str, Layer] = {}
    for layer in network.layers:
        if not _NAME.fullmatch(layer.name):
            raise UserError(f"layer {layer.name!r}: a name must match [a-z][a-z0-9_]*; rename the layer")
        if layer.name in found:
            raise UserError(f"layer {layer.name!r} appears twice; give every layer a name of its own")
        _check_readers(layer, known)
        found[layer.name] = edge_after(layer, [found[source] for source in layer.inputs])
        known[layer.name] = layer
    _check_classes(network, found)
    return found


def output_of(network: Network) -> str:
    """Name of the layer that gives the network's logits: the last one.

    Raises UserError where it gives none, or where another layer's values are read by nobody.
    """
    if not network.layers or not isinstance(network.layers[-1], Readout | EarlyExit):
        raise UserError(
            f"network {network.name!r} does not end in a read-out or early exit; end it with its logits"
        )
    read = {source for layer in network.layers for source in layer.inputs}
    for layer in network.layers[:-1]:
        _require(layer.name in read, layer, "is read by no layer; remove it, or let a layer read it")
    return network.layers[-1].name


def channel_bounds(weight: Integers, maximum: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Least and greatest accumulator of each output channel for inputs 0..maximum.

    The bounds hold for every partial sum in every order, and include 0.
    """
    rows = weight.reshape(weight.shape[0], -1).astype(np.int64)
    lows, highs = np.minimum(rows, 0).sum(axis=1), np.maximum(rows, 0).sum(axis=1)
    # In Python's integers: no product overflows.
    return tuple(low * maximum for low in lows.tolist()), tuple(high * maximum for high in highs.tolist())


def _require(condition: bool | np.bool_, layer: Layer, fault: str) -> None:
    if not condition:
        raise UserError(f"layer {layer.name!r}: {fault}")


def _check_input(edge: Activation) -> None:
    if min(edge.shape) < 1:
        raise UserError(f"input: the shape (T, C, H, W) is {edge.shape}; every size must be at least 1")
    if edge.maximum < 1:
        raise UserError(f"input: the largest value is {edge.maximum}; it must be at least 1")


def _check_classes(network: Network, found: dict[str, Edge]) -> None:
    outputs = [edge.channels for edge in found.values() if isinstance(edge, Logits)]
    if network.classes and outputs and len(network.classes) != outputs[-1]:
        raise UserError(
            f"network {network.name!r} names {len(network.classes)} classes but has {outputs[-1]} logits; "
            "give one name for each logit"
        )


def _check_readers(layer: Layer, known: dict[str, Layer]) -> None:
    """The layers that ``layer`` reads are as many as it takes, earlier, and of the kinds it takes."""
    count, given = len(layer.inputs), "its inputs are " + ", ".join(layer.inputs)
    if isinstance(layer, Join):
        _require(count >= 2, layer, f"joins {count} inputs; give it two or more")
    elif isinstance(layer, CurrentJoin | EarlyExit):
        _require(count == 2, layer, f"has {count} inputs; it must have exactly two")
    else:
        _require(count == 1, layer, f"has {count} inputs; it must have exactly one")
    for source in layer.inputs:
        _require(
            source in known or source == NETWORK_INPUT,
            layer,
            f"reads {source!r}, which is no earlier layer; order them from the input",
        )
    sources = [known.get(source) for source in layer.inputs]
    if isinstance(layer, CurrentJoin):
        synapses = all(isinstance(source, Conv | Dense) for source in sources)
        _require(synapses, layer, f"adds the currents of two synapse layers, but {given}; join those")
    elif isinstance(layer, EarlyExit):
        _require(isinstance(sources[0], Readout), layer, f"{given}; the first must be a read-out")
    elif isinstance(sources[0], CurrentJoin) and isinstance(layer, Neuron):
        _require(layer.fraction == 0, layer, "reads a join on the membrane's grid; give it fraction 0")
    elif isinstance(sources[0], CurrentJoin):
        _require(False, layer, "reads a join of currents; put a neuron before it")


def _activation(layer: Layer, edge: Edge) -> Activation:
    if not isinstance(edge, Activation):
        raise UserError(f"layer {layer.name!r} needs activations as input; put a neuron before it")
    return edge


def _accumulator(layer: Layer, edge: Edge) -> Accumulator:
    if not isinstance(edge, Accumulator):
        raise UserError(f"layer {layer.name!r} needs accumulators as input; put synapses before it")
    return edge


def _check_integers(layer: Layer, what: str, values: Integers, shape: tuple[int | None, ...]) -> None:
    fits = values.ndim == len(shape) and all(
        wanted is None or wanted == got for wanted, got in zip(shape, values.shape, strict=True)
    )
    wanted = ", ".join("any" if size is None else str(size) for size in shape)
    _require(fits, layer, f"{what} has shape {values.shape}; it must be ({wanted})")
    _require(values.dtype == np.int64, layer, f"{what} is {values.dtype}; it must be int64")


def _logits(layer: Layer, edge: Edge) -> Logits:
    if not isinstance(edge, Logits):
        raise UserError(f"layer {layer.name!r} needs logits as input; put a read-out before it")
    return edge


def _alike(layer: Layer, shapes: Sequence[object]) -> None:
    given = ", ".join(map(str, shapes))
    _require(len(set(shapes)) == 1, layer, f"its inputs have the shapes {given}; they must be equal")


def _accumulators(layer: Conv | Dense, source: Activation, height: int, width: int) -> Accumulator:
    weight, bits = layer.weight, layer.weight_bits
    _require(weight.size > 0, layer, "has no weights; it needs at least one output")
    _require(1 <= bits <= 8, layer, f"weights of {bits} bits are not supported; take 1 to 8 bits")
    magnitudes = np.abs(weight)
    if bits == 1:
        binary = bool((magnitudes == 1).all())
        _require(binary, layer, "a weight of 1 bit is neither -1 nor +1; use 2 bits")
    largest, allowed = int(magnitudes.max()), max(1, (1 << (bits - 1)) - 1)
    _require(
        largest <= allowed,
        layer,
        f"a weight of magnitude {largest} is outside ±{allowed}, the narrow range of {bits} bits; use more",
    )
    lows, highs = channel_bounds(weight, source.maximum)
    _check_exact(layer, lows, highs, "use fewer bits or smaller inputs")
    return Accumulator(source.timesteps, len(weight), height, width, lows, highs)


def _check_exact(layer: Layer, lows: Sequence[int], highs: Sequence[int], remedy: str) -> None:
    _require(max(-min(lows), max(highs)) < _EXACT, layer, f"its accumulators pass 2^53; {remedy}")


def _after_conv(layer: Conv, edge: Edge) -> Accumulator:
    source = _activation(layer, edge)
    groups, outputs = layer.groups, len(layer.weight)
    _require(
        groups >= 1 and source.channels % groups == 0 and outputs % groups == 0,
        layer,
        f"{groups} groups do not divide {source.channels} input and {outputs} output channels; "
        "take a divisor of both",
    )
    _check_integers(layer, "weight", layer.weight, (None, source.channels // groups, None, None))
    kernel = layer.weight.shape[2]
    _require(kernel == layer.weight.shape[3] and kernel > 0, layer, "its kernel is not square; use K x K")
    _require(layer.stride >= 1, layer, f"stride {layer.stride} is not possible; it must be at least 1")
    _require(
        0 <= layer.padding < kernel,
        layer,
        f"padding {layer.padding} does not fit a kernel of {kernel}; it must be 0 to {kernel - 1}",
    )
    height, width = (
        (size + 2 * layer.padding - kernel) // layer.stride + 1 for size in (source.height, source.width)
    )
    _require(
        min(height, width) >= 1,
        layer,
        f"a kernel of {kernel} does not fit into {source.height} x {source.width} pixels; make it smaller",
    )
    return _accumulators(layer, source, height, width)


def _after_dense(layer: Dense, edge: Edge) -> Accumulator:
    source = _activation(layer, edge)
    inputs = source.channels * source.height * source.width
    _check_integers(layer, "weight", layer.weight, (None, inputs))
    return _accumulators(layer, source, 1, 1)


def _after_neuron(layer: Neuron, edge: Edge) -> Activation:
    source = _accumulator(layer, edge)
    _check_integers(layer, "theta", layer.theta, (source.channels,))
    _check_integers(layer, "bias", layer.bias, (source.channels,))
    _require(layer.theta.min() >= 1, layer, f"theta is {layer.theta.min()}; it must be at least 1")
    _require(layer.levels >= 1, layer, f"{layer.levels} levels; there must be at least 1")
    _require(0 <= layer.fraction <= 24, layer, f"fraction {layer.fraction} bits; it must be 0 to 24")
    _require(0 <= layer.leak_shift <= 24, layer, f"leak shift {layer.leak_shift}; it must be 0 to 24")
    _require(
        0 <= layer.leak_multiplier <= 1 << layer.leak_shift,
        layer,
        f"leak {layer.leak_multiplier} / 2^{layer.leak_shift} is outside 0 to 1; choose a leak within it",
    )
    _require(0 <= layer.filter_shift <= 24, layer, f"filter shift {layer.filter_shift}; it must be 0 to 24")
    _require(layer.reset in ("subtract", "zero"), layer, f"reset {layer.reset!r}; use 'subtract' or 'zero'")
    return Activation(*source.shape, maximum=layer.levels)


def _after_transform(layer: TemporalTransform, edge: Edge) -> Activation:
    source = _activation(layer, edge)
    _check_integers(layer, "matrix", layer.matrix, (None, source.timesteps))
    _require(layer.matrix.shape[0] >= 1, layer, "its matrix has no row; it must produce a timestep")
    _require(0 <= layer.shift <= 24, layer, f"shift {layer.shift}; it must be 0 to 24")
    _require(0 <= layer.fraction <= 24, layer, f"fraction {layer.fraction}; it must be 0 to 24")
    _require(layer.matrix.min() >= 0, layer, "its matrix has a negative entry; use 0 or more")
    sums = layer.matrix.sum(axis=1)
    _require(
        bool((sums == 1 << layer.shift).all()),
        layer,
        f"its matrix rows sum to {sums.tolist()}; each must sum to 2^{layer.shift} = {1 << layer.shift}",
    )
    return Activation(
        layer.matrix.shape[0],
        source.channels,
        source.height,
        source.width,
        maximum=source.maximum << layer.fraction,
    )


def _after_pool(layer: Pool, edge: Edge) -> Activation:
    source = _activation(layer, edge)
    _require(layer.kind in ("max", "sum"), layer, f"pooling of kind {layer.kind!r}; use 'max' or 'sum'")
    _require(layer.size >= 1, layer, f"pooling size {layer.size}; it must be at least 1")
    height, width = source.height // layer.size, source.width // layer.size
    _require(
        min(height, width) >= 1,
        layer,
        f"a pool of {layer.size} does not fit into {source.height} x {source.width} pixels; make it smaller",
    )
    maximum = source.maximum * (layer.size**2 if layer.kind == "sum" else 1)
    return Activation(source.timesteps, source.channels, height, width, maximum)


def _after_join(layer: Join, *edges: Edge) -> Activation:
    sources = [_activation(layer, edge) for edge in edges]
    _alike(layer, [source.shape for source in sources])
    return Activation(*sources[0].shape, maximum=sum(source.maximum for source in sources))


def _after_current_join(layer: CurrentJoin, *edges: Edge) -> Accumulator:
    first, second = (_accumulator(layer, edge) for edge in edges)
    _alike(layer, [first.shape, second.shape])
    _check_integers(layer, "gain", layer.gain, (first.channels,))
    _require(0 <= layer.fraction <= 24, layer, f"fraction {layer.fraction} bits; it must be 0 to 24")
    largest = int(np.abs(layer.gain).max())
    _require(largest < 1 << 31, layer, f"a gain of {largest}; it must stay below 2^31")
    rows = list(zip(first.lows, first.highs, second.lows, second.highs, layer.gain.tolist(), strict=True))
    lows = tuple((a1 << layer.fraction) + min(g * a2, g * b2) for a1, _, a2, b2, g in rows)
    highs = tuple((b1 << layer.fraction) + max(g * a2, g * b2) for _, b1, a2, b2, g in rows)
    _check_exact(layer, lows, highs, "use fewer fraction bits or smaller gains")
    return Accumulator(*first.shape, lows, highs)


def _after_readout(layer: Readout, edge: Edge) -> Logits:
    source = _accumulator(layer, edge)
    _require(
        source.height == source.width == 1, layer, "reads accumulators with pixels; put a dense layer before"
    )
    _check_integers(layer, "bias", layer.bias, (source.channels,))
    _require(0 <= layer.fraction <= 24, layer, f"fraction {layer.fraction} bits; it must be 0 to 24")
    steps, biases = source.timesteps, layer.bias.tolist()
    return Logits(
        source.channels,
        min((steps * low << layer.fraction) + steps * b for low, b in zip(source.lows, biases, strict=True)),
        max(
            (steps * high << layer.fraction) + steps * b for high, b in zip(source.highs, biases, strict=True)
        ),
    )


def _after_early_exit(layer: EarlyExit, *edges: Edge) -> Logits:
    early, final = (_logits(layer, edge) for edge in edges)
    _require(
        early.channels == final.channels,
        layer,
        f"its inputs have {early.channels} and {final.channels} logits; both must know the same classes",
    )
    _require(early.channels >= 2, layer, "has one class; a margin needs two or more")
    _require(0 <= layer.margin < 1 << 62, layer, f"margin {layer.margin}; it must be 0 to 2^62 - 1")
    return Logits(early.channels, min(early.minimum, final.minimum), max(early.maximum, final.maximum))


_AFTER: dict[type, Callable[..., Edge]] = {
    Conv: _after_conv,
    Dense: _after_dense,
    Neuron: _after_neuron,
    TemporalTransform: _after_transform,
    Pool: _after_pool,
    Join: _after_join,
    CurrentJoin: _after_current_join,
    Readout: _after_readout,
    EarlyExit: _after_early_exit,
}


def edge_after(layer: Layer, sources: Sequence[Edge]) -> Edge:
    """The output edge of one layer that reads ``sources``. Raises UserError as ``edges`` does."""
    return _AFTER[type(layer)](layer, *sources)
