"""What leaving out zeros gains on real recordings: each N-MNIST plan against the same plan without.

The same plan is written twice, the second time from a library in which no word counts as zero, so
every beat of every window inside the frame is calculated. Taps in the padding are left out in both.
All values of both are compared with the golden model: a beat of zeros changes nothing but time.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.nmnist_plans import AIM, BOARD, PLANS
from benchmarks.trained import parser_of, trained
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Integers, Network
from ssnn_fpga.plan.activity import measure_activity
from ssnn_fpga.plan.plan import Plan
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.rtl.library import hardware_directory
from ssnn_fpga.simulate.compiled import CompiledAccelerator

NEVER_ZERO = {
    "window_reader.sv": ("zero_q   <= any_d == '0;", "zero_q   <= 1'b0;"),
    "tap_reader.sv": ("= |word[g*TP*LANES +: TP*LANES];", "= 1'b1;"),
    "frame_reader.sv": ("= write && in_data_i[g*PART +: PART] != '0;", "= write;"),
}
"""By reader, the line that finds a zero, and one that finds none."""


@dataclass(frozen=True)
class Gain:
    """One plan, with and without skipping."""

    plan: str
    measured_activity: bool
    luts: int
    interval: int
    interval_without: int
    latency: float
    latency_without: float
    mismatches: int


def library_without_skipping(folder: Path) -> Path:
    """A copy of the hardware library whose readers calculate every beat."""
    shutil.copytree(hardware_directory() / "rtl", folder)
    for name, (line, replacement) in NEVER_ZERO.items():
        text = (folder / name).read_text()
        assert text.count(line) == 1, f"{name} no longer holds {line!r}"
        (folder / name).write_text(text.replace(line, replacement))
    return folder


def simulate(
    network: Network, plan: Plan, frames: Integers, expected: dict[str, Integers], library: Path | None
) -> tuple[int, float, int]:
    """Cycles between results, mean latency of a lone frame, values that differ."""
    with tempfile.TemporaryDirectory() as folder:
        design = Path(folder) / "design"
        write_design(network, plan, design, library)
        with CompiledAccelerator(design) as accelerator:
            together = accelerator.run(frames)
            alone = [accelerator.run(frame[None], probes=False).latency_cycles for frame in frames]
    wrong = sum(int((values != together.trace[layer]).sum()) for layer, values in expected.items())
    return together.cycles_per_sample, sum(alone) / len(alone), wrong


def main() -> int:
    """Print the table; 0 when no value differs."""
    parser = parser_of(__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    given = trained(arguments.model, arguments.data)
    network, frames, sample = given.network, given.frames("test").frames, given.frames("train", 64).frames
    activity = measure_activity(network, sample, run(network, sample))
    expected = run(network, frames)
    gains = []
    with tempfile.TemporaryDirectory() as folder:
        dense = library_without_skipping(Path(folder) / "rtl")
        for name, cycles in PLANS.items():
            for measured in (None, activity):
                plan = make_plan(
                    network, load_board(BOARD), target_cycles=round(AIM * cycles), activity=measured
                )
                interval, latency, wrong = simulate(network, plan, frames, expected, None)
                without, latency_without, more = simulate(network, plan, frames, expected, dense)
                gains.append(
                    Gain(
                        name, measured is not None, plan.resources.luts, interval, without, latency,
                        latency_without, wrong + more,
                    )
                )  # fmt: skip
    if arguments.json:
        print(json.dumps({"data": given.description, "gains": [asdict(gain) for gain in gains]}))
    else:
        Console(width=120).print(_table(gains, given.description))
    return 1 if any(gain.mismatches for gain in gains) else 0


def _table(gains: list[Gain], description: str) -> Table:
    table = Table(title=f"Leaving out zeros: {description}")
    for heading in (
        "plan",
        "planned with",
        "LUTs",
        "cycles",
        "without",
        "gain",
        "latency",
        "without",
        "gain",
    ):
        table.add_column(heading, justify="left" if heading.startswith("plan") else "right")
    for gain in gains:
        table.add_row(
            gain.plan,
            "measured activity" if gain.measured_activity else "full inputs",
            f"{gain.luts:,}",
            f"{gain.interval:,}",
            f"{gain.interval_without:,}",
            f"{gain.interval_without / gain.interval:.2f} ×",
            f"{gain.latency:,.0f}",
            f"{gain.latency_without:,.0f}",
            f"{gain.latency_without / gain.latency:.2f} ×",
        )
    return table


if __name__ == "__main__":
    sys.exit(main())
