"""The shrinking-timestep network (SSNN, arXiv 2401.01912) as it is trained.

Three ways through the same layers:

- *float*: quantised weights, real batch norm, real membranes (the first part of training);
- *straight-through*: every value is the integer of ``docs/arithmetic.md``, gradients as if nothing
  had been rounded (the last part of training);
- *integer*: int64, exact, no gradients; what ``model.eval()`` computes and the chip repeats.

Inside, time is the first axis, (T, N, C, H, W); frames and traces are (N, T, C, H, W).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from brevitas.nn import QuantConv2d, QuantLinear
from brevitas.quant.fixed_point import Int8WeightPerChannelFixedPoint, Int8WeightPerTensorFixedPoint
from torch import Tensor, nn
from torch.nn import functional

from quant_models.integers import Integers, NeuronIntegers, membrane_bound, neuron_integers, readout_bias
from quant_models.neuron import integer_neuron, integrate_and_fire, straight_through
from quant_models.recipe import NetworkRecipe, Recipe
from quant_models.transformer import LinearTransformer

POOL = 2
_EXACT_FLOAT32 = 1 << 24


def _over_frames(x: Tensor) -> Tensor:
    """(T, N, C, H, W) to (T*N, C, H, W), channels last in memory: the faster convolution."""
    return x.flatten(0, 1).contiguous(memory_format=torch.channels_last)


def _pool(x: Tensor) -> Tensor:
    """Maximum over 2 x 2 windows of (T, N, C, H, W); of spikes, OR."""
    return functional.max_pool2d(x.flatten(0, 1), POOL).unflatten(0, x.shape[:2])


def _exact(x: Tensor, weight: Integers, x_maximum: int) -> tuple[Tensor, Tensor]:
    """x and weight in the smallest float type in which every partial sum is exact."""
    bound = int(np.abs(weight).reshape(len(weight), -1).sum(axis=1).max(initial=0)) * x_maximum
    kind = torch.float32 if bound < _EXACT_FLOAT32 else torch.float64
    return x.to(kind), torch.from_numpy(weight).to(kind)


class Stage(nn.Module):
    """Convolution 3 x 3, batch norm and LIF neuron of one number of timesteps."""

    def __init__(
        self, in_channels: int, out_channels: int, timesteps: int, x_maximum: int, network: NetworkRecipe
    ) -> None:
        super().__init__()
        self.timesteps = timesteps
        self.x_maximum = x_maximum
        self.network = network
        self.conv = QuantConv2d(
            in_channels,
            out_channels,
            3,
            padding=1,
            bias=False,
            weight_quant=Int8WeightPerChannelFixedPoint,
            weight_bit_width=network.weight_bits,
        )
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """Spikes (T, N, O, H, W) of integer-valued x (T, N, C, H, W), by the float path."""
        current = self.norm(self.conv(_over_frames(x))).unflatten(0, x.shape[:2])
        return integrate_and_fire(current, torch.full((1, 1, 1), self.network.threshold), self.network.decay)

    def _gain_and_offset(self) -> tuple[Tensor, Tensor]:
        """g and h (O,) of y = g*a + h, from the running statistics; a in units of the weight scale."""
        scale = self.conv.quant_weight().scale.flatten()
        mean, variance = cast(Tensor, self.norm.running_mean), cast(Tensor, self.norm.running_var)
        gain = self.norm.weight / torch.sqrt(variance + self.norm.eps)
        return gain * scale, self.norm.bias - gain * mean

    @torch.no_grad()
    def integers(self) -> NeuronIntegers:
        """Weights (O, C, 3, 3), thresholds (O,) and biases (O,) of the integer network."""
        quantised = self.conv.quant_weight()
        scale = quantised.scale.double()
        weight = (quantised.value.double() / scale).round().long().numpy()
        mean = cast(Tensor, self.norm.running_mean).double()
        deviation = torch.sqrt(cast(Tensor, self.norm.running_var).double() + self.norm.eps)
        gain = self.norm.weight.double() / deviation
        fraction = self.network.fraction
        return neuron_integers(
            weight,
            (gain * scale.flatten()).numpy(),
            (self.norm.bias.double() - gain * mean).numpy(),
            self.network.threshold,
            fraction=fraction,
            bound=membrane_bound(weight, self.x_maximum, self.timesteps, self.network.decay, fraction),
        )

    def integer_valued(self, x: Tensor) -> Tensor:
        """The integer spikes as floats, with the gradients of the unrounded values."""
        exact = self.integers()
        grid = 2.0**self.network.fraction
        quantised = self.conv.quant_weight()
        gain, offset = self._gain_and_offset()
        used = torch.from_numpy(exact.weight.any(axis=(1, 2, 3)))
        gain = torch.where(used, gain, torch.ones_like(gain))
        sign = gain.detach().sign() * used
        weight = quantised.value / quantised.scale * sign.reshape(-1, 1, 1, 1)
        accumulator = functional.conv2d(_over_frames(x), weight, padding=1).unflatten(0, x.shape[:2])
        accumulator = straight_through(accumulator.detach().round(), accumulator)
        gain = gain.abs()
        theta = straight_through(torch.from_numpy(exact.theta).float(), self.network.threshold / gain * grid)
        bias = straight_through(torch.from_numpy(exact.bias).float(), offset / gain * grid)
        current = accumulator * grid + bias.reshape(-1, 1, 1)
        return integrate_and_fire(current, theta.reshape(-1, 1, 1), self.network.decay, whole=True)

    def accumulate(self, x: Tensor, weight: Integers) -> Tensor:
        """Exact accumulators, int64, of int64 x (T, N, C, H, W)."""
        frames, kernel = _exact(_over_frames(x), weight, self.x_maximum)
        a = functional.conv2d(frames, kernel, padding=1)
        return a.round().long().unflatten(0, x.shape[:2])


@dataclass(frozen=True)
class ReadoutIntegers:
    """What the read-out computes with; ``scale`` is the weights' one scale."""

    weight: Integers  # (O, C*H*W)
    bias: Integers  # (O,)
    scale: float


