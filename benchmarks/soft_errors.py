"""What a flipped bit does to the N-MNIST accelerator, by kind of state, and what parity and a watchdog buy.

Flips single bits of the compiled RTL, each in a random cycle of a run of three real recordings (or of
random frames, with ``--random``), in the open plan for pynq-z2 without and with ``--parity --watchdog``.
Prints how many were masked, changed logits only, changed a class, or left the design stuck; after how
many of those that showed the last recording was right again, and how many the design reported.
``--synthesise`` adds what the options cost, by yosys (some ten minutes).
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from benchmarks.trained import parser_of, trained
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.boards.flow import cells_of
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.plan.plan import Options
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.report.accuracy import Accuracy
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.soft_errors import KINDS, OUTCOMES, Campaign, FaultyAccelerator, run_campaign

BOARD = "pynq-z2"
SAMPLES = 3
TARGET_CYCLES = 5_000
DESIGNS = {"plain": Options(), "parity and watchdog": Options(parity=True, watchdog=True)}


def table(name: str, campaign: Campaign) -> Table:
    """Outcomes by kind of state: shares with their 95 % intervals, and counts."""
    result = Table(title=f"one flipped bit, {name}")
    reports = ("not masked, reported", "stuck, reported", "masked, reported")
    for heading in ("state", "bits", "flips", *OUTCOMES, "right again", *reports):
        result.add_column(heading, justify="left" if heading == "state" else "right")
    for kind, bits in campaign.bits.items():
        counts = campaign.counts(kind)
        if not counts:
            continue
        shares = [_share(counts[outcome], counts.total()) for outcome in OUTCOMES]
        found = campaign.reported(kind)
        pairs = (
            campaign.recovered(kind),
            (found.total() - found["masked"], counts.total() - counts["masked"]),
            (found["stuck"], counts["stuck"]),
            (found["masked"], counts["masked"]),
        )
        result.add_row(kind, f"{bits:,}", f"{counts.total()}", *shares, *(f"{a} of {b}" for a, b in pairs))
    return result


def _share(count: int, total: int) -> str:
    low, high = Accuracy(count, total).interval
    return f"{100 * count / total:.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def figures(campaign: Campaign) -> dict[str, dict[str, int]]:
    """The same for a script."""
    return {
        kind: {"bits": bits, "injections": campaign.counts(kind).total(), **campaign.counts(kind)}
        | dict(zip(("recovered", "visible"), campaign.recovered(kind), strict=True))
        | {f"{outcome}, reported": campaign.reported(kind)[outcome] for outcome in OUTCOMES}
        for kind, bits in campaign.bits.items()
    }


def cost_table(costs: dict[str, dict[str, int]]) -> Table:
    """Resources of the designs beside each other."""
    result = Table(title="what it costs, yosys")
    for heading in ("resource", *costs):
        result.add_column(heading, justify="left" if heading == "resource" else "right")
    for resource in next(iter(costs.values())):
        result.add_row(resource, *(f"{cells[resource]:,}" for cells in costs.values()))
    return result


def main() -> int:
    """Print the tables; a campaign has no target."""
    parser = parser_of(__doc__)
    parser.add_argument("--random", action="store_true", help="random frames in place of recordings")
    parser.add_argument("--per-kind", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--synthesise", action="store_true")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    given = trained(arguments.model, arguments.data)
    network = given.network
    if arguments.random:
        rng = np.random.default_rng(arguments.seed)
        frames = rng.integers(0, network.input.maximum + 1, size=(SAMPLES, *network.input.shape))
    else:
        frames = given.frames("test", SAMPLES).frames
    campaigns: dict[str, Campaign] = {}
    costs: dict[str, dict[str, int]] = {}
    board = load_board(BOARD)
    with Progress(console=Console(stderr=True)) as progress:
        for name, options in DESIGNS.items():
            with tempfile.TemporaryDirectory() as folder:
                design = Path(folder) / "design"
                plan = make_plan(network, board, target_cycles=TARGET_CYCLES, options=options)
                write_design(network, plan, design)
                if arguments.per_kind:
                    campaigns[name] = _campaign(name, design, frames, arguments, progress)
                if arguments.synthesise:
                    costs[name] = cells_of(design, board, Path(folder) / "synthesis")
    if arguments.json:
        shown: dict[str, Any] = {name: figures(campaign) for name, campaign in campaigns.items()}
        print(json.dumps(shown | ({"cost": costs} if costs else {}), indent=2))
        return 0
    console = Console(width=190)
    for name, campaign in campaigns.items():
        console.print(table(name, campaign))
    if costs:
        console.print(cost_table(costs))
    return 0


def _campaign(
    name: str, design: Path, frames: Integers, arguments: argparse.Namespace, progress: Progress
) -> Campaign:
    with FaultyAccelerator(design) as accelerator:
        task = progress.add_task(f"flipping bits, {name}", total=arguments.per_kind * len(KINDS))
        campaign = run_campaign(
            accelerator,
            frames,
            per_kind=arguments.per_kind,
            seed=arguments.seed,
            progress=lambda: progress.advance(task),
        )
        progress.update(task, total=len(campaign.injections))  # a design may lack a kind of state
        return campaign


if __name__ == "__main__":
    sys.exit(main())
