"""``ssnn-fpga``: a thin face over the stations of the flow.

Figures go to standard output with ``--json``; everything else goes to standard error. Input
that cannot be used ends in one sentence and exit code 2; engines that disagree in exit code 1.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ssnn_fpga.errors import UserError

app = typer.Typer(
    help="From event-camera recordings to a class that comes out of an FPGA.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
_terminal = Console(stderr=True)

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        help="Folder or tar archive laid out <split>/<class>/<recording>. "
        "Without it: $SSNN_FPGA_DATA, then ../shared/data, then the emulated digits.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the figures as one JSON object.")]
BoardOption = Annotated[str, typer.Option("--board", help="Board to plan for (see `doctor`).")]
FoldOption = Annotated[
    list[str] | None,
    typer.Option("--fold", help="Set a fold by hand, e.g. conv1.pe=8 (pe, simd, tp, tl); may be repeated."),
]

ActivityOption = Annotated[
    Path | None,
    typer.Option(
        "--activity",
        help="Recordings (as --data) whose zeros the plan counts on; cycles are then means over 64 of them.",
    ),
]


def _print_json(figures: dict[str, Any]) -> None:
    typer.echo(json.dumps(figures, indent=2))


def _load_frames(model: Any, data: Path | None, split: str, samples: int | None) -> tuple[Any, str]:
    """Frames of ``split`` as ``model`` (a network or an engine) compresses them, and which data they are."""
    from ssnn_fpga.events.frames import load_frames
    from ssnn_fpga.events.source import find_recordings

    if model.compression is None:
        raise UserError(
            f"The model {model.name!r} does not say how events become its frames: "
            "add the metadata key 'compression' (see docs/models.md)."
        )
    recordings, description = find_recordings(data)
    frames = load_frames(recordings, split, model.compression, classes=model.classes or None, limit=samples)
    return frames, description


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A recipe file (TOML), or the name of a bundled one.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the run; an interrupted run resumes.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train a network as a recipe says."""
    from quant_models.recipe import load_recipe
    from quant_models.training import train as run_training
    from ssnn_fpga.events.source import find_recordings

    loaded = load_recipe(recipe)
    recordings, description = find_recordings(data)
    _terminal.print(f"Data: {description}")
    run = run_training(loaded, recordings, out)
    if as_json:
        _print_json({"run": str(out), "data": description, **run.summary()})


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a training run.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The QONNX file; RUN/model.onnx if not given.")
    ] = None,
) -> None:
    """Export a trained run as QONNX."""
    from quant_models.export import export as export_run

    path = export_run(run, out or run / "model.onnx")
    _terminal.print(f"Wrote {path}")


