"""What a driver has to know of a bitstream, as the flow writes it beside the bitstream."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.stream import token_bytes

FORMAT = 1
MANIFEST_FILE = "manifest.json"


@dataclass(frozen=True)
class StreamFormat:
    """The tokens of one frame in and of its result out; see ``docs/hardware.md``."""

    timesteps: int
    channels: int
    height: int
    width: int
    bits: int
    """Bits of one input value."""
    group: int
    """Channels of one input token."""
    outputs: int
    """Logits."""
    logit_bits: int
    """Bits of one logit, two's complement."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(T, C, H, W) of a frame."""
        return (self.timesteps, self.channels, self.height, self.width)

    @property
    def tokens(self) -> int:
        """Tokens of a frame."""
        return self.height * self.width * self.channels // self.group

    @property
    def in_width(self) -> int:
        """Bits of an input token."""
        return self.timesteps * self.bits * self.group

    @property
    def class_bits(self) -> int:
        """Bits of the class index, which lies above the logits in the result token."""
        return max(1, (self.outputs - 1).bit_length())

    @property
    def out_width(self) -> int:
        """Bits of the result token."""
        return self.outputs * self.logit_bits + self.class_bits

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame on the serial line."""
        return self.tokens * token_bytes(self.in_width)


@dataclass(frozen=True)
class WeightImage:
    """Weights that the accelerator reads from memory while it runs."""

    file: str
    """Beside the manifest."""
    size: int
    """In bytes."""
    sha256: str

    @classmethod
    def of(cls, content: bytes, file: str) -> WeightImage | None:
        """The description of ``content``; None for weights that are all in the bitstream."""
        return cls(file, len(content), hashlib.sha256(content).hexdigest()) if content else None


@dataclass(frozen=True)
class Manifest:
    """A bitstream's description."""

    board: str
    device: str
    identity: str
    """32 hexadecimal digits that the bitstream answers with too: network, plan and board."""
    stream: StreamFormat
    classes: tuple[str, ...]
    """Class names by number; may be empty."""
    compression: dict[str, Any] | None
    """How events become frames: the fields of ``network.layers.Compression``, or None."""
    clock_mhz: float
    baud: int | None
    tools: dict[str, str]
    """Version of every tool that made the bitstream."""
    seed: int
    """Of the placer."""
    inputs_sha256: str
    """Of everything that the bitstream was made from."""
    bitstream_sha256: str
    register_base: int | None = None
    """Address of the registers on the processor's bus, where the board has one."""
    weights: WeightImage | None = None
    """None where all weights are in the bitstream."""

    def to_json(self) -> str:
        """The manifest as text; ``from_json`` gives an equal one."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str, origin: str = "The manifest") -> Manifest:
        """Inverse of ``to_json``; ``origin`` names the text in the UserError for one that is damaged."""
        try:
            fields = json.loads(text)
            version = fields.pop("format")
            if version != FORMAT:
                remedy = "update ssnn-fpga" if version > FORMAT else "build the bitstream again"
                raise UserError(f"{origin} has the format {version}, not {FORMAT}: {remedy}.")
            stream = StreamFormat(**fields.pop("stream"))
            weights = fields.pop("weights", None)
            weights = None if weights is None else WeightImage(**weights)
            return cls(stream=stream, classes=tuple(fields.pop("classes")), weights=weights, **fields)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise UserError(f"{origin} is damaged: build the bitstream again.") from error

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """The manifest in a file, or in a folder that a flow wrote. Raises UserError where there is none."""
        file = path / MANIFEST_FILE if path.is_dir() else path
        try:
            return cls.from_json(file.read_text(), str(file))
        except OSError as error:
            raise UserError(f"{file} cannot be read: build the bitstream first.") from error
