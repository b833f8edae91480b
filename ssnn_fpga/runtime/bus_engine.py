"""An accelerator on a bus: arguments in registers, frames and results in memory."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.events.address_events import END_WORD, event_words
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.runtime import registers
from ssnn_fpga.runtime.device import Buffer, Device, DeviceError
from ssnn_fpga.runtime.engine import Classified, Recordings
from ssnn_fpga.runtime.layout import pack_frames, record_bytes, unpack_records
from ssnn_fpga.runtime.manifest import Manifest

REGISTERS_VERSION = 1
_MAGIC = 0x4E4E5353
_PAGE = 4096
_SPARE = 8
"""A buffer of up to so many times what a batch needs is used as it is."""
_FRAMES, _EVENTS, _IMAGE = 0, 1, 2
_WRONG = {
    registers.Status.READ_ERROR: "a read from memory was refused",
    registers.Status.WRITE_ERROR: "a write to memory was refused",
    registers.Status.STALLED: "nothing moved for too long",
    registers.Status.ABORTED: "it was stopped",
    registers.Status.PARITY: "a weight was damaged",
    registers.Status.HANG: "the accelerator hung",
    registers.Status.WEIGHTS: "a read of weights was refused",
    registers.Status.REFUSED: "the arguments made no sense",
}
_COUNTERS = {
    "cycles": registers.CYCLES,
    "run_cycles": registers.RUN_CYCLES,
    "latency_cycles": registers.LATENCY,
    "frames": registers.FRAMES,
    "discarded": registers.DISCARDED,
    "read_errors": registers.READ_ERRORS,
    "write_errors": registers.WRITE_ERRORS,
    "events_accepted": registers.EVENTS_ACCEPTED,
    "events_outside": registers.EVENTS_OUTSIDE,
    "events_backwards": registers.EVENTS_BACKWARDS,
}


class _Slot:
    """Memory of one batch."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._buffers: dict[str, Buffer] = {}
        self.samples = self.input_bytes = self.mode = 0

    @property
    def input(self) -> Buffer:
        return self._buffers["input"]

    @property
    def output(self) -> Buffer:
        return self._buffers["output"]

    def grow(self, **sizes: int) -> None:
        """Room for so many bytes of each buffer; where there is none, the slot gives back what it has.

        One that was much larger for an earlier batch gives its memory back too.
        """
        try:
            for name, size in sizes.items():
                need = -(-size // _PAGE) * _PAGE
                has = len(self._buffers[name].array) if name in self._buffers else 0
                if need <= has <= _SPARE * need:
                    continue
                if has:
                    self._buffers.pop(name).close()
                self._buffers[name] = self._device.allocate(need)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        while self._buffers:
            self._buffers.popitem()[1].close()


class BusEngine:
    """The ``Engine`` of every device with registers and memory.

    ``image``: the words that a design with loadable weights loads, (M,) of 32 bits. ``weights``: what
    the accelerator reads from memory while it runs, (bytes,), where its weights do not fit the chip.
    ``patience``: seconds in which nothing moves before the hardware gives a run up. Raises UserError
    for a bitstream that is not the manifest's, or weights that are not its own, and DeviceError where
    memory has no room for the weights; closes the device then.
    """

    def __init__(
        self,
        device: Device,
        manifest: Manifest,
        *,
        image: NDArray[np.uint32] | None = None,
        weights: NDArray[np.uint8] | None = None,
        patience: float = 1.0,
    ) -> None:
        self._device, self._manifest, self._image = device, manifest, image
        self._patience = patience
        self._slots = (_Slot(device), _Slot(device))
        self._weights: Buffer | None = None
        self._running: _Slot | None = None
        self._closed = False
        try:
            self._check_identity()
            self._settle()
            self._place_weights(weights)
        except BaseException:
            if self._weights is not None:
                self._weights.close()
            device.close()
            raise

    @property
    def manifest(self) -> Manifest:
        """What runs there."""
        return self._manifest

    @property
    def takes_events(self) -> bool:
        """Whether the design has a front end for events."""
        return bool(self._device.read(registers.FEATURES) & registers.Features.EVENTS)

    @property
    def clock_hz(self) -> float:
        """Of the accelerator."""
        return self._device.clock_hz

    def fill(self, slot: int, batch: Integers | Recordings) -> None:
        """Write a batch into the memory of a slot."""
        if self._running is self._slots[slot]:
            self.abort()  # its wait was interrupted, so nobody has its results
        if isinstance(batch, np.ndarray):
            data, mode = pack_frames(batch, self._manifest.stream).reshape(-1), _FRAMES
        else:
            end = np.array([END_WORD], dtype=np.uint64)
            words = [part for events in batch for part in (event_words(events), end)]
            data, mode = np.concatenate(words).view(np.uint8), _EVENTS
        self._write(self._slots[slot], data, len(batch), mode)

    def start(self, slot: int) -> None:
        """Begin the run of a slot, after the weights if they have to be loaded first."""
        self.abort()
        self._load_weights()
        self._begin(self._slots[slot])

    def finish(self) -> Classified:
        """Wait for the run and read its results."""
        slot = self._running
        if slot is None:
            raise RuntimeError("no run is under way")
        self._end()
        stream = self._manifest.stream
        slot.output.invalidate()
        size = slot.samples * record_bytes(stream)
        records = slot.output.array[:size].reshape(slot.samples, -1)
        numbers, classes, logits, cycles = unpack_records(records, stream)
        if not np.array_equal(numbers, np.arange(slot.samples)):
            raise DeviceError(
                "The results in memory are not those of this run: the device's memory is not coherent."
            )
        return Classified(classes, logits, cycles)

    def abort(self) -> None:
        """Stop the run, if there is one, and wait until the bus is quiet."""
        if self._running is not None:
            self._settle()
            self._running = None

    def counters(self) -> dict[str, int]:
        """The registers that count, by name."""
        return {name: self._device.read(offset) for name, offset in _COUNTERS.items()}

    def close(self) -> None:
        """Stop what runs, and give memory and device back, even where the device is dead."""
        if self._closed:
            return
        self._closed = True
        try:
            self.abort()
        finally:
            for slot in self._slots:
                slot.close()
            if self._weights is not None:
                self._weights.close()
            self._device.close()

    def _check_identity(self) -> None:
        read = self._device.read
        if read(registers.MAGIC) != _MAGIC:
            raise UserError("What answers there is no accelerator of this project: load its bitstream.")
        if (version := read(registers.VERSION)) != REGISTERS_VERSION:
            raise UserError(
                f"The bitstream has version {version} of the registers, this driver {REGISTERS_VERSION}: "
                f"{'update ssnn-fpga' if version > REGISTERS_VERSION else 'build the bitstream again'}."
            )
        found = "".join(f"{read(registers.IDENTITY + 4 * word):08x}" for word in range(4))
        if found != self._manifest.identity:
            raise UserError(
                f"The board runs the design {found}, the manifest describes {self._manifest.identity}: "
                "load the bitstream that lies beside the manifest."
            )
        stream, widths = self._manifest.stream, read(registers.WIDTHS)
        if (read(registers.FRAME_TOKENS), widths & 0xFFFF, widths >> 16) != (
            stream.tokens,
            stream.in_width,
            stream.out_width,
        ):
            raise UserError("The manifest does not describe this bitstream's frames: build it again.")

    def _settle(self) -> None:
        """Whatever an earlier user left behind: no run, no end of a run that nobody has seen."""
        write, read = self._device.write, self._device.read
        write(registers.INTERRUPT_ENABLE, registers.InterruptEnable.DONE)
        write(registers.INTERRUPT, registers.Interrupt.ENABLE)
        write(registers.CONTROL, registers.Control.ACKNOWLEDGE)  # and no auto_restart
        if not read(registers.CONTROL) & registers.Control.IDLE:
            write(registers.STOP, registers.Stop.ABORT)
            self._wait_done()
        self._acknowledge()
        patience = round(self._patience * self._device.clock_hz)
        write(registers.PATIENCE, min(max(1, patience), 0xFFFFFFFF))

    def _place_weights(self, weights: NDArray[np.uint8] | None) -> None:
        """Lay the weights that do not fit the chip into memory, and tell the accelerator where."""
        described = self._manifest.weights
        if bool(self._device.read(registers.FEATURES) & registers.Features.WEIGHTS) != bool(described):
            raise UserError("The manifest does not describe this bitstream's weights: build it again.")
        if described is None:
            return
        if weights is None:
            raise UserError(f"The weights do not fit the chip: give those of {described.file}.")
        if len(weights) != described.size:
            raise UserError(
                f"The weights have {len(weights):,} bytes, this bitstream reads {described.size:,}: give "
                f"{described.file} of the same design."
            )
        size = -(-len(weights) // _PAGE) * _PAGE
        try:
            buffer = self._weights = self._device.allocate(size)
        except DeviceError as error:
            raise DeviceError(
                f"Memory has no room for the {len(weights):,} bytes of weights: close what else uses the "
                "device, or build a smaller network."
            ) from error
        if buffer.address % _PAGE:
            raise DeviceError(f"The memory for weights begins at {buffer.address:#x}, inside a page.")
        buffer.array[: len(weights)] = weights
        buffer.flush()
        self._device.write(registers.WEIGHTS_ADDRESS, buffer.address & 0xFFFFFFFF)
        self._device.write(registers.WEIGHTS_ADDRESS_HIGH, buffer.address >> 32)

    def _load_weights(self) -> None:
        if self._device.read(registers.STATUS) & registers.Status.LOADED:
            return
        if self._image is None:
            raise UserError("The bitstream has no weights of its own: give the image that it is to load.")
        slot = _Slot(self._device)
        try:
            self._write(slot, np.ascontiguousarray(self._image).view(np.uint8), 0, _IMAGE)
            self._begin(slot)
            self._end()
        finally:
            slot.close()

    def _write(self, slot: _Slot, data: NDArray[np.uint8], samples: int, mode: int) -> None:
        need = samples * record_bytes(self._manifest.stream)
        slot.grow(input=len(data), output=max(need, 8))
        slot.input.array[: len(data)] = data
        slot.input.flush()
        slot.output.array[:need] = 0xFF  # no result has this number: an old one cannot pass for a new one
        slot.output.flush()
        slot.samples, slot.input_bytes, slot.mode = samples, len(data), mode

    def _begin(self, slot: _Slot) -> None:
        addresses = {registers.INPUT_ADDRESS: slot.input, registers.OUTPUT_ADDRESS: slot.output}
        for register, buffer in addresses.items():
            self._device.write(register, buffer.address & 0xFFFFFFFF)
            self._device.write(register + 4, buffer.address >> 32)
        self._device.write(registers.INPUT_BYTES, slot.input_bytes)
        self._device.write(registers.RESULTS, slot.samples)
        self._device.write(registers.MODE, slot.mode)
        self._device.write(registers.CONTROL, registers.Control.START)
        self._running = slot

    def _end(self) -> None:
        """Wait for the run. Raises DeviceError for one that went wrong."""
        self._wait_done()
        self._running = None
        status = self._device.read(registers.STATUS)
        self._acknowledge()
        wrong = [sentence for mask, sentence in _WRONG.items() if status & mask]
        if wrong:
            raise DeviceError(f"The run was given up: {', '.join(wrong)}.")

    def _wait_done(self) -> None:
        """Wait for the end of a run, which comes unless the bus itself has died.

        The hardware gives up a run in which nothing moves, and then waits only for what the bus owes.
        """
        step, stopping = min(0.1, self._patience), 0.0
        while not self._device.read(registers.CONTROL) & registers.Control.DONE:
            self._device.wait(step)
            if self._device.read(registers.STATUS) & registers.Status.STOPPING:
                stopping += step
            if stopping > 2 * self._patience:
                self._running = None
                raise DeviceError(
                    "The accelerator's memory does not answer, so its run cannot end: "
                    "load the bitstream again."
                )

    def _acknowledge(self) -> None:
        self._device.write(registers.CONTROL, registers.Control.ACKNOWLEDGE)
        self._device.write(
            registers.INTERRUPT_STATUS, registers.InterruptStatus.DONE | registers.InterruptStatus.READY
        )