class Readout(nn.Module):
    """Dense layer over the last stage, summed over time; one weight scale, no batch norm."""

    def __init__(self, inputs: int, classes: int, x_maximum: int, network: NetworkRecipe) -> None:
        super().__init__()
        self.x_maximum = x_maximum
        self.fraction = network.fraction
        self.dense = QuantLinear(
            inputs,
            classes,
            bias=False,
            weight_quant=Int8WeightPerTensorFixedPoint,
            weight_bit_width=network.weight_bits,
        )
        self.bias = nn.Parameter(torch.zeros(classes))

    def forward(self, x: Tensor) -> Tensor:
        """Mean over time of the real logits (N, O) of integer-valued x (T, N, C, H, W)."""
        return cast(Tensor, self.dense(x.flatten(2).mean(dim=0))) + self.bias

    def integer_valued(self, x: Tensor) -> Tensor:
        """As forward, with the bias on its integer grid: logits that order as the integers do."""
        exact = self.integers()
        bias = torch.from_numpy(exact.bias).float() * (exact.scale / 2**self.fraction)
        return cast(Tensor, self.dense(x.flatten(2).mean(dim=0))) + straight_through(bias, self.bias)

    @torch.no_grad()
    def integers(self) -> ReadoutIntegers:
        """Weights, bias and scale of the integer network."""
        quantised = self.dense.quant_weight()
        scale = float(quantised.scale)
        weight = (quantised.value.double() / scale).round().long().numpy()
        return ReadoutIntegers(
            weight, readout_bias(self.bias.double().numpy(), scale, fraction=self.fraction), scale
        )

    def accumulate(self, x: Tensor, weight: Integers) -> Tensor:
        """Exact accumulators (T, N, O), int64, of int64 x (T, N, C, H, W)."""
        rows, kernel = _exact(x.flatten(2), weight, self.x_maximum)
        return functional.linear(rows, kernel).round().long()


