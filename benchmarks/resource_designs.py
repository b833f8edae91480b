"""The planner's resource estimate beside real synthesis, for whole generated accelerators.

For each model one plan of at most ``--cycles`` cycles a sample, written and synthesised as the board's
flow does it. The resource model was fitted to single modules (``benchmarks/resource_fit.py``); these
designs show whether their parts add up, once synthesis sees through the boundaries.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.boards.flow import cells_of
from ssnn_fpga.errors import UserError
from ssnn_fpga.network.qonnx_import import load
from ssnn_fpga.plan.solve import SIX_INPUT_LUTS, make_plan
from ssnn_fpga.rtl.generate import write_design

_COUNTED = {
    "xilinx7": ("estimated logic cells", "flip-flops", "block RAM halves", "DSP48E1"),
    "ultrascale": ("estimated logic cells", "flip-flops", "block RAM halves", "DSP48E2"),
    "ecp5": ("LUTs", "flip-flops", "block RAMs", "multipliers"),
}
"""What the synthesis for a family calls LUTs, flip-flops, block RAMs of 18 kbit and DSP slices."""
_HEADINGS = ("LUTs", "flip-flops", "block RAMs", "DSP slices")


@dataclass(frozen=True)
class Design:
    """One design: estimate and synthesis of each of ``_HEADINGS``."""

    model: str
    weight_bits: int
    interval: int
    estimated: dict[str, int]
    synthesised: dict[str, int]


def measure(model: Path, board_name: str, cycles: int) -> Design:
    """Plan, write and synthesise one model. Raises UserError where one of them fails."""
    board, network = load_board(board_name), load(model)
    plan = make_plan(network, board, target_cycles=cycles)
    need = plan.resources
    luts = round(need.luts / SIX_INPUT_LUTS[board.family])
    estimate = (luts, need.flip_flops, need.block_rams, need.dsps)
    with tempfile.TemporaryDirectory() as folder:
        write_design(network, plan, Path(folder) / "design")
        cells = cells_of(Path(folder) / "design", board, Path(folder) / "synthesis")
    return Design(
        model.parent.name,
        max(getattr(layer, "weight_bits", 0) for layer in network.layers),
        plan.interval,
        dict(zip(_HEADINGS, estimate, strict=True)),
        {heading: cells[name] for heading, name in zip(_HEADINGS, _COUNTED[board.family], strict=True)},
    )


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("models", type=Path, nargs="*", default=[Path("build/nmnist_2bit/model.onnx")])
    parser.add_argument("--board", default="pynq-z2")
    parser.add_argument("--cycles", type=int, default=5_000, help="most cycles between two results")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    try:
        designs = [measure(model, arguments.board, arguments.cycles) for model in arguments.models]
    except UserError as error:
        print(error, file=sys.stderr)
        return 2
    if arguments.json:
        print(json.dumps([asdict(design) for design in designs], indent=1))
        return 0
    table = Table(title=f"whole designs for {arguments.board}: estimate of the plan / synthesised")
    for heading in ("model", "weight bits", "cycles", *_HEADINGS):
        table.add_column(heading, justify="right")
    for design in designs:
        pairs = ((design.estimated[name], design.synthesised[name]) for name in _HEADINGS)
        cells = [
            f"{guess:,} / {real:,} ({guess / real - 1:+.1%})" if real else f"{guess:,} / 0"
            for guess, real in pairs
        ]
        table.add_row(design.model, str(design.weight_bits), f"{design.interval:,}", *cells)
    Console(width=140).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
