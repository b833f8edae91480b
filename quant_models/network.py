"""The shrinking-timestep network (SSNN, arXiv 2401.01912) as it is trained.

Three ways through the same layers:

- *float*: quantised weights, real batch norm, real membranes (the first part of training);
- *straight-through*: every value is the integer of ``docs/arithmetic.md``, gradients as if nothing
  had been rounded (the last part of training);
- *integer*: the integer network, exact, no gradients; what ``model.eval()`` computes and the chip
  repeats.

Inside, time is the first axis, (T, N, C, H, W); frames and traces are (N, T, C, H, W).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from quant_models.blocks import BlockMaker, Neurons
from quant_models.integer_network import NetworkBuilder
from quant_models.integers import readout_bias
from quant_models.neuron import straight_through
from quant_models.recipe import FLOAT_BITS, Recipe
from quant_models.synapses import readout_layer
from quant_models.torch_engine import trace
from quant_models.transformer import make_transformer
from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Activation, Network


class Readout(nn.Module):
    """Dense layer, summed over time; one weight scale, no batch norm.

    An early one (``pixels`` > 1) sees the mean over the whole frame, emitted as a sum.
    """

    def __init__(self, inputs: int, classes: int, bits: int, fraction: int, pixels: int = 1) -> None:
        super().__init__()
        self.bits, self.fraction, self.pixels = bits, fraction, pixels
        self.dense = readout_layer(inputs, classes, bits)
        self.bias = nn.Parameter(torch.zeros(classes))

    def forward(self, x: Tensor, whole: bool = False) -> Tensor:
        """Real logits (N, O): the mean over time of integer-valued x (T, N, C, H, W).

        With ``whole`` the bias is on its integer grid, so logits order as the integers do.
        """
        x = x.mean(dim=(0, 3, 4)) if self.pixels > 1 else x.flatten(2).mean(dim=0)
        bias = straight_through(self._whole_bias(), self.bias) if whole else self.bias
        return cast(Tensor, self.dense(x).float()) + bias

    @torch.no_grad()
    def _whole_bias(self) -> Tensor:
        scale = self.scale()
        return (readout_bias(self.bias, scale, fraction=self.fraction) * scale / 2**self.fraction).float()

    @torch.no_grad()
    def scale(self) -> Tensor:
        """The weights' one scale."""
        return cast(Tensor, self.dense.quant_weight().scale.flatten()[0].double())

    @torch.no_grad()
    def integers(self) -> tuple[Tensor, Tensor]:
        """Weights (O, I) and biases (O,) of the integer network, whole numbers in float64."""
        weight = (self.dense.quant_weight().value.double() / self.scale()).round()
        bias = readout_bias(self.bias, self.scale(), fraction=self.fraction) * self.pixels
        return weight, bias


