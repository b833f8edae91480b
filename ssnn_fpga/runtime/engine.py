"""What stands behind ``Accelerator``: something that classifies one batch while the next is filled in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.recording import Events
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.runtime.manifest import Manifest, StreamFormat


class Classified(NamedTuple):
    """Results of N frames."""

    classes: Integers
    """(N,) class numbers."""
    logits: Integers
    """(N, O) logits."""
    cycles: Integers
    """(N,) clocks from the first token into the accelerator to its result."""


Recordings = Sequence[Events]


class Engine(Protocol):
    """An accelerator that has two slots: one is filled while the other is worked on."""

    @property
    def manifest(self) -> Manifest:
        """What runs there."""
        ...

    @property
    def takes_events(self) -> bool:
        """Whether ``fill`` takes recordings as they are."""
        ...

    @property
    def clock_hz(self) -> float:
        """Of the clocks in ``Classified.cycles``."""
        ...

    def fill(self, slot: int, batch: Integers | Recordings, /) -> None:
        """Put frames (N,T,C,H,W), or recordings, into slot 0 or 1, which is not worked on."""
        ...

    def start(self, slot: int, /) -> None:
        """Begin to work on a filled slot; no other is under way."""
        ...

    def finish(self) -> Classified:
        """Wait for the slot that is worked on. Raises DeviceError; the next ``start`` works again."""
        ...

    def abort(self) -> None:
        """Give up what is worked on, if anything is."""
        ...

    def counters(self) -> dict[str, int]:
        """What the accelerator has counted, by name."""
        ...

    def close(self) -> None:
        """Give the device back, in a state from which the next one can open it."""
        ...


def check_frames(frames: Integers, stream: StreamFormat) -> None:
    """Raises UserError for frames of another shape, type or range than (N,T,C,H,W) of ``stream``."""
    if frames.ndim != 5 or frames.shape[1:] != stream.shape:
        raise UserError(
            f"Frames of shape {frames.shape} do not fit this bitstream: it takes (N, "
            f"{', '.join(map(str, stream.shape))})."
        )
    if frames.dtype.kind not in "iub":
        raise UserError(f"Frames of type {frames.dtype} are no event counts: give integers.")
    if frames.size and (frames.min() < 0 or int(frames.max()) >> stream.bits):
        raise UserError(
            f"Frames hold values {frames.min()} … {frames.max()}: this bitstream takes "
            f"0 … {(1 << stream.bits) - 1}."
        )


def check_events(events: Events, height: int, width: int) -> None:
    """Raises UserError for what is no recording of a sensor of ``height`` × ``width`` in order of time."""
    fields = set(events.dtype.names or ())
    if events.ndim != 1 or not {"t", "x", "y", "p"} <= fields:
        raise UserError(
            f"Events of shape {events.shape} and type {events.dtype} are no recording: "
            "give a structured array (events,) with the fields t, x, y, p."
        )
    x, y, p = events["x"], events["y"], events["p"]
    if ((x < 0) | (x >= width) | (y < 0) | (y >= height) | (p < 0) | (p > 1)).any():
        raise UserError(
            f"A recording has events outside the {width} × {height} pixels of the sensor, or of no "
            "polarity: use recordings of the sensor that the model was made for."
        )
    if (np.diff(events["t"]) < 0).any():
        raise UserError("The timestamps of a recording run backwards: sort its events by time.")
