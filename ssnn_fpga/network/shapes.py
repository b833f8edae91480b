"""Shapes and value ranges of every edge of a network, and the checks that make it consistent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Accumulator,
    Activation,
    Conv,
    Dense,
    Edge,
    Integers,
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
    for layer in network.layers:
        if not _NAME.fullmatch(layer.name):
            raise UserError(f"layer {layer.name!r}: a name must match [a-z][a-z0-9_]*; rename the layer")
        if layer.name in found:
            raise UserError(f"layer {layer.name!r} appears twice; give every layer a name of its own")
        found[layer.name] = edge_after(layer, _input_of(layer, found))
    _check_classes(network, found)
    return found


def channel_bounds(weight: Integers, maximum: int) -> tuple[Integers, Integers]:
    """Least and greatest accumulator of each output channel, (O,) each, for inputs 0..maximum.

    The bounds hold for every partial sum in every order, and include 0.
    """
    rows = weight.reshape(weight.shape[0], -1).astype(np.int64)
    return np.minimum(rows, 0).sum(axis=1) * maximum, np.maximum(rows, 0).sum(axis=1) * maximum


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


def _input_of(layer: Layer, found: dict[str, Edge]) -> Edge:
    _require(len(layer.inputs) == 1, layer, f"has {len(layer.inputs)} inputs; it must have exactly one")
    source = layer.inputs[0]
    _require(
        source in found, layer, f"reads {source!r}, which is no earlier layer; order them from the input"
    )
    return found[source]


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


def _accumulators(layer: Conv | Dense, source: Activation, height: int, width: int) -> Accumulator:
    weight, bits = layer.weight, layer.weight_bits
    _require(weight.size > 0, layer, "has no weights; it needs at least one output")
    _require(2 <= bits <= 8, layer, f"weights of {bits} bits are not supported; take 2 to 8 bits")
    largest, allowed = int(np.abs(weight).max()), (1 << (bits - 1)) - 1
    _require(
        largest <= allowed,
        layer,
        f"a weight of magnitude {largest} is outside ±{allowed}, the narrow range of {bits} bits; use more",
    )
    low, high = channel_bounds(weight, source.maximum)
    minimum, maximum = int(low.min()), int(high.max())
    _require(
        max(-minimum, maximum) < _EXACT, layer, "its accumulators pass 2^53; use fewer bits or smaller inputs"
    )
    return Accumulator(source.timesteps, weight.shape[0], height, width, minimum, maximum)


def _after_conv(layer: Conv, edge: Edge) -> Accumulator:
    source = _activation(layer, edge)
    _check_integers(layer, "weight", layer.weight, (None, source.channels, None, None))
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


def _after_readout(layer: Readout, edge: Edge) -> Logits:
    source = _accumulator(layer, edge)
    _require(
        source.height == source.width == 1, layer, "reads accumulators with pixels; put a dense layer before"
    )
    _check_integers(layer, "bias", layer.bias, (source.channels,))
    _require(0 <= layer.fraction <= 24, layer, f"fraction {layer.fraction} bits; it must be 0 to 24")
    steps = source.timesteps
    return Logits(
        source.channels,
        (steps * source.minimum << layer.fraction) + steps * int(layer.bias.min()),
        (steps * source.maximum << layer.fraction) + steps * int(layer.bias.max()),
    )


_AFTER: dict[type, Callable[[Any, Edge], Edge]] = {
    Conv: _after_conv,
    Dense: _after_dense,
    Neuron: _after_neuron,
    TemporalTransform: _after_transform,
    Pool: _after_pool,
    Readout: _after_readout,
}


def edge_after(layer: Layer, source: Edge) -> Edge:
    """The output edge of one layer that reads ``source``. Raises UserError as ``edges`` does."""
    return _AFTER[type(layer)](layer, source)
