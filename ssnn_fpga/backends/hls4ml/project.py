"""Writes the integer network as an hls4ml project."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Logits, Network
from ssnn_fpga.network.shapes import edges, output_of

PROJECT = "ssnn"
"""Name of the project, and of its top function in C++."""
BACKENDS = ("Vitis", "Vivado")
"""hls4ml's back ends whose results equal the contract."""
IO_TYPES = ("io_parallel", "io_stream")
_VERSION = "1.3.0"
_EXACT_BITS = 53
"""hls4ml hands values to Python as double precision."""


@dataclass(frozen=True)
class Options:
    """How hls4ml is to write a project."""

    backend: str = "Vitis"
    io_type: str = "io_stream"
    part: str = "xc7z020clg400-1"
    clock_ns: float = 10.0
    reuse: Mapping[str, int] = field(default_factory=dict)
    """By synapse layer, how many of a window's multiplications share a multiplier; 1 if not given.

    hls4ml knows some factors only: the nearest of them is taken.
    """


def write_project(network: Network, out: Path, options: Options) -> dict[str, int]:
    """Write the project of ``network`` into the folder ``out``; what was there is replaced.

    Returns the reuse factor that each synapse layer has got. Raises UserError as ``convert`` does.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as scratch:
        aside = Path(scratch) / "project"
        model = convert(network, aside, options)
        with redirect_stdout(sys.stderr):
            model.write()
        settings = aside / "hls4ml_config.yml"
        settings.write_text(settings.read_text().replace(str(aside), "."))
        if out.exists():
            shutil.rmtree(out)
        aside.rename(out)
    settings_of = model.config.config["HLSConfig"]["LayerName"]
    return {name: entry["ReuseFactor"] for name, entry in settings_of.items() if "ReuseFactor" in entry}


def convert(network: Network, out: Path, options: Options, *, traced: bool = False) -> Any:
    """hls4ml's ``ModelGraph`` of ``network``, with ``out`` as its folder; nothing is written.

    Its input is (T, H, W, C) of one sample, its output (O,). ``traced``: the C++ keeps the values of
    every layer. Raises UserError for options and networks that hls4ml cannot take, and without hls4ml.
    """
    _check_options(options)
    _check_network(network)
    _check_installed()
    from hls4ml.model import ModelGraph
    from hls4ml.utils.config import create_config

    from ssnn_fpga.backends.hls4ml.extension import register
    from ssnn_fpga.backends.hls4ml.front_end import FrontEnd

    register()
    front_end = FrontEnd(network, streamed=options.io_type == "io_stream")
    config = create_config(
        output_dir=str(out),
        project_name=PROJECT,
        backend=options.backend,
        io_type=options.io_type,
        part=options.part,
        clock_period=options.clock_ns,
    )
    config["TraceOutput"] = traced
    config["HLSConfig"] = _settings(front_end, options, traced)
    with redirect_stdout(sys.stderr):
        return ModelGraph.from_layer_list(config, front_end.layers, [front_end.input], [front_end.output])


def _settings(front_end: Any, options: Options, traced: bool) -> dict[str, Any]:
    """hls4ml's configuration by layer. There is no default type: a value without its own is an error."""
    layers: dict[str, dict[str, Any]] = {
        name: {"Precision": types, "Trace": traced} for name, types in front_end.types.items()
    }
    for layer in front_end.layers:
        if "weight_data" in layer:
            wanted = options.reuse.get(layer["name"], 1)
            # hls4ml's convolution over arrays is right up to one output's inputs to a multiplier.
            limited = layer["class_name"] == "TimedConv2D" and options.io_type == "io_parallel"
            layers[layer["name"]]["ReuseFactor"] = _nearest_reuse(
                layer["weight_data"].shape, wanted, limited=limited
            )
    return {
        "Model": {"ReuseFactor": 1, "Strategy": "Latency"},
        "LayerName": layers,
        # A copy of a stream that several layers read: hls4ml gives it its source's type afterwards.
        "LayerType": {"Clone": {"Precision": "ap_uint<1>"}},
    }


def _nearest_reuse(shape: tuple[int, ...], wanted: int, *, limited: bool) -> int:
    """The reuse factor that hls4ml has nearest to ``wanted`` for weights (..., outputs)."""
    from hls4ml.backends import get_backend

    if wanted == 1:
        return 1
    backend, inputs = get_backend("Vivado"), prod(shape[:-1])
    possible = backend.get_valid_reuse_factors(inputs, shape[-1])
    if limited:
        possible = [factor for factor in possible if factor <= inputs]
    return int(backend.get_closest_reuse_factor(possible, wanted))


def _check_options(options: Options) -> None:
    if options.backend not in BACKENDS:
        raise UserError(
            f"hls4ml's back end {options.backend!r} is refused, as some of the others compute something else "
            f"and none was verified; choose one of {', '.join(BACKENDS)}"
        )
    if options.io_type not in IO_TYPES:
        raise UserError(f"hls4ml has no I/O type {options.io_type!r}: choose one of {', '.join(IO_TYPES)}")


def _check_network(network: Network) -> None:
    edge = edges(network)[output_of(network)]
    assert isinstance(edge, Logits)
    if edge.bits > _EXACT_BITS:
        raise UserError(
            f"the logits of {network.name!r} need {edge.bits} bits, and hls4ml hands out {_EXACT_BITS}; "
            "use fewer fraction bits or smaller weights"
        )


def _check_installed() -> None:
    try:
        import hls4ml
    except ImportError as error:
        raise UserError("hls4ml is not installed: pip install 'ssnn-fpga[hls4ml]'") from error
    if hls4ml.__version__ != _VERSION:
        raise UserError(
            f"hls4ml {hls4ml.__version__} is installed, but {_VERSION} is supported: "
            f"pip install hls4ml=={_VERSION}"
        )
