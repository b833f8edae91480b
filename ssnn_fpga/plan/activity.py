"""How much of a network's work real recordings leave undone: what the plan needs to know of activity.

The readers skip what is zero, so cycles follow the data. Measured once on given recordings, the
counts here turn the cycle model's worst case into the mean over those recordings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ssnn_fpga.network.layers import NETWORK_INPUT, Activation, Conv, Dense, EarlyExit, Integers, Network
from ssnn_fpga.network.shapes import edges
from ssnn_fpga.plan.readers import Flags, Windows, dense_beats, nonzero_words, tap_beats, window_sums

_SAMPLES = 16
"""Samples whose beats are counted for each way to fold a layer; zero windows are counted in all."""


@dataclass(frozen=True)
class Activity:
    """What one synapse layer or early exit saw."""

    rows: tuple[float, ...]
    """Output rows a sample that have 0, 1, 2 ... windows of zeros; the last entry: all of them zero.
    Empty if not a convolution."""
    values: Integers
    """(N, T, C, H, W) of some samples; of a dense layer as its tokens come, (N, T, H*W*C, 1, 1); of an
    early exit whether they leave there, (N,)."""
    bits: int
    """Of a value."""
    _beats: dict[tuple[object, ...], Integers] = field(default_factory=dict, repr=False, compare=False)

    @property
    def zero_windows(self) -> float:
        """Share of the windows that are zero."""
        windows = sum(self.rows) * (len(self.rows) - 1)
        return sum(count * rows for count, rows in enumerate(self.rows)) / windows

    def zeros(self, windows: Windows) -> Flags:
        """Which windows (N, H', W') of the samples kept are zero."""
        active = np.asarray(self.values.any(axis=(1, 2)), dtype=np.int64)
        return np.asarray(window_sums(active, windows) == 0)

    def tap_tokens(self, windows: Windows, tp: int, groups: int) -> Integers:
        """Beats (N, H', W', tokens) of one pass of a ``tap_reader`` over the groups of a convolution."""
        words = nonzero_words(self.values, self.bits, tp, windows.word)
        return tap_beats(words, windows, groups, max(1, self.bits // tp), groups)

    def tap_beats(self, windows: Windows, tp: int, groups: int) -> Integers:
        """The same of whole windows (N, H', W')."""
        key = (windows, tp, groups)
        if key not in self._beats:
            self._beats[key] = self.tap_tokens(windows, tp, groups).sum(axis=3)
        return self._beats[key]

    def scatter_words(self, tp: int, word: int) -> Integers:
        """Words (N, H, W) of each pixel, ``word`` channels in ``tp`` planes, that are not zero."""
        key = ("scatter", tp, word)
        if key not in self._beats:
            words = nonzero_words(self.values, self.bits, tp, word)
            self._beats[key] = words.sum(axis=(1, 2), dtype=np.int64)
        return self._beats[key]

    def dense_beats(self, tp: int, simd: int) -> Integers:
        """Beats (N, tokens) of a ``frame_reader`` for one PE group."""
        if (tp, simd) not in self._beats:
            words = nonzero_words(self.values, self.bits, tp, simd)
            self._beats[tp, simd] = dense_beats(words, max(1, self.bits // tp))
        return self._beats[tp, simd]


def measure_activity(
    network: Network, frames: Integers, trace: Mapping[str, Integers]
) -> dict[str, Activity]:
    """Activity by synapse layer and early exit; ``trace`` holds every layer's values for ``frames``
    (N, T, C, H, W)."""
    found = {}
    edge_of = edges(network)
    for layer in network.layers:
        if isinstance(layer, Conv | Dense):
            source = layer.inputs[0]
            edge = edge_of[source]
            assert isinstance(edge, Activation)
            x = frames if source == NETWORK_INPUT else trace[source]
            found[layer.name] = _of(layer, x, edge.bits)
        elif isinstance(layer, EarlyExit):
            first = np.sort(trace[layer.inputs[0]][:_SAMPLES], axis=1)
            found[layer.name] = Activity(
                (), (first[:, -1] - first[:, -2] >= layer.margin).astype(np.int64), 1
            )
    return found


def _of(layer: Conv | Dense, x: Integers, bits: int) -> Activity:
    if isinstance(layer, Dense):
        some = x[:_SAMPLES].transpose(0, 1, 3, 4, 2)
        return Activity((), some.reshape(*some.shape[:2], -1, 1, 1), bits)
    kernel, padding, stride = layer.weight.shape[2], layer.padding, layer.stride
    active = np.pad(x.any(axis=(1, 2)), ((0, 0), (padding, padding), (padding, padding)))
    windows = np.lib.stride_tricks.sliding_window_view(active, (kernel, kernel), axis=(1, 2))
    zero = ~windows[:, ::stride, ::stride].any(axis=(-2, -1))
    counts = np.bincount(zero.sum(axis=2).reshape(-1), minlength=zero.shape[2] + 1)
    return Activity(tuple((counts / len(x)).tolist()), x[:_SAMPLES], bits)
