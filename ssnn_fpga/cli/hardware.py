"""Commands from a model to hardware: plan and SystemVerilog, exploration, simulation."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from ssnn_fpga.cli.app import (
    ActivityOption,
    BoardOption,
    DataOption,
    FoldOption,
    JsonOption,
    app,
    frames_of,
    print_json,
    terminal,
)
from ssnn_fpga.errors import UserError


@app.command()
def compile(
    model: Annotated[Path, typer.Argument(help="A QONNX file.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of what is written; with onnx the file.")],
    backend: Annotated[
        str,
        typer.Option(
            "--backend",
            help="rtl: SystemVerilog; hls4ml: its project; finn: its build; onnx: lowered integers.",
        ),
    ] = "rtl",
    board: Annotated[
        str | None,
        typer.Option("--board", help="Board to plan for (see `doctor`): ulx3s; pynq-z2 for hls4ml and finn."),
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
    if backend not in ("rtl", "hls4ml", "finn", "onnx"):
        raise UserError(f"There is no back end {backend!r}: choose rtl, hls4ml, finn or onnx.")
    network = load(model)
    if backend == "onnx":
        save_lowered(network, out)
        terminal.print(f"Wrote {out}")
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
    elif backend == "finn":
        figures = _write_finn(network, plan, target, out)
    else:
        write_design(network, plan, out)
        terminal.print(_plan_table(plan))
        figures = {"design": str(out), "board": board, **plan.figures()}
    terminal.print(f"Wrote {out}")
    if as_json:
        print_json(figures)


def _write_hls4ml(
    network: Any, plan: Any, board: Any, out: Path, hls_backend: str, io_type: str
) -> dict[str, Any]:
    """The hls4ml project with the plan's folds as reuse factors. Returns its figures."""
    from ssnn_fpga.backends.hls4ml.project import Options, write_project
    from ssnn_fpga.backends.hls4ml.reuse import reuse_factors

    if board.family == "ecp5":
        raise UserError(
            f"hls4ml's {hls_backend} back end writes for AMD chips, not for {board.title}: try pynq-z2."
        )
    options = Options(
        hls_backend, io_type, board.device, 1000 / board.clock_mhz, reuse_factors(network, plan)
    )
    with terminal.status(f"{network.name}: hls4ml project"):
        reuse = write_project(network, out, options)
    return {
        "project": str(out),
        "board": board.name,
        "backend": hls_backend,
        "io_type": io_type,
        "reuse": reuse,
    }


def _write_finn(network: Any, plan: Any, board: Any, out: Path) -> dict[str, Any]:
    """FINN's build, folded for the plan's cycles a sample. Returns its figures."""
    from ssnn_fpga.backends.finn.project import write_project

    if board.family != "xilinx7":
        raise UserError(f"FINN writes for AMD chips, not for {board.title}: try pynq-z2.")
    with terminal.status(f"{network.name}: FINN's build"):
        figures = write_project(
            network,
            out,
            cycles=plan.interval,
            part=board.device,
            clock_ns=1000 / board.clock_mhz,
            overlay={"pynq-z2": "Pynq-Z2"}.get(board.name, ""),
        )
    table = Table(title=f"FINN's nodes, folded for {plan.interval:,} cycles a sample")
    columns = ("node", "folds", "frames", "cycles a sample", "LUT", "BRAM18", "DSP", "estimated by")
    for column in columns:
        table.add_column(column, justify="left" if column in ("node", "folds", "estimated by") else "right")
    for node in figures["nodes"]:
        folds = ", ".join(f"{name} {value}" for name, value in node["folds"].items())
        counts = (node[name] for name in ("frames", "cycles", "luts", "block_rams", "dsps"))
        table.add_row(node["name"], folds, *(f"{count:,}" for count in counts), node["by"])
    terminal.print(table)
    terminal.print(
        f"{figures['cycles']:,} cycles a sample, {figures['luts']:,} LUT, {figures['block_rams']} BRAM18, "
        f"{figures['dsps']} DSP, estimated, without FIFOs"
        + ("" if figures["overlay"] else "; no overlay, for Vivado is not on PATH")
    )
    return {"project": str(out), "board": board.name, **figures}


def _measured_activity(network: Any, data: Path | None) -> tuple[Any, Any]:
    """Activity and synaptic work on recordings of the split that training sees, None without ``data``."""
    from ssnn_fpga.golden.energy import synaptic_work
    from ssnn_fpga.golden.engine import run
    from ssnn_fpga.plan.activity import measure_activity

    if data is None:
        return None, None
    frames, description = frames_of(network, data, "train", 64)
    terminal.print(f"Activity of {len(frames.labels)} recordings: {description}")
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
    terminal.print(f"Wrote {out}: {len(words):,} words")
    outside = memory_image(network, loaded.plan)
    beside = out.with_name(f"{out.stem}.{WEIGHTS_FILE}")
    if outside:
        beside.write_bytes(outside)
        terminal.print(f"Wrote {beside}: {len(outside):,} bytes for the memory outside the chip")
    if as_json:
        print_json({"image": str(out), "words": len(words), "outside": str(beside) if outside else None})


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
    with terminal.status(f"planning {network.name} for {board}"):
        points = find_front(network, target, activity=measured)
    if synthesise and out is not None:
        with Progress(console=terminal) as progress:
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
    terminal.print(front_table(points, target, work))
    if out is not None:
        write_front(points, network.name, target, out, work)
        terminal.print(f"Wrote {out / 'front.json'} and {out / 'front.html'}")
    if as_json:
        print_json(front_figures(points, network.name, target, work))


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
    frames, description = frames_of(network, data, split, samples)
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
        terminal.print(table)
    for comparison in layers.values():
        for sentence in comparison.first:
            terminal.print(sentence, style="red", markup=False)
    terminal.print(
        f"{figures['values_compared']:,} values compared, {mismatches:,} mismatching; "
        f"{result.cycles_per_sample:,} cycles a sample"
        + "".join(f"; the design reports: {error}" for error in result.errors)
    )
    if as_json:
        print_json(figures)
    if mismatches:
        raise typer.Exit(1)
