"""``python -m benchmarks.driver_soak``: the driver on the compiled AXI edge, with everything that goes wrong.

Batches, streams and recordings of a tiny network with known logits; between them wrong shapes, streams
that are left, refused reads and writes, memory that stalls, devices that are closed and opened again.
Every result must be exact, and the memory of the process must stay flat.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.compression import compress
from ssnn_fpga.golden.engine import run
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.runtime.accelerator import Accelerator
from ssnn_fpga.runtime.device import DeviceError
from ssnn_fpga.simulate.device import SimulatedDevice, open_engine
from tests.random_networks import random_frames
from tests.runtime.edge_design import random_recording, write_edge_design

GROWTH = 0.05
"""Largest share by which the process may grow between a tenth of the samples and all of them."""
_KNOWN = 256
"""Frames, and recordings, whose logits are known."""
_BATCH = 48


@dataclass
class Soak:
    """What a soak has seen."""

    samples: int = 0
    wrong: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    resident: list[int] = field(default_factory=list)
    """Bytes of the process at each of ten stations."""

    @property
    def growth(self) -> float:
        """Share by which the process grew from the first station on."""
        return max(self.resident) / self.resident[0] - 1


class _Soaker:
    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._rng = folder, np.random.default_rng(seed)
        network = Design.load(folder).network
        assert network.compression is not None
        self._frames = random_frames(self._rng, network, _KNOWN)
        self._recordings = [random_recording(self._rng) for _ in range(_KNOWN)]
        from_events = np.stack([compress(events, network.compression) for events in self._recordings])
        last = network.layers[-1].name
        self._logits = [run(network, frames)[last] for frames in (self._frames, from_events)]
        self.seen = Soak()
        self._open()

    def _open(self) -> None:
        self._engine = open_engine(self._folder, memory=1 << 18, patience=1e-4, seed=self.seen.samples)
        self._accelerator = Accelerator(self._engine)

    def close(self) -> None:
        self._accelerator.close()

    @property
    def _device(self) -> SimulatedDevice:
        device = self._engine._device
        assert isinstance(device, SimulatedDevice)
        return device

    def step(self) -> None:
        """A fault of any kind, or none, and then work that must be right."""
        rng = self._rng
        fault = str(rng.choice(["none", "shape", "left", "read", "write", "stall", "died", "closed", "large"],
                               p=[0.5, 0.1, 0.1, 0.07, 0.07, 0.1, 0.02, 0.02, 0.02]))  # fmt: skip
        self.seen.faults[fault] += 1
        getattr(self, f"_{fault}")()
        self._work(int(rng.integers(2)))

    def _work(self, kind: int) -> None:
        places = self._rng.integers(0, _KNOWN, self._rng.integers(1, _BATCH))
        inputs = [self._recordings[p] for p in places] if kind else self._frames[places]
        done = self._accelerator.classify_batch(inputs, batch=int(self._rng.integers(1, _BATCH)))
        exact = (done.logits == self._logits[kind][places]).all(axis=1)
        self.seen.samples += len(places)
        self.seen.wrong += int((~exact).sum())

    def _none(self) -> None:
        pass

    def _shape(self) -> None:
        self._expect(UserError, self._frames[:2, :, :, :, :-1])

    def _large(self) -> None:
        self._expect(DeviceError, np.repeat(self._frames, 20, axis=0))

    def _left(self) -> None:
        results = self._accelerator.stream(iter(self._frames), batch=int(self._rng.integers(1, 9)))
        next(results)
        results.close()

    def _read(self) -> None:
        self._refused("input")

    def _write(self) -> None:
        self._refused("output")

    def _refused(self, name: str) -> None:
        self._work(0)
        buffer = getattr(self._engine._slots[0], name)
        self._device.edge.fail(buffer.address + 8 * int(self._rng.integers(0, 2)), 8)
        self._expect(DeviceError, self._frames[:4])
        self._device.edge.fail(0, 0)

    def _stall(self) -> None:
        self._device.edge.stall(float(self._rng.choice([0.0, 0.3, 0.8])), int(self._rng.integers(1 << 30)))

    def _died(self) -> None:
        self._device.edge.freeze(True)
        self._expect(DeviceError, self._frames[:4])
        self._device.edge.freeze(False)
        self._reopen()

    def _closed(self) -> None:
        results = self._accelerator.stream(iter(self._frames), batch=3)
        next(results)
        self._reopen()  # with a batch under way
        self._expect_end(results)

    def _reopen(self) -> None:
        self._accelerator.close()
        self._open()

    def _expect_end(self, results: object) -> None:
        if next(results, None) is not None:  # type: ignore[call-overload]
            self.seen.wrong += 1

    def _expect(self, error: type[Exception], frames: np.ndarray) -> None:
        try:
            self._accelerator.classify(frames)
        except error:
            return
        self.seen.wrong += 1


def soak(folder: Path, samples: int, seed: int = 1, progress: bool = False) -> Soak:
    """At least ``samples`` through the tiny design of ``write_edge_design`` in ``folder``."""
    soaker = _Soaker(folder, seed)
    began = time.monotonic()
    try:
        while soaker.seen.samples < samples:
            soaker.step()
            if soaker.seen.samples * 10 >= samples * (len(soaker.seen.resident) + 1):
                soaker.seen.resident.append(_resident())
                if progress:
                    elapsed, mebibytes = time.monotonic() - began, soaker.seen.resident[-1] >> 20
                    print(f"{soaker.seen.samples:,} samples in {elapsed:.0f} s, {mebibytes} MiB", flush=True)
    finally:
        soaker.close()
    return soaker.seen


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> int:
    """Fails for a wrong result and for memory that grows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        write_edge_design(Path(folder) / "design")
        seen = soak(Path(folder) / "design", given.samples, given.seed, progress=True)
    print(f"{seen.samples:,} samples, {seen.wrong} wrong; memory grew by {100 * seen.growth:.1f} %")
    print(", ".join(f"{count} × {kind}" for kind, count in seen.faults.most_common()))
    return int(seen.wrong > 0 or seen.growth > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
