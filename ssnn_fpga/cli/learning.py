"""Commands from recordings to a model file: data sets, training, export, interchange, early exits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from ssnn_fpga.cli.app import DataOption, JsonOption, app, frames_of, print_json, splits_of, terminal
from ssnn_fpga.errors import UserError


def _write_model(network: Any, out: Path) -> None:
    """Write a network as a QONNX file, whole or not at all."""
    from ssnn_fpga.network.files import write_whole
    from ssnn_fpga.network.qonnx_export import to_qonnx

    content = to_qonnx(network).SerializeToString()
    write_whole(out, lambda aside: aside.write_bytes(content))


@app.command()
def download(
    name: Annotated[str, typer.Argument(help="A data set, such as nmnist or cifar10_dvs.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the data set.")],
) -> None:
    """Fetch a data set from its publisher, or tell where it is."""
    from ssnn_fpga.events.download import download as fetch

    terminal.print(f"{name} is in {fetch(name, out)}; use it with --data {name}:{out}", soft_wrap=True)


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
    memory_gib: Annotated[
        float,
        typer.Option("--memory-gib", min=0, help="Of larger splits, batches are read as they are wanted."),
    ] = 2.0,
    workers: Annotated[
        int, typer.Option("--workers", min=0, help="Processes that read batches of such a split.")
    ] = 2,
    as_json: JsonOption = False,
) -> None:
    """Train a network as a recipe says."""
    from quant_models.lightning_run import Machines
    from quant_models.reading import Reading
    from quant_models.recipe import load_recipe
    from quant_models.training import train as run_training
    from ssnn_fpga.events.source import find_data

    loaded = load_recipe(recipe)
    with terminal.status("looking at the data"):
        samples, description = find_data(data)
    terminal.print(f"Data: {description}")
    run = run_training(
        loaded,
        samples,
        out,
        start=start,
        machines=Machines(processes, nodes, accelerator),
        reading=Reading(int(memory_gib * 2**30), workers),
    )
    if as_json:
        print_json({"run": str(out), "data": description, **run.summary()})


@app.command()
def sweep(
    recipe: Annotated[str, typer.Argument(help="A recipe file (TOML), or the name of a bundled one.")],
    out: Annotated[Path, typer.Option("--out", help="Folder of the sweep; an interrupted one goes on.")],
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            help="A recipe key and its values, training.seed=0,1,2, or a range, training.early_weight=0.1..1 "
            "or training.learning_rate=1e-4..1e-2:log; may be repeated.",
        ),
    ] = None,
    data: DataOption = None,
    trials: Annotated[
        int | None,
        typer.Option("--trials", min=1, help="Let Optuna choose so many; every combination if not given."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of Optuna's choices.")] = 0,
    at_once: Annotated[int, typer.Option("--at-once", min=1, help="Trials at the same time.")] = 1,
    gpus: Annotated[float, typer.Option("--gpus", min=0, help="GPUs of one trial, or a share of one.")] = 0.0,
    address: Annotated[
        str | None, typer.Option("--address", help="A Ray cluster; its machines share data and --out.")
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Try trials that failed once more.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a recipe with many values of some of its keys; validation says which is best."""
    import os

    from quant_models.recipe import load_recipe
    from quant_models.search_space import parse_space
    from quant_models.sweep import Resources
    from quant_models.sweep import sweep as run_sweep
    from quant_models.sweep_journal import trial_folder
    from quant_models.sweep_table import ranked, seed_table, sweep_table
    from ssnn_fpga.events.source import VARIABLE, find_data

    loaded, space = load_recipe(recipe), parse_space(over or ())
    with terminal.status("looking at the data"):
        description = find_data(data)[1]
    terminal.print(f"Data: {description}")
    named = str(data) if data is not None else os.environ.get(VARIABLE) or None
    resources = Resources(at_once, gpus, address)
    found = run_sweep(loaded, space, named, out, trials=trials, seed=seed, resources=resources, again=again)
    terminal.print(sweep_table(found))
    if (means := seed_table(found)) is not None:
        terminal.print(means)
    for trial in found:
        if trial.error:
            terminal.print(f"Trial {trial.number} failed: {trial.error}", markup=False, soft_wrap=True)
    best = next(iter(ranked(found)), None)
    if best is not None:
        terminal.print(f"The best network is in {trial_folder(out, best.number)}", soft_wrap=True)
    if as_json:
        print_json({"out": str(out), "trials": [vars(trial) for trial in found]})


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
    terminal.print(f"Wrote {out if nir else model}")


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
    frames, description = frames_of(Network(file.stem, frame, (), (), compression), data, split, samples)
    with terminal.status(f"quantising {real.name}"):
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
        terminal.print(
            f"The leak of {layer}, {given:.6f}, is on no grid of the hardware; it became {taken:.6f}"
        )
    before, after = (measure(each, frames.labels) for each in (result.classes, result.integer_classes))
    terminal.print(
        f"{len(frames.labels)} samples of {description}: float {before}; integers {after}; the same "
        f"class for {100 * result.agreement:.1f} %"
    )
    terminal.print(f"Wrote {out}")
    if as_json:
        print_json(
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
    splits, loaded, description = splits_of(data), {}, ""
    if model.is_dir():
        from quant_models.early_exits import validation_samples, with_early_exits
        from ssnn_fpga.events.source import find_data

        network = with_early_exits(model)
        held_out, labels = validation_samples(model, find_data(data)[0])
        loaded[split := "validation"] = Samples(read_outs(network, held_out), labels)
    else:
        network = load(model)
        split = split if split in splits or split != "validation" else "train"
    for each in (each for each in (split, "test") if each not in loaded):
        if each in splits or each == split:
            frames, description = frames_of(network, data, each, samples)
            with terminal.status(f"{len(frames.labels)} samples of the {each} split"):
                loaded[each] = Samples(read_outs(network, frames.frames), frames.labels)
    losses = sorted({*ALLOWED_LOSSES, allowed_loss / 100})
    points = exit_points(network, loaded[split], loaded.get("test"), losses)
    terminal.print(exit_table(points, split, description))
    (chosen,) = (point for point in points if point.allowed_loss == allowed_loss / 100)
    _write_model(chosen.network, out)
    terminal.print(f"Wrote {out} with the margins for a loss of {allowed_loss:g} %")
    if as_json:
        print_json(
            {
                "model": str(out),
                "split": split,
                "data": description,
                "chosen": chosen.figures(),
                "points": [point.figures() for point in points],
            }
        )
