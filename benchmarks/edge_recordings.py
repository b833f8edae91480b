"""``python -m benchmarks.edge_recordings``: real recordings through registers and memory of the AXI edge.

The model, planned for pynq-z2, as compiled RTL behind the driver that ships: each recording once as
frames and once as events, all logits against the golden model's.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.events.compression import compress
from ssnn_fpga.events.source import find_recordings
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.qonnx_import import load
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.runtime.accelerator import Accelerator


def main() -> int:
    """Fails where a logit differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("model", type=Path, help="a QONNX file")
    parser.add_argument("--data", type=Path, default=None)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--design", type=Path, default=Path("build/edge/design"))
    given = parser.parse_args()
    if not given.design.exists():
        network = load(given.model)
        write_design(network, make_plan(network, load_board("pynq-z2")), given.design)
    network = Design.load(given.design).network
    compression = network.compression
    assert compression is not None
    recordings, description = find_recordings(given.data)
    entries = recordings.entries("test")
    chosen = [entries[place * len(entries) // given.count] for place in range(min(given.count, len(entries)))]
    sensor = (compression.sensor_height, compression.sensor_width)
    events = [entry.read(sensor) for entry in chosen]
    frames = np.stack([compress(recording, compression) for recording in events])
    expected = run(network, frames)[network.layers[-1].name]
    print(f"{len(events)} of {description}", flush=True)
    wrong = 0
    with Accelerator.open(given.design, device="sim") as accelerator:
        for name, inputs in (("frames", frames), ("events", events)):
            began, before = time.monotonic(), accelerator.counters["cycles"]
            done = accelerator.classify_batch(inputs, batch=10)
            differing = int((done.logits != expected).sum())
            wrong += differing
            cycles = (accelerator.counters["cycles"] - before) / len(events)
            print(
                f"{name}: {differing} of {expected.size} logits differ; {cycles:,.0f} clocks a recording, "
                f"latency {done.cycles.mean():,.0f} on average and {done.cycles.max():,} at most; "
                f"{time.monotonic() - began:.0f} s",
                flush=True,
            )
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
