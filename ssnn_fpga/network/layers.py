"""The integer network: the one description of a network that every engine reads.

A network is a topologically ordered tuple of frozen layers over integer arrays.
Arrays are (N, T, C, H, W); every value is an integer; the meaning of each layer is
the arithmetic contract in ``docs/arithmetic.md``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

NETWORK_INPUT = "input"
"""Name under which layers refer to the frames that enter the network."""


@dataclass(frozen=True)
class Activation:
    """What travels on one edge of the network: unsigned integers of shape (T, C, H, W).

    ``maximum`` is the largest value that can occur, not 2**bits - 1: widths follow it.
    """

    timesteps: int
    channels: int
    height: int
    width: int
    maximum: int

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(T, C, H, W)."""
        return (self.timesteps, self.channels, self.height, self.width)

    @property
    def bits(self) -> int:
        """Bits of one value (A of the contract), at least 1."""
        return max(1, self.maximum.bit_length())

    @property
    def planes(self) -> int:
        """Binary planes of one channel of one pixel (P = T * A)."""
        return self.timesteps * self.bits


def signed_bits(minimum: int, maximum: int) -> int:
    """Bits of the narrowest two's complement that holds both bounds, at least 1."""
    return 1 + max((minimum if minimum >= 0 else ~minimum).bit_length(), max(0, maximum).bit_length())


@dataclass(frozen=True)
class Accumulator:
    """What synapses emit: signed sums of shape (T, C, H, W).

    The bounds of each output channel follow from its real weights: lows[o] <= 0 <= highs[o], and
    no partial sum in any order leaves them.
    """

    timesteps: int
    channels: int
    height: int
    width: int
    lows: tuple[int, ...]
    highs: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(T, C, H, W)."""
        return (self.timesteps, self.channels, self.height, self.width)

    @property
    def minimum(self) -> int:
        """Least value of any channel."""
        return min(self.lows)

    @property
    def maximum(self) -> int:
        """Greatest value of any channel."""
        return max(self.highs)

    @property
    def bits(self) -> int:
        """Bits of one accumulator in two's complement."""
        return signed_bits(self.minimum, self.maximum)


@dataclass(frozen=True)
class Logits:
    """What a read-out or an early exit emits: one signed value a class, with the bounds of all."""

    channels: int
    minimum: int
    maximum: int

    @property
    def bits(self) -> int:
        """Bits of one logit in two's complement (partial sums may need more: ``Ranges``)."""
        return signed_bits(self.minimum, self.maximum)


@dataclass(frozen=True)
class Conv:
    """Synapses of a convolution. Emits signed accumulators (N, T, O, H', W').

    With ``groups`` g, output channel o sees the C/g input channels from (o // (O/g)) * C/g on;
    g = C is a depthwise convolution. Weights of ``weight_bits`` B lie in the narrow range
    +-(2**(B-1) - 1), so 2 bits are ternary; 1 bit is binary, -1 and +1 without 0.
    """

    name: str
    inputs: tuple[str, ...]
    weight: Integers  # (O, C/groups, K, K)
    weight_bits: int
    stride: int = 1
    padding: int = 0
    groups: int = 1


@dataclass(frozen=True)
class Dense:
    """Synapses of a fully connected layer. Emits signed accumulators (N, T, O, 1, 1).

    ``weight_bits`` as for ``Conv``.
    """

    name: str
    inputs: tuple[str, ...]
    weight: Integers  # (O, C*H*W), columns in ONNX order: C, then H, then W
    weight_bits: int


