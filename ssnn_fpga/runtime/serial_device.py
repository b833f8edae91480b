"""An accelerator at the other end of a serial line, as described in ``docs/boards.md``."""

from __future__ import annotations

import binascii
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.rtl.stream import pack_tokens, token_bytes
from ssnn_fpga.runtime.device import DeviceError
from ssnn_fpga.runtime.engine import Classified, check_frames
from ssnn_fpga.runtime.manifest import Manifest, StreamFormat

PROTOCOL_VERSION = 1
_REQUEST_MARK, _REPLY_MARK = b"\xa5", b"\x5a"
_IDENTIFY, _CLASSIFY, _LOAD = b"\x01", b"\x02", b"\x03"
_STATUS = {
    1: "an unknown command",
    2: "a wrong checksum",
    3: "a request that broke off",
    4: "an inference that did not end",
    5: "a block of weights out of turn",
    6: "weights that are not loaded",
}
_OUT_OF_TURN, _NOT_LOADED = 5, 6
_BLOCK_WORDS = 256
"""Words of an image in one request, of 32 bits."""
_ATTEMPTS = 3


class Transport(Protocol):
    """A serial line: what ``serial.Serial`` of pyserial offers, and the simulated board too."""

    def write(self, data: bytes, /) -> int | None:
        """Send all of ``data``."""
        ...

    def read(self, size: int, /) -> bytes:
        """Up to ``size`` bytes; fewer when they have not come within the line's timeout."""
        ...

    def reset_input_buffer(self) -> None:
        """Forget what has come so far."""
        ...

    def close(self) -> None:
        """Give the line back."""
        ...


class _Refused(DeviceError):
    """A request that was understood, and cannot be done now."""

    def __init__(self, status: int, failure: str) -> None:
        super().__init__(f"The accelerator refused: {failure}.")
        self.status = status


@dataclass(frozen=True)
class Identity:
    """What a design says of itself."""

    protocol: int
    token_bytes: int
    frame_tokens: int
    result_bytes: int
    design: str
    """32 hexadecimal digits."""


def sealed(body: bytes) -> bytes:
    """``body`` and its CRC-16 (polynomial 1021, preset FFFF), most significant byte first."""
    return body + binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "big")


def unpack_result(token: bytes, stream: StreamFormat) -> tuple[int, list[int]]:
    """Class number and logits of a result token."""
    word = int.from_bytes(token, "little")
    bits = stream.logit_bits
    sign = 1 << (bits - 1)
    logits = [((word >> (i * bits) & ((1 << bits) - 1)) ^ sign) - sign for i in range(stream.outputs)]
    return word >> (stream.outputs * bits) & ((1 << stream.class_bits) - 1), logits