class ShrinkingNetwork(nn.Module):
    """Stages of ever fewer timesteps, temporal transformers between them, a read-out at the end.

    Layers are called conv1, lif1, pool1, shrink1, conv2, ... , fc, readout, as in the exported file.
    """

    def __init__(self, recipe: Recipe, classes: int) -> None:
        super().__init__()
        network = recipe.network
        self.network = network
        self.integer_phase = False
        self.input_maximum = (1 << recipe.compression.bits) - 1
        channels, x_maximum = 2, self.input_maximum
        height = recipe.compression.sensor_height // recipe.compression.spatial_factor
        width = recipe.compression.sensor_width // recipe.compression.spatial_factor
        self.stages = nn.ModuleList()
        self.shrinks = nn.ModuleList()
        for index, (timesteps, out_channels) in enumerate(
            zip(network.schedule, network.channels, strict=True)
        ):
            self.stages.append(Stage(channels, out_channels, timesteps, x_maximum, network))
            channels, x_maximum = out_channels, 1
            height, width = height // POOL, width // POOL
            if index + 1 < len(network.schedule):
                self.shrinks.append(
                    LinearTransformer(
                        timesteps,
                        network.schedule[index + 1],
                        network.transform_shift,
                        network.transform_fraction,
                    )
                )
                x_maximum <<= network.transform_fraction
        self.readout = Readout(channels * height * width, classes, x_maximum, network)
        self.early = nn.ModuleList(nn.Linear(c, classes) for c in network.channels[:-1])

    def train(self, mode: bool = True) -> ShrinkingNetwork:
        """As in torch, except that batch norm stays frozen once the integer phase has begun."""
        super().train(mode)
        if self.integer_phase:
            for stage in self._stages():
                stage.norm.eval()
        return self

    def enter_integer_phase(self) -> None:
        """From now on train on the integer forward pass, with frozen batch-norm statistics."""
        self.integer_phase = True
        self.train(self.training)

    def _stages(self) -> list[Stage]:
        return [cast(Stage, stage) for stage in self.stages]

    def forward(self, frames: Tensor) -> Tensor:
        """Logits (N, O) of frames (N, T, 2, H, W): exact int64 after ``eval()``, real in training."""
        if self.training:
            return self.logits(frames)[0]
        return self.trace(frames)["readout"]

    def logits(self, frames: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Differentiable logits (N, O), and those of the early classifiers.

        By the straight-through path in the integer phase, by the float path before.
        """
        x = frames.transpose(0, 1).float()
        early: list[Tensor] = []
        for index, stage in enumerate(self._stages()):
            x = _pool(stage.integer_valued(x) if self.integer_phase else stage(x))
            if index < len(self.shrinks):
                early.append(self.early[index](x.mean(dim=(0, 3, 4))))
                x = self.shrinks[index](x)
        readout = self.readout.integer_valued if self.integer_phase else self.readout.forward
        return readout(x), early

    @torch.no_grad()
    def float_logits(self, frames: Tensor) -> Tensor:
        """Logits (N, O) of the float path with running statistics: the figure beside the integer one."""
        training, phase = self.training, self.integer_phase
        self.eval()
        self.integer_phase = False
        try:
            return self.logits(frames)[0]
        finally:
            self.integer_phase = phase
            self.train(training)

    def logit_scale(self) -> float:
        """What one unit of an integer logit is worth in the real logits."""
        return self.readout.integers().scale / (self.network.schedule[-1] << self.network.fraction)

    @torch.no_grad()
    def trace(self, frames: Tensor) -> dict[str, Tensor]:
        """Every layer's integers, int64 (N, T, C, H, W), by layer name; "readout" is (N, O)."""
        values: dict[str, Tensor] = {}
        x = frames.transpose(0, 1).long()
        for index, stage in enumerate(self._stages()):
            weight, theta, bias = stage.integers()
            values[f"conv{index + 1}"] = a = stage.accumulate(x, weight)
            values[f"lif{index + 1}"] = s = integer_neuron(
                a,
                torch.from_numpy(theta),
                torch.from_numpy(bias),
                multiplier=self.network.leak_multiplier,
                shift=self.network.leak_shift,
                fraction=self.network.fraction,
            )
            values[f"pool{index + 1}"] = x = _pool(s.float()).long()  # spikes are 0 or 1: exact
            if index < len(self.shrinks):
                values[f"shrink{index + 1}"] = x = cast(LinearTransformer, self.shrinks[index]).integers(x)
        exact = self.readout.integers()
        a = self.readout.accumulate(x, exact.weight)
        values["fc"] = a[..., None, None]
        logits = (a.sum(dim=0) << self.network.fraction) + len(a) * torch.from_numpy(exact.bias)
        traced = {name: value.transpose(0, 1) for name, value in values.items()}
        traced["readout"] = logits
        return traced
