"""The live path: the newest window of a stream of events, classified as soon as it is over."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.live import Dropped, SlidingWindow
from ssnn_fpga.events.recording import Events
from ssnn_fpga.runtime.accelerator import Accelerator


@dataclass(frozen=True)
class Sighting:
    """What the accelerator saw in one window."""

    end_us: int
    """End of the window, in the stream's own time."""
    events: int
    number: int
    """Of the class."""
    confidence: float
    """Lead of the largest logit over the second, as a share of the range of all; 0 is a tie."""
    inference_us: float
    """From the first token into the accelerator to its result."""
    answer_us: float
    """From the moment at which the window was known to be over to its class, by the host's clock."""


def follow(
    accelerator: Accelerator, pieces: Iterable[Events], dropped: Dropped, step_us: int | None = None
) -> Iterator[Sighting]:
    """Classifies the latest window each time that one is over; ``pieces`` are events in order of time.

    Windows are as long as the model's; one ends every ``step_us``, a bin if not given. Where the
    accelerator or the host is slower than the stream, windows are left out and counted in ``dropped``.
    Raises UserError for a model whose windows are no stretches of time.
    """
    compression = accelerator.compression
    if compression.bin_events:
        raise UserError("The model's bins hold a number of events, not a stretch of time: it cannot follow.")
    step = max(1, compression.window_us // compression.timesteps) if step_us is None else step_us
    window = SlidingWindow(compression.window_us, step, dropped)
    for piece in pieces:
        window.add(piece)
        if (ended := window.newest()) is None:
            continue
        end, events = ended
        began = time.perf_counter()
        done = accelerator.classify(events)
        answer = time.perf_counter() - began
        ranked = np.sort(done.logits[0])
        spread = int(ranked[-1] - ranked[0])
        lead = int(ranked[-1] - ranked[-2]) / spread if spread else 0.0
        inference = int(done.cycles[0]) / (accelerator.manifest.clock_mhz or 1.0)
        yield Sighting(end, len(events), int(done.classes[0]), lead, inference, answer * 1e6)
