"""The same network through every back end: equal values, what each takes, and how long FINN builds.

The trained 2-bit network of N-MNIST on real recordings, and with ``--vgg9`` VGG-9 at a quarter of the
paper's width with random weights; both for pynq-z2. Exits 1 where a value differs, or where FINN's
estimates take two minutes. Needs ``make finn``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console

from benchmarks.trained import parser_of, trained
from benchmarks.vgg9 import GESTURES, SCHEDULE, windows
from benchmarks.vgg9_network import vgg9
from ssnn_fpga.backends.finn.project import write_project
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.comparison import run_backend
from ssnn_fpga.network.layers import Integers, Network
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.report.backends import backends_table

BOARD, TARGET_SECONDS = "pynq-z2", 120.0


def compared(network: Network, frames: Integers, backends: list[str], description: str) -> bool:
    """Print the table; whether every value is golden's and FINN kept to its time."""
    console = Console(width=110)
    rows = [run_backend(name, network, BOARD, frames) for name in backends]
    console.print(backends_table(rows, f"{network.name}, {len(frames)} samples: {description}"))
    good = all(row.comparison.equal for row in rows)
    if "finn" in backends:
        interval = make_plan(network, load_board(BOARD)).interval
        began = time.perf_counter()
        with tempfile.TemporaryDirectory(prefix="ssnn-fpga-finn-") as scratch:
            write_project(network, Path(scratch) / "project", cycles=interval)
        seconds = time.perf_counter() - began
        console.print(f"FINN's estimates took {seconds:.0f} s (target below {TARGET_SECONDS:.0f}).")
        good = good and seconds < TARGET_SECONDS
    return good


def main() -> int:
    """Run from the command line."""
    parser = parser_of(__doc__)
    parser.add_argument("--samples", type=int, default=100)
    parser.add_argument("--backends", default="rtl,finn,hls4ml")
    parser.add_argument("--vgg9", action="store_true", help="VGG-9 at a quarter of the width instead")
    options = parser.parse_args()
    backends = options.backends.split(",")
    if options.vgg9:
        frames, description = windows(GESTURES)
        network = vgg9(0.25, frames[:4], schedule=SCHEDULE)
        return int(not compared(network, frames[: options.samples], backends, description))
    given = trained(options.model, options.data)
    frames = given.frames("test", options.samples).frames
    return int(not compared(given.network, frames, backends, given.description))


if __name__ == "__main__":
    sys.exit(main())
