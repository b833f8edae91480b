"""A compiled design behind AXI4 in the place of a board: the driver that ships, on the RTL that ships.

Host and accelerator see a buffer through copies of their own, as they would through a cache, so a
flush or an invalidate that the driver forgets shows as a wrong result.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.generate import WEIGHTS_FILE
from ssnn_fpga.runtime.bus_engine import BusEngine
from ssnn_fpga.runtime.device import DeviceError
from ssnn_fpga.runtime.layout import image_beside, weights_beside
from ssnn_fpga.runtime.lock import DeviceLock
from ssnn_fpga.runtime.manifest import MANIFEST_FILE, Manifest, StreamFormat, WeightImage
from ssnn_fpga.simulate.edge import MEMORY_BYTES, Edge, compile_edge, edge_sources

_DESIGN = "design"
_CLOCK_MHZ = 100.0
_PAGE = 4096


class SimulatedBuffer:
    """Memory of the simulated board, and the host's copy of it."""

    def __init__(self, device: SimulatedDevice, offset: int, size: int) -> None:
        self._device, self._offset = device, offset
        self.array: NDArray[np.uint8] = np.zeros(size, dtype=np.uint8)
        self.address = device.edge.base + offset

    def flush(self) -> None:
        """Copy to the board."""
        self._device.edge.memory[self._offset : self._offset + len(self.array)] = self.array

    def invalidate(self) -> None:
        """Copy from the board."""
        self.array[:] = self._device.edge.memory[self._offset : self._offset + len(self.array)]

    def close(self) -> None:
        """Give the memory back."""
        self._device.free(self._offset)


class SimulatedDevice:
    """The ``Device`` around a compiled design. Time passes while registers are used and in ``wait``.

    ``lock`` is closed with it.
    """

    def __init__(self, edge: Edge, clock_hz: float, lock: DeviceLock | None = None) -> None:
        self.edge = edge
        """The compiled design, for whoever wants to stall or break its memory."""
        self.clock_hz = clock_hz
        self._lock = lock
        self._taken: dict[int, int] = {}

    def read(self, offset: int) -> int:
        """A register."""
        return self.edge.read(offset)

    def write(self, offset: int, value: int) -> None:
        """Set it."""
        self.edge.write(offset, value)

    def allocate(self, size: int) -> SimulatedBuffer:
        """A buffer in the first gap that holds it. Raises DeviceError where there is none."""
        place = 0
        for offset in sorted(self._taken):
            if offset - place >= size:
                break
            place = offset + self._taken[offset]
        if place + size > len(self.edge.memory):
            raise DeviceError(f"The simulated board has no room for {size:,} bytes: use a smaller batch.")
        self._taken[place] = -(-size // _PAGE) * _PAGE
        return SimulatedBuffer(self, place, size)

    def free(self, offset: int) -> None:
        """Give a buffer's memory back."""
        del self._taken[offset]

    def wait(self, seconds: float) -> None:
        """Let time pass until the interrupt, at most ``seconds`` of the accelerator's clock."""
        self.edge.run(round(seconds * self.clock_hz), until_interrupt=True)

    def close(self) -> None:
        """End the simulation."""
        self.edge.close()
        if self._lock is not None:
            self._lock.close()


def open_engine(
    path: Path,
    *,
    name: str | None = None,
    build: Path | None = None,
    memory: int = MEMORY_BYTES,
    patience: float = 0.01,
    image: NDArray[np.uint32] | None = None,
    weights: NDArray[np.uint8] | None = None,
    seed: int = 0,
) -> BusEngine:
    """A design folder, or a build folder with one in ``design``, as a device.

    ``name`` makes it a device that one process at a time can open, as a board is. ``memory``: bytes of
    the simulated board; ``patience`` in seconds of the accelerator's clock; ``image``, ``weights``:
    see ``BusEngine``, the design's own if not given; ``build`` as for ``compile_design``. Raises UserError.
    """
    folder = path / _DESIGN if (path / _DESIGN).is_dir() else path
    design = Design.load(folder)
    built = (path / MANIFEST_FILE).is_file()
    manifest = Manifest.load(path) if built else manifest_of(design)
    if weights is None:
        weights = weights_beside(path if built else folder, manifest)
    if image is None and design.plan.options.loadable:
        image = image_beside(folder)
    lock = None if name is None else DeviceLock(name)
    try:
        edge = Edge(compile_edge(design, manifest.identity, build), design.rtl, memory=memory, seed=seed)
    except BaseException:
        if lock is not None:
            lock.close()
        raise
    device = SimulatedDevice(edge, manifest.clock_mhz * 1e6, lock)
    return BusEngine(device, manifest, image=image, weights=weights, patience=patience)


def manifest_of(design: Design) -> Manifest:
    """The manifest of a design that was built for no board."""
    sha = hashlib.sha256()
    for name, text in edge_sources(design).items():
        sha.update(f"{name}\0{text}\0".encode())
    for image in sorted(path for path in design.rtl.iterdir() if path.suffix not in (".sv", ".f")):
        sha.update(image.read_bytes())
    sha.update(design.weights)
    compression = design.network.compression
    return Manifest(
        board="simulated",
        device="verilator",
        identity=sha.hexdigest()[:32],
        stream=stream_format(design),
        classes=design.network.classes,
        compression=None if compression is None else asdict(compression),
        clock_mhz=_CLOCK_MHZ,
        baud=None,
        tools={},
        seed=0,
        inputs_sha256="",
        bitstream_sha256="",
        weights=WeightImage.of(design.weights, WEIGHTS_FILE),
    )


def stream_format(design: Design) -> StreamFormat:
    """What a driver has to know of a design's streams."""
    edge, logits = design.plan.input, design.plan.output
    return StreamFormat(
        timesteps=edge.timesteps,
        channels=edge.channels,
        height=edge.height,
        width=edge.width,
        bits=edge.bits,
        group=edge.group,
        outputs=logits.channels,
        logit_bits=logits.bits,
    )
