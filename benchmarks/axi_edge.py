"""``python -m benchmarks.axi_edge``: thousands of random transactions at the AXI edge under cocotbext-axi.

The bench of the tests with many runs, split over its shapes: each run is some tens of transfers of
registers and bursts of memory; it is good or meets a refusal, a stop, a hang or senseless arguments.
Fails at the first lost or wrong result, broken rule of the bus, or run that does not end.
"""

from __future__ import annotations

import argparse
import sys
import time

from sim.bench import run_bench
from tests.hardware.test_axi_accelerator import CASES, IDENTITY

_SLICE = 100
"""Runs of one simulation, each with a seed of its own."""


def main() -> int:
    """Prints the progress; a failure names the seed that repeats it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    began, done = time.monotonic(), 0
    while done < given.runs:
        number = done // _SLICE
        parameters, config = CASES[number % len(CASES)]
        count = min(_SLICE, given.runs - done)
        run_bench(
            "axi_accelerator",
            bench="bench_axi_accelerator",
            parameters={**parameters, "IDENTITY": IDENTITY},
            config={**config, "runs": count},
            seed=given.seed * 1_000_000 + number,
        )
        done += count
        print(f"{done:,} runs in {time.monotonic() - began:.0f} s", flush=True)
    print(f"{done:,} random runs, and a good one behind each: nothing lost, nothing wrong, no hang")
    return 0


if __name__ == "__main__":
    sys.exit(main())
