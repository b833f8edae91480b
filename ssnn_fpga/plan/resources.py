"""What each library module takes of a chip: counted from its structure, scaled to real synthesis.

Unit of logic: one 6-input LUT of a Xilinx 7-series device, as yosys estimates logic cells (a LUT of one
or two inputs finds room beside another), LUT RAM included. Unit of memory: a block RAM of 18 kbit. DSP
slices are DSP48E1. ``ssnn_fpga/plan/structure.py`` counts a module's parts;
``python -m benchmarks.resource_fit`` scales them to the modules as yosys synthesises them and writes
``calibration.json``. Errors: ``docs/benchmarks.md``, "Resources".

This is a planning estimate, never a figure to report in place of synthesis.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ssnn_fpga.plan.structure import MODULES, Terms

CALIBRATION_FILE = Path(__file__).with_name("calibration.json")
BLOCK_BITS = 18432


@dataclass(frozen=True)
class Resources:
    """What a module or a whole design takes of a chip."""

    luts: int = 0
    block_rams: int = 0
    """Blocks of 18 kbit: RAMB18E1, half a RAMB36E1, DP16KD."""
    flip_flops: int = 0
    dsps: int = 0

    def __add__(self, other: Resources) -> Resources:
        return Resources(
            self.luts + other.luts,
            self.block_rams + other.block_rams,
            self.flip_flops + other.flip_flops,
            self.dsps + other.dsps,
        )

    @property
    def limited(self) -> tuple[int, int, int]:
        """LUTs, block RAMs and DSP slices: what a chip runs out of first, and a plan is chosen by."""
        return self.luts, self.block_rams, self.dsps

    @property
    def memory_bits(self) -> int:
        """Capacity of the block RAMs that are occupied."""
        return self.block_rams * BLOCK_BITS


@dataclass(frozen=True)
class Calibration:
    """Coefficients by module and kind of part; 1 where none was fitted."""

    luts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    flip_flops: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Calibration:
        """The one that was fitted to the grid."""
        content = json.loads(CALIBRATION_FILE.read_text())
        return cls(content["luts"], content["flip_flops"])

    def resources(self, module: str, parts: Terms) -> Resources:
        """A module's terms in whole LUTs and flip-flops."""
        scale = self.luts.get(module, {})
        luts = sum(amount * scale.get(part, 1.0) for part, amount in parts.logic.items())
        flip_flops = parts.flip_flops * self.flip_flops.get(module, 1.0)
        return Resources(parts.ram_luts + round(luts), parts.block_rams, round(flip_flops), parts.dsps)


_CALIBRATION = Calibration.load()


@lru_cache(maxsize=1 << 16)
def estimate(module: str, **parameters: int) -> Resources:
    """Resources of a module with its parameters, in lower case; a key of ``MODULES``."""
    return _CALIBRATION.resources(module, MODULES[module](**parameters))
