"""How logic, memory, cycles and planning time grow with a network's width, timesteps and weight bits.

A network of two convolutions, each with 2 x 2 pooling, and a dense read-out on 16 x 16 frames, weights
random, planned for at most 4,096 cycles a sample. One quantity changes at a time. LUTs and block RAMs
are the resource model's (``ssnn_fpga/plan/resources.py``), not synthesis. The exponents are slopes of
least squares between logarithms: 1 is linear.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict, dataclass

import numpy as np
from rich.console import Console
from rich.table import Table

from ssnn_fpga.plan.solve import make_plan
from tests.random_networks import random_network

TARGET_CYCLES = 4096
WIDTHS, TIMESTEPS, BITS = (8, 16, 32, 64), (1, 2, 4, 8, 16), (2, 3, 4, 6, 8)
_BASE = {"width": 16, "timesteps": 4, "bits": 2}
_FIGURES = ("luts", "block_rams", "cycles", "seconds")


@dataclass(frozen=True)
class Point:
    """One network and its plan."""

    width: int
    """Channels of the first convolution; the second has twice as many."""
    timesteps: int
    bits: int
    luts: int
    block_rams: int
    cycles: int
    seconds: float
    """Of planning, network given."""


def measure(width: int, timesteps: int, bits: int) -> Point:
    """Plan one network."""
    network = random_network(
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
    began = time.perf_counter()
    plan = make_plan(network, target_cycles=TARGET_CYCLES)
    seconds = time.perf_counter() - began
    return Point(
        width,
        timesteps,
        bits,
        plan.resources.luts,
        plan.resources.block_rams,
        plan.interval,
        round(seconds, 2),
    )


def exponent(points: list[Point], quantity: str, figure: str) -> float:
    """Slope of log(figure) over log(quantity)."""
    x = np.log([getattr(point, quantity) for point in points])
    y = np.log([max(getattr(point, figure), 1e-3) for point in points])
    return float(np.polyfit(x, y, 1)[0])


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    measure(**_BASE)  # the solver's library is loaded once
    content = {}
    for quantity, values in {"width": WIDTHS, "timesteps": TIMESTEPS, "bits": BITS}.items():
        points = [measure(**{**_BASE, quantity: value}) for value in values]
        slopes = {figure: round(exponent(points, quantity, figure), 2) for figure in _FIGURES}
        content[quantity] = {"points": [asdict(point) for point in points], "exponents": slopes}
        if as_json:
            continue
        table = Table(title=f"at most {TARGET_CYCLES:,} cycles a sample")
        for heading in (quantity, *_FIGURES):
            table.add_column(heading, justify="right")
        for point in points:
            table.add_row(str(getattr(point, quantity)), *(f"{getattr(point, f):,}" for f in _FIGURES))
        table.add_row("exponent", *(f"{slopes[figure]:.2f}" for figure in _FIGURES))
        Console(width=110).print(table)
    if as_json:
        print(json.dumps(content, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())
