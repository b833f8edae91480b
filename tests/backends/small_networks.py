"""Small networks on which other compilers are tried: every layer, values that meet thresholds exactly."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Activation,
    Dense,
    Network,
    Neuron,
    Readout,
    TemporalTransform,
)
from tests.random_networks import random_forked_network


def small_network(**options: object) -> Network:
    """Dense, {4,2}: weights and thresholds so small that membranes often meet a threshold exactly."""
    rng = np.random.default_rng(5)

    def neuron(name: str, source: str, outputs: int) -> Neuron:
        theta, bias = rng.integers(1, 4, outputs), rng.integers(-1, 2, outputs)
        return replace(Neuron(name, (source,), theta, bias, 3, 2, 2, False, "subtract", 0, 1), **options)

    return Network(
        "small",
        Activation(4, 3, 1, 1, maximum=3),
        (
            Dense("fc1", (NETWORK_INPUT,), rng.integers(-1, 2, (6, 3)), 2),
            neuron("lif1", "fc1", 6),
            TemporalTransform("shrink", ("lif1",), np.array([[3, 1, 0, 0], [0, 1, 1, 2]]), 2, 1),
            Dense("fc2", ("shrink",), rng.integers(-3, 4, (5, 6)), 3),
            neuron("lif2", "fc2", 5),
            Dense("fc3", ("lif2",), rng.integers(-1, 2, (3, 5)), 2),
            Readout("readout", ("fc3",), rng.integers(-3, 4, 3), 1),
        ),
    )


def residual_network(rng: np.random.Generator, *, heads: int = 1) -> Network:
    """Both joins, a depthwise and a grouped layer, stride 2, a synaptic filter, ``heads`` early exits."""
    return random_forked_network(
        rng,
        blocks=("join", "currents", "grouped"),
        timesteps=3,
        size=(6, 7),
        channels=2,
        stride=2,
        filter_shift=2,
        heads=heads,
        outputs=3,
    )
