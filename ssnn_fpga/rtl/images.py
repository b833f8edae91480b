"""What the memories of a design hold for one network, and the image that loads them all.

A loadable design takes the image of any network of its shape: the same layers and sizes, other
weights, thresholds, biases and gains. An image is what its load port takes: 32-bit words, memory
after memory in the order of the plan, every memory word from address 0 on, lowest bits first.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import (
    Activation,
    Conv,
    CurrentJoin,
    Dense,
    Edge,
    Layer,
    Network,
    Neuron,
    Readout,
)
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.options import Memory, memory_of
from ssnn_fpga.plan.plan import Plan, Stage
from ssnn_fpga.rtl.memory import bias_words, dense_stream_order, scatter_words, threshold_words, weight_words

IMAGE_FILE = "load.bin"
LOAD_BITS = 32
LoadImage = NDArray[np.uint32]

_CONTENTS = ("weight", "theta", "bias", "gain")
"""Fields of layers that lie in memories: all else is the network's shape."""


def contents(
    network: Network, plan: Plan, memory_of: Callable[[Stage], Memory | None] = memory_of
) -> Iterator[tuple[Stage, Memory, list[int]]]:
    """Every memory of the plan that has an image, with its words for ``network``, in the plan's order.

    Those on the chip, or with ``outside_memory_of`` those outside. Raises UserError, naming the
    layer, for values that do not fit the plan's widths.
    """
    edge_of = edges(network)
    for stage in plan.stages:
        memory = memory_of(stage)
        if memory is not None:
            layer = network.layer(stage.layer)
            yield stage, memory, _words(layer, stage, edge_of[layer.inputs[0]])


def load_image(network: Network, plan: Plan) -> LoadImage:
    """The words that a loadable design's load port takes for ``network``, (M,) uint32.

    Raises UserError where the design is not loadable, and where values of ``network`` do not fit.
    """
    if not plan.options.loadable:
        raise UserError(
            f"The design of {plan.network} has its weights in the bitstream: compile it with --loadable."
        )
    words = [
        word >> (LOAD_BITS * part) & 0xFFFFFFFF
        for _, memory, words in contents(network, plan)
        for word in words
        for part in range(-(-memory.width // LOAD_BITS))
    ]
    return np.array(words, dtype=np.uint32)


def write_image(image: LoadImage, path: Path) -> None:
    """Writes an image as 32-bit words, little endian, whole or not at all."""
    aside = path.with_name(path.name + ".partial")
    aside.write_bytes(image.astype("<u4").tobytes())
    os.replace(aside, path)


def read_image(path: Path) -> LoadImage:
    """The words that ``write_image`` wrote. Raises UserError for a file that holds none."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}): compile the model again.") from error
    if len(content) % 4:
        raise UserError(f"{path} is damaged, it is no whole number of 32-bit words: write the image again.")
    return np.frombuffer(content, dtype="<u4").astype(np.uint32)


def check_same_shape(network: Network, other: Network) -> None:
    """Refuse ``other`` where the hardware of ``network`` cannot run it, whatever is loaded."""
    if network.input != other.input:
        raise UserError(
            f"{other.name} takes frames of {_described(other)}, the design of {network.name} takes "
            f"{_described(network)}: compile the model to a design of its own."
        )
    names, others = ([layer.name for layer in n.layers] for n in (network, other))
    if names != others:
        raise UserError(
            f"{other.name} has the layers {', '.join(others)}, the design of {network.name} has "
            f"{', '.join(names)}: compile the model to a design of its own."
        )
    for layer, loaded in zip(network.layers, other.layers, strict=True):
        for difference in _differences(layer, loaded):
            raise UserError(
                f"layer {layer.name}: {difference} is not the design's: compile {other.name} to a design "
                "of its own."
            )


def _described(network: Network) -> str:
    t, c, h, w = network.input.shape
    return f"{t} timesteps x {c} channels x {h} x {w}, at most {network.input.maximum}"


def _differences(layer: Layer, other: Layer) -> Iterator[str]:
    """What differs in two layers beside the contents of memories."""
    if type(layer) is not type(other):
        yield f"its kind, {type(other).__name__},"
        return
    for field in fields(layer):
        value, given = getattr(layer, field.name), getattr(other, field.name)
        if field.name in _CONTENTS:
            if value.shape != given.shape:
                yield f"the shape of its {field.name}, {given.shape},"
        elif not np.array_equal(value, given):
            shown = f" {given}" if np.ndim(given) == 0 else ""
            yield f"its {field.name}{shown}"


def _words(layer: Layer, stage: Stage, source: Edge) -> list[int]:
    """Words of a layer's memory."""
    pe = int(stage.parameter("PE"))
    try:
        if isinstance(layer, Conv | Dense):
            weight = layer.weight
            if isinstance(layer, Dense):
                assert isinstance(source, Activation)
                weight = dense_stream_order(weight, source.channels, source.height, source.width)
            simd, bits = int(stage.parameter("SIMD")), int(stage.parameter("WEIGHT_BITS"))
            if stage.module == "scatter_conv":
                taps, stride = int(stage.parameter("TAPS")), int(stage.parameter("STRIDE"))
                return scatter_words(weight, pe, simd, bits, taps, stride)
            return weight_words(weight, pe, simd, bits)
        if isinstance(layer, Neuron):
            theta_bits, bias_bits = int(stage.parameter("THETA_BITS")), int(stage.parameter("BIAS_BITS"))
            # No membrane of a loadable design reaches its largest threshold: beyond it, all are alike.
            theta = layer.theta.clip(max=(1 << theta_bits) - 1)
            return threshold_words(theta, layer.bias, pe, theta_bits, bias_bits)
        if isinstance(layer, CurrentJoin):
            return bias_words(layer.gain, pe, int(stage.parameter("GAIN_BITS")))
        assert isinstance(layer, Readout)
        return bias_words(layer.bias, pe, int(stage.parameter("BIAS_BITS")))
    except ValueError as error:
        raise UserError(
            f"layer {layer.name}: {error}, which is what the design holds: compile the model to a design of "
            "its own."
        ) from error
