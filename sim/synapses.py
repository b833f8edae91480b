"""Stimuli shared by the benches of ``conv`` and ``dense``, and the cycles that they may take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from cocotb.triggers import FallingEdge

from ssnn_fpga.network.layers import Integers


def random_weights(rng: np.random.Generator, shape: Sequence[int], bits: int) -> Integers:
    """Weights over the whole narrow range (1 bit: -1 and +1), both extremes in every output channel."""
    limit = max(1, (1 << (bits - 1)) - 1)
    weight = rng.integers(-limit, limit + 1, shape) if bits > 1 else rng.choice((-1, 1), shape)
    rows = weight.reshape(shape[0], -1)
    rows[:, 0], rows[:, -1] = limit, -limit
    return weight


def random_frames(rng: np.random.Generator, shape: Sequence[int], bits: int, activity: float) -> Integers:
    """(N,T,C,H,W) activations of ``bits`` bits; a share ``activity`` of the pixels is not all zero.

    With an activity below 1, one frame among the others is empty.
    """
    x = rng.integers(0, 1 << bits, shape)
    active = rng.random((shape[0], 1, 1, *shape[3:])) < activity
    if activity < 1:
        active[shape[0] // 2] = False
    return np.where(active, x, 0)


async def load_weights(dut: Any, words: Sequence[int]) -> None:
    """Write ``words`` from address 0 on through the write port."""
    for address, word in enumerate(words):
        await FallingEdge(dut.clk_i)
        dut.write_en_i.value = 1
        dut.write_addr_i.value = address
        dut.write_data_i.value = word
    await FallingEdge(dut.clk_i)
    dut.write_en_i.value = 0


def beats(p: Mapping[str, int], folds: int, outputs: int) -> tuple[int, int]:
    """Kernel cycles of one output pixel: (walked in full, skipped)."""
    resident = max(1, p["TP"] // p["ACT_BITS"])
    skipped = outputs // p["PE"] * (p["TIMESTEPS"] // resident)
    return skipped * max(1, p["ACT_BITS"] // p["TP"]) * folds, skipped


def conv_cycles(p: Mapping[str, int], zero: Integers) -> int:
    """Cycles of a frame among others, none of the neighbours stalling; ``zero`` (H',W') marks skips.

    The formula of ``docs/hardware.md``, "Cycles".
    """
    kernel, stride = p["KERNEL"], p["STRIDE"]
    groups = p["IN_CHANNELS"] // p["IN_GROUP"]
    folds = -(-kernel * kernel * p["IN_CHANNELS"] // p["SIMD"])
    full, skipped = beats(p, folds, p["OUT_CHANNELS"])
    load = min(stride, kernel) * groups
    refill = (-(-kernel // min(stride, kernel)) - 1) * load
    arrival = p["WIDTH"] * groups
    rows = np.maximum(np.where(zero, skipped, full), load).sum(axis=1) + refill
    return int(np.maximum(rows, arrival).sum() + (p["HEIGHT"] - len(rows)) * arrival)


def dense_cycles(p: Mapping[str, int]) -> int:
    """Cycles of a frame among others: ``docs/hardware.md``, "Cycles"."""
    folds = p["INPUTS"] // p["SIMD"]
    return max(folds, beats(p, folds, p["OUTPUTS"])[0])
