"""A thousand N-MNIST recordings through the compiled hardware on two cores, every value compared.

The recordings are those that the network was trained on, so no accuracy is claimed: what is measured
is the time, from recordings in memory to values compared with the golden model. Compiling the
hardware is timed beside; a design that was compiled once is found again.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np

from benchmarks.trained import parser_of, trained
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.compiled import CompiledAccelerator

RECORDINGS, PROCESSES = 1000, 2
TARGET_SECONDS = 180.0
TARGET_CYCLES = 5_000


def compare(design: Path, frames: Integers) -> tuple[int, int, int]:
    """Clock cycles, values compared and values that differ."""
    with CompiledAccelerator(design) as accelerator:
        result = accelerator.run(frames)
        expected = run(accelerator.design.network, frames)
    wrong = sum(int((values != result.trace[layer]).sum()) for layer, values in expected.items())
    return result.cycles, sum(values.size for values in expected.values()), wrong


def main() -> int:
    """Print the figures; 0 when the target is met and no value differs."""
    parser = parser_of(__doc__)
    arguments = parser.parse_args()
    given = trained(arguments.model, arguments.data)
    network, frames = given.network, given.frames("train").frames
    frames = frames[np.arange(RECORDINGS) % len(frames)]
    with tempfile.TemporaryDirectory() as folder:
        design = Path(folder) / "design"
        write_design(network, make_plan(network, load_board("pynq-z2"), target_cycles=TARGET_CYCLES), design)
        began = time.perf_counter()
        CompiledAccelerator(design).close()
        compiled = time.perf_counter() - began
        began = time.perf_counter()
        with ProcessPoolExecutor(PROCESSES) as pool:
            found = list(pool.map(partial(compare, design), np.array_split(frames, PROCESSES)))
        seconds = time.perf_counter() - began
    cycles, values, wrong = (sum(column) for column in zip(*found, strict=True))
    figures = {
        "data": given.description,
        "recordings": len(frames),
        "seconds": round(seconds, 1),
        "compile_seconds": round(compiled, 1),
        "cycles": cycles,
        "values": values,
        "mismatches": wrong,
        "target_seconds": TARGET_SECONDS,
    }
    print(json.dumps(figures, indent=2))
    return 0 if seconds <= TARGET_SECONDS and wrong == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