@app.command()
def compile(
    model: Annotated[Path, typer.Argument(help="A QONNX file.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of what is written; with onnx the file.")],
    backend: Annotated[
        str,
        typer.Option("--backend", help="rtl: SystemVerilog; hls4ml: its project; onnx: lowered integers."),
    ] = "rtl",
    board: Annotated[
        str | None,
        typer.Option("--board", help="Board to plan for (see `doctor`): ulx3s; pynq-z2 for hls4ml."),
    ] = None,
    fold: FoldOption = None,
    target_cycles: Annotated[
        int | None,
        typer.Option("--target-cycles", min=1, help="Smallest design of N cycles a sample."),
    ] = None,
    target_rate: Annotated[
        float | None, typer.Option("--target-rate", help="The same in samples a second at the board's clock.")
    ] = None,
    target_latency: Annotated[
        float | None, typer.Option("--target-latency", help="Smallest design of at most this latency in µs.")
    ] = None,
    share: Annotated[
        float | None,
        typer.Option("--share", help="Share of the board's logic to fill, 0 to 1."),
    ] = None,
    activity: ActivityOption = None,
    loadable: Annotated[
        bool,
        typer.Option(
            "--loadable", help="Weights and thresholds come at run time, of any model of this shape."
        ),
    ] = False,
    parity: Annotated[bool, typer.Option("--parity", help="Detect flipped bits in weight memories.")] = False,
    watchdog: Annotated[bool, typer.Option("--watchdog", help="Report a hang as an error.")] = False,
    hls_backend: Annotated[
        str, typer.Option("--hls-backend", help="With hls4ml: Vitis or Vivado.")
    ] = "Vitis",
    io_type: Annotated[
        str, typer.Option("--io-type", help="With hls4ml: io_stream or io_parallel.")
    ] = "io_stream",
    as_json: JsonOption = False,
) -> None:
    """Plan a model for a board and write its SystemVerilog and memory images, or another compiler's files."""
    from ssnn_fpga.boards.board import load_board
    from ssnn_fpga.network.lowering import save as save_lowered
    from ssnn_fpga.network.qonnx_import import load
    from ssnn_fpga.plan.folds import parse_overrides
    from ssnn_fpga.plan.plan import Options
    from ssnn_fpga.plan.solve import make_plan
    from ssnn_fpga.rtl.generate import write_design

    aims = {
        "--target-cycles": target_cycles,
        "--target-rate": target_rate,
        "--target-latency": target_latency,
        "--share": share,
    }
    given = {name: value for name, value in aims.items() if value is not None}
    if len(given) > 1:
        raise UserError(f"A plan has one aim: give only one of {', '.join(given)}.")
    for name, value in given.items():
        if not 0 < value < (1.0001 if name == "--share" else float("inf")):
            raise UserError(f"{name} is {value:g}: give a number above 0, and a share of at most 1.")
    if backend not in ("rtl", "hls4ml", "onnx"):
        raise UserError(f"There is no back end {backend!r}: choose rtl, hls4ml or onnx.")
    network = load(model)
    if backend == "onnx":
        save_lowered(network, out)
        _terminal.print(f"Wrote {out}")
        return
    board = board or ("ulx3s" if backend == "rtl" else "pynq-z2")
    target = load_board(board)
    if target_rate is not None:
        target_cycles = int(target.clock_mhz * 1e6 / target_rate)
    plan = make_plan(
        network,
        target,
        target_cycles=target_cycles,
        target_latency=None if target_latency is None else int(target_latency * target.clock_mhz),
        share=share,
        overrides=parse_overrides(fold or []),
        activity=_measured_activity(network, activity),
        options=Options(loadable=loadable, parity=parity, watchdog=watchdog),
    )
    if backend == "hls4ml":
        figures = _write_hls4ml(network, plan, target, out, hls_backend, io_type)
    else:
        write_design(network, plan, out)
        _terminal.print(_plan_table(plan))
        figures = {"design": str(out), "board": board, **plan.figures()}
    _terminal.print(f"Wrote {out}")
    if as_json:
        _print_json(figures)


def _write_hls4ml(
    network: Any, plan: Any, board: Any, out: Path, hls_backend: str, io_type: str
) -> dict[str, Any]:
    """The hls4ml project with the plan's folds as reuse factors. Returns its figures."""
    from ssnn_fpga.backends.hls4ml.project import Options, write_project
    from ssnn_fpga.backends.hls4ml.reuse import reuse_factors

    if board.flow != "xilinx":
        raise UserError(
            f"hls4ml's {hls_backend} back end writes for AMD chips, not for {board.title}: try pynq-z2."
        )
    options = Options(
        hls_backend, io_type, board.device, 1000 / board.clock_mhz, reuse_factors(network, plan)
    )
    with _terminal.status(f"{network.name}: hls4ml project"):
        reuse = write_project(network, out, options)
    return {
        "project": str(out),
        "board": board.name,
        "backend": hls_backend,
        "io_type": io_type,
        "reuse": reuse,
    }


def _measured_activity(network: Any, data: Path | None) -> Any:
    """Activity of the network on recordings of the split that training sees, None without ``data``."""
    from ssnn_fpga.golden.engine import run
    from ssnn_fpga.plan.activity import measure_activity

    if data is None:
        return None
    frames, description = _load_frames(network, data, "train", 64)
    _terminal.print(f"Activity of {len(frames.labels)} recordings: {description}")
    return measure_activity(network, frames.frames, run(network, frames.frames))


def _plan_table(plan: Any) -> Table:
    table = Table(title="the plan")
    for column in ("layer", "PE", "SIMD", "TP", "TL", "window", "weights", "cycles a sample"):
        table.add_column(column, justify="left" if column == "layer" else "right")
    for row in plan.fold_rows():
        table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
    return table


