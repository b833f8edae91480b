"""The engines that run one exported model: golden, onnxruntime, hls4ml, FINN and the compiled hardware.

Each gives every value of every layer under the same names, so any two can be compared.
Training has its own engine, ``torch``, which lives in ``quant_models``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers, Network

ENGINES = ("golden", "onnxruntime", "rtl", "hls4ml", "finn")


class Engine(Protocol):
    """Anything that can run frames (N,T,C,H,W) through a network."""

    def trace(self, frames: Integers) -> Mapping[str, Integers]:
        """Every layer's values: (N,T,C,H,W), and (N,O) for logits."""
        ...


class Golden:
    """The reference in numpy."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def trace(self, frames: Integers) -> Mapping[str, Integers]:
        """See :class:`Engine`."""
        from ssnn_fpga.golden.engine import run

        return run(self._network, frames)


class Onnxruntime:
    """The lowered integer file under plain onnxruntime."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def trace(self, frames: Integers) -> Mapping[str, Integers]:
        """See :class:`Engine`."""
        from ssnn_fpga.backends.onnxruntime_engine import trace

        return trace(self._network, frames)


class Rtl:
    """The generated hardware, compiled by Verilator."""

    def __init__(self, design: Path) -> None:
        from ssnn_fpga.simulate.compiled import CompiledAccelerator

        self._accelerator = CompiledAccelerator(design)

    def trace(self, frames: Integers) -> Mapping[str, Integers]:
        """See :class:`Engine`."""
        return self._accelerator.run(frames).trace


class Hls4ml:
    """The C++ that hls4ml writes for Vitis HLS, compiled by g++."""

    def __init__(self, network: Network) -> None:
        from ssnn_fpga.backends.hls4ml.engine import CompiledProject

        self._project = CompiledProject(network)

    def trace(self, frames: Integers) -> Mapping[str, Integers]:
        """See :class:`Engine`."""
        return self._project.trace(frames)


class Finn:
    """FINN's hardware graph, in FINN's own Python."""

    def __init__(self, network: Network, cycles: int = 100_000, part: str = "xc7z020clg400-1") -> None:
        from ssnn_fpga.backends.finn.engine import HardwareGraph

        self._graph = HardwareGraph(network, cycles, part)
        self.figures = self._graph.figures

    def trace(self, frames: Integers) -> Mapping[str, Integers]:
        """See :class:`Engine`."""
        return self._graph.trace(frames)


def open_engine(name: str, network: Network, design: Path) -> Engine:
    """The engine called ``name``; ``design`` is where ``rtl`` finds or puts the generated hardware."""
    if name == "golden":
        return Golden(network)
    if name == "onnxruntime":
        return Onnxruntime(network)
    if name == "rtl":
        return Rtl(design)
    if name == "hls4ml":
        return Hls4ml(network)
    if name == "finn":
        return Finn(network)
    raise UserError(f"There is no engine {name!r} for a model file: choose one of {', '.join(ENGINES)}.")


def classes_of(trace: Mapping[str, Integers]) -> Integers:
    """Predicted class numbers (N,): the first index of the largest logit.

    Logits (N, O) have no time and space; those that the network ends in are a trace's last.
    """
    *_, logits = (values for values in trace.values() if values.ndim == 2)
    classes: Integers = np.argmax(logits, axis=1).astype(np.int64)
    return classes
