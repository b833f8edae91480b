"""A 64 -> 64 convolution (3 x 3) with its neurons at T = 4 and 2-bit weights, beside FINN+'s estimate of it.

Ours: reader, synapses and neurons, each synthesised by yosys as in the flow of pynq-z2 (DSP slices
accumulate); cycles a sample from the readers' cycle model, for every input non-zero and for sparse
inputs. FINN+'s: what its 1.6.1 estimates for padding, window generator, matrix-vector unit and
threshold, of the cheapest folding with the cycles of our dense sample in T calls. FINN has no spiking
neuron; leak and membrane memory, H x W x C words, would come on top of its figures.

The target is on dense inputs, where nothing is skipped: at every rate, our cheapest layer needs at most a
third of FINN's LUT x cycles. Exits 1 when missed. Needs ``make finn``; without it the table has our
side only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.resource_grid import Row, measure
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.plan import readers, timing

SIDE, CHANNELS, TIMESTEPS, KERNEL, WEIGHT_BITS = 32, 64, 4, 3, 2
ACCUMULATOR_BITS = (KERNEL * KERNEL * CHANNELS).bit_length() + 1
TARGET = 3.0
"""Least ratio of LUT x cycles, FINN's products in LUTs to our cheapest layer at the same rate."""

FINN = Path(".finn/bin/python")
CACHE = Path("build/layer_against_finn")
_PARTS = ("padding", "window", "threshold")


@dataclass(frozen=True)
class Folding:
    """One of our designs of the layer."""

    taps: int
    """The conv's TAP_SERIAL."""
    pe: int
    simd: int
    tp: int


# Designs of equal dense cycles: products a cycle 256, 1,024 and 2,048.
RATES: tuple[tuple[Folding, ...], ...] = (
    (Folding(0, 8, 32, 1), Folding(1, 8, 32, 1), Folding(1, 2, 32, 4), Folding(1, 1, 64, 4)),
    (Folding(0, 8, 32, 4), Folding(1, 8, 32, 4), Folding(1, 4, 64, 4)),
    (Folding(1, 8, 64, 4),),
)


@dataclass(frozen=True)
class Layer:
    """What one folding takes, and its cycles a sample."""

    folding: Folding
    reader: Row
    synapses: Row
    neurons: Row
    dense: int
    sparse: dict[str, int]

    def total(self, resource: str) -> int:
        """Of a count of ``Row``."""
        return sum(int(getattr(row, resource)) for row in (self.reader, self.synapses, self.neurons))


def inputs(kind: str, share: float, samples: int = 4) -> Integers:
    """(N, T, C, H, W) of ones and zeros: a share of all ``values``, or half the values of a share of
    ``pixels``, each drawn independently."""
    random = np.random.default_rng(0)
    shape = (samples, TIMESTEPS, CHANNELS, SIDE, SIDE)
    if kind == "values":
        return (random.random(shape) < share).astype(np.int64)
    pixels = random.random((samples, 1, 1, SIDE, SIDE)) < share
    return ((random.random(shape) < 0.5) & pixels).astype(np.int64)


SPARSE = {
    "10 % of values": inputs("values", 0.1),
    "30 % of pixels": inputs("pixels", 0.3),
    "10 % of pixels": inputs("pixels", 0.1),
}


def cycles(folding: Folding, x: Integers) -> int:
    """Mean cycles a sample with the inputs ``x``, of the reader or the neurons, whichever is slower."""
    windows = readers.Windows(SIDE, SIDE, CHANNELS, folding.simd, KERNEL, padding=1)
    words = readers.nonzero_words(x, 1, folding.tp, folding.simd)
    groups, chunks = CHANNELS // folding.pe, TIMESTEPS // folding.tp
    if folding.taps:
        ends = timing.tap_frame_ends(readers.tap_beats(words, windows, groups, 1), windows)
    else:
        folds = KERNEL * KERNEL * CHANNELS // folding.simd
        beats = readers.window_beats(words, windows, groups * chunks * folds, groups * chunks)
        ends = timing.window_frame_ends(beats, windows)
    return round(max(timing.steady_cycles(ends), SIDE * SIDE * groups * TIMESTEPS))