@app.command()
def image(
    design: Annotated[Path, typer.Argument(help="Folder that `compile --loadable` wrote.")],
    model: Annotated[Path, typer.Argument(help="A QONNX file of the same shape.")],
    out: Annotated[Path, typer.Option("--out", help="File of 32-bit words for the load port.")],
    as_json: JsonOption = False,
) -> None:
    """Write what a loadable design loads to become another trained model of its shape."""
    from ssnn_fpga.network.qonnx_import import load
    from ssnn_fpga.rtl.design import Design
    from ssnn_fpga.rtl.generate import WEIGHTS_FILE
    from ssnn_fpga.rtl.images import check_same_shape, load_image, write_image
    from ssnn_fpga.rtl.memory_port import memory_image

    loaded, network = Design.load(design), load(model)
    check_same_shape(loaded.network, network)
    words = load_image(network, loaded.plan)
    write_image(words, out)
    _terminal.print(f"Wrote {out}: {len(words):,} words")
    outside = memory_image(network, loaded.plan)
    beside = out.with_name(f"{out.stem}.{WEIGHTS_FILE}")
    if outside:
        beside.write_bytes(outside)
        _terminal.print(f"Wrote {beside}: {len(outside):,} bytes for the memory outside the chip")
    if as_json:
        _print_json({"image": str(out), "words": len(words), "outside": str(beside) if outside else None})


@app.command()
def explore(
    model: Annotated[Path, typer.Argument(help="A QONNX file.")],
    board: BoardOption = "ulx3s",
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for front.json, front.html and synthesised designs.")
    ] = None,
    synthesise: Annotated[
        int, typer.Option("--synthesise", min=0, help="Run yosys for N designs of the front.")
    ] = 0,
    processes: Annotated[
        int | None,
        typer.Option("--processes", min=1, help="Syntheses at once; one a processor."),
    ] = None,
    activity: ActivityOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the designs of a model for a board that no other one beats in everything."""
    from rich.progress import Progress

    from ssnn_fpga.boards.board import load_board
    from ssnn_fpga.explore.energy import synaptic_work
    from ssnn_fpga.explore.front import explore as find_front
    from ssnn_fpga.explore.page import front_figures, front_table, write_front
    from ssnn_fpga.explore.synthesis import synthesise_front
    from ssnn_fpga.network.qonnx_import import load

    if synthesise and out is None:
        raise UserError("Synthesised designs need a folder: give --out.")
    network, target = load(model), load_board(board)
    measured = _measured_activity(network, activity)
    work = None if measured is None else synaptic_work(network, measured)
    with _terminal.status(f"planning {network.name} for {board}"):
        points = find_front(network, target, activity=measured)
    if synthesise and out is not None:
        with Progress(console=_terminal) as progress:
            task = progress.add_task("synthesis", total=min(synthesise, len(points)))
            points = synthesise_front(
                network,
                target,
                points,
                out,
                count=synthesise,
                processes=processes,
                done=lambda: progress.advance(task),
            )
    _terminal.print(front_table(points, target, work))
    if out is not None:
        write_front(points, network.name, target, out, work)
        _terminal.print(f"Wrote {out / 'front.json'} and {out / 'front.html'}")
    if as_json:
        _print_json(front_figures(points, network.name, target, work))


@app.command()
def simulate(
    design: Annotated[Path, typer.Argument(help="Folder that `compile` wrote.")],
    data: DataOption = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Recordings to run.")] = 10,
    split: Annotated[str, typer.Option("--split", help="Split of the data.")] = "test",
    per_layer: Annotated[
        bool, typer.Option("--per-layer", help="Show agreement and activity of each layer.")
    ] = False,
    model: Annotated[
        Path | None, typer.Option("--model", help="Load this QONNX file into a loadable design first.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run the compiled hardware on recordings and compare every value with the golden model."""
    from ssnn_fpga.golden.compare import compare
    from ssnn_fpga.golden.engine import run
    from ssnn_fpga.network.qonnx_import import load
    from ssnn_fpga.report.accuracy import measure
    from ssnn_fpga.rtl.design import Design
    from ssnn_fpga.rtl.images import check_same_shape, load_image
    from ssnn_fpga.rtl.memory_port import memory_image
    from ssnn_fpga.simulate.compiled import CompiledAccelerator

    loaded = Design.load(design)
    network = loaded.network if model is None else load(model)
    check_same_shape(loaded.network, network)
    words = None if model is None else load_image(network, loaded.plan)
    frames, description = _load_frames(network, data, split, samples)
    with CompiledAccelerator(design) as accelerator:
        if words is not None:
            accelerator.load(words, memory_image(network, loaded.plan))
        result = accelerator.run(frames.frames)
    expected = run(network, frames.frames)
    layers = {name: compare({name: values}, result.trace) for name, values in expected.items()}
    mismatches = sum(c.mismatches for c in layers.values())
    figures: dict[str, Any] = {
        "samples": len(frames.labels),
        "accuracy": measure(result.classes, frames.labels).fraction,
        "mismatches": mismatches,
        "values_compared": sum(c.values for c in layers.values()),
        "cycles_per_sample": result.cycles_per_sample,
        "latency_cycles": result.latency_cycles,
        "errors": list(result.errors),
        "data": description,
    }
    if per_layer:
        table = Table(title=f"{len(frames.labels)} recordings: {description}")
        for column in ("layer", "values", "mismatching", "non-zero", "skipped windows"):
            table.add_column(column, justify="left" if column == "layer" else "right")
        figures["layers"] = {}
        for name, comparison in layers.items():
            nonzero = float((expected[name] != 0).mean())
            skipped = result.skipped.get(name)
            shown = "" if skipped is None else f"{100 * skipped:.0f} %"
            table.add_row(
                name, f"{comparison.values:,}", f"{comparison.mismatches:,}", f"{100 * nonzero:.1f} %", shown
            )
            figures["layers"][name] = {
                "values": comparison.values,
                "mismatches": comparison.mismatches,
                "nonzero": nonzero,
                "skipped_windows": skipped,
            }
        _terminal.print(table)
    for comparison in layers.values():
        for sentence in comparison.first:
            _terminal.print(sentence, style="red", markup=False)
    _terminal.print(
        f"{figures['values_compared']:,} values compared, {mismatches:,} mismatching; "
        f"{result.cycles_per_sample:,} cycles a sample"
        + "".join(f"; the design reports: {error}" for error in result.errors)
    )
    if as_json:
        _print_json(figures)
    if mismatches:
        raise typer.Exit(1)


