"""The comparison at the end of every bench."""

from __future__ import annotations

import numpy as np

from ssnn_fpga.network.layers import Integers

_AXES = ("sample", "timestep", "channel", "row", "column")


def check(layer: str, expected: Integers, got: Integers, axes: tuple[str, ...] = _AXES) -> None:
    """Fail with the place, in terms of ``axes``, of the first differing value of two arrays."""
    assert expected.shape == got.shape, f"{layer}: expected the shape {expected.shape}, got {got.shape}"
    wrong = np.argwhere(expected != got)
    if len(wrong):
        place = tuple(int(i) for i in wrong[0])
        where = ", ".join(f"{name} {i}" for name, i in zip(axes, place, strict=True))
        raise AssertionError(
            f"{layer}, {where}: expected {expected[place]}, got {got[place]} "
            f"({len(wrong)} of {expected.size} values differ)"
        )
