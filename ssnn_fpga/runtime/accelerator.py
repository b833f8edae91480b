"""An accelerator, on whatever device: frames or events in, classes and logits out."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.compression import compress
from ssnn_fpga.events.recording import Events
from ssnn_fpga.network.layers import Compression, Integers
from ssnn_fpga.runtime.engine import Classified, Engine, Recordings, check_events, check_frames
from ssnn_fpga.runtime.manifest import Manifest

# By name, since a board has none of the others' packages: each has open_engine(path, **options).
_DEVICES = {
    "pynq": "ssnn_fpga.runtime.pynq_device",
    "xrt": "ssnn_fpga.runtime.xrt_device",
    "serial": "ssnn_fpga.runtime.serial_engine",
    "sim": "ssnn_fpga.simulate.device",
}
BATCH = 64
_Item = TypeVar("_Item")


class Latency(NamedTuple):
    """Of all inferences since the accelerator was opened, from the first token in to the result out."""

    samples: int
    mean_us: float
    worst_us: float


class Accelerator:
    """A bitstream that runs. Use ``open``, and the result as a context manager."""

    def __init__(self, engine: Engine) -> None:
        self._engine: Engine | None = engine
        described = engine.manifest.compression
        self._compression = None if described is None else Compression(**described)
        self._takes_events = engine.takes_events
        self._samples = self._cycles = self._worst = 0

    @classmethod
    def open(cls, path: Path | str, device: str, **options: Any) -> Accelerator:
        """The accelerator of the build in the folder ``path`` on a device: pynq, xrt, serial or sim.

        ``options`` are the device's: see ``open_engine`` of its module. Raises UserError for a device
        that is busy, not there or not permitted, and for a bitstream that is not the manifest's.
        """
        if device not in _DEVICES:
            raise UserError(f"There is no device {device!r}: choose one of {', '.join(_DEVICES)}.")
        return cls(importlib.import_module(_DEVICES[device]).open_engine(Path(path), **options))

    def __enter__(self) -> Accelerator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the device back; a run that is under way is given up."""
        engine, self._engine = self._engine, None
        if engine is not None:
            engine.close()

    @property
    def manifest(self) -> Manifest:
        """What runs there."""
        return self._opened().manifest

    @property
    def compression(self) -> Compression:
        """How events become frames. Raises UserError for a model that does not say."""
        if self._compression is None:
            raise UserError(
                "The model does not say how events become its frames: give frames, or add the metadata "
                "key 'compression' to the model (see docs/models.md)."
            )
        return self._compression

    def classify(self, inputs: Integers | Events | Recordings) -> Classified:
        """Classes, logits and clocks of frames (N,T,C,H,W), of a recording, or of several.

        A recording is a structured array of events; it is one frame. Raises UserError for another
        shape or type, DeviceError where the device fails; the next call works again.
        """
        return self.classify_batch(inputs, batch=1 << 20)

    def classify_batch(self, inputs: Integers | Events | Recordings, batch: int = BATCH) -> Classified:
        """As ``classify``, ``batch`` at a time: one batch is written to memory while another is worked on."""
        if isinstance(inputs, np.ndarray) and inputs.dtype.names is None:
            check_frames(cast(Integers, inputs), self._opened().manifest.stream)
            items: Iterable[Any] = inputs
        else:
            items = [inputs] if isinstance(inputs, np.ndarray) else inputs
        return _joined(list(self.stream(items, batch)), self._opened().manifest)

    def stream(self, items: Iterable[Integers | Events], batch: int = 1) -> Iterator[Classified]:
        """Results of frames (T,C,H,W) or recordings as they come, ``batch`` at a time, in their order.

        One batch is taken from ``items`` and written to memory while another is worked on, so the
        first result comes when the second batch has. Ending the iteration gives up what is under way.
        """
        if batch < 1:
            raise UserError(f"A batch of {batch} is none: give at least 1.")
        engine, slot, running = self._opened(), 0, False
        try:
            for part in _chunks(iter(items), batch):
                engine.fill(slot, self._prepared(part))
                if running:
                    running = False
                    done = self._counted(engine.finish())
                    engine.start(slot)
                    running = True
                    yield done
                    if self._engine is not engine:  # it was closed between two results
                        return
                else:
                    engine.start(slot)
                    running = True
                slot = 1 - slot
            if running:
                running = False
                yield self._counted(engine.finish())
        finally:
            if running and self._engine is engine:
                engine.abort()

    @property
    def latency(self) -> Latency:
        """Of what has been classified so far."""
        scale = 1e6 / self._opened().clock_hz
        mean = self._cycles / self._samples if self._samples else 0.0
        return Latency(self._samples, mean * scale, self._worst * scale)

    @property
    def counters(self) -> dict[str, int]:
        """What the device has counted, by name; see docs/registers.md."""
        return self._opened().counters()

    def _opened(self) -> Engine:
        if self._engine is None:
            raise UserError("The accelerator is closed: open it again.")
        return self._engine

    def _prepared(self, items: list[Any]) -> Integers | Recordings:
        """Frames, or recordings where the device takes them, all of them checked."""
        for item in items:
            if not isinstance(item, np.ndarray):
                raise UserError(f"A {type(item).__name__} is neither a frame nor a recording: give an array.")
        stream = self._opened().manifest.stream
        kinds = {item.dtype.names is None for item in items}
        if len(kinds) > 1:
            raise UserError("Frames and recordings are mixed: give only one kind at once.")
        if kinds == {True}:
            shapes = {item.shape for item in items}
            if shapes != {stream.shape}:
                wrong = next(shape for shape in sorted(shapes) if shape != stream.shape)
                check_frames(np.zeros((1, *wrong), dtype=np.int64), stream)
            frames = np.stack(items)
            check_frames(frames, stream)
            return frames.astype(np.int64, copy=False)
        compression = self.compression
        for events in items:
            check_events(events, compression.sensor_height, compression.sensor_width)
        if self._takes_events:
            return items
        return np.stack([compress(events, compression) for events in items])

    def _counted(self, done: Classified) -> Classified:
        self._samples += len(done.cycles)
        self._cycles += int(done.cycles.sum())
        self._worst = max(self._worst, int(done.cycles.max(initial=0)))
        return done


def _chunks(items: Iterator[_Item], size: int) -> Iterator[list[_Item]]:
    while part := list(islice(items, size)):
        yield part


def _joined(parts: list[Classified], manifest: Manifest) -> Classified:
    empty = np.zeros(0, dtype=np.int64)
    parts = [Classified(empty, empty.reshape(0, manifest.stream.outputs), empty), *parts]
    return Classified(*(cast(Any, np.concatenate(columns)) for columns in zip(*parts, strict=True)))