@app.command()
def bitstream(
    design: Annotated[Path, typer.Argument(help="Folder that `compile` wrote.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the bitstream; DESIGN/bitstream if not given.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Synthesise, place and route a design for its board, and write the bitstream."""
    from ssnn_fpga.boards.board import load_board
    from ssnn_fpga.boards.flow import build
    from ssnn_fpga.rtl.design import Design

    report = build(design, load_board(Design.load(design).plan.board), out or design / "bitstream")
    _terminal.print(report.table())
    if as_json:
        _print_json(report.figures())


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="A QONNX file; a run's folder with --engine torch.")],
    data: DataOption = None,
    engine: Annotated[
        str, typer.Option("--engine", help="golden, onnxruntime, rtl, hls4ml or torch.")
    ] = "golden",
    split: Annotated[str, typer.Option("--split", help="Split of the data.")] = "test",
    samples: Annotated[
        int | None, typer.Option("--samples", min=1, help="Only the first N recordings.")
    ] = None,
    board: BoardOption = "ulx3s",
    as_json: JsonOption = False,
) -> None:
    """Classify recordings with one engine."""
    import tempfile

    from ssnn_fpga.engines import classes_of
    from ssnn_fpga.report.accuracy import measure

    with tempfile.TemporaryDirectory(prefix="ssnn-fpga-") as scratch:
        described, opened = (
            _open_training(model)
            if engine == "torch"
            else _open_exported(engine, model, board, Path(scratch))
        )
        frames, description = _load_frames(described, data, split, samples)
        with _terminal.status(f"{engine}: {len(frames.labels)} recordings"):
            classes = classes_of(opened.trace(frames.frames))
    accuracy = measure(classes, frames.labels)
    _terminal.print(f"{engine}: {accuracy} on {accuracy.samples} recordings, {description}")
    if as_json:
        _print_json(
            {
                "engine": engine,
                "accuracy": accuracy.fraction,
                "interval_95": list(accuracy.interval),
                "samples": accuracy.samples,
                "classes": classes.tolist(),
                "labels": frames.labels.tolist(),
                "paths": list(frames.paths),
                "class_names": list(frames.classes),
                "data": description,
            }
        )


def _open_training(run: Path) -> tuple[Any, Any]:
    from quant_models.engine import TorchEngine

    engine = TorchEngine.load(run)
    return engine, engine


