"""Compares the values of two engines, layer by layer, and says where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers

_SHOWN = 10
_AXES = ("sample", "timestep", "channel", "row", "column")
_LOGIT_AXES = ("sample", "class")


@dataclass(frozen=True)
class Comparison:
    """How far two engines agree."""

    values: int
    """Values compared, those of missing or misshapen layers included."""
    mismatches: int
    """Values that differ; every value of a missing or misshapen layer does."""
    first: tuple[str, ...]
    """The first differences, one sentence each, in the order of the layers."""

    @property
    def equal(self) -> bool:
        """Whether not a single value differs."""
        return self.mismatches == 0

    def __str__(self) -> str:
        lines = [f"{self.mismatches} of {self.values} values differ", *self.first]
        return "\n  ".join(lines)


def compare(expected: Mapping[str, Integers], got: Mapping[str, Integers], shown: int = _SHOWN) -> Comparison:
    """Compare every layer of ``expected`` with the same layer of ``got``: (N,T,C,H,W), logits (N,O).

    Layers that only ``got`` has are ignored. Raises UserError where there is nothing to compare.
    """
    values = mismatches = 0
    first: list[str] = []
    for layer, wanted in expected.items():
        values += wanted.size
        if layer not in got:
            mismatches += wanted.size
            first.append(f"layer {layer}: missing, expected shape {wanted.shape}")
            continue
        given = got[layer]
        if given.shape != wanted.shape:
            mismatches += max(wanted.size, 1)
            first.append(f"layer {layer}: expected shape {wanted.shape}, got {given.shape}")
            continue
        differing = wanted != given
        count = int(np.count_nonzero(differing))
        mismatches += count
        if count and len(first) < shown:
            for place in np.argwhere(differing)[: shown - len(first)]:
                index = tuple(place)
                first.append(f"layer {layer}, {_where(index)}: expected {wanted[index]}, got {given[index]}")
    if values == 0 and mismatches == 0:
        raise UserError("there is not a single value to compare; give at least one layer and one sample")
    return Comparison(values, mismatches, tuple(first))


def _where(index: tuple[int, ...]) -> str:
    axes = _LOGIT_AXES if len(index) == len(_LOGIT_AXES) else _AXES
    return ", ".join(f"{axis} {position}" for axis, position in zip(axes, index, strict=True))