@dataclass(frozen=True)
class Neuron:
    """Leaky integrate-and-fire neuron with ``levels`` thresholds, on accumulators.

    c[t] = c[t-1] - (c[t-1] >> filter_shift) + (a[t] << fraction) + bias, c[-1] = 0
    U[t] = leak(V[t-1]) + c[t], V[-1] = 0
    s[t] = number of l in 1..levels with U[t] >= l*theta + strict
    V[t] = U[t] - s[t]*theta ("subtract")   or   0 where s[t] > 0 else U[t] ("zero")
    leak(V) = (V * leak_multiplier) >> leak_shift, rounding towards minus infinity

    A filter_shift of 0 is no filter: c[t] = (a[t] << fraction) + bias. Behind a ``CurrentJoin``,
    whose sums are on the membrane's grid already, fraction is 0.
    """

    name: str
    inputs: tuple[str, ...]
    theta: Integers  # (O,), >= 1, on the membrane's grid
    bias: Integers  # (O,), on the membrane's grid
    leak_multiplier: int = 1
    leak_shift: int = 1
    levels: int = 1
    strict: bool = False  # True: fires on U > l*theta (d = 1 of the contract)
    reset: Literal["subtract", "zero"] = "subtract"
    fraction: int = 4
    filter_shift: int = 0


@dataclass(frozen=True)
class TemporalTransform:
    """Maps T1 timesteps to T2: y = (sum_t1 m[t2,t1] * x[t1] << fraction, + half) >> shift."""

    name: str
    inputs: tuple[str, ...]
    matrix: Integers  # (T2, T1), unsigned, each row sums to 2**shift
    shift: int = 4
    fraction: int = 1


@dataclass(frozen=True)
class Pool:
    """Spatial pooling, size == stride, output sizes floor. Max of spikes is OR.

    A size equal to height and width is global pooling.
    """

    name: str
    inputs: tuple[str, ...]
    kind: Literal["max", "sum"]
    size: int = 2


@dataclass(frozen=True)
class Join:
    """Sum of two or more activations of one shape; its maximum is the sum of their maxima."""

    name: str
    inputs: tuple[str, ...]


@dataclass(frozen=True)
class CurrentJoin:
    """Adds the accumulators of two synapse layers on the membrane's grid, before one neuron.

    a[t,o] = (a1[t,o] << fraction) + gain[o] * a2[t,o], signed accumulators of the same shape.
    """

    name: str
    inputs: tuple[str, ...]  # the layers of a1 and a2
    gain: Integers  # (O,), round(g2/g1 * 2**fraction); 0 where the second branch is lost in the grid
    fraction: int = 4


@dataclass(frozen=True)
class Readout:
    """Sums a Dense layer's accumulators over time: logits = (sum_t a << fraction) + T*bias.

    The class is the first index of the largest logit.
    """

    name: str
    inputs: tuple[str, ...]
    bias: Integers  # (O,)
    fraction: int = 4


@dataclass(frozen=True)
class EarlyExit:
    """Takes the early logits of a sample where they are sure enough, else the final ones.

    A sample exits where its largest early logit is at least ``margin`` above its second largest,
    in the integer units of the early read-out. The final logits may come from a further exit.
    """

    name: str
    inputs: tuple[str, ...]  # a read-out, and a read-out or early exit
    margin: int


Layer = Conv | Dense | Neuron | TemporalTransform | Pool | Join | CurrentJoin | Readout | EarlyExit


Edge = Activation | Accumulator | Logits


@dataclass(frozen=True)
class Compression:
    """How events become the network's input frames; a property of the model file.

    ``window_us`` is the fixed window D that is cut into T bins of equal duration; with
    ``bin_events`` a bin holds that many events instead, and D does not matter. ``decay`` is a
    table of weights in sixteenths by an event's age in the bin, in units of 2**decay_shift µs
    (older than the table: 0); without one every event weighs 1.
    """

    sensor_height: int
    sensor_width: int
    timesteps: int
    bits: int
    window_us: int
    spatial_factor: int = 1
    bin_events: int = 0
    decay: tuple[int, ...] = ()
    decay_shift: int = 0

    def __post_init__(self) -> None:
        """Files hold the table as a list."""
        object.__setattr__(self, "decay", tuple(self.decay))


@dataclass(frozen=True)
class Network:
    """A whole network: input edge, layers in topological order, class names.

    Several layers may read one edge. Where the network is complete, its last layer gives the
    logits and is the only one that no other layer reads.
    """

    name: str
    input: Activation
    layers: tuple[Layer, ...]
    classes: tuple[str, ...] = ()
    compression: Compression | None = field(default=None)

    def layer(self, name: str) -> Layer:
        """The layer called ``name``. Raises KeyError."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(name)
