"""The trained network that a benchmark of N-MNIST runs, and recordings as the network sees them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.dataset import RecordingSet
from ssnn_fpga.events.frames import LabelledFrames, load_frames
from ssnn_fpga.events.source import find_recordings
from ssnn_fpga.network.layers import Network
from ssnn_fpga.network.qonnx_import import load

MODEL = Path("build/nmnist_2bit/model.onnx")


@dataclass(frozen=True)
class Trained:
    """A network and the recordings that it is run on."""

    network: Network
    recordings: RecordingSet
    description: str
    """Of the recordings, for a table's title."""

    def frames(self, split: str, limit: int | None = None) -> LabelledFrames:
        """Recordings of a split, compressed as the model says. Exits with 2 where they cannot be read."""
        assert self.network.compression is not None, "a trained model says how events become frames"
        with _said():
            return load_frames(
                self.recordings, split, self.network.compression, self.network.classes or None, limit
            )


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """A command's parser, with the options that ``trained`` takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument("--data", type=Path, help="recordings; found as by ssnn-fpga if not given")
    return parser


def trained(model: Path, data: Path | None) -> Trained:
    """What ``--model`` and ``--data`` name. Exits with 2, and says how to train one, where there is none."""
    with _said():
        return Trained(load(model), *find_recordings(data))


@contextmanager
def _said() -> Iterator[None]:
    try:
        yield
    except UserError as error:
        print(f"{str(error).rstrip('.')}. Train it with: make {MODEL}", file=sys.stderr)
        raise SystemExit(2) from None