def _open_exported(name: str, model: Path, board: str, scratch: Path) -> tuple[Any, Any]:
    from ssnn_fpga.boards.board import load_board
    from ssnn_fpga.engines import open_engine
    from ssnn_fpga.network.qonnx_import import load
    from ssnn_fpga.plan.solve import make_plan
    from ssnn_fpga.rtl.generate import write_design

    network = load(model)
    design = scratch / "design"
    if name == "rtl":
        write_design(network, make_plan(network, load_board(board)), design)
    with _terminal.status(f"{name}: {network.name}"):
        return network, open_engine(name, network, design)


@app.command()
def compare(
    model: Annotated[Path, typer.Argument(help="A QONNX file.")],
    backends: Annotated[
        str, typer.Option("--backends", help="Separated by commas: rtl, hls4ml, onnxruntime.")
    ] = "rtl,hls4ml",
    data: DataOption = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Recordings to run.")] = 10,
    split: Annotated[str, typer.Option("--split", help="Split of the data.")] = "test",
    board: BoardOption = "pynq-z2",
    as_json: JsonOption = False,
) -> None:
    """Run one model through several back ends: equal values or not, and what each one takes."""
    from ssnn_fpga.engines import Hls4ml, Onnxruntime
    from ssnn_fpga.golden.compare import compare as compare_traces
    from ssnn_fpga.golden.engine import run
    from ssnn_fpga.network.qonnx_import import load
    from ssnn_fpga.report.backends import BackendFigures, backends_table

    network, names = load(model), backends.split(",")
    for name in names:
        if name not in ("rtl", "hls4ml", "onnxruntime"):
            raise UserError(f"There is no back end {name!r}: choose among rtl, hls4ml, onnxruntime.")
    frames, description = _load_frames(network, data, split, samples)
    expected, rows = run(network, frames.frames), []
    for name in names:
        with _terminal.status(f"{name}: {len(frames.labels)} recordings"):
            figures: dict[str, Any] = {}
            if name == "rtl":
                trace, figures = _run_rtl(network, board, frames.frames)
            elif name == "hls4ml":
                trace, figures = Hls4ml(network).trace(frames.frames), _hls4ml_figures(network)
            else:
                trace = Onnxruntime(network).trace(frames.frames)
        rows.append(BackendFigures(name, compare_traces(expected, trace), figures))
    _terminal.print(backends_table(rows, f"{network.name}, {len(frames.labels)} recordings: {description}"))
    for row in rows:
        for sentence in row.comparison.first:
            _terminal.print(f"{row.name}: {sentence}", style="red", markup=False)
    if as_json:
        _print_json({"data": description, "backends": {row.name: row.summary() for row in rows}})
    if any(row.comparison.mismatches for row in rows):
        raise typer.Exit(1)


def _run_rtl(network: Any, board: str, frames: Any) -> tuple[Any, dict[str, Any]]:
    """Trace and figures of our hardware, planned for ``board``."""
    import tempfile

    from ssnn_fpga.boards.board import load_board
    from ssnn_fpga.plan.solve import make_plan
    from ssnn_fpga.report.backends import Figure
    from ssnn_fpga.rtl.generate import write_design
    from ssnn_fpga.simulate.compiled import CompiledAccelerator

    plan = make_plan(network, load_board(board))
    with tempfile.TemporaryDirectory(prefix="ssnn-fpga-") as scratch:
        write_design(network, plan, Path(scratch) / "design")
        with CompiledAccelerator(Path(scratch) / "design") as accelerator:
            result = accelerator.run(frames)
    estimate = "estimated by our plan"
    return result.trace, {
        "interval": Figure(result.cycles_per_sample, "simulated"),
        "latency": Figure(result.latency_cycles, "simulated"),
        "luts": Figure(plan.resources.luts, estimate),
        "block_rams": Figure(plan.resources.block_rams, estimate),
        "dsps": Figure(plan.resources.dsps, estimate),
        "state_bits": Figure(0, "counted"),
    }


def _hls4ml_figures(network: Any) -> dict[str, Any]:
    """Without Vitis HLS nobody says how many cycles and cells the C++ takes."""
    from ssnn_fpga.backends.hls4ml.state import state_bits
    from ssnn_fpga.report.backends import Figure

    return {"state_bits": Figure(state_bits(network), "counted")}


