"""Compiles an hls4ml project with g++ and runs it, every layer's values observable."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np

from ssnn_fpga.backends.hls4ml.project import PROJECT, Options, convert
from ssnn_fpga.backends.samples import check_samples
from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Edge, Integers, Logits, Network
from ssnn_fpga.network.shapes import edges

_STACK_BYTES = 1 << 29
"""hls4ml's top function keeps every tensor, and every product of a layer, on the stack."""
_Doubles = ctypes.POINTER(ctypes.c_double)


class _Traced(ctypes.Structure):
    """One layer's values as hls4ml's bridge hands them out."""

    _fields_ = (("name", ctypes.c_char_p), ("values", _Doubles))


class CompiledProject:
    """The C++ that hls4ml writes for a network, as a function in this process.

    Writing and compiling it takes seconds to minutes. Raises UserError as ``convert`` does, without
    g++, and where g++ fails.
    """

    def __init__(self, network: Network, options: Options | None = None) -> None:
        self._network = network
        self._edges = edges(network)
        if shutil.which("g++") is None:
            raise UserError(
                "g++ is not found: install it (apt-get install g++); it compiles what hls4ml writes"
            )
        # The library reads its weights when it is first called: the folder lives as long as this object.
        self._scratch = tempfile.TemporaryDirectory(prefix="ssnn-fpga-hls4ml-")
        folder = Path(self._scratch.name)
        model = convert(network, folder, options or Options(), traced=True)
        with redirect_stdout(sys.stderr):
            model.write()
        self._library = ctypes.CDLL(str(compile_project(folder)))
        self._traced = sum(
            bool(layer.get_attr("trace") and layer.get_attr("function_cpp")) for layer in model.get_layers()
        )

    def trace(self, frames: Integers) -> dict[str, Integers]:
        """Every layer's values for ``frames`` (N, T, C, H, W): int64 (N, T, C, H, W), logits (N, O)."""
        check_samples(self._network, frames)
        samples: list[dict[str, Integers]] = []
        worker = _on_large_stack(lambda: samples.extend(self._run(frame) for frame in frames))
        worker.join()
        names = [layer.name for layer in self._network.layers]
        return {name: np.stack([sample[name] for sample in samples]) for name in names}

    def _run(self, frame: Integers) -> dict[str, Integers]:
        given = np.ascontiguousarray(frame.transpose(0, 2, 3, 1), np.float64)
        *_, last = self._network.layers
        logits = np.zeros(_shape(self._edges[last.name]), np.float64)
        entries = (_Traced * self._traced)()
        self._library.allocate_trace_storage(ctypes.c_size_t(given.itemsize))
        try:
            run = getattr(self._library, f"{PROJECT}_double")
            run(given.ctypes.data_as(_Doubles), logits.ctypes.data_as(_Doubles))
            self._library.collect_trace_output(entries)
            values = {entry.name.decode(): entry.values for entry in entries}
            traced = {
                name: np.ctypeslib.as_array(values[name], _shape(edge)).astype(np.int64)
                for name, edge in self._edges.items()
                if name in values
            }
        finally:
            self._library.free_trace_storage()
        # What the top function returns counts, not what the trace says that it returns.
        traced[last.name] = logits.astype(np.int64)
        return {
            name: array if array.ndim == 1 else array.transpose(0, 3, 1, 2) for name, array in traced.items()
        }


def _shape(edge: Edge) -> tuple[int, ...]:
    """Shape of an edge's values in hls4ml: (T, H, W, C), and (O,) of logits."""
    if isinstance(edge, Logits):
        return (edge.channels,)
    return (edge.timesteps, edge.height, edge.width, edge.channels)


def _on_large_stack(work: Callable[[], None]) -> threading.Thread:
    """A running thread with room for the top function's arrays."""
    before = threading.stack_size(_STACK_BYTES)
    try:
        worker = threading.Thread(target=work)
        worker.start()
    finally:
        threading.stack_size(before)
    return worker


def compile_project(project: Path) -> Path:
    """The shared library of a written project, by hls4ml's own script. Raises UserError where g++ fails."""
    result = subprocess.run(
        ["nice", "bash", "build_lib.sh"], cwd=project, capture_output=True, text=True, check=False
    )
    libraries = sorted((project / "firmware").glob("*.so"))
    if result.returncode or not libraries:
        *_, reason = (result.stderr or result.stdout or "it says nothing").strip().splitlines()
        raise UserError(f"g++ could not compile the hls4ml project: {reason}")
    return libraries[0]
