"""VGG-9 as an integer network with random ternary weights, and DVS-Gesture windows to feed it.

The shape is that of the SSNN paper (arXiv 2401.01912): two convolutions, pooling, two, pooling,
four with a pooling between and after, one dense layer; timesteps shrink at the first two poolings.
Weights are random: latency, resources and exactness do not need a trained network, but they do
need spikes, so each threshold is the 90th percentile of what its neurons see.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ssnn_fpga.events.recording import EVENT, Events, read_recording
from ssnn_fpga.golden.engine import run_layer
from ssnn_fpga.network.layers import (
    NETWORK_INPUT,
    Accumulator,
    Activation,
    Conv,
    Dense,
    Integers,
    Layer,
    Network,
    Neuron,
    Pool,
    Readout,
    TemporalTransform,
)
from ssnn_fpga.network.shapes import edge_after

SIZE = 48
SENSOR = 128
MAXIMUM = 3
"""Largest event count of an input cell: two bits."""
WINDOW_US = 300_000
CHANNELS = (64, 64, 256, 256, 512, 512, 512, 512)
POOLED = (2, 4, 6, 8)
"""Convolutions that a pooling follows."""
_FIRING = 0.9
_CLASSES = 10


def gesture_windows(folder: Path, count: int, timesteps: int) -> Integers:
    """(count, T, 2, 48, 48) frames of DVS128 Gesture clips in ``folder``, as many windows of each."""
    clips = sorted(folder.glob("*.bs2"))
    each = -(-count // len(clips))
    windows = []
    for clip in clips:
        events = read_recording(clip, clip.name, (SENSOR, SENSOR))
        starts = np.linspace(events["t"][0], events["t"][-1] - WINDOW_US, each).astype(np.int64)
        windows += [_frames(events, int(start), timesteps) for start in starts]
    return np.stack(windows[:count])


def synthetic_windows(count: int, timesteps: int, seed: int = 0) -> Integers:
    """A stand-in for the clips: a blob that moves, as sparse as a gesture."""
    rng = np.random.default_rng(seed)
    windows = []
    for _ in range(count):
        events = np.zeros(20_000, dtype=EVENT)
        events["t"] = np.sort(rng.integers(WINDOW_US, size=len(events)))
        centre = 64 + 30 * np.sin(2 * np.pi * events["t"] / WINDOW_US + rng.uniform(0, 6))
        for axis in ("x", "y"):
            events[axis] = np.clip(centre + rng.normal(0, 10, len(events)), 0, SENSOR - 1)
        events["p"] = rng.integers(2, size=len(events))
        windows.append(_frames(events, 0, timesteps))
    return np.stack(windows)


def _frames(events: Events, start: int, timesteps: int) -> Integers:
    """Counts of one window; the 128 x 128 sensor is reduced to 48 x 48 by the ratio 3/8."""
    inside = events[(events["t"] >= start) & (events["t"] < start + WINDOW_US)]
    step = (inside["t"] - start) * timesteps // WINDOW_US
    row, column = (inside[axis].astype(np.int64) * SIZE // SENSOR for axis in ("y", "x"))
    cell = ((step * 2 + inside["p"]) * SIZE + row) * SIZE + column
    counts = np.bincount(cell, minlength=timesteps * 2 * SIZE * SIZE)
    return np.minimum(counts, MAXIMUM).reshape(timesteps, 2, SIZE, SIZE)


def vgg9(
    width: float,
    frames: Integers,
    *,
    schedule: tuple[int, int, int] = (8, 5, 2),
    weight_bits: int = 2,
    seed: int = 0,
) -> Network:
    """VGG-9 of ``width`` times the paper's channels; thresholds from what ``frames`` (N,T,2,48,48) cause."""
    rng = np.random.default_rng(seed)
    largest = max(1, (1 << (weight_bits - 1)) - 1)
    edge: Activation | Accumulator = Activation(schedule[0], 2, SIZE, SIZE, MAXIMUM)
    network_input = edge
    layers: list[Layer] = []
    values, name = frames, NETWORK_INPUT

    def add(layer: Layer) -> None:
        nonlocal edge, values, name
        edge, values, name = edge_after(layer, (edge,)), run_layer(layer, values), layer.name
        layers.append(layer)

    def weights(*shape: int) -> Integers:
        return rng.integers(-largest, largest + 1, size=shape, dtype=np.int64)

    for index, channels in enumerate(CHANNELS, start=1):
        outputs = max(1, round(channels * width))
        add(Conv(f"conv{index}", (name,), weights(outputs, edge.channels, 3, 3), weight_bits, padding=1))
        theta = np.maximum(1, np.quantile(values, _FIRING, axis=(0, 1, 3, 4))).astype(np.int64) << 4
        add(Neuron(f"lif{index}", (name,), theta, np.zeros(outputs, dtype=np.int64)))
        if index in POOLED:
            add(Pool(f"pool{index}", (name,), "sum"))
        if index in POOLED[:2]:
            after = schedule[POOLED.index(index) + 1]
            add(TemporalTransform(f"shrink{index}", (name,), _uniform(edge.timesteps, after)))
    add(Dense("fc", (name,), weights(_CLASSES, edge.channels * edge.height * edge.width), weight_bits))
    layers.append(Readout("readout", (name,), np.zeros(_CLASSES, dtype=np.int64)))
    return Network(f"vgg9_{width:g}", network_input, tuple(layers))


def _uniform(before: int, after: int, shift: int = 4) -> Integers:
    """Matrix whose row r covers the timesteps [r * T1 / T2, (r + 1) * T1 / T2), rows of sum 2**shift."""
    steps = np.arange(before)
    low, high = (np.arange(after)[:, None] + end for end in (0, 1))
    covered = np.minimum(steps + 1, high * before / after) - np.maximum(steps, low * before / after)
    share = np.maximum(covered, 0) * after / before * (1 << shift)
    matrix = np.floor(share).astype(np.int64)
    for row, exact in zip(matrix, share, strict=True):
        fractions = np.argsort(row - exact, kind="stable")  # largest fraction first, ties to the lowest t1
        row[fractions[: (1 << shift) - row.sum()]] += 1
    return matrix
