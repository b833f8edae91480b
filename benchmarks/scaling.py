"""How logic, memory, cycles and compile time grow with a network's width, timesteps and weight bits.

A network of two convolutions, each with 2 x 2 pooling, and a dense read-out on 16 x 16 frames, weights
random. One quantity changes at a time, twice: with the folds chosen for at most 4,096 cycles a sample,
so that the hardware grows with the work; and with the same folds throughout, so that the cycles do.
LUTs, block RAMs and DSP slices are the resource model's (``ssnn_fpga/plan/resources.py``) for a 7-series
chip, cycles the cycle model's; neither was synthesised or simulated. Seconds are those of planning and
of writing the design. The exponents are slopes of least squares between logarithms: 1 is linear, 0 means
no growth.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ssnn_fpga.network.layers import Network
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from tests.random_networks import random_network

TARGET_CYCLES = 4096
FOLDS = {
    "conv1": {"pe": 4, "simd": 9, "tp": 1, "tl": 1, "taps": 0},
    "conv2": {"pe": 4, "simd": 18, "tp": 1, "tl": 1, "taps": 0},
    "classifier": {"pe": 2, "simd": 8, "tp": 1, "tl": 1},
}
SWEEPS = {"width": (8, 16, 32, 64), "timesteps": (1, 2, 4, 8, 16), "bits": (1, 2, 3, 4, 6, 8)}
_BASE = {"width": 16, "timesteps": 4, "bits": 2}
_FIGURES = ("luts", "block_rams", "dsps", "cycles", "seconds")


@dataclass(frozen=True)
class Point:
    """One network and its plan."""

    width: int
    """Channels of the first convolution; the second has twice as many."""
    timesteps: int
    bits: int
    """Of a weight; 1: binary."""
    luts: int
    block_rams: int
    dsps: int
    cycles: int
    seconds: float
    """Of planning and of writing the design, network given."""


def network_of(width: int, timesteps: int, bits: int) -> Network:
    """The network of one point."""
    return random_network(
        np.random.default_rng(1),
        schedule=(timesteps, timesteps),
        input_channels=2,
        size=(16, 16),
        input_maximum=1,
        channels=(width, 2 * width),
        kernel=3,
        stride=1,
        padding=1,
        weight_bits=bits,
        pool="max",
        pool_size=2,
        hidden=0,
        outputs=10,
        leak=(3, 2),
        levels=1,
        strict=False,
        reset="subtract",
        fraction=4,
    )


def measure(width: int, timesteps: int, bits: int, fixed: bool) -> Point:
    """Plan and write one network, with ``FOLDS`` if ``fixed``, else for ``TARGET_CYCLES``."""
    network = network_of(width, timesteps, bits)
    wanted = {"overrides": FOLDS} if fixed else {"target_cycles": TARGET_CYCLES}
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        plan = make_plan(network, **wanted)
        write_design(network, plan, Path(folder) / "design")
        seconds = time.perf_counter() - began
    need = plan.resources
    return Point(
        width, timesteps, bits, need.luts, need.block_rams, need.dsps, plan.interval, round(seconds, 2)
    )


def exponent(points: list[Point], quantity: str, figure: str) -> float:
    """Slope of log(figure) over log(quantity); figures below 1 block or 10 ms count as that."""
    x = np.log([getattr(point, quantity) for point in points])
    y = np.log([max(getattr(point, figure), 0.01 if figure == "seconds" else 1) for point in points])
    return float(np.polyfit(x, y, 1)[0])


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    measure(**_BASE, fixed=False)  # the solver's library is loaded once
    content: dict[str, dict[str, object]] = {}
    for fixed, title in ((False, f"at most {TARGET_CYCLES:,} cycles a sample"), (True, "the same folds")):
        for quantity, values in SWEEPS.items():
            points = [measure(**{**_BASE, quantity: value}, fixed=fixed) for value in values]
            slopes = {figure: round(exponent(points, quantity, figure), 2) + 0.0 for figure in _FIGURES}
            content.setdefault(title, {})[quantity] = {
                "points": [asdict(point) for point in points],
                "exponents": slopes,
            }
            if not as_json:
                Console(width=110).print(_table(title, quantity, points, slopes))
    if as_json:
        print(json.dumps(content, indent=1))
    return 0


def _table(title: str, quantity: str, points: list[Point], slopes: dict[str, float]) -> Table:
    table = Table(title=title)
    for heading in (quantity, *_FIGURES):
        table.add_column(heading, justify="right")
    for point in points:
        table.add_row(str(getattr(point, quantity)), *(f"{getattr(point, f):,}" for f in _FIGURES))
    table.add_row("exponent", *(f"{slopes[figure]:.2f}" for figure in _FIGURES))
    return table


if __name__ == "__main__":
    sys.exit(main())
