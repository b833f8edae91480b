"""How much of a network's work real recordings leave undone: what the plan needs to know of activity.

The readers skip what is zero, so cycles follow the data. Measured once on given recordings, the
counts here turn the cycle model's worst case into the mean over those recordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ssnn_fpga.network.layers import NETWORK_INPUT, Conv, Integers, Network


@dataclass(frozen=True)
class Activity:
    """What one convolution saw."""

    rows: tuple[float, ...]
    """Output rows a sample that have 0, 1, 2 ... windows of zeros; the last entry: all of them zero."""

    @property
    def zero_windows(self) -> float:
        """Share of the windows that are zero."""
        windows = sum(self.rows) * (len(self.rows) - 1)
        return sum(count * rows for count, rows in enumerate(self.rows)) / windows


def measure_activity(
    network: Network, frames: Integers, trace: Mapping[str, Integers]
) -> dict[str, Activity]:
    """Activity by convolution; ``trace`` holds every layer's values for ``frames`` (N, T, C, H, W)."""
    found = {}
    for layer in network.layers:
        if isinstance(layer, Conv):
            source = layer.inputs[0]
            found[layer.name] = _of(layer, frames if source == NETWORK_INPUT else trace[source])
    return found


def _of(layer: Conv, x: Integers) -> Activity:
    kernel, padding, stride = layer.weight.shape[2], layer.padding, layer.stride
    active = np.pad(x.any(axis=(1, 2)), ((0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(active, (kernel, kernel), axis=(1, 2))
    zero = ~windows[:, ::stride, ::stride].any(axis=(-2, -1))
    counts = np.bincount(zero.sum(axis=2).reshape(-1), minlength=zero.shape[2] + 1)
    return Activity(tuple((counts / len(x)).tolist()))
