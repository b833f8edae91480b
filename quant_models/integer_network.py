"""A trained network as layers of the one integer network, collected in the order of the values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from torch import Tensor

from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Integers,
    Join,
    Layer,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)


class _Shape(Protocol):
    """What a synapse layer is beside its weights."""

    bits: int
    stride: int
    padding: int


def _integers(values: Tensor) -> Integers:
    return values.detach().cpu().numpy().round().astype(np.int64)


class NetworkBuilder:
    """Layers called conv1, lif1, pool1, shrink1, ... by their kind and place."""

    source = NETWORK_INPUT

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self._counted: dict[str, int] = {}

    def _name(self, kind: str) -> str:
        self._counted[kind] = self._counted.get(kind, 0) + 1
        return f"{kind}{self._counted[kind]}"

    def _add(self, layer: Layer) -> str:
        self.layers.append(layer)
        return layer.name

    def synapses(self, source: str, weight: Tensor, shape: _Shape) -> str:
        """A convolution (O, C, K, K) or dense layer (O, C*H*W)."""
        exact = _integers(weight)
        if exact.ndim == 2:
            return self._add(Dense(self._name("dense"), (source,), exact, shape.bits))
        return self._add(Conv(self._name("conv"), (source,), exact, shape.bits, shape.stride, shape.padding))

    def neuron(
        self,
        source: str,
        theta: Tensor,
        bias: Tensor,
        *,
        leak_multiplier: int,
        leak_shift: int,
        levels: int,
        strict: bool,
        fraction: int,
        filter_shift: int,
    ) -> str:
        """Neurons with one threshold and bias for each channel."""
        return self._add(
            Neuron(
                self._name("lif"),
                (source,),
                _integers(theta),
                _integers(bias),
                leak_multiplier=leak_multiplier,
                leak_shift=leak_shift,
                levels=levels,
                strict=strict,
                fraction=fraction,
                filter_shift=filter_shift,
            )
        )

    def join(self, sources: Sequence[str]) -> str:
        """Sum of activations."""
        return self._add(Join(self._name("join"), tuple(sources)))

    def current_join(self, sources: Sequence[str], gain: Tensor, fraction: int) -> str:
        """Sum of the currents of two synapse layers."""
        return self._add(CurrentJoin(self._name("currents"), tuple(sources), _integers(gain), fraction))

    def pool(self, source: str, kind: Literal["max", "sum"] | str, size: int) -> str:
        """Pooling over windows of ``size``."""
        assert kind in ("max", "sum")
        return self._add(Pool(self._name("pool"), (source,), kind, size))  # type: ignore[arg-type]

    def shrink(self, source: str, matrix: Tensor, shift: int, fraction: int) -> str:
        """A temporal transformer."""
        return self._add(
            TemporalTransform(self._name("shrink"), (source,), _integers(matrix), shift, fraction)
        )

    def readout(self, source: str, weight: Tensor, bits: int, bias: Tensor, fraction: int) -> str:
        """The dense layer "fc" and the logits "readout"."""
        dense = self._add(Dense("fc", (source,), _integers(weight), bits))
        return self._add(Readout("readout", (dense,), _integers(bias), fraction))

    def early_readout(
        self, source: str, size: int, weight: Tensor, bits: int, bias: Tensor, fraction: int
    ) -> str:
        """A read-out "early1", ... over the sums of whole frames of ``size`` pixels a side."""
        name = self._name("early")
        pooled = self._add(Pool(f"{name}_pool", (source,), "sum", size)) if size > 1 else source
        dense = self._add(Dense(f"{name}_fc", (pooled,), _integers(weight), bits))
        return self._add(Readout(name, (dense,), _integers(bias), fraction))

    def early_exit(self, early: str, later: str, margin: int) -> str:
        """A choice "exit1", ... between early and later logits."""
        return self._add(EarlyExit(f"exit{early.removeprefix('early')}", (early, later), margin))
