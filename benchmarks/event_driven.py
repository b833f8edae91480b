"""Scattering against gathering: what ``scatter_conv`` and the readers take for the same layer, and when.

Two ways to build each layer, folded freely: by reading windows (the readers of ``conv``) and by adding
words of the input to the windows that see them (``scatter_conv``). Layers: the convolutions of the N-MNIST
network, the first of VGG-9 on DVS-Gesture clips, and two shapes with random inputs over a sweep of the share
of bits that are set. For each layer the design of the fewest LUTs times cycles of each kind; then the
smallest of each kind that takes at most so many cycles a window.

LUTs are the plan's estimates and cycles those of its model, which cost no time. With ``--measure`` the
slowest designs of the recorded layers whose name has the given text in it are also synthesised
(``synth_xilinx``, as ``resource_grid`` does it), and simulated on recordings as a network of that layer and
a read-out, every value compared with the golden model.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.resource_grid import CACHE, measure
from benchmarks.trained import parser_of, trained
from benchmarks.vgg9 import GESTURES, SCHEDULE, windows
from benchmarks.vgg9_network import vgg9
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Accumulator,
    Activation,
    Conv,
    Dense,
    Integers,
    Network,
    Neuron,
    Pool,
    Readout,
)
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.activity import measure_activity
from ssnn_fpga.plan.folds import Fold
from ssnn_fpga.plan.graph import graph_of
from ssnn_fpga.plan.plan import Stage
from ssnn_fpga.plan.search import Option
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.plan.tables import elements
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.simulate.compiled import CompiledAccelerator

SAMPLES, SIMULATED = 16, 6
PACES = (64, 16, 4)
"""Most cycles for each window, of designs that are to be small."""
SWEEP = (0.005, 0.01, 0.02, 0.05, 0.10, 0.20)
SHAPES = {
    "2 to 16 channels, 48 x 48, T = 8": (Activation(8, 2, 48, 48, 1), 16),
    "32 to 32 channels, 17 x 17, T = 4": (Activation(4, 32, 17, 17, 1), 32),
}
"""Layers of random ternary weights, 3 x 3, whose inputs are drawn bit by bit."""


BALANCED = "LUTs x cycles"


@dataclass(frozen=True)
class Design:
    """One way to build a layer."""

    fold: Fold
    group: int
    """Channels of an input token."""
    luts: int
    block_rams: int
    dsps: int
    cycles: float
    """A sample, on average, back to back."""

    @property
    def area_time(self) -> float:
        """LUTs times cycles."""
        return self.luts * self.cycles


@dataclass(frozen=True)
class Row:
    """The best designs of a layer; None where no fold of the kind is fast enough."""

    layer: str
    aim: str
    """What they are best in: LUTs times cycles, or LUTs at a pace."""
    bits_set: float
    """Share of the input bits."""
    words_set: float
    """Share of pixels' channels at a timestep that are not zero."""
    gather: Design | None
    scatter: Design | None

    @property
    def ratio(self) -> float | None:
        """Scattering over gathering, in what they are best in."""
        if self.gather is None or self.scatter is None:
            return None
        if self.aim == BALANCED:
            return self.scatter.area_time / self.gather.area_time
        return self.scatter.luts / self.gather.luts


@dataclass(frozen=True)
class Layer:
    """A convolution alone, with what it reads."""

    name: str
    network: Network
    """The layer, and behind it what makes a network of it."""
    frames: Integers


def alone(name: str, layer: Conv, neuron: Neuron, edge: Activation, frames: Integers) -> Layer:
    """``layer`` with its neuron and a read-out of their spikes."""
    conv = replace(layer, name="conv", inputs=(NETWORK_INPUT,))
    size = edges(Network("shape", edge, (conv,)))["conv"]
    assert isinstance(size, Accumulator)
    layers = (
        conv,
        replace(neuron, name="lif", inputs=("conv",)),
        Pool("pool", ("lif",), "max", size.height),
        Dense("fc", ("pool",), np.ones((2, len(layer.weight)), dtype=np.int64), 2),
        Readout("readout", ("fc",), np.zeros(2, dtype=np.int64)),
    )
    return Layer(name, Network("layer", edge, layers), frames)


def designs(layer: Layer) -> Iterator[Row]:
    """The best of each kind, by the plan's estimate and model."""
    frames = layer.frames[:SAMPLES]
    graph = graph_of(layer.network, measure_activity(layer.network, frames, run(layer.network, frames)))
    [found] = [element for element in elements(graph, {}) if element.name == "conv"]
    bits = layer.network.input.bits
    set_bits = sum(float(((frames >> bit) & 1).mean()) for bit in range(bits)) / bits
    size = graph.accumulator("conv")
    kinds = [[o for o in found.options if bool(o.choice.scatter) == scatters] for scatters in (False, True)]
    for pace in (None, *PACES):
        if pace is None:
            aim, best = BALANCED, [min(kind, key=lambda o: o.cost[0] * o.cycles) for kind in kinds]
        else:
            aim, most = _at(pace), pace * size.height * size.width
            quick = [[o for o in kind if o.cycles <= most] for kind in kinds]
            best = [min(kind, key=lambda o: o.cost) if kind else None for kind in quick]
        gather, scatter = (option and _design(option) for option in best)
        yield Row(layer.name, aim, set_bits, float((frames > 0).mean()), gather, scatter)


def _at(pace: float) -> str:
    return f"{pace:g} cycles a window"


def _design(option: Option) -> Design:
    luts, block_rams, dsps = option.cost
    return Design(option.choice, option.formats[0][0], luts, block_rams, dsps, float(option.cycles))


