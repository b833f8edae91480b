"""``ssnn-fpga``: a thin face over the stations of the flow.

Figures go to standard output with ``--json``; everything else goes to standard error. Input
that cannot be used ends in one sentence and exit code 2; engines that disagree in exit code 1.
"""

from __future__ import annotations

import json
import shutil
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
        help="Folder or tar archive laid out <split>/<class>/<recording>; NAME:PATH for a known set "
        "(nmnist, poker_dvs, ncars, cifar10_dvs, ncaltech101, dvs_gesture), emulated:PATH or images:PATH for "
        "images. Without it: $SSNN_FPGA_DATA, then ../shared/data, then the emulated digits.",
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


def _splits(data: Path | None) -> tuple[str, ...]:
    """Names of the splits that the recordings or images have."""
    from ssnn_fpga.events.source import find_images, find_recordings

    images = find_images(data)
    splits: tuple[str, ...] = find_recordings(data)[0].splits if images is None else images.splits
    return splits


def _write_model(network: Any, out: Path) -> None:
    """Write a network as a QONNX file, whole or not at all."""
    from ssnn_fpga.network.files import write_whole
    from ssnn_fpga.network.qonnx_export import to_qonnx

    content = to_qonnx(network).SerializeToString()
    write_whole(out, lambda aside: aside.write_bytes(content))


def _load_frames(model: Any, data: Path | None, split: str, samples: int | None) -> tuple[Any, str]:
    """Frames of ``split`` as ``model`` (a network or an engine) compresses them, and which data they are."""
    from rich.progress import Progress

    from ssnn_fpga.events.frames import load_frames
    from ssnn_fpga.events.images import direct_frames
    from ssnn_fpga.events.source import find_images, find_recordings

    images = find_images(data)
    with Progress(console=_terminal, transient=True, disable=not _terminal.is_terminal) as bar:
        task = bar.add_task(f"reading the {split} split", total=None)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        if images is not None and model.compression is None:
            frames = direct_frames(images, split, model.input, model.classes or None, samples, progress)
            return frames, f"images of {images.name}"
        if model.compression is None:
            raise UserError(
                f"The model {model.name!r} does not say how events become its frames: add the metadata key "
                "'compression' (see docs/models.md), or give images as --data images:PATH."
            )
        recordings, description = find_recordings(data)
        frames = load_frames(recordings, split, model.compression, model.classes or None, samples, progress)
    return frames, description


@app.command()
def download(
    name: Annotated[str, typer.Argument(help="A data set, such as nmnist or cifar10_dvs.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the data set.")],
) -> None:
    """Fetch a data set from its publisher, or tell where it is."""
    from ssnn_fpga.events.download import download as fetch

    _terminal.print(f"{name} is in {fetch(name, out)}; use it with --data {name}:{out}", soft_wrap=True)


