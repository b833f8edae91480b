"""Synapses with batch norm: a convolution or dense layer whose sums become a neuron's current."""

from __future__ import annotations

from typing import cast

import torch
import torch.distributed as distributed
from brevitas.nn import QuantConv2d, QuantLinear
from brevitas.quant.fixed_point import Int8WeightPerChannelFixedPoint, Int8WeightPerTensorFixedPoint
from torch import Tensor, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn import functional

from quant_models.integers import Branch
from quant_models.neuron import straight_through
from quant_models.recipe import FLOAT_BITS


def over_frames(x: Tensor) -> Tensor:
    """(T, N, C, H, W) to (T*N, C, H, W), channels last in memory: the faster convolution."""
    return x.flatten(0, 1).contiguous(memory_format=torch.channels_last)


class GlobalBatchNorm(nn.BatchNorm2d):
    """Batch norm over the batch of all processes: with several, training is what it is with one.

    torch's SyncBatchNorm does the same on GPUs only.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Normalised x (N, C, H, W)."""
        alone = not distributed.is_initialized() or distributed.get_world_size() == 1
        if alone or not self.training:
            return super().forward(x)
        axes = (0, 2, 3)
        count = x.new_full((1,), x.numel() / x.shape[1])
        sums = torch.cat([x.sum(axes), x.square().sum(axes), count])
        *summed, total = all_reduce(sums).split([x.shape[1], x.shape[1], 1])
        mean, square = (each / total for each in summed)
        variance = square - mean.square()
        with torch.no_grad():
            share = self.momentum or 0.1
            cast(Tensor, self.running_mean).lerp_(mean, share)
            cast(Tensor, self.running_var).lerp_(variance * total / (total - 1), share)
        column = (-1, 1, 1)
        scaled = (x - mean.reshape(column)) * torch.rsqrt(variance + self.eps).reshape(column)
        return scaled * self.weight.reshape(column) + self.bias.reshape(column)


class Synapses(nn.Module):
    """A convolution (kernel > 0) or a dense layer (kernel 0), and batch norm, in currents of real units."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, *, stride: int = 1, bits: int, x_maximum: int
    ) -> None:
        super().__init__()
        self.stride, self.padding, self.bits, self.x_maximum = stride, kernel // 2, bits, x_maximum
        quantised = {"weight_quant": Int8WeightPerChannelFixedPoint, "weight_bit_width": bits}
        sizes = (inputs, outputs, kernel) if kernel else (inputs, outputs)
        if bits == FLOAT_BITS:
            self.layer = (
                nn.Conv2d(*sizes, stride=stride, padding=self.padding, bias=False)  # type: ignore[arg-type]
                if kernel
                else nn.Linear(inputs, outputs, bias=False)
            )
        else:
            self.layer = (
                QuantConv2d(*sizes, stride=stride, padding=self.padding, bias=False, **quantised)
                if kernel
                else QuantLinear(*sizes, bias=False, **quantised)
            )
        self.norm = GlobalBatchNorm(outputs)

    @property
    def is_dense(self) -> bool:
        """Whether it reads the whole frame at once."""
        return self.layer.weight.ndim == 2

    def forward(self, x: Tensor) -> Tensor:
        """Currents (T, N, O, H', W') of integer-valued x (T, N, C, H, W), by the float path."""
        if self.is_dense:
            sums = self.layer(x.flatten(0, 1).flatten(1))[..., None, None]
        else:
            sums = self.layer(over_frames(x))
        return cast(Tensor, self.norm(sums.float())).unflatten(0, x.shape[:2])

    def branch(self) -> Branch:
        """Integer weights, and g and h of y = g*a + h with the running statistics; differentiable."""
        quantised = self.layer.quant_weight()
        mean, variance = cast(Tensor, self.norm.running_mean), cast(Tensor, self.norm.running_var)
        gain = self.norm.weight / torch.sqrt(variance + self.norm.eps)
        scale = quantised.scale.flatten()
        weight = quantised.value / quantised.scale
        weight = straight_through(weight.detach().round(), weight)
        return Branch(weight, gain * scale, self.norm.bias - gain * mean, self.x_maximum)

    def accumulate(self, x: Tensor, weight: Tensor) -> Tensor:
        """Accumulators (T, N, O, H', W') of integer-valued x, whole numbers, differentiable."""
        if self.is_dense:
            sums = functional.linear(x.flatten(0, 1).flatten(1), weight)[..., None, None]
        else:
            sums = functional.conv2d(over_frames(x), weight, stride=self.stride, padding=self.padding)
        return straight_through(sums.detach().round(), sums).unflatten(0, x.shape[:2])


def readout_layer(inputs: int, outputs: int, bits: int) -> nn.Module:
    """Dense layer of one weight scale for the whole tensor, so that logits compare; no bias."""
    if bits == FLOAT_BITS:
        return nn.Linear(inputs, outputs, bias=False)
    quantised = {"weight_quant": Int8WeightPerTensorFixedPoint, "weight_bit_width": bits}
    return cast(nn.Module, QuantLinear(inputs, outputs, bias=False, **quantised))
