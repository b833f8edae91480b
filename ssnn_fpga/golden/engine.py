"""Runs an integer network on frames, every intermediate value observable."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.golden import arithmetic
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
    signed_bits,
)
from ssnn_fpga.network.ranges import analyse
from ssnn_fpga.network.shapes import edges, output_of

_Kept = TypeVar("_Kept")


_CHUNK_VALUES = 1 << 19
"""Values of the widest layer that are in work at once: few enough to stay in the cache."""

_TYPES = (np.int16, np.int32, np.int64)


class Trace(Mapping[str, Integers]):
    """What every layer emitted: layer name -> int64 (N, T, C, H, W); read-outs and exits (N, O).

    Values are kept in the narrowest type that is exact and widened when they are asked for.
    """

    def __init__(self, values: Mapping[str, Integers], output: str) -> None:
        self._values = dict(values)
        self._output = output

    def __getitem__(self, layer: str) -> Integers:
        return self._values[layer].astype(np.int64)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    @property
    def logits(self) -> Integers:
        """(N, O) logits that the network ends in."""
        return self[self._output]

    @property
    def classes(self) -> Integers:
        """(N,) class of each sample: the first index of its largest logit."""
        classes: Integers = self._values[self._output].argmax(axis=1)
        return classes


def run(network: Network, frames: Integers) -> Trace:
    """Every layer's values for ``frames``, integers of shape (N, T, C, H, W).

    Raises UserError where the frames do not fit the network's input, or the network does not end
    in logits.
    """
    output = output_of(network)
    names = [layer.name for layer in network.layers]
    chunks = _run_in_chunks(network, frames, lambda values: values)
    return Trace({name: np.concatenate([c[name] for c in chunks]) for name in names}, output)


def classify(network: Network, frames: Integers) -> Integers:
    """(N,) classes of ``frames`` (N, T, C, H, W), without keeping the intermediate values."""
    output = output_of(network)
    return np.concatenate(_run_in_chunks(network, frames, lambda values: values[output].argmax(axis=1)))


def read_outs(network: Network, frames: Integers) -> dict[str, Integers]:
    """(N, O) logits of every read-out, early ones too, without keeping the other values."""
    names = [layer.name for layer in network.layers if isinstance(layer, Readout)]
    output_of(network)
    chunks = _run_in_chunks(network, frames, lambda values: [values[name] for name in names])
    return {
        name: np.concatenate([chunk[place] for chunk in chunks]).astype(np.int64)
        for place, name in enumerate(names)
    }


def _run_in_chunks(
    network: Network, frames: Integers, keep: Callable[[dict[str, Integers]], _Kept]
) -> list[_Kept]:
    """``keep`` of every layer's values, a few samples at a time, on all processors."""
    edge_of = edges(network)
    _check_frames(network, frames)
    kind = _working_type(network)
    widest = max(_values_in_work(layer, edge_of) for layer in network.layers)
    count = max(1, _CHUNK_VALUES // widest)

    def work(first: int) -> _Kept:
        values = {NETWORK_INPUT: frames[first : first + count].astype(kind)}
        for layer in network.layers:
            values[layer.name] = run_layer(layer, *(values[source] for source in layer.inputs))
        return keep(values)

    starts = range(0, max(1, len(frames)), count)
    with _single_threaded_blas() as workers, ThreadPoolExecutor(min(len(starts), workers)) as pool:
        return list(pool.map(work, starts))


@contextmanager
def _single_threaded_blas() -> Iterator[int]:
    """The number of workers to use while every matrix product stays on its worker's processor.

    BLAS threads of several workers would wait for each other, spinning. Where nothing can hold
    BLAS to one thread, one worker leaves the processors to it.
    """
    controller = _blas_controller()
    if controller is None:
        yield 1
    else:
        with controller.limit(limits=1, user_api="blas"):
            yield os.cpu_count() or 1


@cache
def _blas_controller() -> Any:
    try:
        return importlib.import_module("threadpoolctl").ThreadpoolController()
    except ImportError:  # a machine with numpy alone
        return None


def _values_in_work(layer: Layer, edge_of: Mapping[str, Edge]) -> int:
    """Values that one sample of a layer keeps in work, the taps of a convolution included."""
    edge = edge_of[layer.name]
    if isinstance(edge, Logits):
        return edge.channels
    taps = layer.groups * int(np.prod(layer.weight.shape[1:])) if isinstance(layer, Conv) else 0
    return edge.timesteps * edge.height * edge.width * (edge.channels + taps)


def _working_type(network: Network) -> np.dtype[np.int64]:
    """The narrowest integer type that no value of the network passes (typed as the widest)."""
    edge_of, ranges = edges(network), analyse(network)
    bits = [signed_bits(0, network.input.maximum)]
    for layer in network.layers:
        edge = edge_of[layer.name]
        if isinstance(layer, Neuron):
            neuron = ranges.neurons[layer.name]
            highest_threshold = layer.levels * int(layer.theta.max()) + 1
            bits += [neuron.membrane_bits, neuron.product_bits]
            bits.append(signed_bits(0, highest_threshold))
        elif isinstance(layer, Readout):
            bits.append(ranges.readouts[layer.name].logit_bits)
        elif isinstance(layer, TemporalTransform) and isinstance(edge, Activation):
            bits.append(signed_bits(0, (edge.maximum + 1) << layer.shift))
        elif not isinstance(edge, Logits):
            lowest = edge.minimum if isinstance(edge, Accumulator) else 0
            bits.append(signed_bits(lowest, edge.maximum))
    kind: np.dtype[Any] = next(np.dtype(kind) for kind in _TYPES if max(bits) <= np.iinfo(kind).bits)
    return kind


def run_layer(layer: Layer, *inputs: Integers) -> Integers:
    """One layer's output for its inputs (N, T, C, H, W), or (N, O) where it reads logits."""
    x = inputs[0]
    match layer:
        case Conv():
            return arithmetic.conv(x, layer.weight, layer.stride, layer.padding, layer.groups)
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
                filter_shift=layer.filter_shift,
            )
        case TemporalTransform():
            return arithmetic.temporal_transform(x, layer.matrix, layer.shift, layer.fraction)
        case Pool():
            return arithmetic.pool(x, layer.kind, layer.size)
        case Join():
            return arithmetic.join(inputs)
        case CurrentJoin():
            return arithmetic.current_join(x, inputs[1], layer.gain, layer.fraction)
        case Readout():
            return arithmetic.readout(x, layer.bias, layer.fraction)
        case EarlyExit():
            return arithmetic.early_exit(x, inputs[1], layer.margin)


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
