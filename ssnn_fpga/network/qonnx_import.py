"""Imports a QONNX file: any graph of the supported operators, whoever wrote it."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Compression, Network
from ssnn_fpga.network.lowering import LAYERS_KEY
from ssnn_fpga.network.onnx_graph import read
from ssnn_fpga.network.passes import PASSES
from ssnn_fpga.network.ranges import analyse
from ssnn_fpga.network.translation import Translation


def load(path: str | Path) -> Network:
    """The integer network of the QONNX file ``path``, with its classes and compression.

    Raises UserError, naming the node at fault, where the file is broken, holds an operator that is
    not supported, or does not say every integer exactly.
    """
    source = Path(path)
    graph = read(source)
    if LAYERS_KEY in graph.metadata:
        raise UserError(f"{source} is a lowered integer file; give the QONNX file that it came from")
    classes = _classes(source, graph.metadata)
    compression = _compression(source, graph.metadata)
    for rewrite in PASSES:
        rewrite(graph)
    translation = Translation(graph, None if compression is None else (1 << compression.bits) - 1)
    given_input, layers = translation.run()
    if compression is not None and compression.timesteps != given_input.timesteps:
        raise UserError(
            f"{source}: the compression makes {compression.timesteps} timesteps but the input takes "
            f"{given_input.timesteps}; export both from the same recipe"
        )
    network = Network(graph.name, given_input, layers, classes, compression)
    analyse(network)
    return network


def _json(path: Path, metadata: dict[str, str], key: str) -> Any:
    if key not in metadata:
        return None
    try:
        return json.loads(metadata[key])
    except ValueError as error:
        raise UserError(f"{path}: metadata {key!r} is no valid JSON; export the model again") from error


def _classes(path: Path, metadata: dict[str, str]) -> tuple[str, ...]:
    names = _json(path, metadata, "classes")
    if names is None:
        return ()
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise UserError(f"{path}: metadata 'classes' is no list of names; export the model again")
    return tuple(names)


def _compression(path: Path, metadata: dict[str, str]) -> Compression | None:
    given = _json(path, metadata, "compression")
    if given is None:
        return None
    known = {entry.name for entry in fields(Compression)}
    required = {entry.name for entry in fields(Compression) if entry.default is MISSING}
    sound = isinstance(given, dict) and required <= set(given) <= known
    if not sound or not all(_compression_value(name, value) for name, value in given.items()):
        raise UserError(
            f"{path}: metadata 'compression' must give {', '.join(sorted(required))} as positive integers; "
            "export the model again"
        )
    return Compression(**given)


def _compression_value(name: str, value: object) -> bool:
    """Whether ``value`` can be the field ``name``: an integer, or the list of weights of a decay."""
    if name == "decay":
        return isinstance(value, list) and all(type(weight) is int and weight >= 0 for weight in value)
    return type(value) is int and value >= (0 if name in ("bin_events", "decay_shift") else 1)
