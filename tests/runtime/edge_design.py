"""A tiny network behind the AXI edge: two-channel frames that also come as address events."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.events.recording import EVENT, Events
from ssnn_fpga.network.layers import Compression, Network
from ssnn_fpga.plan.options import Options
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from tests.random_networks import random_network

HEIGHT, WIDTH, WINDOW_US = 6, 7, 1000


def write_edge_design(folder: Path) -> Network:
    """Weights are loaded, and every guard is in it; events are taken."""
    network = random_network(
        np.random.default_rng(12),
        schedule=(2, 1),
        input_channels=2,
        size=(HEIGHT, WIDTH),
        input_maximum=3,
        channels=(3, 2),
        kernel=3,
        weight_bits=2,
        outputs=5,
    )
    compression = Compression(HEIGHT, WIDTH, timesteps=2, bits=2, window_us=WINDOW_US)
    network = replace(network, compression=compression)
    options = Options(loadable=True, parity=True, watchdog=True)
    write_design(
        network, make_plan(network, load_board("pynq-z2"), target_cycles=1000, options=options), folder
    )
    return network


def random_recording(rng: np.random.Generator, count: int | None = None) -> Events:
    """Events all over the sensor, some of them later than the window."""
    events = np.zeros(rng.integers(0, 120) if count is None else count, dtype=EVENT)
    events["t"] = np.sort(rng.integers(0, WINDOW_US + 300, len(events))) + rng.integers(0, 1 << 20)
    events["x"], events["y"] = rng.integers(0, WIDTH, len(events)), rng.integers(0, HEIGHT, len(events))
    events["p"] = rng.integers(0, 2, len(events))
    return events