def synthesised(module: str, parameters: dict[str, Any]) -> Row:
    """One module as a generated accelerator for pynq-z2 has it."""
    row = measure("xc7", module, parameters, CACHE, timeout_s=1800)
    if row is None:
        raise RuntimeError(f"{module} was not synthesised: {parameters}")
    return row


def layer(folding: Folding) -> Layer:
    """Synthesise the parts of one folding and work out its cycles."""
    reader = {
        "HEIGHT": SIDE, "WIDTH": SIDE, "CHANNELS": CHANNELS, "GROUP": folding.simd, "PLANES": TIMESTEPS,
        "KERNEL": KERNEL, "STRIDE": 1, "PADDING": 1, "ACT_BITS": 1, "SIMD": folding.simd, "TP": folding.tp,
        "PE_GROUPS": CHANNELS // folding.pe,
    }  # fmt: skip
    synapses = {
        "PE": folding.pe, "SIMD": folding.simd, "TP": folding.tp, "ACT_BITS": 1, "WEIGHT_BITS": WEIGHT_BITS,
        "ACC_BITS": ACCUMULATOR_BITS,
        "DEPTH": KERNEL * KERNEL * CHANNELS // folding.simd * (CHANNELS // folding.pe),
    }  # fmt: skip
    neurons = {
        "CHANNELS": CHANNELS, "PE": folding.pe, "TIMESTEPS": TIMESTEPS, "NT": folding.tp, "TL": 1,
        "ACC_BITS": ACCUMULATOR_BITS, "MEM_BITS": ACCUMULATOR_BITS + 5, "THETA_BITS": ACCUMULATOR_BITS + 3,
        "BIAS_BITS": ACCUMULATOR_BITS + 3, "FRACTION": 4, "LEAK_MULT": 1, "LEAK_SHIFT": 1, "LEVELS": 1,
        "STRICT": 0, "RESET_ZERO": 0,
    }  # fmt: skip
    return Layer(
        folding,
        reader=synthesised("tap_reader" if folding.taps else "window_reader", reader),
        synapses=synthesised("synapses", synapses),
        neurons=synthesised("lif", neurons),
        dense=cycles(folding, np.ones((3, TIMESTEPS, CHANNELS, SIDE, SIDE), np.int64)),
        sparse={name: cycles(folding, x) for name, x in SPARSE.items()},
    )


