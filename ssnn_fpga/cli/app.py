"""The command line's application, the options that commands share, and how they read data and print."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from ssnn_fpga.errors import UserError

app = typer.Typer(
    help="From event-camera recordings to a class that comes out of an FPGA.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

terminal = Console(stderr=True)

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
    typer.Option(
        "--fold",
        help="Set a fold by hand, e.g. conv1.pe=8 (pe, simd, tp, tl, taps, scatter); may be repeated.",
    ),
]

ActivityOption = Annotated[
    Path | None,
    typer.Option(
        "--activity",
        help="Recordings (as --data) whose zeros the plan counts on; cycles are then means over 64 of them.",
    ),
]


def print_json(figures: dict[str, Any]) -> None:
    typer.echo(json.dumps(figures, indent=2))


def splits_of(data: Path | None) -> tuple[str, ...]:
    """Names of the splits that the recordings or images have."""
    from ssnn_fpga.events.source import find_data

    splits: tuple[str, ...] = find_data(data)[0].splits
    return splits


def frames_of(model: Any, data: Path | None, split: str, samples: int | None) -> tuple[Any, str]:
    """Frames of ``split`` as ``model`` (a network or an engine) compresses them, and which data they are."""
    from rich.progress import Progress

    from ssnn_fpga.events.frames import load_frames
    from ssnn_fpga.events.images import direct_frames
    from ssnn_fpga.events.source import find_images, find_recordings

    images = find_images(data)
    with Progress(console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
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
