"""The operators for FINN, synthesised, beside the resources that FINN's reports give them.

Shapes are those of the 2-bit network of N-MNIST folded for 5,000 cycles, and one whose frames lie in
LUT RAM. Logic is yosys' estimate of logic cells and LUTs that are RAM, memory block RAMs of 18 kbit.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.resource_grid import FLOWS, Row, row_of
from ssnn_fpga.backends.finn import hdl
from ssnn_fpga.backends.finn.resources import of_operator
from ssnn_fpga.boards.staging import Staged
from ssnn_fpga.boards.synthesis import synthesise


def neuron(channels: int, pixels: int, pe: int, timesteps: int, tl: int) -> hdl.Operator:
    """Neurons of a half leak behind 2-bit weights."""
    rng = np.random.default_rng(1)
    return hdl.neuron(
        channels=channels, pixels=pixels, pe=pe, timesteps=timesteps, tl=tl, acc_bits=8,
        theta=rng.integers(1, 500, channels), bias=rng.integers(-200, 200, channels), mem_bits=13,
        current_bits=13, leak_multiplier=1, leak_shift=1, levels=1, strict=False, reset_to_zero=False,
        fraction=4, filter_shift=0,
    )  # fmt: skip


def operators() -> dict[str, hdl.Operator]:
    """By what each is."""
    matrix = np.array([[8, 6, 2, 0], [0, 2, 6, 8]])
    return {
        "neurons 34 x 34 x 16, T 4, PE 16, TL 4": neuron(16, 34 * 34, 16, 4, 4),
        "neurons 17 x 17 x 32, T 2, PE 4, TL 2": neuron(32, 17 * 17, 4, 2, 2),
        "neurons 8 x 8 x 64, T 1, PE 1": neuron(64, 64, 1, 1, 1),
        "neurons 4 x 4 x 16, T 4, PE 8, TL 1": neuron(16, 16, 8, 4, 1),
        "transformer 17 x 17 x 16, 4 to 2, PE 4": hdl.temporal_transform(
            channels=16, pixels=17 * 17, pe=4, act_bits=1, out_bits=2, matrix=matrix, shift=4, fraction=1
        ),
        "read-out of 10, T 2, PE 2": hdl.readout(
            outputs=10, pe=2, timesteps=2, acc_bits=12, logit_bits=18, bias=np.arange(-5, 5), fraction=4
        ),
    }


def synthesised(operator: hdl.Operator) -> Row:
    """Of the wrapper and all in it, for a 7-series chip."""
    with tempfile.TemporaryDirectory(prefix="ssnn-fpga-") as name:
        folder, flow = Path(name), FLOWS["xc7"]
        files = hdl.write(operator, "node", folder)
        wrapper = files[-1].rename(folder / "node.sv")  # slang knows the parameters' types
        names = tuple(path.name for path in (*files[:-1], wrapper))
        cells = synthesise(
            Staged(folder, names, ""), "node", flow.command, flow.memories,
            folder / "mapped" / "netlist.json", folder / "logs", after=flow.after, progress=False,
        )  # fmt: skip
        return row_of("xc7", "node", {}, cells, (folder / "logs" / "synthesis.log").read_text())


def main() -> int:
    """Run from the command line."""
    table = Table(title="FINN's operators: model and synthesis")
    for column in ("operator", "LUT, model", "synthesis", "BRAM18, model", "synthesis"):
        table.add_column(column, justify="left" if column == "operator" else "right")
    for name, operator in operators().items():
        model, row = of_operator(operator), synthesised(operator)
        counts = (model.luts, row.luts, model.block_rams, row.block_rams)
        table.add_row(name, *(f"{count:,}" for count in counts))
        print(name, *counts, file=sys.stderr, flush=True)
    Console(width=110).print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