@app.command()
def train(
    recipe: Annotated[str, typer.Argument(help="A recipe file (TOML), or the name of a bundled one.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the run; an interrupted run resumes.")],
    data: DataOption = None,
    start: Annotated[
        Path | None, typer.Option("--start", help="Folder of another run, whose weights it begins with.")
    ] = None,
    accelerator: Annotated[str, typer.Option("--accelerator", help="cpu, gpu or auto.")] = "cpu",
    processes: Annotated[
        int, typer.Option("--processes", min=1, help="Processes (GPUs) of this machine.")
    ] = 1,
    nodes: Annotated[int, typer.Option("--nodes", min=1, help="Machines, under torchrun or Slurm.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """Train a network as a recipe says."""
    from quant_models.recipe import load_recipe
    from quant_models.training import Machines
    from quant_models.training import train as run_training
    from ssnn_fpga.events.source import find_recordings

    loaded = load_recipe(recipe)
    recordings, description = find_recordings(data)
    _terminal.print(f"Data: {description}")
    run = run_training(loaded, recordings, out, start=start, machines=Machines(processes, nodes, accelerator))
    if as_json:
        _print_json({"run": str(out), "data": description, **run.summary()})


@app.command()
def export(
    run: Annotated[Path, typer.Argument(help="Folder of a training run; with --nir also a QONNX file.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="The file; RUN/model.onnx or .nir if not given.")
    ] = None,
    nir: Annotated[
        bool, typer.Option("--nir", help="Write NIR, for snnTorch, Norse and others, instead of QONNX.")
    ] = False,
) -> None:
    """Export a trained run as QONNX, or as NIR."""
    from ssnn_fpga.interchange.nir_export import write_nir
    from ssnn_fpga.network.qonnx_import import load

    model = run
    if not (nir and run.is_file()):
        from quant_models.export import export as export_run

        model = export_run(run, (None if nir else out) or run / "model.onnx")
    if nir:
        out = out or model.with_suffix(".nir")
        write_nir(load(model), out)
    _terminal.print(f"Wrote {out if nir else model}")


@app.command("import")
def import_nir(
    file: Annotated[Path, typer.Argument(help="A NIR file.")],
    out: Annotated[Path, typer.Option("--out", help="The QONNX file.")],
    timesteps: Annotated[int, typer.Option("--timesteps", min=1, help="Timesteps that the network runs.")],
    data: DataOption = None,
    split: Annotated[str, typer.Option("--split", help="Split that calibrates the quantisation.")] = "train",
    samples: Annotated[int, typer.Option("--samples", min=1, help="How many of its samples.")] = 200,
    sensor: Annotated[
        tuple[int, int], typer.Option("--sensor", help="Height and width of the sensor or image.")
    ] = (34, 34),
    spatial_factor: Annotated[
        int, typer.Option("--spatial-factor", min=1, help="Pixels of the sensor in a cell, each way.")
    ] = 1,
    window_us: Annotated[
        int, typer.Option("--window-us", min=1, help="µs that the timesteps divide between them.")
    ] = 306_000,
    bits: Annotated[int, typer.Option("--bits", min=1, max=8, help="Bits of an event count.")] = 3,
    weight_bits: Annotated[int, typer.Option("--weight-bits", min=2, max=8, help="Bits of a weight.")] = 8,
    fraction: Annotated[
        int, typer.Option("--fraction", min=0, max=16, help="Fractional bits of a membrane.")
    ] = 4,
    dt: Annotated[
        float, typer.Option("--dt", help="Seconds of a timestep: 1e-4 for files of snnTorch, 1e-6 of Norse.")
    ] = 1e-4,
    subtract: Annotated[
        bool,
        typer.Option("--subtract", help="Its neurons subtract the threshold; NIR cannot say so."),
    ] = False,
    late: Annotated[
        bool, typer.Option("--late-reset", help="Its neurons are reset one timestep after the spike.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Import a network from a NIR file, quantised on given data, as QONNX."""
    from ssnn_fpga.events.source import find_images
    from ssnn_fpga.interchange.nir_import import read_nir
    from ssnn_fpga.interchange.quantise import quantise
    from ssnn_fpga.network.layers import Activation, Compression, Network
    from ssnn_fpga.report.accuracy import measure

    images = find_images(data)
    height, width = (size // spatial_factor for size in sensor)
    compression = None
    if images is None:
        compression = Compression(*sensor, timesteps, bits, window_us, spatial_factor)
        frame = Activation(timesteps, 2, height, width, (1 << bits) - 1)
    else:
        channels = len(images.entries(images.splits[0])[0].read())
        frame = Activation(timesteps, channels, height, width, 255)
    real = read_nir(file, frame=frame.shape[1:], dt=dt, reset="subtract" if subtract else "zero", late=late)
    frames, description = _load_frames(Network(file.stem, frame, (), (), compression), data, split, samples)
    with _terminal.status(f"quantising {real.name}"):
        result = quantise(
            real,
            frames.frames,
            weight_bits=weight_bits,
            fraction=fraction,
            maximum=frame.maximum,
            classes=frames.classes,
            compression=compression,
        )
    _write_model(result.network, out)
    for layer, (given, taken) in result.leaks.items():
        _terminal.print(
            f"The leak of {layer}, {given:.6f}, is on no grid of the hardware; it became {taken:.6f}"
        )
    before, after = (measure(each, frames.labels) for each in (result.classes, result.integer_classes))
    _terminal.print(
        f"{len(frames.labels)} samples of {description}: float {before}; integers {after}; the same "
        f"class for {100 * result.agreement:.1f} %"
    )
    _terminal.print(f"Wrote {out}")
    if as_json:
        _print_json(
            {
                "model": str(out),
                "samples": len(frames.labels),
                "float_accuracy": before.fraction,
                "accuracy": after.fraction,
                "agreement": result.agreement,
                "differing_spikes": dict(result.spikes),
                "rounded_leaks": {name: list(pair) for name, pair in result.leaks.items()},
                "data": description,
            }
        )


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
        activity=_measured_activity(network, activity)[0],
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


def _measured_activity(network: Any, data: Path | None) -> tuple[Any, Any]:
    """Activity and synaptic work on recordings of the split that training sees, None without ``data``."""
    from ssnn_fpga.golden.energy import synaptic_work
    from ssnn_fpga.golden.engine import run
    from ssnn_fpga.plan.activity import measure_activity

    if data is None:
        return None, None
    frames, description = _load_frames(network, data, "train", 64)
    _terminal.print(f"Activity of {len(frames.labels)} recordings: {description}")
    trace = run(network, frames.frames)
    return measure_activity(network, frames.frames, trace), synaptic_work(network, frames.frames, trace)


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
    from ssnn_fpga.explore.front import explore as find_front
    from ssnn_fpga.explore.page import front_figures, front_table, write_front
    from ssnn_fpga.explore.synthesis import synthesise_front
    from ssnn_fpga.network.qonnx_import import load

    if synthesise and out is None:
        raise UserError("Synthesised designs need a folder: give --out.")
    network, target = load(model), load_board(board)
    measured, work = _measured_activity(network, activity)
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
    data: DataOption = None,
    samples: Annotated[
        int,
        typer.Option("--samples", min=1, help="Recordings to verify the board with, beside the bitstream."),
    ] = 20,
    as_json: JsonOption = False,
) -> None:
    """Synthesise, place and route a design for its board, and write the bitstream."""
    from ssnn_fpga.boards.board import load_board
    from ssnn_fpga.boards.flow import build
    from ssnn_fpga.rtl.design import Design
    from ssnn_fpga.rtl.images import IMAGE_FILE

    loaded, folder = Design.load(design), out or design / "bitstream"
    report = build(design, load_board(loaded.plan.board), folder)
    if loaded.plan.options.loadable:
        shutil.copyfile(design / IMAGE_FILE, folder / IMAGE_FILE)
    if loaded.network.compression is not None:  # without it no recording has frames for this network
        _expected(loaded.network, report.manifest.identity, data, samples).save(folder)
    _terminal.print(report.table())
    if as_json:
        _print_json(report.figures())


@app.command()
def run(
    build: Annotated[Path, typer.Argument(help="Folder of a bitstream; with --device sim a design will do.")],
    device: Annotated[str, typer.Option("--device", help="pynq, xrt, serial or sim.")] = "sim",
    port: Annotated[str | None, typer.Option("--port", help="Serial port, for --device serial.")] = None,
    data: DataOption = None,
    samples: Annotated[
        int, typer.Option("--samples", min=1, help="Recordings to verify where the build has none.")
    ] = 10,
    batch: Annotated[int, typer.Option("--batch", min=1, help="Recordings at once.")] = 16,
    follow: Annotated[
        str | None,
        typer.Option(
            "--follow", help="Classify windows of a .bin recording at its own pace, or of a pipe (-)."
        ),
    ] = None,
    step: Annotated[
        int | None, typer.Option("--step", min=1, help="µs from window to window; a bin if not given.")
    ] = None,
    pace: Annotated[
        float, typer.Option("--pace", help="How many times as fast a recording is played.")
    ] = 1.0,
    as_json: JsonOption = False,
) -> None:
    """Verify a build on a device: all logits equal, latency, throughput. Or follow a stream of events."""
    from ssnn_fpga.runtime.accelerator import Accelerator
    from ssnn_fpga.runtime.device import DeviceError
    from ssnn_fpga.runtime.verification import verify

    if device == "serial" and port is None:
        raise UserError("A serial device needs its port: give --port, such as /dev/ttyUSB0.")
    options = {"port": port} if device == "serial" else {}
    try:
        with Accelerator.open(build, device, **options) as accelerator:
            if follow is not None:
                figures = _follow(accelerator, follow, step, pace, as_json)
            else:
                figures = verify(accelerator, _verification(accelerator, build, data, samples), batch)
    except DeviceError as error:
        _terminal.print(
            f"[red]the device failed:[/red] {escape(str(error))}", highlight=False, soft_wrap=True
        )
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(figures, indent=None if follow is not None else 2))
    if follow is not None:
        _terminal.print(
            f"{figures['windows']:,} windows classified, {figures['dropped']['windows']:,} dropped",
            highlight=False,
        )
        return
    _terminal.print(
        f"{figures['recordings']} recordings ({figures['data']}), {figures['differing']} with another logit; "
        f"latency {figures['latency_us']['mean']:.1f} µs, answer {figures['answer_us']['median']:.0f} µs, "
        f"{figures['frames_per_second']:,.0f} frames/s",
        highlight=False,
        soft_wrap=True,
    )
    if figures["differing"]:
        raise typer.Exit(1)


def _verification(accelerator: Any, build: Path, data: Path | None, samples: int) -> Any:
    """The build's own recordings; of a design's, computed now."""
    from ssnn_fpga.rtl.design import Design
    from ssnn_fpga.runtime.verification import VERIFICATION_FILE, Verification

    if (build / VERIFICATION_FILE).is_file():
        return Verification.load(build)
    folder = build / "design" if (build / "design").is_dir() else build
    return _expected(Design.load(folder).network, accelerator.manifest.identity, data, samples)


def _expected(network: Any, identity: str, data: Path | None, samples: int) -> Any:
    """Recordings of the test split with the golden model's logits."""
    from ssnn_fpga.golden.engine import run as run_golden
    from ssnn_fpga.runtime.verification import Verification

    frames, description = _load_frames(network, data, "test", samples)
    logits = run_golden(network, frames.frames)[network.layers[-1].name]
    return Verification(frames.frames, logits, frames.labels, identity, description)


def _follow(accelerator: Any, source: str, step: int | None, pace: float, as_json: bool) -> dict[str, Any]:
    """Prints a line a window until the stream ends; the figures of all of them."""
    from ssnn_fpga.events.live import Dropped, RecordReader, piped, played
    from ssnn_fpga.events.recording import read_recording
    from ssnn_fpga.runtime.follow import follow as follow_windows

    if pace <= 0:
        raise UserError(f"--pace is {pace:g}: give a number above 0.")
    compression, dropped = accelerator.compression, Dropped()
    sensor = (compression.sensor_height, compression.sensor_width)
    if source == "-":
        reader = RecordReader(sensor, dropped)
        pieces: Any = map(reader.feed, piped(sys.stdin.buffer))
    else:
        pieces = played(read_recording(Path(source), source, sensor), pace)
    names, seen = accelerator.manifest.classes, []
    try:
        for sighting in follow_windows(accelerator, pieces, dropped, step):
            seen.append(sighting.answer_us)
            name = names[sighting.number] if names else str(sighting.number)
            if as_json:
                typer.echo(json.dumps({**vars(sighting), "class": name}))
            else:
                _terminal.print(
                    f"{sighting.end_us / 1e6:10.3f} s  {name:>12}  confidence {sighting.confidence:4.2f}  "
                    f"{sighting.events:6,} events  {sighting.inference_us:8.1f} µs in the accelerator, "
                    f"{sighting.answer_us:8.0f} µs in all",
                    highlight=False,
                    soft_wrap=True,
                )
    except KeyboardInterrupt:
        pass  # the usual end of a stream that has none
    return {
        "windows": len(seen),
        "dropped": vars(dropped),
        "answer_us": {"mean": sum(seen) / max(1, len(seen)), "worst": max(seen, default=0.0)},
    }


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
    from ssnn_fpga.golden.early_exit import measure_exits
    from ssnn_fpga.golden.energy import synaptic_work
    from ssnn_fpga.golden.exits import exit_order
    from ssnn_fpga.report.accuracy import measure

    with tempfile.TemporaryDirectory(prefix="ssnn-fpga-") as scratch:
        described, opened = (
            _open_training(model)
            if engine == "torch"
            else _open_exported(engine, model, board, Path(scratch))
        )
        frames, description = _load_frames(described, data, split, samples)
        with _terminal.status(f"{engine}: {len(frames.labels)} recordings"):
            trace = opened.trace(frames.frames)
            classes = classes_of(trace)
    accuracy = measure(classes, frames.labels)
    work = left = None
    if engine != "torch":
        work = synaptic_work(described, frames.frames, trace)
        if len(exit_order(described)) > 1:
            left = measure_exits(described, trace, frames.labels)
    _terminal.print(f"{engine}: {accuracy} on {accuracy.samples} recordings, {description}")
    if left is not None:
        shares = ", ".join(
            f"{100 * share:.0f} % by {name}"
            for name, share in zip(exit_order(described), left.shares, strict=True)
        )
        _terminal.print(f"{left.timesteps:.2f} timesteps a sample in the mean; samples leave {shares}")
    if work is not None:
        _terminal.print(work.sentence())
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
                "synaptic_work": None if work is None else work.figures(),
                "exits": None if left is None else vars(left),
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
    return network, open_engine(name, network, design)


@app.command("early-exit")
def early_exit(
    model: Annotated[Path, typer.Argument(help="A run's folder, or a QONNX file with early exits.")],
    out: Annotated[Path, typer.Option("--out", help="The QONNX file with the margins found.")],
    data: DataOption = None,
    allowed_loss: Annotated[
        float, typer.Option("--allowed-loss", min=0, max=100, help="Per cent of accuracy to give up at most.")
    ] = 1.0,
    split: Annotated[
        str, typer.Option("--split", help="Split that margins are chosen on: validation, or else train.")
    ] = "validation",
    samples: Annotated[
        int | None, typer.Option("--samples", min=1, help="Only N recordings of each split.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Choose the margins of a model's early exits, and show accuracy against timesteps.

    Of a run, the early classifiers are kept, and margins chosen on its own validation samples.
    """
    from ssnn_fpga.golden.engine import read_outs
    from ssnn_fpga.network.qonnx_import import load
    from ssnn_fpga.report.exits import ALLOWED_LOSSES, Samples, exit_points, exit_table

    if split == "test":
        raise UserError("Margins are never chosen on the test split: give --split validation or train.")
    splits, loaded, description = _splits(data), {}, ""
    if model.is_dir():
        from quant_models.early_exits import validation_samples, with_early_exits
        from ssnn_fpga.events.source import find_recordings

        network = with_early_exits(model)
        held_out, labels = validation_samples(model, find_recordings(data)[0])
        loaded[split := "validation"] = Samples(read_outs(network, held_out), labels)
    else:
        network = load(model)
        split = split if split in splits or split != "validation" else "train"
    for each in (each for each in (split, "test") if each not in loaded):
        if each in splits or each == split:
            frames, description = _load_frames(network, data, each, samples)
            with _terminal.status(f"{len(frames.labels)} samples of the {each} split"):
                loaded[each] = Samples(read_outs(network, frames.frames), frames.labels)
    losses = sorted({*ALLOWED_LOSSES, allowed_loss / 100})
    points = exit_points(network, loaded[split], loaded.get("test"), losses)
    _terminal.print(exit_table(points, split, description))
    (chosen,) = (point for point in points if point.allowed_loss == allowed_loss / 100)
    _write_model(chosen.network, out)
    _terminal.print(f"Wrote {out} with the margins for a loss of {allowed_loss:g} %")
    if as_json:
        _print_json(
            {
                "model": str(out),
                "split": split,
                "data": description,
                "chosen": chosen.figures(),
                "points": [point.figures() for point in points],
            }
        )


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
def toolchain(as_json: JsonOption = False) -> None:
    """Put the open tools for pynq-z2 into .toolchain: Debian packages, no root, about 700 MB."""
    from ssnn_fpga.boards.toolchain import PROGRAMS, install_toolchain

    folder = install_toolchain()
    _terminal.print(f"Wrote {folder}: {', '.join(PROGRAMS)}.")
    if as_json:
        _print_json({"folder": str(folder), "programs": list(PROGRAMS)})


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
    from ssnn_fpga.golden.energy import synaptic_work
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
            "synaptic_work": synaptic_work(network, frames.frames, traces["golden"]).figures(),
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
