"""Commands that say how good a model is: evaluation, report, comparison, the demo."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ssnn_fpga.cli.app import BoardOption, DataOption, JsonOption, app, frames_of, print_json, terminal
from ssnn_fpga.errors import UserError

_TRACED = 1000  # samples whose values of all layers are in memory at once


@app.command()
def evaluate(
    model: Annotated[Path, typer.Argument(help="A QONNX file; a run's folder with --engine torch.")],
    data: DataOption = None,
    engine: Annotated[
        str, typer.Option("--engine", help="golden, onnxruntime, rtl, hls4ml, finn or torch.")
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

    import numpy as np

    from ssnn_fpga.engines import classes_of
    from ssnn_fpga.golden.early_exit import measure_exits
    from ssnn_fpga.golden.energy import mean_work, synaptic_work
    from ssnn_fpga.golden.exits import exit_order
    from ssnn_fpga.report.accuracy import measure

    with tempfile.TemporaryDirectory(prefix="ssnn-fpga-") as scratch:
        described, opened = (
            _open_training(model)
            if engine == "torch"
            else _open_exported(engine, model, board, Path(scratch))
        )
        frames, description = frames_of(described, data, split, samples)
        parts, works = [], []
        with terminal.status(f"{engine}: {len(frames.labels)} samples"):
            for first in range(0, len(frames.labels), _TRACED):
                part = frames.frames[first : first + _TRACED]
                trace = opened.trace(part)
                parts.append({name: values for name, values in trace.items() if values.ndim == 2})
                if engine != "torch":
                    works.append((synaptic_work(described, part, trace), len(part)))
    logits = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    classes = classes_of(logits)
    accuracy = measure(classes, frames.labels)
    work = left = None
    if engine != "torch":
        work = mean_work(works)
        if len(exit_order(described)) > 1:
            left = measure_exits(described, logits, frames.labels)
    terminal.print(f"{engine}: {accuracy} on {accuracy.samples} recordings, {description}")
    if left is not None:
        shares = ", ".join(
            f"{100 * share:.0f} % by {name}"
            for name, share in zip(exit_order(described), left.shares, strict=True)
        )
        terminal.print(f"{left.timesteps:.2f} timesteps a sample in the mean; samples leave {shares}")
    if work is not None:
        terminal.print(work.sentence())
    if as_json:
        print_json(
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
    with terminal.status(f"{name}: {network.name}"):
        return network, open_engine(name, network, design)


@app.command()
def compare(
    model: Annotated[Path, typer.Argument(help="A QONNX file.")],
    backends: Annotated[
        str, typer.Option("--backends", help="Separated by commas: rtl, hls4ml, finn, onnxruntime.")
    ] = "rtl,hls4ml",
    data: DataOption = None,
    samples: Annotated[int, typer.Option("--samples", min=1, help="Recordings to run.")] = 10,
    split: Annotated[str, typer.Option("--split", help="Split of the data.")] = "test",
    board: BoardOption = "pynq-z2",
    as_json: JsonOption = False,
) -> None:
    """Run one model through several back ends: equal values or not, and what each one takes."""
    from ssnn_fpga.comparison import BACKENDS, run_backend
    from ssnn_fpga.network.qonnx_import import load
    from ssnn_fpga.report.backends import backends_table

    network, names = load(model), backends.split(",")
    for name in names:
        if name not in BACKENDS:
            raise UserError(f"There is no back end {name!r}: choose among {', '.join(BACKENDS)}.")
    frames, description = frames_of(network, data, split, samples)
    rows = []
    for name in names:
        with terminal.status(f"{name}: {len(frames.labels)} recordings"):
            rows.append(run_backend(name, network, board, frames.frames))
    terminal.print(backends_table(rows, f"{network.name}, {len(frames.labels)} recordings: {description}"))
    for row in rows:
        for sentence in row.comparison.first:
            terminal.print(f"{row.name}: {sentence}", style="red", markup=False)
    if as_json:
        print_json({"data": description, "backends": {row.name: row.summary() for row in rows}})
    if any(row.comparison.mismatches for row in rows):
        raise typer.Exit(1)


@app.command()
def report(
    folder: Annotated[
        Path, typer.Argument(help="Folder of a demo, of a bitstream, or of a design with its bitstream.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Show what place and route made of a plan; write a demo's report.html, with these figures if any."""
    from ssnn_fpga.report.html import write_page
    from ssnn_fpga.report.routed import TIMING_FILE
    from ssnn_fpga.report.summary import REPORT_FILE

    routed = _routed(folder)
    demonstrated = (folder / REPORT_FILE).is_file()
    if routed is None and not demonstrated:
        raise UserError(
            f"{folder} has neither {REPORT_FILE}, as `ssnn-fpga demo --out {folder}` writes it, nor "
            f"{TIMING_FILE}, as `ssnn-fpga bitstream` does."
        )
    if routed is not None:
        terminal.print(routed.table())
    page = write_page(folder, routed) if demonstrated else None
    if page is not None:
        terminal.print(f"Wrote {page}")
    if as_json:
        figures = None if routed is None else routed.figures()
        print_json({"page": None if page is None else str(page), "routed": figures})


def _routed(folder: Path) -> Any:
    """The bitstream in ``folder``, or of the design in it, with its plan's estimates; None without one."""
    from ssnn_fpga.boards.board import load_board
    from ssnn_fpga.plan.solve import DSP_ACCUMULATORS, SIX_INPUT_LUTS
    from ssnn_fpga.report.routed import is_bitstream, read_routed
    from ssnn_fpga.rtl.design import Design

    places = (folder, folder / "bitstream", folder / "design" / "bitstream")
    built = next((place for place in places if is_bitstream(place)), None)
    if built is None:
        return None
    design = next(
        (place for place in (built / "design", built.parent) if (place / "plan.json").is_file()), None
    )
    if design is None:
        raise UserError(
            f"The design of {built} lies neither in {built / 'design'} nor above: its plan has the estimates."
        )
    plan = Design.load(design).plan
    family, need = load_board(plan.board).family, plan.resources
    estimates = {
        "LUTs": round(need.luts / SIX_INPUT_LUTS[family]),
        "flip-flops": need.flip_flops,
        "block RAMs": need.block_rams,
    }
    if family in DSP_ACCUMULATORS:
        estimates["DSP slices"] = need.dsps
    return read_routed(built, estimates, plan.interval)


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
    from ssnn_fpga.events.source import find_data
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
    samples, description = find_data(data)
    terminal.print(f"Data: {description}")
    run = run_training(loaded, samples, out / "run")
    model = export_run(out / "run", out / "model.onnx")
    network = load(model)
    save(network, out / "model.int.onnx")
    plan = make_plan(network, target)
    write_design(network, plan, out / "design")
    frames, _ = frames_of(network, data, "test", None)
    with terminal.status(f"{len(frames.labels)} test recordings through torch, golden and onnxruntime"):
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
    terminal.print(engine_table(summary), hardware_table(summary))
    terminal.print(f"Everything is in {out}; open {out / 'report.html'}")
    if as_json:
        print_json(summary)
    disagreeing = [f.comparison.first[0] for f in figures.values() if f.comparison.mismatches]
    for sentence in disagreeing:
        terminal.print(sentence, style="red", markup=False)
    if disagreeing:
        raise typer.Exit(1)