class ShrinkingNetwork(nn.Module):
    """Stages of ever fewer timesteps, temporal transformers between them, a read-out at the end.

    ``integer_network`` calls its layers conv1, lif1, pool1, shrink1, conv2, ... , fc, readout.
    Raises UserError where the recipe's layout cannot be made of its input.
    """

    def __init__(self, recipe: Recipe, classes: int) -> None:
        super().__init__()
        network = recipe.network
        self.recipe, self.network, self.integer_phase = recipe, network, False
        maker = BlockMaker(network, recipe.input_size, recipe.input_maximum)
        self.stages, self.shrinks, self.early = nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        try:
            for index, (timesteps, blocks) in enumerate(zip(network.schedule, network.stages, strict=True)):
                self.stages.append(nn.ModuleList(maker.make(block, timesteps) for block in blocks))
                if index + 1 == len(network.schedule):
                    break
                channels, height, width = maker.size
                bits = maker.bits() if isinstance(network.weight_bits, int) else 8
                self.early.append(Readout(channels, classes, bits, network.fraction, height * width))
                later = network.schedule[index + 1]
                if later == timesteps:
                    self.shrinks.append(nn.Identity())
                else:
                    self.shrinks.append(make_transformer(timesteps, later, network))
                    maker.x_maximum <<= network.transform_fraction
            self.readout = Readout(math.prod(maker.size), classes, maker.bits(), network.fraction)
            maker.check_bits()
        except ValueError as error:
            raise UserError(f"recipe {recipe.name}: {error}.") from error

    def train(self, mode: bool = True) -> ShrinkingNetwork:
        """As in torch, except that batch norm stays frozen once the integer phase has begun."""
        super().train(mode)
        if self.integer_phase:
            for module in self.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def enter_integer_phase(self) -> None:
        """From now on train on the integer forward pass, with frozen batch-norm statistics."""
        self.integer_phase = True
        self.train(self.training)

    def forward(self, frames: Tensor) -> Tensor:
        """Logits (N, O) of frames (N, T, C, H, W): exact int64 after ``eval()``, real in training."""
        if self.training:
            return self.logits(frames)[0]
        return self.trace(frames)["readout"]

    def logits(self, frames: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Differentiable logits (N, O), and those of the early classifiers.

        By the straight-through path in the integer phase, by the float path before. One frame
        (T = 1) stands for every timestep.
        """
        whole = self.integer_phase
        x = frames.transpose(0, 1).float()
        x = x.expand(self.network.schedule[0], *x.shape[1:]) if len(x) == 1 else x
        early: list[Tensor] = []
        with torch.autocast(x.device.type, enabled=torch.is_autocast_enabled(x.device.type) and not whole):
            for index, stage in enumerate(self.stages):
                for block in cast(nn.ModuleList, stage):
                    x = block(x, whole)
                if index < len(self.early):
                    early.append(self.early[index](x, whole))
                    x = self.shrinks[index](x)
            return self.readout(x, whole), early

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
        return float(self.readout.scale()) / (self.network.schedule[-1] << self.network.fraction)

    @torch.no_grad()
    def set_thresholds(self, frames: Tensor, percentile: float) -> None:
        """Set every threshold, layer by layer, to that percentile of the currents of ``frames``.

        IIR-SNN's way from a conventional network to a spiking one (arXiv 2110.05929): each layer's
        currents come from the spikes of the layers before it, whose thresholds are set already. Batch
        norm sees the spikes' own statistics, as in the training that follows.
        """
        neurons = [module for module in self.modules() if isinstance(module, Neurons)]
        for each in neurons:
            each.percentile = percentile
        training = self.training
        try:
            self.train().logits(frames)
        finally:
            self.train(training)
            for each in neurons:
                each.percentile = None

    # The integer network

    def integer_network(
        self, name: str = "network", classes: Sequence[str] = (), margins: Sequence[int] | None = None
    ) -> Network:
        """The integer network. ``margins``, one for each early classifier, keeps them as early exits.

        Raises UserError where the recipe's network has no integers, with the remedy.
        """
        if self.network.inexact:
            raise UserError(f"{self.recipe.name} has no integer network: {self.network.inexact}.")
        builder = NetworkBuilder()
        source, early = builder.source, []
        for index, stage in enumerate(self.stages):
            for block in cast(nn.ModuleList, stage):
                source = block.lower(builder, source)  # type: ignore[operator]
            if index == len(self.early):
                break
            if margins is not None:
                head = cast(Readout, self.early[index])
                size = math.isqrt(head.pixels)
                if size**2 != head.pixels:
                    raise UserError(f"{self.recipe.name}: an early exit needs square frames.")
                early.append(builder.early_readout(source, size, *_readout_integers(head), head.fraction))
            if not isinstance(self.shrinks[index], nn.Identity):
                source = self.shrinks[index].lower(builder, source)  # type: ignore[operator]
        last = builder.readout(source, *_readout_integers(self.readout), self.readout.fraction)
        for head, margin in zip(reversed(early), reversed(margins or ()), strict=True):
            last = builder.early_exit(head, last, margin)
        channels, height, width = self.recipe.input_size
        given = Activation(self.network.schedule[0], channels, height, width, self.recipe.input_maximum)
        return Network(name, given, tuple(builder.layers), tuple(classes), self.recipe.frame_compression())

    def readout_scales(self) -> dict[str, float]:
        """The weight scale of every dense layer before a read-out of ``integer_network``, by name."""
        scales = {f"early{i}_fc": float(cast(Readout, r).scale()) for i, r in enumerate(self.early, start=1)}
        return {"fc": float(self.readout.scale()), **scales}

    @torch.no_grad()
    def trace(self, frames: Tensor) -> dict[str, Tensor]:
        """Every layer's integers, int64 (N, T, C, H, W), by layer name; "readout" is (N, O)."""
        return trace(self.integer_network(), frames)


def _readout_integers(readout: Readout) -> tuple[Tensor, int, Tensor]:
    weight, bias = readout.integers()
    assert readout.bits != FLOAT_BITS
    return weight, readout.bits, bias