def estimated(rates: list[int]) -> list[dict[str, Any]] | None:
    """FINN+'s cheapest layer, its products in LUTs, of each rate (synapses a cycle); None without FINN+.

    Each has ``pe``, ``simd`` and, for the variants ``matrix_lut`` and ``matrix_dsp``, the whole layer's
    ``luts``, ``block_rams``, ``dsps`` and ``cycles`` of a sample.
    """
    if not FINN.exists():
        return None
    foldings = [
        (rate, simd, rate // simd)
        for rate in rates
        for simd in (8, 16, 32, 64)
        if rate % simd == 0 and rate // simd <= CHANNELS
    ]
    shape = {
        "side": SIDE, "channels": CHANNELS, "weight_bits": WEIGHT_BITS, "accumulator_bits": ACCUMULATOR_BITS,
    }  # fmt: skip
    requests = [{**shape, "pe": pe, "simd": simd} for _, simd, pe in foldings]
    done = subprocess.run(
        [FINN, Path(__file__).with_name("finn_estimate.py")],
        input=json.dumps(requests), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"FINN+ gave no estimate:\n{done.stderr[-2000:]}")
    best: dict[int, dict[str, Any]] = {}
    for (rate, simd, pe), parts in zip(foldings, json.loads(done.stdout.splitlines()[-1]), strict=True):
        whole = {"pe": pe, "simd": simd}
        for variant in ("matrix_lut", "matrix_dsp"):
            chosen = [parts[variant], *(parts[name] for name in _PARTS)]
            whole[variant] = {
                name: sum(part[name] for part in chosen) for name in ("luts", "block_rams", "dsps")
            }
            whole[variant]["cycles"] = TIMESTEPS * max(part["cycles"] for part in chosen)
        if rate not in best or whole["matrix_lut"]["luts"] < best[rate]["matrix_lut"]["luts"]:
            best[rate] = whole
    return [best[rate] for rate in rates]


def print_table(rates: list[list[Layer]], finn: list[dict[str, Any]] | None) -> None:
    """One row a design, FINN's two variants below ours of the same rate."""
    title = f"{CHANNELS} -> {CHANNELS}, 3 x 3, {SIDE} x {SIDE}, T = {TIMESTEPS}, 2-bit weights, xc7z020"
    table = Table(title=title)
    for heading in ("design", "PE x SIMD x TP", "LUTs", "reader", "synapses", "neurons", "raw LUTs", "FFs"):
        table.add_column(heading, justify="left" if heading == "design" else "right")
    for heading in ("RAMB18", "DSP", "cycles, dense", "LUT x cycles", *SPARSE, "membrane words"):
        table.add_column(heading, justify="right")
    for place, layers in enumerate(rates):
        theirs = None if finn is None else finn[place]
        for each in layers:
            f, area = each.folding, each.total("luts")
            ratio = "" if theirs is None else f"1/{advantage(each, theirs):.2f}"
            numbers = (
                area, each.reader.luts, each.synapses.luts, each.neurons.luts, each.total("raw_luts"),
                each.total("flip_flops"), each.total("block_rams"), each.total("dsps"), each.dense,
            )  # fmt: skip
            table.add_row(
                f"ours, {'taps' if f.taps else 'window'}", f"{f.pe} x {f.simd} x {f.tp}",
                *(f"{number:,}" for number in numbers), ratio, *(f"{n:,}" for n in each.sparse.values()), "0",
            )  # fmt: skip
        for variant in ("matrix_lut", "matrix_dsp") if theirs is not None else ():
            assert theirs is not None
            parts = theirs[variant]
            table.add_row(
                f"FINN+, {variant.removeprefix('matrix_').upper()}", f"{theirs['pe']} x {theirs['simd']}",
                f"{parts['luts']:,}", "", "", "", "", "", f"{parts['block_rams']:,}", f"{parts['dsps']:,}",
                f"{parts['cycles']:,}", "1" if variant == "matrix_lut" else "",
                *(f"{parts['cycles']:,}" for _ in SPARSE), f"{SIDE * SIDE * CHANNELS:,}",
            )  # fmt: skip
        table.add_section()
    Console(width=200).print(table)
    print("LUTs of ours: estimated logic cells and LUT RAM, from synthesis by yosys. Cycles of ours: all")
    print(
        "timesteps of a sample, by the readers' cycle model. All of FINN+: its own estimates, no synthesis."
    )


def advantage(ours: Layer, theirs: dict[str, Any]) -> float:
    """FINN's LUT x cycles (products in LUTs) over ours, for a dense sample."""
    parts = theirs["matrix_lut"]
    return float(parts["luts"] * parts["cycles"]) / (ours.total("luts") * ours.dense)


def main() -> int:
    """Print the table; 0 when the target is met at every rate, or there is nothing to compare with."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    finn = estimated([f.pe * f.simd * f.tp for f, *_ in RATES])
    rates = [[layer(folding) for folding in foldings] for foldings in RATES]
    reached = [] if finn is None else [
        max(advantage(each, theirs) for each in layers) for layers, theirs in zip(rates, finn, strict=True)
    ]  # fmt: skip
    if arguments.json:
        ours = [[asdict(each) for each in layers] for layers in rates]
        print(json.dumps({"ours": ours, "finn": finn, "reached": reached, "target": TARGET}))
    else:
        print_table(rates, finn)
    if finn is None:
        print("FINN+ is not here, so nothing is compared: run `make finn` first.", file=sys.stderr)
    for layers, ratio in zip(rates, reached, strict=False):
        if ratio < TARGET:
            print(
                f"missed: FINN+ needs {ratio:.2f} times our LUT x cycles at {layers[0].dense:,} cycles, "
                f"the target is {TARGET:g}",
                file=sys.stderr,
            )
    return 1 if any(ratio < TARGET for ratio in reached) else 0


if __name__ == "__main__":
    sys.exit(main())
