"""A small network, generated and run in cocotb under random stalls, against the golden model."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sim.bench import rtl_directory, run_bench
from ssnn_fpga.network.layers import Network
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from tests.random_networks import random_network


def small_network() -> Network:
    """Every kind of layer: convolutions, pooling, a transformer, hidden and last dense layer."""
    return random_network(
        np.random.default_rng(11),
        schedule=(4, 2),
        input_channels=2,
        size=(8, 8),
        input_maximum=3,
        channels=(4, 6),
        kernel=3,
        stride=1,
        padding=1,
        weight_bits=3,
        pool="max",
        pool_size=2,
        levels=1,
        hidden=4,
        outputs=4,
    )


FOLDS = {
    "conv1": {"pe": 2, "simd": 9, "tp": 4},
    "conv2": {"pe": 3, "simd": 7, "tp": 1},
    "hidden": {"pe": 1, "simd": 4, "tp": 1},
    "classifier": {"pe": 2, "simd": 2, "tp": 2},
}


@pytest.mark.parametrize(
    "stalls", [(0.0, 0.0), (0.4, 0.4), (0.0, 0.9)], ids=["full-rate", "stalls", "slow-sink"]
)
def test_accelerator(stalls: tuple[float, float], tmp_path: Path) -> None:
    network = small_network()
    design = tmp_path / "design"
    # The library may be a mutated copy: the mutation check names it in SSNN_FPGA_RTL.
    write_design(network, make_plan(network, overrides=FOLDS), design, rtl_directory())
    config = {
        "design": str(design),
        "samples": 3,
        "activity": 0.4,
        "stall_in": stalls[0],
        "stall_out": stalls[1],
        "layers": True,
    }
    images = {path.name: path.read_text() for path in (design / "rtl").glob("*.hex")}
    run_bench(
        "accelerator",
        bench="bench_accelerator",
        parameters={},
        seed=7,
        config=config,
        files=images,
        rtl=design / "rtl",
    )
