"""Writes an integer network as NIR: the same network in real numbers, for snnTorch, Norse and others.

NIR knows convolutions, dense layers, average pooling, and neurons that are reset to zero; batch norm
has become weights and biases. What it does not know is refused with the reason.

The numbers are chosen so that readers with a step of their own agree: weights and biases are divided by
the threshold and by 1 - leak, which gives every neuron r = 1 and one threshold. A spike of NIR is
v > v_threshold, ours U ≥ θ: the threshold stands half a step of the membrane's grid below 1.
The membrane of a NIR reader is not rounded; ours rounds where a leak leaves the grid (`float_of` is the
network without that rounding). Readers compute in float32, so a leak that needs more digits is refused.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.interchange.float_network import (
    FloatLayer,
    FloatNetwork,
    FloatNeuron,
    FloatPool,
    FloatSynapses,
    Reals,
    shapes,
)
from ssnn_fpga.interchange.nir_import import SNNTORCH_DT
from ssnn_fpga.network.files import write_whole
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Conv,
    Dense,
    Layer,
    Network,
    Neuron,
    Pool,
    Readout,
)

_FLOAT_BITS = 22  # of float32's 24: a threshold's distance from the grid is to survive some roundings


def write_nir(network: Network, path: Path, dt: float = SNNTORCH_DT) -> None:
    """Write ``network`` as the NIR file ``path``, for timesteps of ``dt`` seconds.

    The logits are the sum over time of what the file's output gives. Raises UserError, naming the layer, for
    what NIR cannot express, and where the library nir is missing.
    """
    try:
        import nir
    except ImportError as error:
        raise UserError("NIR files need the library nir: pip install 'ssnn-fpga[nir]'.") from error
    graph = to_nir(network, dt)
    write_whole(path, lambda aside: nir.write(aside, graph))


def float_of(network: Network) -> FloatNetwork:
    """``network`` in real numbers: its neurons do not round. Raises UserError as `write_nir`."""
    given, layers = network.input, list[FloatLayer]()
    for place, layer in enumerate(network.layers):
        reader = network.layers[place - 1].name if place else NETWORK_INPUT
        if layer.inputs != (reader,):
            raise _refused(layer, "it forks or joins, which readers of NIR do not agree on")
        if isinstance(layer, Neuron | Readout):
            synapses = layers[-1]
            assert isinstance(synapses, FloatSynapses)
            layers[-1] = replace(synapses, bias=layer.bias / 2.0**layer.fraction)
        if isinstance(layer, Conv) and layer.groups > 1:
            raise _refused(layer, "readers of NIR take a convolution in groups for a smaller one")
        if isinstance(layer, Conv):
            bias, weight = np.zeros(len(layer.weight)), layer.weight.astype(np.float64)
            layers.append(FloatSynapses(layer.name, weight, bias, layer.stride, layer.padding, layer.groups))
        elif isinstance(layer, Dense):
            bias, weight = np.zeros(len(layer.weight)), layer.weight.astype(np.float64)
            layers.append(FloatSynapses(layer.name, weight, bias))
        elif isinstance(layer, Pool):
            if layer.kind == "max":
                raise _refused(layer, "NIR has no maximum pooling; train with average pooling")
            layers.append(FloatPool(layer.name, "sum", layer.size))
        elif isinstance(layer, Neuron):
            layers.append(_real_neuron(layer))
        elif not isinstance(layer, Readout):
            raise _refused(layer, f"NIR has no {type(layer).__name__}; train without")
    return FloatNetwork(network.name, (given.channels, given.height, given.width), tuple(layers))


def _real_neuron(layer: Neuron) -> FloatNeuron:
    if layer.reset != "zero":
        raise _refused(layer, "its neurons subtract the threshold, and those of NIR are reset to zero")
    if layer.levels > 1:
        raise _refused(layer, f"its neurons have {layer.levels} thresholds, and those of NIR have one")
    if layer.filter_shift:
        raise _refused(layer, "its current is filtered on the chip's integer grid; train without a filter")
    leak = layer.leak_multiplier / 2**layer.leak_shift
    return FloatNeuron(layer.name, leak, layer.theta / 2.0**layer.fraction, layer.strict, "zero")


def to_nir(network: Network, dt: float = SNNTORCH_DT) -> Any:
    """The `nir.NIRGraph` of ``network``. Raises UserError as `write_nir`."""
    import nir

    real = float_of(network)
    shape_of = shapes(real)
    nodes: list[tuple[str, Any]] = [("input", nir.Input(input_type=np.array(real.input)))]
    shape, flat, pooled = real.input, False, 1.0
    for place, layer in enumerate(real.layers):
        behind = real.layers[place + 1] if place + 1 < len(real.layers) else None
        if isinstance(layer, FloatPool):
            size = np.array([layer.size] * 2)
            nodes.append((layer.name, nir.AvgPool2d(size, size, np.zeros(2, np.int64))))
            pooled *= layer.size**2
        elif isinstance(layer, FloatSynapses):
            if layer.dense and not flat:
                flatten = nir.Flatten({"input": np.array(shape)}, start_dim=0, end_dim=-1)
                nodes.append((f"{layer.name}_flatten", flatten))
            scale = _synapse_scale(behind, len(layer.weight))
            weight = layer.weight * pooled * scale.reshape((-1,) + (1,) * (layer.weight.ndim - 1))
            nodes.append((layer.name, _synapses(layer, weight, layer.bias * scale, shape)))
            pooled, flat = 1.0, layer.dense
        else:
            source = network.layer(layer.name)
            assert isinstance(source, Neuron)
            threshold = np.full((shape[0],) if flat else shape, _threshold(source, network.input.timesteps))
            nodes.append((layer.name, _neuron(layer, threshold, dt)))
        shape = shape_of[layer.name]
    nodes.append(("output", nir.Output(output_type=np.array([shape[0]] if flat else shape))))
    names = [name for name, _ in nodes]
    edges = list(pairwise(names))
    return nir.NIRGraph(nodes=dict(nodes), edges=edges)


def _refused(layer: Layer, why: str) -> UserError:
    return UserError(f"layer {layer.name!r} cannot be written as NIR: {why}.")


def _synapse_scale(behind: FloatLayer | None, outputs: int) -> Reals:
    """(O,) what weights and biases are multiplied by for the neuron behind them: threshold 1, r = 1."""
    if not isinstance(behind, FloatNeuron):
        return np.ones(outputs)
    gain = 1.0 if behind.leak == 1 else 1 - behind.leak
    return np.asarray(1 / (behind.threshold * gain))


def _threshold(layer: Neuron, timesteps: int) -> float:
    """The normalised threshold of a ">", between the last membrane that rests and the first that fires.

    Membranes lie on a grid of 2**-leak_shift for each timestep but the first, in steps of 2**-fraction.
    """
    steps = float(layer.theta.max()) * 2.0 ** (layer.leak_shift * (timesteps - 1))
    if steps > 2.0**_FLOAT_BITS:
        leak = f"{layer.leak_multiplier}/{1 << layer.leak_shift}"
        raise _refused(
            layer,
            f"after {timesteps} timesteps of a leak of {leak} its membranes need more digits than the "
            "float32 of NIR's readers; train with a leak of fewer bits, such as 1/2",
        )
    half = 0.5 / steps
    return 1 + half if layer.strict else 1 - half


def _synapses(layer: FloatSynapses, weight: Reals, bias: Reals, shape: tuple[int, ...]) -> Any:
    import nir

    weight, bias = weight.astype(np.float32), bias.astype(np.float32)
    if layer.dense:
        return nir.Affine(weight, bias)
    return nir.Conv2d(tuple(shape[1:]), weight, layer.stride, layer.padding, dilation=1, groups=1, bias=bias)


def _neuron(layer: FloatNeuron, threshold: Reals, dt: float) -> Any:
    import nir

    ones, zeros = np.ones_like(threshold), np.zeros_like(threshold)
    if layer.leak == 1:
        return nir.IF(r=ones, v_threshold=threshold, v_reset=zeros)
    tau = ones * (dt / (1 - layer.leak))
    return nir.LIF(tau=tau, r=ones, v_leak=zeros, v_threshold=threshold, v_reset=zeros)
