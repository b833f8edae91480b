"""Commands for boards: bitstreams, tools, inference."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ssnn_fpga.cli.app import DataOption, JsonOption, app, frames_of, print_json, terminal
from ssnn_fpga.errors import UserError


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
    flow: Annotated[
        str,
        typer.Option("--flow", help="open, vivado, vitis; auto: the board's first with its tools here."),
    ] = "auto",
    bundle: Annotated[
        bool,
        typer.Option("--bundle", help="Write what Vivado or Vitis runs on another machine, and run nothing."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Synthesise, place and route a design for its board, and write the bitstream."""
    from ssnn_fpga.boards.board import load_board
    from ssnn_fpga.boards.bundle import COMMAND
    from ssnn_fpga.boards.flow import build, bundle_of
    from ssnn_fpga.rtl.design import Design
    from ssnn_fpga.rtl.images import IMAGE_FILE

    loaded, folder = Design.load(design), out or design / "bitstream"
    board = load_board(loaded.plan.board)
    if bundle:
        written = bundle_of(design, board, folder, flow=flow)
        terminal.print(
            f"Wrote {written.folder}: run `{COMMAND}` in it where {written.flow} is, copy it back, and give "
            f"`ssnn-fpga bitstream {design}` the same --flow and --out.",
            highlight=False,
            soft_wrap=True,
        )
        if as_json:
            print_json({"bundle": str(written.folder), "flow": written.flow, "inputs": written.inputs})
        return
    report = build(design, board, folder, flow=flow)
    if loaded.plan.options.loadable:
        shutil.copyfile(design / IMAGE_FILE, folder / IMAGE_FILE)
    if loaded.network.compression is not None:  # without it no recording has frames for this network
        _expected(loaded.network, report.manifest.identity, data, samples).save(folder)
    terminal.print(report.table())
    if as_json:
        print_json(report.figures())


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
        terminal.print(f"[red]the device failed:[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        raise typer.Exit(1) from error
    if as_json:
        typer.echo(json.dumps(figures, indent=None if follow is not None else 2))
    if follow is not None:
        terminal.print(
            f"{figures['windows']:,} windows classified, {figures['dropped']['windows']:,} dropped",
            highlight=False,
        )
        return
    terminal.print(
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

    frames, description = frames_of(network, data, "test", samples)
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
                terminal.print(
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
def doctor(as_json: JsonOption = False) -> None:
    """Show which tools are found, which flow each board takes with them, and how to get the others."""
    from ssnn_fpga.backends.finn.environment import environment_directory
    from ssnn_fpga.boards.board import boards
    from ssnn_fpga.boards.choice import flow_states
    from ssnn_fpga.boards.tools import ToolStatus, find_tools

    finn = (environment_directory() / "bin" / "python").is_file()
    uses = "compile --backend finn, evaluate --engine finn"
    tools, flows = [*find_tools(), ToolStatus("FINN+", finn, "", uses, "make finn")], flow_states()
    table = Table(title="tools")
    for column in ("tool", "found", "needed for", "how to get it"):
        table.add_column(column)
    for tool in tools:
        found = tool.version or "yes" if tool.found else "missing"
        table.add_row(tool.name, found, tool.needed_for, "" if tool.found else escape(tool.how_to_get))
    terminal.print(table)
    table = Table(title="boards")
    for column in ("board", "flow", "missing", ""):
        table.add_column(column)
    for state in flows:
        taken = "is taken" if state.chosen else ""
        table.add_row(state.board, state.flow, ", ".join(state.missing), taken)
    terminal.print(table)
    if as_json:
        print_json(
            {
                "boards": list(boards()),
                "flows": [vars(state) for state in flows],
                "tools": [vars(tool) for tool in tools],
            }
        )


@app.command()
def toolchain(as_json: JsonOption = False) -> None:
    """Put the open tools for pynq-z2 into .toolchain: Debian packages, no root, about 700 MB."""
    from ssnn_fpga.boards.toolchain import PROGRAMS, install_toolchain

    folder = install_toolchain()
    terminal.print(f"Wrote {folder}: {', '.join(PROGRAMS)}.")
    if as_json:
        print_json({"folder": str(folder), "programs": list(PROGRAMS)})
