"""A spiking network in real numbers: what a NIR file says, between the file and the integers.

The layers are a chain. A neuron computes, with V[-1] = c[-1] = 0,

    c[t] = decay·c[t-1] + what the synapses give;  U[t] = leak·V[t-1] + c[t];
    s[t] = 1 where U[t] > θ (``strict``) or U[t] ≥ θ;
    V[t] = 0 where s[t] = 1, else U[t] (reset "zero"), or U[t] - s[t]·θ ("subtract")

which is the integer neuron of docs/arithmetic.md without its rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class FloatSynapses:
    """A convolution (weight of four axes) or a dense layer (two)."""

    name: str
    weight: Reals  # (O, C/groups, K, K), or (O, C*H*W) with columns in the order C, H, W
    bias: Reals  # (O,)
    stride: int = 1
    padding: int = 0
    groups: int = 1

    @property
    def dense(self) -> bool:
        """Whether it is a dense layer."""
        return self.weight.ndim == 2


@dataclass(frozen=True)
class FloatNeuron:
    """Neurons of one leak, with a threshold for each channel."""

    name: str
    leak: float
    threshold: Reals  # (O,)
    strict: bool = True
    reset: Literal["subtract", "zero"] = "zero"
    decay: float = 0.0  # of the synaptic current


@dataclass(frozen=True)
class FloatPool:
    """Sums or means over windows of size × size; what does not fill a window is dropped."""

    name: str
    kind: Literal["sum", "mean"]
    size: int


FloatLayer = FloatSynapses | FloatNeuron | FloatPool


@dataclass(frozen=True)
class FloatNetwork:
    """A chain of layers behind an input (C, H, W). Its logits are the last layer's sum over time."""

    name: str
    input: tuple[int, int, int]
    layers: tuple[FloatLayer, ...]


def run(network: FloatNetwork, frames: NDArray[np.generic]) -> dict[str, Reals]:
    """Every layer's values (N, T, C, H, W) for ``frames`` of the same axes."""
    values, x = {}, frames.astype(np.float64)
    for layer in network.layers:
        if isinstance(layer, FloatSynapses):
            x = _synapses(layer, x)
        elif isinstance(layer, FloatNeuron):
            x = _neuron(layer, x)
        else:
            x = _pool(layer, x)
        values[layer.name] = x
    return values


def logits(network: FloatNetwork, values: Mapping[str, Reals]) -> Reals:
    """(N, O) sums over time of what the last layer emits."""
    summed: Reals = values[network.layers[-1].name].sum(axis=(1, 3, 4))
    return summed


def shapes(network: FloatNetwork) -> dict[str, tuple[int, int, int]]:
    """(C, H, W) behind every layer."""
    found, (channels, height, width) = {}, network.input
    for layer in network.layers:
        if isinstance(layer, FloatSynapses):
            channels = len(layer.weight)
            if layer.dense:
                height = width = 1
            else:
                size = layer.weight.shape[2]
                height, width = ((n + 2 * layer.padding - size) // layer.stride + 1 for n in (height, width))
        elif isinstance(layer, FloatPool):
            height, width = height // layer.size, width // layer.size
        found[layer.name] = (channels, height, width)
    return found


def patches(layer: FloatSynapses, x: Reals) -> Reals:
    """(groups, N*T*H'*W', inputs): what each output of each group of channels sees of x (N, T, C, H, W)."""
    n, t, c, _, _ = x.shape
    if layer.dense:
        return x.reshape(1, n * t, -1)
    size, pad = layer.weight.shape[2], layer.padding
    padded = np.pad(x, ((0, 0), (0, 0), (0, 0), (pad, pad), (pad, pad)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (size, size), axis=(3, 4))
    windows = windows[:, :, :, :: layer.stride, :: layer.stride]
    rows, columns = windows.shape[3:5]
    windows = windows.transpose(2, 0, 1, 3, 4, 5, 6)
    windows = windows.reshape(layer.groups, c // layer.groups, n * t * rows * columns, size, size)
    return windows.transpose(0, 2, 1, 3, 4).reshape(layer.groups, n * t * rows * columns, -1)


def _synapses(layer: FloatSynapses, x: Reals) -> Reals:
    n, t = x.shape[:2]
    if layer.dense:
        return (x.reshape(n, t, -1) @ layer.weight.T + layer.bias)[..., None, None]
    rows, columns = ((s + 2 * layer.padding - layer.weight.shape[2]) // layer.stride + 1 for s in x.shape[3:])
    kernels = layer.weight.reshape(layer.groups, -1, int(np.prod(layer.weight.shape[1:])))
    a = kernels @ patches(layer, x).transpose(0, 2, 1)  # (groups, O/groups, N*T*H'*W')
    a = a.reshape(len(layer.weight), n, t, rows, columns).transpose(1, 2, 0, 3, 4)
    biased: Reals = a + layer.bias.reshape(-1, 1, 1)
    return biased


def _neuron(layer: FloatNeuron, current: Reals) -> Reals:
    threshold = layer.threshold.reshape(-1, 1, 1)
    spikes, v, c = np.empty_like(current), np.zeros_like(current[:, 0]), np.zeros_like(current[:, 0])
    for t in range(current.shape[1]):
        c = layer.decay * c + current[:, t]
        u = layer.leak * v + c
        s = u > threshold if layer.strict else u >= threshold
        spikes[:, t] = s
        v = np.where(s, 0.0, u) if layer.reset == "zero" else u - s * threshold
    return spikes


def _pool(layer: FloatPool, x: Reals) -> Reals:
    n, t, c, height, width = x.shape
    rows, columns = height // layer.size, width // layer.size
    whole = x[..., : rows * layer.size, : columns * layer.size]
    summed: Reals = whole.reshape(n, t, c, rows, layer.size, columns, layer.size).sum(axis=(4, 6))
    return summed if layer.kind == "sum" else summed / layer.size**2