class SerialAccelerator:
    """The accelerator of ``manifest`` behind ``transport``.

    The design is asked who it is before anything else: a bitstream that is not the manifest's
    is refused with a UserError. A request that fails on the line is repeated, and raises
    DeviceError when it has failed three times. ``image``: the words that a design with loadable
    weights loads, (M,) of 32 bits; they are loaded at once, as the board may hold those of an earlier
    user, and again where the board has lost them.
    """

    def __init__(
        self, transport: Transport, manifest: Manifest, image: NDArray[np.uint32] | None = None
    ) -> None:
        self._transport = transport
        self._manifest = manifest
        self._image = image
        self._check_identity()
        if image is not None:
            self.load(image)

    @classmethod
    def open(
        cls,
        port: str,
        manifest: Path,
        timeout: float = 2.5,
        image: NDArray[np.uint32] | None = None,
    ) -> SerialAccelerator:
        """The board at a serial ``port`` (such as /dev/ttyUSB0) that runs the bitstream of ``manifest``.

        ``timeout`` is in seconds and longer than the longest inference. Needs pyserial
        (``pip install 'ssnn-fpga[serial]'``); raises UserError without it, or without the port.
        """
        described = Manifest.load(manifest)
        if described.baud is None:
            raise UserError(
                f"{described.board} has no serial port: choose a bitstream for a board that has one."
            )
        try:
            import serial  # type: ignore[import-untyped]
        except ImportError as error:
            raise UserError(
                "pyserial is missing, which reaches the board: pip install 'ssnn-fpga[serial]'."
            ) from error
        try:
            line = serial.Serial(port, described.baud, timeout=timeout)
        except (OSError, ValueError) as error:
            raise UserError(f"The port {port} cannot be opened ({error}): name the board's port.") from error
        try:
            return cls(line, described, image)
        except BaseException:
            line.close()
            raise

    def __enter__(self) -> SerialAccelerator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the line back."""
        self._transport.close()

    def identify(self) -> Identity:
        """What the design says of itself. Raises UserError for one that is not of this project."""
        payload = self._ask(_IDENTIFY)
        if len(payload) != 29 or payload[:4] != b"SSNN":
            raise UserError("What answers at the port is no accelerator of this project: load its bitstream.")
        return Identity(
            protocol=payload[4],
            token_bytes=int.from_bytes(payload[5:7], "little"),
            frame_tokens=int.from_bytes(payload[7:11], "little"),
            result_bytes=int.from_bytes(payload[11:13], "little"),
            design=payload[13:].hex(),
        )

    def classify(self, frames: Integers) -> Classified:
        """Classes, logits and clocks of ``frames`` (N,T,C,H,W).

        Raises UserError for other shapes, and for a design without weights where no image was given.
        """
        stream = self._manifest.stream
        check_frames(frames, stream)
        classes, logits, cycles = [], [], []
        for frame in frames:
            payload = self._answer_to(pack_tokens(frame[None], stream.group, stream.bits).tobytes())
            if len(payload) != 4 + token_bytes(stream.out_width):
                raise DeviceError(
                    f"The result has {len(payload)} bytes, not {4 + token_bytes(stream.out_width)}."
                )
            number, values = unpack_result(payload[4:], stream)
            classes.append(number)
            logits.append(values)
            cycles.append(int.from_bytes(payload[:4], "little"))
        return Classified(
            np.array(classes, dtype=np.int64),
            np.array(logits, dtype=np.int64).reshape(-1, stream.outputs),
            np.array(cycles, dtype=np.int64),
        )

    def load(self, image: NDArray[np.uint32]) -> None:
        """Load an image of weights, (M,) words of 32 bits.

        Raises UserError where it is longer or shorter than the design's own, DeviceError where the line
        fails.
        """
        words = np.ascontiguousarray(image, dtype="<u4")
        blocks = [words[place : place + _BLOCK_WORDS] for place in range(0, len(words), _BLOCK_WORDS)]
        for _ in range(_ATTEMPTS):
            try:
                whole = [self._load_block(number, block) for number, block in enumerate(blocks)]
            except _Refused as refused:  # the board was reset in the middle: from the beginning
                if refused.status != _OUT_OF_TURN:
                    raise
                continue
            if whole and whole[-1] and not any(whole[:-1]):
                return
            raise UserError(
                f"The image has {len(words):,} words, which is not what this bitstream loads: give the image "
                "of a model of its shape, written by `ssnn-fpga image`."
            )
        raise DeviceError(f"The accelerator lost the blocks of its weights {_ATTEMPTS} times.")

    def _load_block(self, number: int, words: NDArray[np.uint32]) -> bool:
        """Whether all weights are there behind it."""
        header = number.to_bytes(2, "little") + bytes([len(words) - 1])
        return self._ask(_LOAD, header + words.tobytes()) == b"\x01"

    def _answer_to(self, frame: bytes) -> bytes:
        """The payload for a frame; weights that a reset has taken are loaded again."""
        try:
            return self._ask(_CLASSIFY, frame)
        except _Refused as refused:
            if refused.status != _NOT_LOADED:
                raise
        if self._image is None:
            raise UserError("The bitstream has no weights of its own: give the image that it is to load.")
        self.load(self._image)
        return self._ask(_CLASSIFY, frame)

    def _check_identity(self) -> None:
        found, stream = self.identify(), self._manifest.stream
        if found.protocol != PROTOCOL_VERSION:
            raise UserError(
                f"The board speaks version {found.protocol} of the protocol, this driver {PROTOCOL_VERSION}: "
                "build the bitstream again."
            )
        expected = Identity(
            PROTOCOL_VERSION,
            token_bytes(stream.in_width),
            stream.tokens,
            token_bytes(stream.out_width),
            self._manifest.identity,
        )
        if found != expected:
            raise UserError(
                f"The board runs the design {found.design}, the manifest describes {expected.design}: "
                "load the bitstream that lies beside the manifest."
            )

    def _ask(self, command: bytes, payload: bytes = b"") -> bytes:
        """The payload of the reply to a request, which is repeated when it fails."""
        request = sealed(_REQUEST_MARK + command + payload)
        failure = ""
        for _ in range(_ATTEMPTS):
            self._transport.reset_input_buffer()
            self._transport.write(request)
            status, answer, failure = self._reply()
            if status == 0:
                return answer
            if status in (_OUT_OF_TURN, _NOT_LOADED):  # the same request would be refused again
                raise _Refused(status, failure)
        raise DeviceError(f"The accelerator failed {_ATTEMPTS} times, lastly with {failure}.")

    def _reply(self) -> tuple[int | None, bytes, str]:
        """Status (None when no whole reply came), payload and failure of the reply on the line."""
        header = self._transport.read(4)
        if len(header) < 4 or header[:1] != _REPLY_MARK:
            return None, b"", f"{header.hex() or 'nothing'} instead of a reply"
        length = int.from_bytes(header[2:4], "little")
        rest = self._transport.read(length + 2)
        if len(rest) < length + 2 or binascii.crc_hqx(header + rest, 0xFFFF) != 0:
            return None, b"", "a damaged reply"
        return header[1], rest[:-2], _STATUS.get(header[1], f"the status {header[1]}")
