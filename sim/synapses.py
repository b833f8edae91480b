"""Stimuli shared by the benches of ``conv`` and ``dense``, and the cycles that they may take."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sim.memory_port import ReadMemory
from sim.write_port import write_words
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.plan.readers import (
    Windows,
    dense_beats,
    nonzero_words,
    scatter_steps,
    tap_beats,
    window_beats,
)
from ssnn_fpga.plan.structure import scatter_places
from ssnn_fpga.plan.timing import (
    Words,
    dense_frame_ends,
    scatter_frame_ends,
    tap_frame_ends,
    window_frame_ends,
)
from ssnn_fpga.rtl.memory import memory_bytes


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


async def give_weights(
    dut: Any, words: Sequence[int], width: int, rng: random.Random, stall: float = 0.0
) -> None:
    """Weight words of ``width`` bits: through the write port, or in a memory where the weights are streamed.

    The memory stalls in a share ``stall`` of the cycles.
    """
    if not hasattr(dut, "ar_valid_o"):
        await write_words(dut, words, rng)
        return
    dut.base_i.value = 0
    ReadMemory(dut, memory_bytes(words, width, len(dut.r_data_i)), rng, stall, 20 if stall else 0, None)


def reader_ends(x: Integers, p: Mapping[str, Any], *, taps: bool) -> tuple[list[int], Integers]:
    """Beats of each frame of ``x`` (N,T,C,H,W), and when the model ends them, by a reader's parameters."""
    kernel, tp, act_bits = p["KERNEL"], p["TP"], p["ACT_BITS"]
    word = p.get("X_SETS", 1) * p["SIMD"] if taps else p["GROUP"]
    tokens = p["CHANNELS"] // p["GROUP"]
    shape = Windows(p["HEIGHT"], p["WIDTH"], p["CHANNELS"], word, kernel, p["STRIDE"], p["PADDING"], tokens)
    words = nonzero_words(x, act_bits, tp, word)
    groups, bit_groups = p.get("CONV_GROUPS", 1), max(1, act_bits // tp)
    if taps:
        slices = groups if p.get("X_SETS", 1) == 1 else p["PE_GROUPS"]
        work = tap_beats(words, shape, p["PE_GROUPS"], bit_groups, slices)
        return work.reshape(len(x), -1).sum(axis=1).tolist(), tap_frame_ends(work, shape)
    skipped = p["PE_GROUPS"] * (p["PLANES"] // tp // bit_groups)
    folds = -(-kernel * kernel * p["CHANNELS"] // groups // p["SIMD"])
    work = window_beats(words, shape, skipped * bit_groups * folds, skipped)
    return work.sum(axis=(1, 2)).tolist(), window_frame_ends(work, shape)


def scatter_ends(x: Integers, p: Mapping[str, int]) -> Integers:
    """When the model ends the frames ``x`` (N,T,C,H,W) of a ``scatter_conv``, by its parameters."""
    tokens, pe_groups = p["IN_CHANNELS"] // p["IN_GROUP"], p["OUT_CHANNELS"] // p["PE"]
    windows = Windows(
        p["HEIGHT"], p["WIDTH"], p["IN_CHANNELS"], p["IN_GROUP"], p["KERNEL"], p["STRIDE"], p["PADDING"],
        tokens,
    )  # fmt: skip
    counts = nonzero_words(x, p["ACT_BITS"], p["TP"], p["SIMD"]).sum(axis=(1, 2), dtype=np.int64)
    steps = scatter_steps(windows, p["TAPS"], pe_groups)
    reads = pe_groups * (p["TIMESTEPS"] * p["ACT_BITS"] // p["TP"])
    places = scatter_places(p["WIDTH"], p["KERNEL"], p["STRIDE"], p["PADDING"], reads, p["TAPS"])
    return scatter_frame_ends(Words(counts, steps, reads, places), windows)


def frame_reader_ends(x: Integers, p: Mapping[str, int]) -> tuple[Integers, Integers]:
    """Beats of each frame of tokens ``x`` (N,T,SIMD,1,TOKENS), and when the model ends them."""
    words = nonzero_words(x, p["ACT_BITS"], p["TP"], p["SIMD"])
    work = dense_beats(words, max(1, p["ACT_BITS"] // p["TP"])).sum(axis=1) * p["PE_GROUPS"]
    return work, dense_frame_ends(work, p["TOKENS"])


def check_cycles(ends: Integers, seen: Sequence[int]) -> None:
    """Fail unless the frames after the first took the model's cycles, within 2 % (or 2 cycles)."""
    wanted, taken = np.diff(ends).tolist(), np.diff(seen).tolist()
    print(f"cycles a frame: {taken}, by the model {wanted}")
    for cycles, model in zip(taken, wanted, strict=True):
        assert abs(cycles - model) <= max(2, 0.02 * model), (
            f"frames took {taken} cycles, the model says {wanted}"
        )
