"""The generated module around accelerator and AXI passes the lint, whatever ports the design has."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from sim.bench import tool_environment
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.network.layers import Compression
from ssnn_fpga.plan.options import Options
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.edge import EDGE, takes_events
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.edge import edge_sources
from tests.random_networks import random_network

_COMPRESSION = Compression(12, 14, timesteps=2, bits=2, window_us=900, spatial_factor=2)


@pytest.mark.parametrize(
    ("channels", "compression", "options", "events"),
    [
        (2, _COMPRESSION, Options(), True),
        (2, replace(_COMPRESSION, decay=(16, 8, 3), decay_shift=6), Options(loadable=True), True),
        (2, None, Options(parity=True, watchdog=True), False),
        (1, None, Options(), False),
        (2, replace(_COMPRESSION, bits=3), Options(), False),
    ],
    ids=["events", "decay-loadable", "guards", "one-channel", "other-frames"],
)
def test_lint(
    channels: int, compression: Compression | None, options: Options, events: bool, tmp_path: Path
) -> None:
    network = random_network(
        np.random.default_rng(3),
        schedule=(2, 1),
        input_channels=channels,
        size=(6, 7),
        input_maximum=3,
        channels=(2, 2),
        outputs=4,
    )
    network = replace(network, compression=compression)
    plan = make_plan(network, load_board("pynq-z2"), target_cycles=1500, options=options)
    assert takes_events(plan, compression) == events
    write_design(network, plan, tmp_path / "design")
    sources = edge_sources(Design.load(tmp_path / "design"))
    assert ("EVENTS" in sources[f"{EDGE}.sv"]) == events
    for name, text in sources.items():
        (tmp_path / name).write_text(text)
    command = ["verilator", "--lint-only", "-Wall", "-Wno-PINCONNECTEMPTY", "--top-module", EDGE, *sources]
    result = subprocess.run(
        command, cwd=tmp_path, env=tool_environment(), capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