def measured(layer: Layer, design: Design) -> Design:
    """The same with LUTs by synthesis and cycles by simulation. Raises RuntimeError where a value differs."""
    overrides = {key: n for key, n in asdict(design.fold).items() if key in ("pe", "simd", "tp", "scatter")}
    # The neuron takes all timesteps of a token at once, so that it holds nothing up.
    overrides["tl"] = max(1, design.fold.tp // layer.network.input.bits)
    if not design.fold.scatter:
        overrides["taps"] = design.fold.taps
    plan = make_plan(layer.network, overrides={"conv": overrides})
    stage = plan.stage("conv")
    frames = layer.frames[:SIMULATED]
    with tempfile.TemporaryDirectory() as folder:
        write_design(layer.network, plan, Path(folder) / "design")
        with CompiledAccelerator(Path(folder) / "design") as accelerator:
            trace = accelerator.run(frames).trace
            ends = accelerator.stream_cycles("conv")[stage.output.tokens - 1 :: stage.output.tokens]
    for name, values in run(layer.network, frames).items():
        if (values != trace[name]).any():
            raise RuntimeError(f"{layer.name}, {design.fold}: {name} differs from the golden model")
    luts, block_rams, dsps = _synthesised(stage)
    return replace(design, luts=luts, block_rams=block_rams, dsps=dsps, cycles=float(np.diff(ends).mean()))


def _synthesised(stage: Stage) -> tuple[int, int, int]:
    parameters: dict[str, Any] = {key: n for key, n in stage.parameters if key != "WEIGHT_INIT"}
    row = measure("xc7", stage.module, parameters, CACHE, timeout_s=3600)
    if row is None:
        raise RuntimeError(f"{stage.module} was not synthesised: {parameters}")
    return row.luts, row.block_rams, row.dsps


def recorded(model: Path, data: Path | None, gestures: Path) -> Iterator[Layer]:
    """Convolutions with what recordings make of their inputs."""
    given = trained(model, data)
    yield from _of("N-MNIST", given.network, given.frames("train", SAMPLES).frames, 3)
    clips, description = windows(gestures)
    yield from _of(f"VGG-9, {description}", vgg9(0.25, clips[:4], schedule=SCHEDULE), clips[:SAMPLES], 1)


def _of(name: str, network: Network, frames: Integers, count: int) -> Iterator[Layer]:
    trace, edge_of = run(network, frames), edges(network)
    convolutions = [layer for layer in network.layers if isinstance(layer, Conv)][:count]
    for layer in convolutions:
        source = layer.inputs[0]
        edge = edge_of[source]
        assert isinstance(edge, Activation)
        [neuron] = [n for n in network.layers if isinstance(n, Neuron) and n.inputs == (layer.name,)]
        yield alone(
            f"{name}: {layer.name}", layer, neuron, edge, frames if source == NETWORK_INPUT else trace[source]
        )


def drawn(shape: str, share: float) -> Layer:
    """A layer of ``SHAPES`` whose input bits are set with probability ``share``."""
    edge, outputs = SHAPES[shape]
    rng = np.random.default_rng(round(1e4 * share))
    weight = rng.integers(-1, 2, (outputs, edge.channels, 3, 3))
    layer = Conv("conv", (NETWORK_INPUT,), weight, 2, padding=1)
    neuron = Neuron("lif", ("conv",), np.full(outputs, 32), np.zeros(outputs, dtype=np.int64))
    frames = (rng.random((SAMPLES, *edge.shape)) < share).astype(np.int64)
    return alone(shape, layer, neuron, edge, frames)


def main() -> int:
    """Print the tables."""
    parser = parser_of(__doc__)
    parser.add_argument("--gestures", type=Path, default=GESTURES, help="folder of .bs2 clips")
    parser.add_argument("--measure", metavar="TEXT", help="synthesise and simulate such recorded layers")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    rows: list[Row] = []
    for layer in recorded(arguments.model, arguments.data, arguments.gestures):
        for row in designs(layer):
            rows.append(row)
            if arguments.measure and arguments.measure in layer.name and row.aim == _at(PACES[0]):
                built = {
                    "gather": row.gather and measured(layer, row.gather),
                    "scatter": row.scatter and measured(layer, row.scatter),
                }
                rows.append(replace(row, aim=f"{row.aim}, measured", **built))
            print(f"{layer.name}: {row.aim}", file=sys.stderr)
    sweep = [row for shape in SHAPES for share in SWEEP for row in designs(drawn(shape, share))]
    if arguments.json:
        print(
            json.dumps({"recorded": [asdict(row) for row in rows], "sweep": [asdict(row) for row in sweep]})
        )
        return 0
    console = Console(width=150)
    console.print(_table("recorded inputs, estimated and modelled", rows))
    console.print(_table("random inputs, estimated and modelled", sweep))
    return 0


def _table(title: str, rows: list[Row]) -> Table:
    table = Table(title=title)
    for heading in ("layer", "best in", "bits set", "reader", "LUTs", "RAMB18, DSP", "cycles"):
        table.add_column(heading)
    for heading in ("scatter", "LUTs ", "RAMB18, DSP ", "cycles ", "scatter / reader"):
        table.add_column(heading)
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        cells = (*_cells(row.gather), *_cells(row.scatter))
        table.add_row(row.layer, row.aim, f"{row.bits_set:.1%}", *cells, ratio)
    return table


def _cells(design: Design | None) -> tuple[str, str, str, str]:
    if design is None:
        return "none", "", "", ""
    fold = design.fold
    kind = f", {fold.scatter} at once" if fold.scatter else ", taps" if fold.taps else ", window"
    return (
        f"{fold.pe} x {fold.simd} x {fold.tp}{kind}",
        f"{design.luts:,}",
        f"{design.block_rams}, {design.dsps}",
        f"{ceil(design.cycles):,}",
    )


if __name__ == "__main__":
    sys.exit(main())
