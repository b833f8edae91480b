"""Would an event-driven engine beat the readers? LUTs and cycles of both, at measured activity.

The readers gather: a window at a time, its words that are not zero, and the sums of one window are all
that is held. An event-driven engine scatters: each set bit of the input goes to the K x K windows that
see it, for all output channels, and the sums of K rows of windows lie in memory for all timesteps.
One event a cycle needs an adder for each of those sums, K x K memories that read and write a word a
cycle, and the weights of a channel side by side, once for each way in which the K x K windows can lie
over the memories. A window that is complete leaves in a cycle of its own.

Gathering is what the plan of the N-MNIST network says of each convolution at the activity of 64
training recordings. Scattering is counted at its best: a LUT a bit of the adders, 48 bits of sums a
LUT of RAM, 64 bits of weights a LUT, no hazard between events at neighbouring pixels, no control.
Nothing of it is built.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.nmnist_plans import BOARD, PLANS
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.errors import UserError
from ssnn_fpga.events.frames import load_frames
from ssnn_fpga.events.source import find_recordings
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import NETWORK_INPUT, Accumulator, Activation, Conv, Integers
from ssnn_fpga.network.qonnx_import import load
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.activity import measure_activity
from ssnn_fpga.plan.plan import Plan
from ssnn_fpga.plan.solve import make_plan

SAMPLES = 64
RAM_BITS_A_LUT = 48
"""Of distributed RAM that is read and written in the same cycle: three bits by 64 words in four LUTs."""
ROM_BITS_A_LUT = 64


@dataclass(frozen=True)
class Comparison:
    """One convolution in one plan; cycles are means a sample."""

    plan: str
    layer: str
    set_bits: float
    """Share of the input bits."""
    gathered_luts: int
    gathered_cycles: int
    scattered_luts: int
    scattered_cycles: int

    @property
    def advantage(self) -> float:
        """LUTs times cycles, scattered over gathered: above 1 the readers are better."""
        scattered = self.scattered_luts * self.scattered_cycles
        return scattered / (self.gathered_luts * self.gathered_cycles)


def compare(
    name: str, layer: Conv, x: Integers, edge: Activation, sums: Accumulator, plan: Plan
) -> Comparison:
    """Both ways for input ``x`` (N,T,C,H,W) of ``edge.bits`` bits."""
    outputs, kernel, stage = sums.channels, layer.weight.shape[2], plan.stage(layer.name)
    bits = sum(int(((x >> bit) & 1).sum()) for bit in range(edge.bits))
    reached = ceil(kernel / layer.stride) ** 2
    adders = outputs * reached * sums.bits
    weights = outputs * reached * layer.weight_bits * ceil(edge.channels * reached / ROM_BITS_A_LUT)
    held = kernel * sums.width * outputs * sums.timesteps * sums.bits
    return Comparison(
        plan=name,
        layer=layer.name,
        set_bits=bits / (x.size * edge.bits),
        gathered_luts=stage.resources.luts,
        gathered_cycles=stage.cycles,
        scattered_luts=adders + weights + held // RAM_BITS_A_LUT,
        scattered_cycles=bits // len(x) + sums.height * sums.width,
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("build/nmnist_2bit/model.onnx"))
    parser.add_argument("--data", type=Path, help="recordings; found as by ssnn-fpga if not given")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        network = load(arguments.model)
        recordings, description = find_recordings(arguments.data)
        assert network.compression is not None, "a trained model says how events become frames"
        frames = load_frames(recordings, "train", network.compression, classes=network.classes).frames
    except UserError as error:
        print(f"{error} Train it with: make build/nmnist_2bit/model.onnx", file=sys.stderr)
        return 2
    frames = frames[:SAMPLES]
    trace, edge_of = run(network, frames), edges(network)
    activity = measure_activity(network, frames, trace)
    found = []
    for name, cycles in PLANS.items():
        plan = make_plan(network, load_board(BOARD), target_cycles=cycles, activity=activity)
        for layer in network.layers:
            if isinstance(layer, Conv):
                source = layer.inputs[0]
                edge, sums = edge_of[source], edge_of[layer.name]
                assert isinstance(edge, Activation)
                assert isinstance(sums, Accumulator)
                x = frames if source == NETWORK_INPUT else trace[source]
                found.append(compare(name, layer, x, edge, sums, plan))
    if arguments.json:
        print(json.dumps({"data": description, "layers": [asdict(row) for row in found]}))
        return 0
    table = Table(title=f"Gathering against scattering: {description}")
    headings = ("plan", "layer", "bits set", "gathered: LUTs", "cycles", "scattered: LUTs", "cycles", "over")
    for heading in headings:
        table.add_column(heading, justify="left" if heading in ("plan", "layer") else "right")
    for row in found:
        table.add_row(
            row.plan, row.layer, f"{row.set_bits:.1%}", f"{row.gathered_luts:,}", f"{row.gathered_cycles:,}",
            f"{row.scattered_luts:,}", f"{row.scattered_cycles:,}", f"{row.advantage:.2f}",
        )  # fmt: skip
    Console(width=110).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
