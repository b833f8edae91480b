"""The write port of a module's memory."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from cocotb.triggers import FallingEdge

_NOISE = 10
"""Cycles of noise on the disabled port."""


async def write_words(dut: Any, words: Sequence[int], rng: random.Random) -> None:
    """Write ``words`` from address 0 on, over their inverse and twice; noise that ``write_en_i`` keeps
    out comes before and behind."""
    noise = [
        (0, rng.getrandbits(len(dut.write_addr_i)), rng.getrandbits(len(dut.write_data_i)))
        for _ in range(2 * _NOISE)
    ]
    ones = (1 << len(dut.write_data_i)) - 1
    written = [(1, address, word ^ mask) for mask in (ones, 0) * 2 for address, word in enumerate(words)]
    for enable, address, data in (*noise[:_NOISE], *written, *noise[_NOISE:]):
        await FallingEdge(dut.clk_i)
        dut.write_en_i.value, dut.write_addr_i.value, dut.write_data_i.value = enable, address, data
    await FallingEdge(dut.clk_i)
