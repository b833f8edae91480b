"""The integer network in torch, exact, on whatever device the frames are on.

A second reading of ``docs/arithmetic.md`` beside ``ssnn_fpga.golden``, which is numpy: convolutions
in the smallest float type in which every partial sum is exact, everything else in int64.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

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
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.shapes import edges

_EXACT_FLOAT32 = 1 << 24


class ExactNetwork:
    """An integer network with its weights on one device."""

    def __init__(self, network: Network, device: torch.device | str = "cpu") -> None:
        self._device = torch.device(device)
        self._input = network.input
        found = edges(network)
        self._steps = [(layer, self._step(layer, found[layer.name])) for layer in network.layers]
        read = {source: at for at, layer in enumerate(network.layers) for source in layer.inputs}
        self._last_read = [
            {name for name, at in read.items() if at == place} for place in range(len(read) + 1)
        ]

    @torch.no_grad()
    def trace(self, frames: Tensor) -> dict[str, Tensor]:
        """Integers of every layer by name, int64 (N, T, C, H, W); logits are (N, O)."""
        return self._run(frames, keep=True)

    @torch.no_grad()
    def logits(self, frames: Tensor) -> Tensor:
        """Logits (N, O), int64, of frames (N, T, C, H, W); one frame stands for every timestep."""
        values = self._run(frames, keep=False)
        return values[self._steps[-1][0].name]

    def _run(self, frames: Tensor, keep: bool) -> dict[str, Tensor]:
        frames = frames.to(self._device).long()
        if frames.shape[1] == 1:
            frames = frames.expand(-1, self._input.timesteps, -1, -1, -1)
        values = {NETWORK_INPUT: frames}
        with _without_tf32(self._device):
            for place, (layer, step) in enumerate(self._steps):
                values[layer.name] = step(*(values[source] for source in layer.inputs))
                if not keep and place < len(self._last_read):
                    for name in self._last_read[place]:
                        del values[name]
        values.pop(NETWORK_INPUT, None)
        return values

    def _tensor(self, integers: Integers) -> Tensor:
        return torch.from_numpy(integers).to(self._device)

    def _step(self, layer: Layer, edge: Edge) -> Callable[..., Tensor]:
        if isinstance(layer, Conv | Dense):
            assert isinstance(edge, Accumulator)
            exact32 = max(-edge.minimum, edge.maximum) < _EXACT_FLOAT32
            weight = self._tensor(layer.weight).to(torch.float32 if exact32 else torch.float64)
            return _conv(layer, weight) if isinstance(layer, Conv) else _dense(weight)
        if isinstance(layer, Neuron):
            return _neuron(layer, self._tensor(layer.theta), self._tensor(layer.bias))
        if isinstance(layer, TemporalTransform):
            return _transform(layer, self._tensor(layer.matrix))
        if isinstance(layer, Pool):
            assert isinstance(edge, Activation)
            return _pool(layer, torch.float32 if edge.maximum < _EXACT_FLOAT32 else torch.float64)
        if isinstance(layer, Join):
            return lambda *xs: torch.stack(xs).sum(0)
        if isinstance(layer, CurrentJoin):
            gain, fraction = self._tensor(layer.gain).reshape(-1, 1, 1), layer.fraction
            return lambda first, second: (first << fraction) + gain * second
        if isinstance(layer, Readout):
            bias, fraction = self._tensor(layer.bias), layer.fraction
            return lambda a: (a[..., 0, 0].sum(1) << fraction) + a.shape[1] * bias
        return _exit(layer)


class _without_tf32:
    """Convolutions and products in full float32, whatever training allows itself."""

    def __init__(self, device: torch.device) -> None:
        self._flags = (torch.backends.cudnn, torch.backends.cuda.matmul) if device.type == "cuda" else ()

    def __enter__(self) -> None:
        self._before = [flag.allow_tf32 for flag in self._flags]  # type: ignore[attr-defined]
        for flag in self._flags:
            flag.allow_tf32 = False  # type: ignore[attr-defined]

    def __exit__(self, *_: object) -> None:
        for flag, before in zip(self._flags, self._before, strict=True):
            flag.allow_tf32 = before  # type: ignore[attr-defined]


def _conv(layer: Conv, weight: Tensor) -> Callable[[Tensor], Tensor]:
    def step(x: Tensor) -> Tensor:
        frames = x.flatten(0, 1).to(weight.dtype).contiguous(memory_format=torch.channels_last)
        sums = functional.conv2d(
            frames, weight, stride=layer.stride, padding=layer.padding, groups=layer.groups
        )
        return sums.round().long().unflatten(0, x.shape[:2])

    return step


def _dense(weight: Tensor) -> Callable[[Tensor], Tensor]:
    return lambda x: functional.linear(x.flatten(2).to(weight.dtype), weight).round().long()[..., None, None]


def _neuron(layer: Neuron, theta: Tensor, bias: Tensor) -> Callable[[Tensor], Tensor]:
    theta, bias = theta.reshape(-1, 1, 1), bias.reshape(-1, 1, 1)

    def step(a: Tensor) -> Tensor:
        drive = (a << layer.fraction) + bias
        spikes = torch.empty_like(drive)
        current = torch.zeros_like(drive[:, 0])
        membrane = torch.zeros_like(current)
        for t in range(drive.shape[1]):
            current = current - (current >> layer.filter_shift) + drive[:, t]
            u = ((membrane * layer.leak_multiplier) >> layer.leak_shift) + current
            s = (u >= theta + layer.strict).long()
            for level in range(2, layer.levels + 1):
                s += u >= level * theta + layer.strict
            spikes[:, t] = s
            membrane = u - s * theta if layer.reset == "subtract" else torch.where(s > 0, 0, u)
        return spikes

    return step


def _transform(layer: TemporalTransform, matrix: Tensor) -> Callable[[Tensor], Tensor]:
    half = (1 << layer.shift) >> 1

    def step(x: Tensor) -> Tensor:
        summed = sum(matrix[:, t].reshape(1, -1, 1, 1, 1) * x[:, t : t + 1] for t in range(x.shape[1]))
        assert isinstance(summed, Tensor)
        return ((summed << layer.fraction) + half) >> layer.shift

    return step


def _pool(layer: Pool, kind: torch.dtype) -> Callable[[Tensor], Tensor]:
    def step(x: Tensor) -> Tensor:
        frames = x.flatten(0, 1).to(kind)
        if layer.kind == "max":
            pooled = functional.max_pool2d(frames, layer.size)
        else:
            pooled = functional.avg_pool2d(frames, layer.size, divisor_override=1)
        return pooled.long().unflatten(0, x.shape[:2])

    return step


def _exit(layer: EarlyExit) -> Callable[[Tensor, Tensor], Tensor]:
    def step(early: Tensor, later: Tensor) -> Tensor:
        first, second = early.topk(2, dim=1).values.unbind(1)
        return torch.where((first - second >= layer.margin)[:, None], early, later)

    return step


def trace(network: Network, frames: Tensor) -> dict[str, Tensor]:
    """Integers of every layer of ``network`` by name, of frames (N, T, C, H, W)."""
    return ExactNetwork(network, frames.device).trace(frames)
