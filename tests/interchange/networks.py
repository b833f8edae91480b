"""Networks of snnTorch and Norse for the tests of NIR, and their spikes."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import nir
import numpy as np
import pytest
import snntorch
import torch
from snntorch.export_nir import export_to_nir
from snntorch.import_nir import import_from_nir

from ssnn_fpga.network.layers import NETWORK_INPUT, Activation, Conv, Dense, Network, Neuron, Pool, Readout

TIMESTEPS = 4
SIZE = 12
FRAME = (2, SIZE, SIZE)
NEURONS = (snntorch.Leaky, snntorch.Synaptic)


def frames(samples: int = 12, seed: int = 0, maximum: int = 3) -> np.ndarray:
    """Event counts (N, T, 2, H, W)."""
    return np.random.default_rng(seed).integers(0, maximum + 1, (samples, TIMESTEPS, *FRAME))


def leaky(*shape: int, beta: float = 0.5, **options: Any) -> snntorch.Leaky:
    """snnTorch writes convolutional layers only with parameters of the layer's shape."""
    options = {"reset_mechanism": "zero", "reset_delay": False} | options
    return snntorch.Leaky(
        beta=torch.full(shape, beta), threshold=torch.ones(shape), init_hidden=True, **options
    )


def snntorch_network(seed: int = 0, *, grid: float | None = 8.0, **neuron: Any) -> torch.nn.Sequential:
    """Convolutions, average pooling, a hidden dense layer and a read-out; weights on a grid of 1/``grid``.

    On the grid currents meet the threshold exactly again and again: > is not ≥.
    """
    torch.manual_seed(seed)
    network = torch.nn.Sequential(
        torch.nn.Conv2d(2, 4, 3, padding=1),
        leaky(4, SIZE, SIZE, **neuron),
        torch.nn.AvgPool2d(2),
        torch.nn.Conv2d(4, 6, 3),
        leaky(6, 4, 4, **neuron),
        torch.nn.Flatten(),
        torch.nn.Linear(96, 8),
        leaky(8, **neuron),
        torch.nn.Linear(8, 5),
    )
    if grid is not None:
        with torch.no_grad():
            for layer in network:
                if hasattr(layer, "weight"):
                    layer.weight.copy_(torch.randint(-5, 6, layer.weight.shape) / grid)
                    layer.bias.copy_(torch.randint(-3, 6, layer.bias.shape) / grid)
    return network


def write(network: torch.nn.Module, path: Path, size: tuple[int, ...] = FRAME) -> Path:
    """The network as snnTorch's own NIR file."""
    for layer in network.modules():
        if isinstance(layer, NEURONS):
            layer.mem = layer.syn = torch.zeros(0)
    nir.write(path, export_to_nir(network, torch.zeros(1, *size), ignore_dims=[0]))
    return path


def spikes(network: torch.nn.Module, given: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """Spikes of each layer of neurons (N, T, ...), and the output of each timestep (N, T, O), by snnTorch."""
    layers = [layer for layer in network.modules() if isinstance(layer, NEURONS)]
    found: list[list[np.ndarray]] = [[] for _ in layers]
    hooks = []
    for place, layer in enumerate(layers):
        layer.mem = layer.syn = torch.zeros(0)
        keep = found[place].append
        hooks.append(layer.register_forward_hook(lambda _, i, out, keep=keep: keep(out.numpy().copy())))
    with torch.no_grad():
        output = [network(torch.tensor(given[:, t]).float()).numpy() for t in range(TIMESTEPS)]
    for hook in hooks:
        hook.remove()
    return [np.stack(each, axis=1) for each in found], np.stack(output, axis=1)


def read_by(reader: str, path: Path, given: np.ndarray, dt: float) -> np.ndarray:
    """Outputs (N, T, O) of the NIR file as snnTorch or Norse run it, one sample at a time: their Flatten
    would flatten a batch too."""
    graph = nir.read(path)
    if reader == "snntorch":
        with contextlib.redirect_stdout(io.StringIO()):
            network = import_from_nir(graph)
    else:
        norse = pytest.importorskip("norse.torch")
        network = norse.from_nir(graph, dt=dt)
    outputs = []
    for sample in given:
        for layer in network.modules():
            if isinstance(layer, snntorch.Leaky):
                layer.mem = torch.zeros(0)
        state, steps = None, []
        for frame in sample:
            with torch.no_grad():
                x = torch.tensor(frame).float()
                result = network(x) if state is None else network(x, state)
            out, state = result if isinstance(result, tuple) else (result, None)
            steps.append(out.numpy().reshape(-1))
        outputs.append(np.stack(steps))
    return np.stack(outputs)


def integer_network(
    seed: int, *, leak: tuple[int, int] = (1, 1), strict: bool = False, pool: bool = False
) -> Network:
    """An integer network that NIR can express, neurons neither all firing nor all resting."""
    random = np.random.default_rng(seed)

    def weights(*shape: int) -> np.ndarray:
        return random.integers(-3, 4, shape)

    def neuron(name: str, source: str, channels: int) -> Neuron:
        theta, bias = random.integers(16, 90, channels), random.integers(-8, 30, channels)
        return Neuron(name, (source,), theta, bias, *leak, strict=strict, reset="zero")

    layers: list[Any] = [Conv("conv1", (NETWORK_INPUT,), weights(4, 2, 3, 3), 3, 2 - pool, 1)]
    layers.append(neuron("lif1", "conv1", 4))
    if pool:
        layers.append(Pool("pool1", ("lif1",), "sum", 2))
    layers += [
        Conv("conv2", (layers[-1].name,), weights(6, 4, 3, 3), 3),
        neuron("lif2", "conv2", 6),
        Dense("fc1", ("lif2",), weights(8, 6 * 4 * 4), 3),
        neuron("lif3", "fc1", 8),
        Dense("fc2", ("lif3",), weights(5, 8), 3),
        Readout("readout", ("fc2",), random.integers(-9, 9, 5)),
    ]
    return Network("net", Activation(TIMESTEPS, *FRAME, 3), tuple(layers))
