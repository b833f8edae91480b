"""Address events as the words that the hardware's event front end takes (docs/hardware.md, "Events")."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.events.recording import Events

X_BIT, POLARITY_BIT, Y_BIT, KIND_BIT = 32, 47, 48, 62
EVENT, TIME, END = 0, 1, 2
"""Kinds of word: an event; the time alone, which lets bins end without events; a recording's end."""


def event_words(events: Events, time_bits: int = 32) -> NDArray[np.uint64]:
    """The words (events,) of ``events``; timestamps wrap at 2**time_bits.

    Raises ValueError for an event that the fields cannot hold.
    """
    if any(
        (events[axis] < 0).any() or (events[axis] >= limit).any()
        for axis, limit in (("x", 1 << 15), ("y", 1 << 14), ("p", 2))
    ):
        raise ValueError("an event does not fit the word: x has 15 bits, y 14, p 1")
    t = events["t"] & ((1 << time_bits) - 1)
    word = t | events["x"].astype(np.int64) << X_BIT | events["p"].astype(np.int64) << POLARITY_BIT
    return (word | events["y"].astype(np.int64) << Y_BIT).astype(np.uint64)


def time_word(t: int, time_bits: int = 32) -> int:
    """The word that says that ``t`` µs has come."""
    return TIME << KIND_BIT | t & ((1 << time_bits) - 1)


END_WORD = END << KIND_BIT
"""The word behind a recording's last event."""
