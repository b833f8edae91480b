"""hls4ml's C++ of a trained network, compiled by g++, against the golden model on real recordings.

For each pair of back end and I/O type: seconds to convert and compile, memory of the largest process
of it, seconds a recording, and values that differ in any layer, each recording run twice in a row.
With ``--random N``, N random networks instead, pairs and reuse factors in turn.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ssnn_fpga.backends.hls4ml.engine import CompiledProject
from ssnn_fpga.backends.hls4ml.project import BACKENDS, IO_TYPES, Options
from ssnn_fpga.backends.hls4ml.reuse import reuse_factors
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.errors import UserError
from ssnn_fpga.events.frames import load_frames
from ssnn_fpga.events.source import find_recordings
from ssnn_fpga.golden.compare import compare
from ssnn_fpga.golden.engine import run
from ssnn_fpga.network.layers import Integers, Network
from ssnn_fpga.network.qonnx_import import load
from ssnn_fpga.plan.solve import make_plan
from tests.random_networks import random_forked_network, random_frames, random_network

RECORDINGS, TARGET_SECONDS, TARGET_GIGABYTES = 100, 120.0, 4.0
PAIRS = [(backend, io_type) for backend in BACKENDS for io_type in IO_TYPES]
_REUSE = (1, 2, 6, 1000)


def measured(network: Network, frames: Integers, options: Options) -> tuple[float, float, int, int]:
    """Seconds to convert and compile, seconds a sample, values compared and values that differ."""
    started = time.perf_counter()
    project = CompiledProject(network, options)
    compiled = time.perf_counter()
    twice = [project.trace(frames) for _ in range(2)]
    finished = time.perf_counter()
    comparisons = [compare(run(network, frames), trace) for trace in twice]
    for comparison in comparisons:
        for sentence in comparison.first:
            print(sentence, file=sys.stderr)
    return (
        compiled - started,
        (finished - compiled) / (2 * len(frames)),
        sum(comparison.values for comparison in comparisons),
        sum(comparison.mismatches for comparison in comparisons),
    )


def random_cases(count: int) -> Iterator[tuple[str, Network, Integers, Options]]:
    """``count`` random networks of both kinds with frames and options."""
    for seed in range(count):
        rng = np.random.default_rng(seed)
        network = (random_network, random_forked_network)[seed % 2](rng)
        backend, io_type = PAIRS[seed // 2 % len(PAIRS)]
        factor = _REUSE[seed % len(_REUSE)]
        reuse = dict.fromkeys((layer.name for layer in network.layers), factor)
        name = f"random {seed}, reuse {factor}"
        yield name, network, random_frames(rng, network, 4), Options(backend, io_type, reuse=reuse)


def trained_cases(
    model: Path, data: Path | None, io_types: tuple[str, ...]
) -> Iterator[tuple[str, Network, Integers, Options]]:
    """The network of ``model`` on recordings, each pair of ``io_types``, with a plan's reuse factors."""
    network = load(model)
    recordings, description = find_recordings(data)
    assert network.compression is not None, "a trained model says how events become frames"
    frames = load_frames(recordings, "test", network.compression, classes=network.classes, limit=RECORDINGS)
    print(f"{len(frames.labels)} recordings: {description}", file=sys.stderr)
    reuse = reuse_factors(network, make_plan(network, load_board("pynq-z2")))
    for backend, io_type in (pair for pair in PAIRS if pair[1] in io_types):
        yield network.name, network, frames.frames, Options(backend, io_type, reuse=reuse)


def main() -> int:
    """Print the figures; 0 when no value differs and, for a trained network, the targets are met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path("build/demo/model.onnx"))
    parser.add_argument("--data", type=Path, help="recordings; found as by ssnn-fpga if not given")
    parser.add_argument("--io-type", choices=IO_TYPES, help="both if not given")
    parser.add_argument("--random", type=int, default=0, help="run so many random networks instead")
    arguments = parser.parse_args()
    try:
        trained = not arguments.random
        io_types = (arguments.io_type,) if arguments.io_type else IO_TYPES
        cases = (
            trained_cases(arguments.model, arguments.data, io_types)
            if trained
            else random_cases(arguments.random)
        )
        table = Table(title="hls4ml 1.3.0, compiled by g++")
        for column in ("network", "back end", "I/O", "compile s", "GB", "s a sample", "values", "differ"):
            table.add_column(column)
        missed = False
        for name, network, frames, options in cases:
            seconds, pace, values, wrong = measured(network, frames, options)
            memory = max(
                resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
            )
            gigabytes = memory / 1e6
            missed |= bool(wrong) or (trained and (seconds > TARGET_SECONDS or gigabytes > TARGET_GIGABYTES))
            row = (f"{seconds:.0f}", f"{gigabytes:.2f}", f"{pace:.3f}", f"{values:,}", f"{wrong:,}")
            table.add_row(name, options.backend, options.io_type, *row)
            print(
                f"{name}, {options.backend}, {options.io_type}: {', '.join(row)}", file=sys.stderr, flush=True
            )
    except UserError as error:
        print(f"{error} Train it with: make demo", file=sys.stderr)
        return 2
    Console().print(table)
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
