"""How frames and results lie in an accelerator's memory (docs/boards.md, "Frames and results in memory")."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.errors import UserError
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.rtl.stream import pack_tokens, token_bytes, unpack_logits
from ssnn_fpga.runtime.manifest import Manifest, StreamFormat

IMAGE_FILE = "load.bin"
"""What a bitstream loads that has no weights of its own, beside its manifest."""
BEAT = 8
"""Bytes of the accelerator's port to memory."""


def image_beside(folder: Path) -> NDArray[np.uint32] | None:
    """The words (M,) that the bitstream in ``folder`` loads, None for one that has its weights."""
    file = folder / IMAGE_FILE
    return np.frombuffer(file.read_bytes(), dtype="<u4") if file.is_file() else None


def weights_beside(folder: Path, manifest: Manifest) -> NDArray[np.uint8] | None:
    """The weights (bytes,) in ``folder`` that the design of ``manifest`` reads from memory, None for no such.

    Raises UserError for a file that is missing, damaged or of another design.
    """
    described = manifest.weights
    if described is None:
        return None
    file = folder / described.file
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserError(
            f"{file} cannot be read ({error.strerror}), which holds the weights that do not fit the chip: "
            "copy it beside the bitstream."
        ) from error
    if len(content) != described.size or hashlib.sha256(content).hexdigest() != described.sha256:
        raise UserError(
            f"{file} is damaged, or holds the weights of another design: copy it again with its manifest."
        )
    return np.frombuffer(content, dtype=np.uint8)


def slot_bytes(width: int) -> int:
    """Bytes that a token of ``width`` bits takes: 1, 2, 4, 8 or whole beats."""
    size = token_bytes(width)
    return -(-size // BEAT) * BEAT if size > 4 else 1 << (size - 1).bit_length()


def frame_bytes(stream: StreamFormat) -> int:
    """Bytes of a frame, a multiple of 8."""
    return -(-stream.tokens * slot_bytes(stream.in_width) // BEAT) * BEAT


def record_bytes(stream: StreamFormat) -> int:
    """Bytes of a result: a beat of its own, then the token in whole beats."""
    return BEAT + -(-stream.out_width // 64) * BEAT


def pack_frames(frames: Integers, stream: StreamFormat) -> NDArray[np.uint8]:
    """Frames (N,T,C,H,W) as they lie in memory, (N, ``frame_bytes``)."""
    slot = slot_bytes(stream.in_width)
    tokens = pack_tokens(frames, stream.group, stream.bits)
    slots = np.zeros((len(frames), stream.tokens, slot), dtype=np.uint8)
    slots[:, :, : tokens.shape[1]] = tokens.reshape(len(frames), stream.tokens, -1)
    packed = np.zeros((len(frames), frame_bytes(stream)), dtype=np.uint8)
    packed[:, : stream.tokens * slot] = slots.reshape(len(frames), -1)
    return packed


def unpack_records(
    records: NDArray[np.uint8], stream: StreamFormat
) -> tuple[Integers, Integers, Integers, Integers]:
    """Numbers in the run, classes, logits (N, O) and clocks of results (N, ``record_bytes``)."""
    heads = np.ascontiguousarray(records[:, :BEAT]).view("<u4").astype(np.int64)
    tokens = np.ascontiguousarray(records[:, BEAT : BEAT + token_bytes(stream.out_width)])
    logits, classes = unpack_logits(tokens, stream.outputs, stream.logit_bits)
    return heads[:, 1], classes, logits, heads[:, 0]
