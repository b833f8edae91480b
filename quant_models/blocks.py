"""The blocks of a network: neurons, convolutions with neurons, residual blocks, pooling.

A block has three faces: ``forward`` in floating point, ``forward`` on whole numbers with
straight-through gradients (``whole``), and ``lower``, which writes its integers as layers of the
integer network. Time is the first axis, (T, N, C, H, W).
"""

from __future__ import annotations

import math
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from quant_models.integer_network import NetworkBuilder
from quant_models.integers import Membrane, join_integers, neuron_integers
from quant_models.layout import Block, DenseLayer, Pooling, ResidualBlock, Size
from quant_models.neuron import integrate_and_fire, straight_through
from quant_models.recipe import NetworkRecipe
from quant_models.synapses import Synapses, over_frames

_LEAK_SHIFT = 8  # a learned leak is a multiple of 2**-8
_LARGEST_FILTER = 3
_SAMPLED = 1_000_000  # currents of which a percentile is taken


def _column(values: Tensor) -> Tensor:
    return values.reshape(-1, 1, 1)


class Neurons(nn.Module):
    """The neurons of one layer: one threshold, one leak and one synaptic filter, fixed or learned."""

    def __init__(self, network: NetworkRecipe, timesteps: int) -> None:
        super().__init__()
        neuron = network.neuron
        self.network, self.timesteps, self.firing = network, timesteps, neuron.firing
        # the threshold is exp of this: it stays positive, and 1 is exactly 1
        self.log_threshold = nn.Parameter(torch.tensor(math.log(neuron.threshold)), neuron.learn_threshold)
        start = neuron.leak_shift if neuron.leak == "power" else neuron.leak_multiplier / 2**neuron.leak_shift
        self.leak = nn.Parameter(torch.tensor(float(start)), neuron.leak != "fixed")
        self.filter = nn.Parameter(torch.tensor(float(neuron.filter_shift)), neuron.learn_filter)
        self.percentile: float | None = None  # set: the next forward pass sets the threshold by it

    @property
    def threshold(self) -> Tensor:
        """theta, in units of the current."""
        return self.log_threshold.exp()

    def decay(self) -> Tensor:
        """The leak, a value that the hardware has, with the gradient of the unrounded one."""
        if self.network.neuron.leak == "fixed":
            return self.leak
        if self.network.neuron.leak == "learned":
            steps = 2.0**_LEAK_SHIFT
            return straight_through((self.leak.detach().clamp(0, 1) * steps).round() / steps, self.leak)
        return _retained(self.leak, 16)

    def leak_integers(self) -> tuple[int, int]:
        """(m, k) of leak(V) = (V*m) >> k."""
        if self.network.neuron.leak == "fixed":
            return self.network.neuron.leak_multiplier, self.network.neuron.leak_shift
        if self.network.neuron.leak == "learned":
            return round(float(self.decay()) * 2**_LEAK_SHIFT), _LEAK_SHIFT
        shift = round(float(self.leak.detach().clamp(0, 16)))
        return (1 << shift) - 1, shift

    def _filter_decay(self) -> Tensor | None:
        neuron = self.network.neuron
        return _retained(self.filter, _LARGEST_FILTER) if neuron.learn_filter or neuron.filter_shift else None

    @property
    def filter_shift(self) -> Tensor:
        """k_f of the synaptic current filter, a whole number."""
        return self.filter.detach().clamp(0, _LARGEST_FILTER).round()

    @property
    def membrane(self) -> Membrane:
        """What bounds the membrane."""
        return Membrane(
            self.timesteps, self.decay().detach().double(), self.filter_shift.double(), self.network.fraction
        )

    def forward(self, current: Tensor) -> Tensor:
        """Spikes of real currents, by the float path (ReLU where the network has that)."""
        if self.network.activation == "relu":
            active = functional.relu(current)
        else:
            if self.percentile is not None:
                self._set_threshold(current)
            active = integrate_and_fire(
                current, self.threshold, self.decay(), filter_decay=self._filter_decay(), firing=self.firing
            )
        if self.network.dropout and self.training:  # one mask for all timesteps
            active = active * functional.dropout(torch.ones_like(active[0]), self.network.dropout)
        return active

    def whole(self, accumulated: Tensor, theta: Tensor, bias: Tensor, fraction: int) -> Tensor:
        """The integer network's spikes of accumulators; theta and bias (O,) are on the membrane's grid."""
        return integrate_and_fire(
            accumulated * 2.0**fraction + _column(bias),
            _column(theta),
            self.decay(),
            filter_decay=self._filter_decay(),
            firing=self.firing,
            whole=True,
        )

    @torch.no_grad()
    def _set_threshold(self, current: Tensor) -> None:
        values = current.flatten()
        values = values[:: max(1, len(values) // _SAMPLED)].float()
        assert self.percentile is not None
        found = torch.quantile(values[:_SAMPLED], self.percentile / 100)
        self.log_threshold.copy_(found.clamp(min=1e-3).log())

    def lower(
        self, builder: NetworkBuilder, source: str, theta: Tensor, bias: Tensor, *, fraction: int
    ) -> str:
        """Add the neuron layer behind ``source``; its name."""
        multiplier, shift = self.leak_integers()
        return builder.neuron(
            source,
            theta,
            bias,
            leak_multiplier=multiplier,
            leak_shift=shift,
            levels=self.firing.levels,
            strict=self.firing.strict,
            fraction=fraction,
            filter_shift=int(self.filter_shift),
        )


def _retained(shift: Tensor, largest: int) -> Tensor:
    """1 - 2**-k for the whole k nearest to ``shift``, with the gradient of the unrounded one."""
    k = shift.detach().clamp(0, largest).round()
    return straight_through(1 - torch.exp2(-k), 1 - torch.exp2(-shift))


class Unit(nn.Module):
    """Synapses and the neurons behind them."""

    def __init__(self, synapses: Synapses, neurons: Neurons) -> None:
        super().__init__()
        self.synapses, self.neurons = synapses, neurons

    def forward(self, x: Tensor, whole: bool = False) -> Tensor:
        """Spikes (T, N, O, H', W') of integer-valued x (T, N, C, H, W)."""
        if not whole:
            return cast(Tensor, self.neurons(self.synapses(x)))
        branch = self.synapses.branch()
        exact = neuron_integers(branch, self.neurons.threshold, self.neurons.membrane)
        weight, gain = branch.folded()
        gain = torch.where(branch.silent(), 1.0, gain)
        theta, bias = _smooth_grid(self.neurons, branch.offset, gain, exact.theta, exact.bias)
        return self.neurons.whole(
            self.synapses.accumulate(x, weight), theta, bias, self.neurons.network.fraction
        )

    @torch.no_grad()
    def lower(self, builder: NetworkBuilder, source: str) -> str:
        """Add a synapse layer and a neuron layer."""
        neurons = self.neurons
        exact = neuron_integers(self.synapses.branch(), neurons.threshold, neurons.membrane)
        synapses = builder.synapses(source, exact.weight, self.synapses)
        return neurons.lower(builder, synapses, exact.theta, exact.bias, fraction=neurons.network.fraction)


def _smooth_grid(
    neurons: Neurons, offset: Tensor, gain: Tensor, theta: Tensor, bias: Tensor
) -> tuple[Tensor, Tensor]:
    """The integers ``theta`` and ``bias`` with the gradients of what they were rounded from."""
    grid = 2.0**neurons.network.fraction
    return (
        straight_through(theta.float(), neurons.threshold / gain * grid),
        straight_through(bias.float(), offset / gain * grid),
    )


class ResidualJoin(nn.Module):
    """Residual block whose shortcut changes the shape: its currents are added before the neurons."""

    def __init__(self, first: Unit, second: Synapses, shortcut: Synapses, neurons: Neurons) -> None:
        super().__init__()
        self.first, self.second, self.shortcut, self.neurons = first, second, shortcut, neurons

    def forward(self, x: Tensor, whole: bool = False) -> Tensor:
        """Spikes (T, N, O, H', W') of integer-valued x (T, N, C, H, W)."""
        inner = self.first(x, whole)
        if not whole:
            return cast(Tensor, self.neurons(self.second(inner) + self.shortcut(x)))
        main, side = self.second.branch(), self.shortcut.branch()
        exact = join_integers(main, side, self.neurons.threshold, self.neurons.membrane)
        grid = 2.0**self.neurons.network.fraction
        weight, gain = main.folded()
        other, other_gain = side.folded()
        other = other * _column(exact.gain != 0)[..., None]
        other_gain = torch.where(side.silent(), 0.0, other_gain)
        gain = torch.where(main.silent(), torch.where(side.silent(), 1.0, other_gain), gain)
        ratio = straight_through(exact.gain.float(), other_gain / gain * grid)
        accumulated = self.second.accumulate(inner, weight) * grid
        accumulated = accumulated + self.shortcut.accumulate(x, other) * _column(ratio)
        theta, bias = _smooth_grid(self.neurons, main.offset + side.offset, gain, exact.theta, exact.bias)
        return self.neurons.whole(accumulated, theta, bias, 0)

    @torch.no_grad()
    def lower(self, builder: NetworkBuilder, source: str) -> str:
        """Add both branches, their join and the neurons, whose fraction is 0 behind a join."""
        neurons = self.neurons
        inner = self.first.lower(builder, source)
        exact = join_integers(
            self.second.branch(), self.shortcut.branch(), neurons.threshold, neurons.membrane
        )
        branches = (
            builder.synapses(inner, exact.first, self.second),
            builder.synapses(source, exact.second, self.shortcut),
        )
        joined = builder.current_join(branches, exact.gain, neurons.network.fraction)
        return neurons.lower(builder, joined, exact.theta, exact.bias, fraction=0)


class ResidualSum(nn.Module):
    """Residual block of unchanged shape: the input is added to the spikes, so their maxima add too."""

    def __init__(self, first: Unit, second: Unit) -> None:
        super().__init__()
        self.first, self.second = first, second

    def forward(self, x: Tensor, whole: bool = False) -> Tensor:
        """Sums (T, N, C, H, W) of spikes and integer-valued x of the same shape."""
        return cast(Tensor, self.second(self.first(x, whole), whole)) + x

    def lower(self, builder: NetworkBuilder, source: str) -> str:
        """Add both units and the join."""
        return builder.join((self.second.lower(builder, self.first.lower(builder, source)), source))


class Pool(nn.Module):
    """Maximum, or sum, over windows; what a sum is larger than a mean, the next batch norm takes out."""

    def __init__(self, kind: str, size: int) -> None:
        super().__init__()
        self.kind, self.size = kind, size

    def forward(self, x: Tensor, whole: bool = False) -> Tensor:
        """(T, N, C, H/size, W/size) of x (T, N, C, H, W); sizes floor."""
        frames = over_frames(x)
        if self.kind == "max":
            return functional.max_pool2d(frames, self.size).unflatten(0, x.shape[:2])
        pooled = functional.avg_pool2d(frames, self.size, divisor_override=1)
        return pooled.unflatten(0, x.shape[:2])

    def lower(self, builder: NetworkBuilder, source: str) -> str:
        """Add the pooling layer."""
        return builder.pool(source, self.kind, self.size)


class BlockMaker:
    """Makes the blocks of one network in order, following the shape and the largest value."""

    def __init__(self, network: NetworkRecipe, size: Size, x_maximum: int) -> None:
        self.network, self.size, self.x_maximum = network, size, x_maximum
        bits = network.weight_bits
        self._bits = None if isinstance(bits, int) else list(bits)

    def bits(self) -> int:
        """Weight bits of the next synapse layer."""
        if self._bits is None:
            return cast(int, self.network.weight_bits)
        if not self._bits:
            raise ValueError("network.weight_bits has fewer entries than the network has layers of synapses")
        return self._bits.pop(0)

    def check_bits(self) -> None:
        """Raises ValueError where bits are left over."""
        if self._bits:
            raise ValueError(f"network.weight_bits has {len(self._bits)} entries more than synapse layers")

    def make(self, block: Block, timesteps: int) -> nn.Module:
        """The module of ``block``; later blocks are made for what it emits."""
        size, levels = self.size, self.network.neuron.levels
        self.size = block.after(size)
        if isinstance(block, Pooling):
            window = block.size or size[1]
            if not block.size and size[1] != size[2]:
                raise ValueError(f"GAP needs square frames, not {size[1]} x {size[2]}")
            self.x_maximum *= 1 if block.kind == "max" else window**2
            return Pool(block.kind, window)
        if isinstance(block, DenseLayer):
            inputs, self.x_maximum, x_maximum = math.prod(size), levels, self.x_maximum
            return self._unit(inputs, block.channels, 0, 1, x_maximum, timesteps)
        if not isinstance(block, ResidualBlock):
            x_maximum, self.x_maximum = self.x_maximum, levels
            return self._unit(size[0], block.channels, block.kernel, block.stride, x_maximum, timesteps)
        x_maximum = self.x_maximum
        first = self._unit(size[0], block.channels, block.kernel, block.stride, x_maximum, timesteps)
        if self.size == size:
            self.x_maximum += levels
            return ResidualSum(first, self._unit(size[0], size[0], block.kernel, 1, levels, timesteps))
        self.x_maximum = levels
        second = Synapses(block.channels, block.channels, block.kernel, bits=self.bits(), x_maximum=levels)
        shortcut = Synapses(
            size[0], block.channels, 1, stride=block.stride, bits=self.bits(), x_maximum=x_maximum
        )
        return ResidualJoin(first, second, shortcut, Neurons(self.network, timesteps))

    def _unit(
        self, inputs: int, outputs: int, kernel: int, stride: int, x_maximum: int, timesteps: int
    ) -> Unit:
        synapses = Synapses(inputs, outputs, kernel, stride=stride, bits=self.bits(), x_maximum=x_maximum)
        return Unit(synapses, Neurons(self.network, timesteps))
