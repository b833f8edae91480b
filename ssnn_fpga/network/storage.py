"""The integer network as a file of its own: JSON, exact, readable with numpy alone.

A design folder and a board keep the network in this form; they need neither onnx nor qonnx.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.files import write_whole
from ssnn_fpga.network.layers import (
    Activation,
    Compression,
    Conv,
    CurrentJoin,
    Dense,
    EarlyExit,
    Join,
    Layer,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.shapes import edges

_FORMAT = "ssnn-fpga integer network"
_VERSION = 1
_KINDS: dict[str, type[Layer]] = {
    kind.__name__: kind
    for kind in (Conv, Dense, Neuron, TemporalTransform, Pool, Join, CurrentJoin, Readout, EarlyExit)
}


def save_network(network: Network, path: str | Path) -> None:
    """Write ``network`` to ``path``. Equal networks give equal files. Raises UserError, file system."""
    text = json.dumps(_plain(network), indent=1, default=_array)
    write_whole(Path(path), lambda aside: aside.write_text(text + "\n", encoding="utf-8"))


def load_network(path: str | Path) -> Network:
    """The network that ``save_network`` wrote to ``path``.

    Raises UserError where the file is missing, damaged, of another version or inconsistent.
    """
    source = Path(path)
    try:
        content = json.loads(source.read_text(encoding="utf-8"))
    except OSError as error:
        raise UserError(f"cannot read {source} ({error.strerror}); compile the model again") from error
    except ValueError as error:
        raise UserError(f"{source} is damaged: it is no JSON; compile the model again") from error
    if not isinstance(content, dict) or content.get("format") != _FORMAT:
        raise UserError(f"{source} holds no integer network; give a file that compile wrote")
    if content.get("version") != _VERSION:
        raise UserError(
            f"{source} has version {content.get('version')}, this program reads {_VERSION}; compile again"
        )
    try:
        network = _network(content)
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{source} is damaged ({error}); compile the model again") from error
    edges(network)
    return network


def _plain(network: Network) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "name": network.name,
        "input": vars(network.input),
        "classes": network.classes,
        "compression": None if network.compression is None else vars(network.compression),
        "layers": [
            {"layer": type(layer).__name__, **{f.name: getattr(layer, f.name) for f in fields(layer)}}
            for layer in network.layers
        ],
    }


def _array(value: object) -> object:
    """An integer array as its shape and its values, in one line for each."""
    if isinstance(value, np.ndarray):
        return {
            "shape": " ".join(map(str, value.shape)),
            "values": " ".join(map(str, value.ravel().tolist())),
        }
    if isinstance(value, np.integer | np.bool_):
        return value.item()
    raise TypeError(f"{type(value).__name__} cannot be stored")


def _network(content: dict[str, Any]) -> Network:
    compression = content["compression"]
    return Network(
        name=content["name"],
        input=Activation(**content["input"]),
        layers=tuple(_layer(dict(entry)) for entry in content["layers"]),
        classes=tuple(content["classes"]),
        compression=None if compression is None else Compression(**compression),
    )


def _layer(entry: dict[str, Any]) -> Layer:
    kind = _KINDS[entry.pop("layer")]
    for key, value in entry.items():
        if isinstance(value, dict):
            shape = [int(size) for size in value["shape"].split()]
            values = np.array([int(number) for number in value["values"].split()], np.int64)
            entry[key] = values.reshape(shape)
    return kind(**{**entry, "inputs": tuple(entry["inputs"])})
