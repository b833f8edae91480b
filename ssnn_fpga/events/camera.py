"""An emulated event camera: pixels that report changes of log intensity (Lichtsteiner et al. 2008).

Each pixel keeps the log intensity of its last event. Whenever the intensity has moved from it by
the pixel's threshold, the pixel sends an event, ON for brighter, OFF for darker, and moves its
reference by one threshold. Between two frames the intensity is taken as linear in time, which
gives each event its timestamp.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.events.recording import EVENT, Events

Floats = NDArray[np.float32]


class EventCamera:
    """A batch of cameras that look at scenes of their own.

    ``threshold`` is the log-intensity change an event takes, of shape (H, W) or (N, H, W);
    ``scene`` is the log intensity (N, H, W) that the cameras have settled on at time 0.
    """

    def __init__(self, scene: Floats, threshold: Floats) -> None:
        self._threshold = np.broadcast_to(threshold, scene.shape).astype(np.float32)
        self._reference = scene.astype(np.float32)
        self._scene = self._reference.copy()
        self._time_us = 0.0
        self._camera: list[NDArray[np.int64]] = []
        self._events: list[Events] = []

    def show(self, scene: Floats, duration_us: float) -> None:
        """Let the log intensity (N, H, W) move to ``scene`` within ``duration_us``."""
        distance = scene - self._reference
        crossings = np.trunc(distance / self._threshold).astype(np.int32)
        pixels = np.flatnonzero(crossings)
        repeats = np.abs(crossings.ravel()[pixels])
        pixel = np.repeat(pixels, repeats)
        # 1, 2, … up to the pixel's number of crossings, for every pixel that has any
        ordinal = np.arange(1, len(pixel) + 1) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        on = crossings.ravel()[pixel] > 0
        change = np.where(on, ordinal, -ordinal) * self._threshold.ravel()[pixel]
        level = self._reference.ravel()[pixel] + change
        before, after = self._scene.ravel()[pixel], scene.ravel()[pixel]
        # A reference may lie at a rounding error's distance from its threshold: stay within the step.
        moved = np.where(after == before, 1, after - before)
        fraction = np.clip((level - before) / moved, 0, 1)

        camera, row, column = np.unravel_index(pixel, scene.shape)
        events = np.empty(len(pixel), dtype=EVENT)
        events["t"] = self._time_us + fraction * duration_us
        events["x"], events["y"], events["p"] = column, row, on
        self._camera.append(camera)
        self._events.append(events)
        self._reference += crossings * self._threshold
        self._scene = scene.astype(np.float32)
        self._time_us += duration_us

    def add_noise(self, rate_hz: float, random: np.random.Generator) -> None:
        """Add background events of random polarity, a Poisson process of ``rate_hz`` at each pixel."""
        cameras, height, width = self._scene.shape
        count = int(random.poisson(rate_hz * self._time_us * 1e-6 * self._scene.size))
        events = np.empty(count, dtype=EVENT)
        events["t"] = random.uniform(0, self._time_us, count)
        events["x"], events["y"] = random.integers(width, size=count), random.integers(height, size=count)
        events["p"] = random.integers(2, size=count)
        self._camera.append(random.integers(cameras, size=count))
        self._events.append(events)

    def recordings(self) -> list[Events]:
        """What each of the N cameras has sent so far, in order of time."""
        camera, events = np.concatenate(self._camera), np.concatenate(self._events)
        order = np.lexsort((events["t"], camera))
        bounds = np.searchsorted(camera[order], np.arange(1, len(self._scene)))
        return np.split(events[order], bounds)
