"""FINN's packed streams: the words of frames, as its own operators send them."""

from __future__ import annotations

import numpy as np

from ssnn_fpga.network.layers import Integers


def packed(values: Integers, pe: int, bits: int) -> list[int]:
    """Words of frames (N, T, H, W, C): pixel after pixel, ``pe`` channels a word, the first lowest."""
    mask = (1 << bits) - 1
    return [
        sum((int(value) & mask) << bits * lane for lane, value in enumerate(word))
        for word in values.reshape(-1, pe)
    ]


def unpacked(words: list[int], shape: tuple[int, ...], pe: int, bits: int, signed: bool) -> Integers:
    """The frames (N, T, H, W, C) of words; a bit outside the lanes fails."""
    assert all(word >> bits * pe == 0 for word in words), "padding is not 0"
    mask, top = (1 << bits) - 1, (1 << bits - 1) if signed else 0
    values = [((word >> bits * lane & mask) ^ top) - top for word in words for lane in range(pe)]
    return np.array(values, np.int64).reshape(shape)
