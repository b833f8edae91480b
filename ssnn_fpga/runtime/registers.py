"""Offsets of the registers, and masks of their parts; written from hw/registers/accelerator.rdl.

``python -m ssnn_fpga.rtl.registers`` writes this file; do not edit.
"""

CONTROL = 0x00
"""Control of runs."""
INTERRUPT = 0x04
"""Interrupt."""
INTERRUPT_ENABLE = 0x08
"""What interrupts."""
INTERRUPT_STATUS = 0x0C
"""What has interrupted, or would have; write 1 to clear."""
INPUT_ADDRESS = 0x10
"""Address of the input, a multiple of 8: low half."""
INPUT_ADDRESS_HIGH = 0x14
"""Its high half."""
INPUT_BYTES = 0x18
"""Bytes of the input: whole frames, events of 8 bytes, or an image of 4-byte words."""
OUTPUT_ADDRESS = 0x1C
"""Address of the results, a multiple of 8: low half."""
OUTPUT_ADDRESS_HIGH = 0x20
"""Its high half."""
RESULTS = 0x24
"""Results after which the run ends."""
MODE = 0x28
"""What the input is."""
PATIENCE = 0x2C
"""Clocks in which nothing moves before a run is given up; 0: for ever."""
STOP = 0x30
"""End of a run before its time."""
STATUS = 0x34
"""What went wrong in the latest run, and what is so now."""
WEIGHTS_ADDRESS = 0x38
"""Address of the weights outside the chip, a multiple of 4096: low half."""
WEIGHTS_ADDRESS_HIGH = 0x3C
"""Its high half; either being written, the next run begins with a reset of the accelerator."""
MAGIC = 0x40
"""0x4e4e5353, the letters SSNN."""
VERSION = 0x44
"""Version of these registers."""
IDENTITY = 0x48
"""Identity of the design, eight hexadecimal digits each, as it is written."""
FRAME_TOKENS = 0x58
"""Tokens of a frame."""
WIDTHS = 0x5C
"""Widths."""
FEATURES = 0x60
"""What the design has."""
CYCLES = 0x80
"""Clocks since the reset, modulo 2**32."""
RUN_CYCLES = 0x84
"""Clocks of the latest run, from its start to its end."""
LATENCY = 0x88
"""Clocks of the latest inference, from its first token in to its result out."""
FRAMES = 0x8C
"""Results since the reset."""
DISCARDED = 0x90
"""Frames that had begun when a run was given up, since the reset."""
READ_ERRORS = 0x94
"""Beats that came with an error since the reset."""
WRITE_ERRORS = 0x98
"""Bursts whose write was answered with an error since the reset."""
EVENTS_ACCEPTED = 0x9C
"""Events of the latest run with events that counted."""
EVENTS_OUTSIDE = 0xA0
"""Its events outside the sensor, or words of no kind."""
EVENTS_BACKWARDS = 0xA4
"""Its events earlier than the one before."""
SIZE = 0x100
"""Bytes that the registers take."""


class Control:
    """Parts of control: masks."""

    START = 0x1
    """Write 1: begin a run with the arguments below; it begins when done is low. Low again at its end."""
    DONE = 0x2
    """The run has ended, well or not: see status."""
    IDLE = 0x4
    """No run is under way."""
    READY = 0x8
    """Arguments may be written again; low once it has been read."""
    ACKNOWLEDGE = 0x10
    """Write 1: the end of the run has been seen, done may go low."""
    AUTO_RESTART = 0x80
    """A run that ended well begins again, with the arguments of then."""


class Interrupt:
    """Parts of interrupt: masks."""

    ENABLE = 0x1
    """Let the interrupt out."""


class InterruptEnable:
    """Parts of interrupt_enable: masks."""

    DONE = 0x1
    """The end of a run."""
    READY = 0x2
    """Arguments may be written again."""


class InterruptStatus:
    """Parts of interrupt_status: masks."""

    DONE = 0x1
    """A run has ended."""
    READY = 0x2
    """Arguments may be written again."""


class Mode:
    """Parts of mode: masks."""

    KIND = 0x3
    """0 frames, 1 address events, 2 an image of weights (no results)."""


class Stop:
    """Parts of stop: masks."""

    ABORT = 0x1
    """Write 1: what is under way on the bus is waited for, then the accelerator is reset."""


class Status:
    """Parts of status: masks."""

    READ_ERROR = 0x1
    """A read was answered with an error."""
    WRITE_ERROR = 0x2
    """A write was answered with an error."""
    STALLED = 0x4
    """Nothing moved for too long."""
    ABORTED = 0x8
    """It was stopped."""
    PARITY = 0x10
    """A weight word of odd parity was used."""
    HANG = 0x20
    """The accelerator's own watchdog saw a hang."""
    WEIGHTS = 0x40
    """A read of weights outside the chip was answered with an error."""
    REFUSED = 0x80
    """The arguments made no sense: an address, a size or a kind of input that this design has not."""
    LOADED = 0x10000
    """Now: all weights are there."""
    STOPPING = 0x20000
    """Now: a run ends, and waits for what the bus still owes."""


class Widths:
    """Parts of widths: masks."""

    TOKEN_BITS = 0xFFFF
    """Bits of a token."""
    RESULT_BITS = 0xFFFF0000
    """Bits of a result's token."""


class Features:
    """Parts of features: masks."""

    EVENTS = 0x1
    """A front end for address events."""
    LOADABLE = 0x2
    """Weights that are loaded."""
    WEIGHTS = 0x4
    """Weights outside the chip, which are read through a port of their own."""
    ADDRESS_BITS = 0xFF00
    """Bits of an address."""
