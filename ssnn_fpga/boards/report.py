"""What a flow reports of a built design."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.table import Table

from ssnn_fpga.runtime.manifest import Manifest


@dataclass(frozen=True)
class Usage:
    """How much of one kind of resource is taken."""

    used: int
    available: int


@dataclass(frozen=True)
class CriticalPath:
    """The slowest path between the registers of two clocks, or of one."""

    clocks: str
    """The edges at its two ends, as place and route names them."""
    start: str
    end: str
    delay_ns: float
    logic_ns: float
    routing_ns: float
    levels: int
    """Logic cells on the way."""


@dataclass(frozen=True)
class Timing:
    """Timing of the routed design on the accelerator's clock."""

    fmax_mhz: float
    target_mhz: float
    met: bool
    critical_path: CriticalPath
    """The one that limits ``fmax_mhz``."""
    worst_paths: tuple[CriticalPath, ...]
    """The slowest path of every pair of clocks, slowest first. An end at ``<async>`` has no clock: a pin,
    or a port that nextpnr has no timing of. Of Vivado: the slowest of the accelerator's clock."""


@dataclass(frozen=True)
class BuildReport:
    """A finished bitstream."""

    folder: Path
    timing: Timing
    utilisation: dict[str, Usage]
    manifest: Manifest
    file: str = "accelerator.bit"
    """Name of the bitstream in ``folder``."""

    def table(self) -> Table:
        """The figures for a terminal."""
        table = Table(title=f"{self.manifest.board}: {self.folder / self.file}")
        table.add_column("resource")
        table.add_column("used", justify="right")
        table.add_column("available", justify="right")
        for name, usage in self.utilisation.items():
            table.add_row(name, f"{usage.used:,}", f"{usage.available:,}")
        table.add_row(
            "clock", f"{self.timing.fmax_mhz:.1f} MHz", f"{self.timing.target_mhz:.1f} MHz asked for"
        )
        return table

    def figures(self) -> dict[str, Any]:
        """The figures for a script."""
        return {
            "board": self.manifest.board,
            "bitstream": str(self.folder / self.file),
            "identity": self.manifest.identity,
            "timing": asdict(self.timing),
            "utilisation": {name: asdict(usage) for name, usage in self.utilisation.items()},
        }


def write_aside(path: Path, content: str | bytes) -> None:
    """Write ``content`` to ``path``, whole or not at all."""
    aside = path.with_name(path.name + ".partial")
    aside.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(aside, path)


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as JSON, whole or not at all."""
    write_aside(path, json.dumps(value, indent=2) + "\n")