@app.command()
def report(
    folder: Annotated[Path, typer.Argument(help="Folder with a report.json, as `demo` writes it.")],
) -> None:
    """Write report.html from a folder's figures."""
    from ssnn_fpga.report.html import write_page

    _terminal.print(f"Wrote {write_page(folder)}")


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Show which tools are found, which are missing, and how to get them."""
    from ssnn_fpga.boards.board import boards
    from ssnn_fpga.boards.tools import find_tools

    tools = find_tools()
    table = Table(title=f"tools (boards: {', '.join(boards())})")
    for column in ("tool", "found", "needed for", "how to get it"):
        table.add_column(column)
    for tool in tools:
        found = tool.version or "yes" if tool.found else "missing"
        table.add_row(tool.name, found, tool.needed_for, "" if tool.found else escape(tool.how_to_get))
    _terminal.print(table)
    if as_json:
        _print_json({"boards": list(boards()), "tools": [vars(tool) for tool in tools]})


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for everything the demo makes.")] = Path(
        "build/demo"
    ),
    data: DataOption = None,
    recipe: Annotated[str, typer.Option("--recipe", help="Recipe to train.")] = "nmnist",
    board: BoardOption = "ulx3s",
    as_json: JsonOption = False,
) -> None:
    """Train, export, compile, simulate, compare: the whole way in one command."""
    from quant_models.engine import TorchEngine
    from quant_models.export import export as export_run
    from quant_models.recipe import load_recipe
    from quant_models.training import train as run_training
    from ssnn_fpga.boards.board import load_board
    from ssnn_fpga.engines import Golden, Onnxruntime
    from ssnn_fpga.events.source import find_recordings
    from ssnn_fpga.network.lowering import save
    from ssnn_fpga.network.qonnx_import import load
    from ssnn_fpga.plan.solve import make_plan
    from ssnn_fpga.report.accuracy import confusion
    from ssnn_fpga.report.agreement import compare_engines
    from ssnn_fpga.report.html import write_page
    from ssnn_fpga.report.summary import engine_table, hardware_table, summarise, write_summary
    from ssnn_fpga.rtl.generate import write_design
    from ssnn_fpga.simulate.compiled import CompiledAccelerator

    loaded = load_recipe(recipe)
    target = load_board(board)
    recordings, description = find_recordings(data)
    _terminal.print(f"Data: {description}")
    run = run_training(loaded, recordings, out / "run")
    model = export_run(out / "run", out / "model.onnx")
    network = load(model)
    save(network, out / "model.int.onnx")
    plan = make_plan(network, target)
    write_design(network, plan, out / "design")
    frames, _ = _load_frames(network, data, "test", None)
    with _terminal.status(f"{len(frames.labels)} test recordings through torch, golden and onnxruntime"):
        traces = {
            "torch": TorchEngine.load(out / "run").trace(frames.frames),
            "golden": Golden(network).trace(frames.frames),
            "onnxruntime": Onnxruntime(network).trace(frames.frames),
        }
    simulation = CompiledAccelerator(out / "design").run(frames.frames)
    figures = compare_engines({**traces, "rtl": simulation.trace}, frames.labels)
    summary = summarise(
        figures,
        samples=len(frames.labels),
        cycles_per_sample=simulation.cycles_per_sample,
        latency_cycles=simulation.latency_cycles,
        resources=plan.resource_figures(),
        clock_mhz=target.clock_mhz,
        data=description,
        details={
            "board": board,
            "training": {**run.summary(), "metrics": run.metrics()},
            "plan": plan.figures(),
            "class_names": list(frames.classes),
            "confusion": confusion(simulation.classes, frames.labels, len(frames.classes)).tolist(),
        },
    )
    write_summary(summary, out)
    write_page(out)
    _terminal.print(engine_table(summary), hardware_table(summary))
    _terminal.print(f"Everything is in {out}; open {out / 'report.html'}")
    if as_json:
        _print_json(summary)
    disagreeing = [f.comparison.first[0] for f in figures.values() if f.comparison.mismatches]
    for sentence in disagreeing:
        _terminal.print(sentence, style="red", markup=False)
    if disagreeing:
        raise typer.Exit(1)


def main() -> None:
    """Entry point: turns a UserError into one sentence and exit code 2, broken hardware into 1."""
    from ssnn_fpga.simulate.library import SimulationError

    try:
        app()
    except SimulationError as error:
        _terminal.print(
            f"[red]the simulated hardware failed:[/red] {escape(str(error))}", highlight=False, soft_wrap=True
        )
        sys.exit(1)
    except UserError as error:
        _terminal.print(f"[red]error:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        _terminal.print("Interrupted.")
        sys.exit(130)


if __name__ == "__main__":
    main()
