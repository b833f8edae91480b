"""An integer network as one file, exact and readable with numpy alone: no ONNX on the way to hardware or a board."""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import (
    Activation,
    Compression,
    Conv,
    Dense,
    Layer,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)

_FORMAT = 1
_KINDS: dict[str, type[Layer]] = {
    kind.__name__: kind for kind in (Conv, Dense, Neuron, TemporalTransform, Pool, Readout)
}
# Zip members carry a time: a fixed one keeps equal networks equal byte for byte.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def save_network(network: Network, path: Path) -> None:
    """Write ``network`` as a zip of ``network.json`` and one .npy file an array; aside, then renamed."""
    arrays: dict[str, np.ndarray[Any, np.dtype[np.int64]]] = {}
    content: dict[str, Any] = {
        "format": _FORMAT,
        "name": network.name,
        "input": asdict(network.input),
        "classes": list(network.classes),
        "compression": None if network.compression is None else asdict(network.compression),
        "layers": [],
    }
    for layer in network.layers:
        entry: dict[str, Any] = {"kind": type(layer).__name__}
        for field in fields(layer):
            value = getattr(layer, field.name)
            if isinstance(value, np.ndarray):
                arrays[f"{layer.name}.{field.name}"] = value
            else:
                entry[field.name] = value
        content["layers"].append(entry)
    aside = path.with_name(path.name + ".part")
    with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("network.json", _EPOCH), json.dumps(content, indent=1))
        for name, array in arrays.items():
            with archive.open(zipfile.ZipInfo(f"{name}.npy", _EPOCH), "w") as member:
                np.lib.format.write_array(member, np.ascontiguousarray(array, np.int64), allow_pickle=False)
    os.replace(aside, path)


def load_network(path: Path) -> Network:
    """Inverse of ``save_network``. Raises UserError for a file that is none, or of another version."""
    try:
        with zipfile.ZipFile(path) as archive:
            content = json.loads(archive.read("network.json"))
            if content["format"] != _FORMAT:
                raise UserError(f"{path} was written by another version: compile the model again.")
            arrays = {}
            for name in archive.namelist():
                if name.endswith(".npy"):
                    with archive.open(name) as member:
                        arrays[name.removesuffix(".npy")] = np.lib.format.read_array(member, allow_pickle=False)
        compression = content["compression"]
        return Network(
            name=content["name"],
            input=Activation(**content["input"]),
            layers=tuple(_layer(entry, arrays) for entry in content["layers"]),
            classes=tuple(content["classes"]),
            compression=None if compression is None else Compression(**compression),
        )
    except OSError as error:
        raise UserError(f"{path} cannot be read: name a folder that `compile` wrote.") from error
    except (zipfile.BadZipFile, ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is damaged: compile the model again.") from error


def _layer(entry: dict[str, Any], arrays: dict[str, Any]) -> Layer:
    kind = _KINDS[entry.pop("kind")]
    own = {field.name: arrays[f"{entry['name']}.{field.name}"] for field in fields(kind) if field.name not in entry}
    return kind(**{**entry, **own, "inputs": tuple(entry["inputs"])})
