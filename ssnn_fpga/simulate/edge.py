"""A design behind AXI4 as a compiled model: its registers, its memory, its clock."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.edge import AXI, EDGE, edge
from ssnn_fpga.rtl.library import library_sources
from ssnn_fpga.rtl.memory_port import memory_port
from ssnn_fpga.simulate.library import SimulationError
from ssnn_fpga.simulate.verilator import compile_sources, harness_directory

_IDENTITY = "parameter logic [127:0] IDENTITY = "
_PORT_HEADER = "weight_port.h"
"""Tells the harness the bytes of a beat of weights; 0: the design has no port for them."""
MEMORY_BYTES = 64 << 20


def edge_sources(design: Design) -> dict[str, str]:
    """Every SystemVerilog file of a design behind AXI4, by name, in order of compilation."""
    paths = [*library_sources([AXI]), *design.sources]
    texts = {path.name: path.read_text() for path in paths}
    return {**texts, f"{EDGE}.sv": edge(design.plan, design.network.compression)}


def compile_edge(design: Design, identity: str, build: Path | None = None) -> Path:
    """The shared library of a design behind AXI4 that answers with ``identity`` (32 digits).

    ``build`` as for ``compile_design``. Raises UserError where a tool is missing.
    """
    sources = edge_sources(design)
    sources[f"{EDGE}.sv"] = sources[f"{EDGE}.sv"].replace(f"{_IDENTITY}'0", f"{_IDENTITY}128'h{identity}")
    harness = {path.name: path.read_text() for path in sorted(harness_directory("edge_harness").glob("*.*"))}
    port = memory_port(design.plan)
    harness[_PORT_HEADER] = f"#define WEIGHT_BYTES {0 if port is None else port.data_bits // 8}\n"
    return compile_sources({**sources, **harness}, EDGE, str(design.folder), build)


class Edge:
    """One instance of the compiled model. Time passes while registers are used, and in ``run``."""

    def __init__(self, library: Path, images: Path, *, memory: int = MEMORY_BYTES, seed: int = 0) -> None:
        """``images``: folder of the memory images. ``memory`` in bytes. Raises SimulationError."""
        self._c = _declare(ctypes.CDLL(str(library)))
        self._handle = self._c.edge_open(str(images).encode(), memory, seed)
        if not self._handle:
            raise SimulationError(self._c.edge_error(None).decode())
        self.base = int(self._c.edge_base())
        """Address of the memory's first byte."""
        self.memory: NDArray[np.uint8] = np.ctypeslib.as_array(self._c.edge_memory(self._handle), (memory,))
        """Its content; gone after ``close``."""

    def close(self) -> None:
        """Frees the instance."""
        if self._handle:
            self.memory = np.zeros(0, dtype=np.uint8)
            self._c.edge_close(self._handle)
            self._handle = None

    def read(self, offset: int) -> int:
        """A register. Raises SimulationError."""
        return self._checked(self._c.edge_read(self._handle, offset))

    def write(self, offset: int, value: int) -> None:
        """Raises SimulationError."""
        self._checked(self._c.edge_write(self._handle, offset, value))

    def run(self, cycles: int, until_interrupt: bool = False) -> bool:
        """Lets ``cycles`` pass; whether the interrupt is there. Raises SimulationError."""
        return bool(self._checked(self._c.edge_run(self._handle, cycles, until_interrupt)))

    @property
    def cycles(self) -> int:
        """Clocks that have passed."""
        return int(self._c.edge_cycles(self._handle))

    def stall(self, share: float, seed: int = 0) -> None:
        """From now on the memory waits in this share of cycles, on every channel."""
        self._c.edge_stall(self._handle, share, seed)

    def fail(self, address: int, size: int) -> None:
        """From now on accesses to these bytes are answered with SLVERR; to none if ``size`` is 0."""
        self._c.edge_fail(self._handle, address, size)

    def freeze(self, frozen: bool) -> None:
        """The memory takes and gives nothing while this is so."""
        self._c.edge_freeze(self._handle, frozen)

    def _checked(self, result: int) -> int:
        if result < 0:
            raise SimulationError(self._c.edge_error(self._handle).decode())
        return int(result)


def _declare(c: ctypes.CDLL) -> ctypes.CDLL:
    handle, u32, u64, i64 = ctypes.c_void_p, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int64
    signatures: dict[str, tuple[object, list[object]]] = {
        "edge_open": (handle, [ctypes.c_char_p, u64, ctypes.c_int]),
        "edge_error": (ctypes.c_char_p, [handle]),
        "edge_close": (None, [handle]),
        "edge_read": (i64, [handle, u32]),
        "edge_write": (ctypes.c_int, [handle, u32, u32]),
        "edge_run": (ctypes.c_int, [handle, i64, ctypes.c_int]),
        "edge_cycles": (i64, [handle]),
        "edge_base": (u64, []),
        "edge_memory": (ctypes.POINTER(ctypes.c_uint8), [handle]),
        "edge_stall": (None, [handle, ctypes.c_double, u64]),
        "edge_fail": (None, [handle, u64, u64]),
        "edge_freeze": (None, [handle, ctypes.c_int]),
    }
    for name, (result, arguments) in signatures.items():
        function = getattr(c, name)
        function.restype = result
        function.argtypes = arguments
    return c
