"""Runs an integer network on frames, every intermediate value observable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden import arithmetic
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Conv,
    Dense,
    Integers,
    Layer,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.shapes import edges


class Trace(Mapping[str, Integers]):
    """What every layer emitted: layer name -> int64 (N, T, C, H, W), the read-out's (N, O)."""

    def __init__(self, values: Mapping[str, Integers], readout: str) -> None:
        self._values = dict(values)
        self._readout = readout

    def __getitem__(self, layer: str) -> Integers:
        return self._values[layer]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def logits(self) -> Integers:
        """(N, O) logits of the read-out."""
        return self._values[self._readout]

    @property
    def classes(self) -> Integers:
        """(N,) class of each sample: the first index of its largest logit."""
        return self.logits.argmax(axis=1)


def run(network: Network, frames: Integers) -> Trace:
    """Every layer's values for ``frames``, integers of shape (N, T, C, H, W).

    Raises UserError where the frames do not fit the network's input.
    """
    edges(network)
    _check_frames(network, frames)
    values: dict[str, Integers] = {NETWORK_INPUT: np.ascontiguousarray(frames, dtype=np.int64)}
    for layer in network.layers:
        values[layer.name] = run_layer(layer, values[layer.inputs[0]])
    del values[NETWORK_INPUT]
    return Trace(values, readout_name(network))


def classify(network: Network, frames: Integers) -> Integers:
    """(N,) classes of ``frames`` (N, T, C, H, W), without keeping the intermediate values."""
    return run(network, frames).classes


def run_layer(layer: Layer, x: Integers) -> Integers:
    """One layer's output for its input x (N, T, C, H, W)."""
    match layer:
        case Conv():
            return arithmetic.conv(x, layer.weight, layer.stride, layer.padding)
        case Dense():
            return arithmetic.dense(x, layer.weight)
        case Neuron():
            return arithmetic.neuron(
                x,
                layer.theta,
                layer.bias,
                leak_multiplier=layer.leak_multiplier,
                leak_shift=layer.leak_shift,
                levels=layer.levels,
                strict=layer.strict,
                reset=layer.reset,
                fraction=layer.fraction,
            )
        case TemporalTransform():
            return arithmetic.temporal_transform(x, layer.matrix, layer.shift, layer.fraction)
        case Pool():
            return arithmetic.pool(x, layer.kind, layer.size)
        case Readout():
            return arithmetic.readout(x, layer.bias, layer.fraction)


def readout_name(network: Network) -> str:
    """Name of the network's one read-out. Raises UserError where there is none, or more than one."""
    names = [layer.name for layer in network.layers if isinstance(layer, Readout)]
    if len(names) != 1:
        raise UserError(f"network {network.name!r} has {len(names)} read-outs; it must have exactly one")
    return names[0]


def _check_frames(network: Network, frames: Integers) -> None:
    wanted = network.input.shape
    if frames.ndim != 5 or frames.shape[1:] != wanted:
        raise UserError(
            f"frames of shape {frames.shape} do not fit network {network.name!r}; give (N, *{wanted})"
        )
    if not np.issubdtype(frames.dtype, np.integer):
        raise UserError(f"frames are {frames.dtype}; give integers")
    if frames.size and (frames.min() < 0 or frames.max() > network.input.maximum):
        raise UserError(
            f"frames hold values {frames.min()} to {frames.max()}; "
            f"network {network.name!r} takes 0 to {network.input.maximum}"
        )
