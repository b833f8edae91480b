"""What a flipped bit does to the N-MNIST accelerator, by kind of state.

Flips single bits of the compiled RTL, each in a random cycle of a run of three real recordings (or of
random frames, with ``--random``), and prints how many were masked, changed logits only, changed a class,
or left the design stuck, and after how many the last recording was right again.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.errors import UserError
from ssnn_fpga.events.frames import load_frames
from ssnn_fpga.events.source import find_recordings
from ssnn_fpga.network.layers import Integers, Network
from ssnn_fpga.network.qonnx_import import load
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.soft_errors import KINDS, OUTCOMES, Campaign, FaultyAccelerator, run_campaign

SAMPLES = 3
TARGET_CYCLES = 5_000


def frames_of(network: Network, data: Path | None) -> Integers:
    """The first test recordings, compressed as the model says."""
    recordings, _ = find_recordings(data)
    assert network.compression is not None, "a trained model says how events become frames"
    found = load_frames(recordings, "test", network.compression, classes=network.classes, limit=SAMPLES)
    return found.frames


def table(campaign: Campaign) -> Table:
    """Outcomes by kind of state."""
    result = Table(title="one flipped bit")
    for heading in ("state", "bits", *OUTCOMES, "right again"):
        result.add_column(heading, justify="left" if heading == "state" else "right")
    for kind, bits in campaign.bits.items():
        counts = campaign.counts(kind)
        if counts:
            recovered, visible = campaign.recovered(kind)
            shares = [f"{counts[outcome] / counts.total():.1%}" for outcome in OUTCOMES]
            result.add_row(kind, f"{bits:,}", *shares, f"{recovered} of {visible}")
    return result


def figures(campaign: Campaign) -> dict[str, dict[str, int]]:
    """The same for a script."""
    return {
        kind: {"bits": bits, "injections": campaign.counts(kind).total(), **campaign.counts(kind)}
        | dict(zip(("recovered", "visible"), campaign.recovered(kind), strict=True))
        for kind, bits in campaign.bits.items()
    }


def main() -> int:
    """Print the table; a campaign has no target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("build/nmnist_2bit/model.onnx"))
    parser.add_argument("--data", type=Path)
    parser.add_argument("--random", action="store_true", help="random frames in place of recordings")
    parser.add_argument("--per-kind", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        network = load(arguments.model)
        if arguments.random:
            rng = np.random.default_rng(arguments.seed)
            frames = rng.integers(0, network.input.maximum + 1, size=(SAMPLES, *network.input.shape))
        else:
            frames = frames_of(network, arguments.data)
    except UserError as error:
        print(f"{error} Train it with: make build/nmnist_2bit/model.onnx", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        write_design(
            network, make_plan(network, load_board("pynq-z2"), target_cycles=TARGET_CYCLES), Path(folder)
        )
        with (
            FaultyAccelerator(Path(folder)) as accelerator,
            Progress(console=Console(stderr=True)) as progress,
        ):
            task = progress.add_task("flipping bits", total=arguments.per_kind * len(KINDS))
            campaign = run_campaign(
                accelerator,
                frames,
                per_kind=arguments.per_kind,
                seed=arguments.seed,
                progress=lambda: progress.advance(task),
            )
    if arguments.json:
        print(json.dumps(figures(campaign), indent=2))
    else:
        Console(width=110).print(table(campaign))
    return 0


if __name__ == "__main__":
    sys.exit(main())
