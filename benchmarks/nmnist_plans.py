"""Two plans of the ternary N-MNIST network for pynq-z2, simulated on every test recording.

The rate plan fills the chip for at least 50,000 inferences a second, each within 40 µs; the open plan
leaves room for the open place-and-route tools and still gives 20,000 a second. Cycles are counted in
the compiled RTL, whose every value is compared with the golden model; seconds assume 100 MHz, which no
tool has confirmed for this chip here. ``--synthesise`` adds yosys' logic cells (about ten minutes).

The model is one that ``ssnn-fpga train nmnist_2bit`` trained and ``ssnn-fpga export`` wrote. A model
with wider weights, such as the demo's, stands beside it with the fastest plans of the same shares; it
has no target.
"""

from __future__ import annotations

import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.trained import parser_of, trained
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.boards.flow import cells_of
from ssnn_fpga.events.frames import LabelledFrames
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Conv, Dense, Network
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.compiled import CompiledAccelerator

BOARD = "pynq-z2"
MHZ = 100.0
PLANS = {"rate": 2_000, "open": 5_000}
"""Most cycles between two results: 50,000 and 20,000 inferences a second."""
AIM = 0.9
"""Share of them that is planned for: where zeros are left out, a full frame may follow a sparse one."""
LOGIC = {"rate": 0.80, "open": 0.45}
BLOCK_RAM = {"rate": 1.0, "open": 0.60}
LATENCY_US = {"rate": 40.0, "open": float("inf")}


@dataclass(frozen=True)
class Figures:
    """One plan on the test recordings."""

    plan: str
    weight_bits: int
    interval: int
    worst_interval: int
    inferences_a_second: float
    mean_latency_us: float
    worst_latency_us: float
    planned_luts: int
    luts: int
    block_ram_halves: int
    cells: int | None
    """yosys' estimated logic cells with the LUT RAMs, if synthesised."""
    cells_halves: int | None
    mismatches: int
    values: int
    accuracy: float

    def missed(self) -> list[str]:
        """What the plan promises and does not keep."""
        logic, halves = self.cells or self.planned_luts, self.cells_halves or self.block_ram_halves
        budget = load_board(BOARD).budget
        checks = {
            f"{self.mismatches} values differ from the golden model": self.mismatches > 0,
            f"{self.inferences_a_second:,.0f} inferences a second": self.worst_interval > PLANS[self.plan],
            f"{self.worst_latency_us:.1f} µs a sample": self.worst_latency_us > LATENCY_US[self.plan],
            f"{logic:,} logic cells": logic > LOGIC[self.plan] * budget.luts,
            f"{halves} halves of block RAM": halves > BLOCK_RAM[self.plan] * 2 * budget.bram_blocks,
        }
        return [f"{self.plan}: {text}" for text, failed in checks.items() if failed]


def measure(
    name: str, network: Network, recordings: LabelledFrames, synthesise: bool, promised: bool
) -> Figures:
    """Plan, write, simulate and, if wanted, synthesise one plan."""
    board, frames = load_board(BOARD), recordings.frames
    wanted = {"target_cycles": round(AIM * PLANS[name])} if promised else {"share": LOGIC[name]}
    plan = make_plan(network, board, **wanted)
    with tempfile.TemporaryDirectory() as folder:
        design = Path(folder) / "design"
        write_design(network, plan, design)
        with CompiledAccelerator(design) as accelerator:
            together = accelerator.run(frames)
            alone = [accelerator.run(frame[None], probes=False).latency_cycles for frame in frames]
        usage = cells_of(design, board, design.parent / "synthesis") if synthesise else None
    expected = run(network, frames)
    wrong = {layer: int((values != together.trace[layer]).sum()) for layer, values in expected.items()}
    return Figures(
        plan=name,
        weight_bits=max(layer.weight_bits for layer in network.layers if isinstance(layer, Conv | Dense)),
        interval=together.cycles_per_sample,
        worst_interval=int(np.diff(together.output_cycles).max()),
        inferences_a_second=MHZ * 1e6 / together.cycles_per_sample,
        mean_latency_us=float(np.mean(alone)) / MHZ,
        worst_latency_us=max(alone) / MHZ,
        planned_luts=plan.resources.luts,
        luts=board.budget.luts,
        block_ram_halves=-(-plan.resources.memory_bits // 18432),
        cells=None if usage is None else usage["estimated logic cells"],
        cells_halves=None if usage is None else usage["block RAM halves"],
        mismatches=sum(wrong.values()),
        values=sum(values.size for values in expected.values()),
        accuracy=float((together.classes == recordings.labels).mean()),
    )


def main() -> int:
    """Print the table; 0 when every promise is kept."""
    parser = parser_of(__doc__)
    parser.add_argument("--beside", type=Path, help="a model with wider weights")
    parser.add_argument("--synthesise", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    plans: list[Figures] = []
    missed: list[str] = []
    for model in filter(None, (arguments.model, arguments.beside)):
        given = trained(model, arguments.data)
        frames, promised = given.frames("test"), model == arguments.model
        found = [measure(name, given.network, frames, arguments.synthesise, promised) for name in PLANS]
        plans += found
        missed += [sentence for plan in found if promised for sentence in plan.missed()]
    if arguments.json:
        print(
            json.dumps(
                {"data": given.description, "plans": [asdict(plan) for plan in plans], "missed": missed}
            )
        )
    else:
        Console(width=120).print(_table(plans, given.description))
    for sentence in missed:
        print(f"missed: {sentence}", file=sys.stderr)
    return 1 if missed else 0


def _table(plans: list[Figures], description: str) -> Table:
    table = Table(title=f"N-MNIST on {BOARD} at an assumed {MHZ:g} MHz: {description}")
    for heading in ("", *(f"{plan.plan}, {plan.weight_bits} bits" for plan in plans)):
        table.add_column(heading, justify="right" if heading else "left")
    rows = {
        "cycles between results, mean (worst)": lambda p: f"{p.interval:,} ({p.worst_interval:,})",
        "inferences a second": lambda p: f"{p.inferences_a_second:,.0f}",
        "latency µs, mean (worst)": lambda p: f"{p.mean_latency_us:.1f} ({p.worst_latency_us:.1f})",
        "LUTs, the plan's estimate": lambda p: f"{p.planned_luts:,} ({p.planned_luts / p.luts:.0%})",
        "logic cells, yosys' estimate": lambda p: f"{p.cells:,} ({p.cells / p.luts:.0%})" if p.cells else "–",
        "block RAM halves, plan (yosys)": lambda p: f"{p.block_ram_halves} ({p.cells_halves or '–'})",
        "values that differ from golden": lambda p: f"{p.mismatches:,} of {p.values:,}",
        "accuracy": lambda p: f"{p.accuracy:.0%}",
    }
    for title, cell in rows.items():
        table.add_row(title, *(cell(plan) for plan in plans))
    return table


if __name__ == "__main__":
    sys.exit(main())
