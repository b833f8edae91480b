"""Ports of the top level beside its two streams, and the stages that bring them.

A module that talks to the world outside the accelerator has its ports listed here by name; the
top level gets each of them as ``<stage>_<port>``. What a module reports as wrong goes to one bit
of ``error_o``, which the top level has where some module can report.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from ssnn_fpga.plan.plan import Stage

ERROR_PORT = "error_o"
ERRORS = ("parity", "hang", "read")
"""What bit 0, 1, 2 of ``error_o`` tell, once raised until a reset: a weight word of odd parity was
used, samples are inside and none comes out, a read of weights outside the chip was refused."""


@dataclass(frozen=True)
class Port:
    """A port of a module."""

    direction: Literal["input", "output"]
    name: str
    width: int = 0
    """Bits of a vector; 0 is a scalar."""


def outer_ports(stage: Stage) -> list[Port]:
    """Ports of the stage's module that the top level hands on, under the module's names."""
    return _OUTER[stage.module](stage) if stage.module in _OUTER else []


def outer_name(stage: Stage, port: Port) -> str:
    """Name of such a port in the top level."""
    return f"{stage.name}_{port.name}"


def error_port(stage: Stage) -> tuple[str, str] | None:
    """Port of the stage's module that rises when something is wrong, and which of ``ERRORS`` it is."""
    if dict(stage.parameters).get("PARITY"):
        return (_PARITY, "parity")
    return _REPORTS.get(stage.module)


def _fetch_counters(stage: Stage) -> list[Port]:
    """Reads that were refused, and cycles in which a beat waited for its weights."""
    return [Port("output", "errors_o", 32), Port("output", "starved_o", 32)]


def unused_port(stage: Stage) -> str | None:
    """A one-bit output of the stage's module that nothing reads."""
    open_port = _OPEN.get(stage.module)
    return None if error_port(stage) == (open_port, "parity") else open_port


_PARITY = "parity_error_o"
_OPEN = {"conv": _PARITY, "dense": _PARITY, "scatter_conv": _PARITY, "early_exit": "out_exited_o"}
_OUTER: Mapping[str, Callable[[Stage], list[Port]]] = {
    "streamed_conv": _fetch_counters,
    "streamed_dense": _fetch_counters,
}
_REPORTS = {"streamed_conv": ("error_o", "read"), "streamed_dense": ("error_o", "read")}
