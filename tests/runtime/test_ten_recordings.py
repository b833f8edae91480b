"""Ten recordings through registers and memory of the AXI edge, as frames and as events.

N-MNIST where this machine has it, emulated digits otherwise; the network is a random one for frames of
that size, which compiles quickly. ``python -m benchmarks.edge_recordings`` takes a trained one and 100.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.events.compression import compress
from ssnn_fpga.events.source import find_recordings
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Compression
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.runtime.accelerator import Accelerator
from tests.random_networks import random_network

RECORDINGS = 10


def test_every_logit(tmp_path: Path, real_nmnist: Path | None, capsys: pytest.CaptureFixture[str]) -> None:
    network = random_network(
        np.random.default_rng(21),
        schedule=(4, 2),
        input_channels=2,
        size=(34, 34),
        input_maximum=7,
        channels=(2, 2),
        kernel=3,
        stride=2,
        weight_bits=2,
        pool="max",
        pool_size=2,
        hidden=0,
        outputs=10,
    )
    compression = Compression(34, 34, timesteps=4, bits=3, window_us=306_000)
    network = replace(network, compression=compression)
    write_design(network, make_plan(network, load_board("pynq-z2"), target_cycles=3000), tmp_path / "design")
    recordings, description = find_recordings(real_nmnist)
    entries = recordings.entries("test")
    chosen = [entries[place * len(entries) // RECORDINGS] for place in range(RECORDINGS)]
    events = [entry.read((34, 34)) for entry in chosen]
    frames = np.stack([compress(recording, compression) for recording in events])
    expected = run(network, frames)[network.layers[-1].name]
    assert len(np.unique(expected, axis=0)) > 1, "all recordings look alike to this network"
    with Accelerator.open(tmp_path / "design", device="sim") as accelerator:
        for inputs in (frames, events):
            done = accelerator.classify_batch(inputs, batch=4)
            np.testing.assert_array_equal(done.logits, expected)
            np.testing.assert_array_equal(done.classes, expected.argmax(axis=1))
        assert accelerator.counters["events_backwards"] == 0
    with capsys.disabled():
        print(f"\n{RECORDINGS} of {description}: as frames and as events, all logits equal")
