"""What runs in FINN's environment for ``environment``: one request, answered beside it.

``python -m ssnn_fpga.backends.finn.worker FOLDER`` reads FOLDER/request.json, ``{"call", ...}``, and
writes FOLDER/answer.json, or in it ``{"error"}``. Frames and values travel as .npz.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ssnn_fpga.errors import UserError


def build(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """``graph``, ``out``, ``options``: see ``build.build``."""
    from ssnn_fpga.backends.finn.build import Options
    from ssnn_fpga.backends.finn.build import build as build_graph

    return build_graph(Path(request["graph"]), Path(request["out"]), Options(**request["options"]))


def run(request: dict[str, Any], folder: Path) -> dict[str, Any]:
    """``graph``, ``layers``: frames.npz (N, T, 1, H, W, C) to values.npz, a layer (N, T, H, W, C)."""
    from qonnx.core.modelwrapper import ModelWrapper

    from ssnn_fpga.backends.finn.execution import Execution

    execution = Execution(ModelWrapper(request["graph"]))
    frames = np.load(folder / "frames.npz")["frames"].astype(np.float32)
    samples: list[dict[str, Any]] = []
    for sample in frames:
        streams = execution.run(list(sample))
        samples.append({name: np.concatenate(streams[name]) for name in request["layers"]})
    values: dict[str, Any] = {
        name: np.stack([sample[name] for sample in samples]) for name in request["layers"]
    }
    np.savez(folder / "values.npz", **values)
    return {}


_CALLS: dict[str, Callable[[dict[str, Any], Path], dict[str, Any]]] = {"build": build, "run": run}


def main(folder: Path) -> int:
    """Answer the request that lies in ``folder``."""
    try:
        import ssnn_fpga.backends.finn.extension  # noqa: F401

        request = json.loads((folder / "request.json").read_text())
        answer = _CALLS[request["call"]](request, folder)
    except UserError as error:
        answer = {"error": str(error)}
    (folder / "answer.json").write_text(json.dumps(answer))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
