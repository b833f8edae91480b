"""A tiny accelerator in place of a generated one: quick to synthesise, with a known answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ssnn_fpga.boards.staging import Hardware
from ssnn_fpga.network.layers import Integers
from ssnn_fpga.rtl.stream import pack_tokens
from ssnn_fpga.runtime.manifest import StreamFormat

FOLDER = Path(__file__).parent / "standin"
STREAM = StreamFormat(timesteps=2, channels=2, height=3, width=4, bits=2, group=2, outputs=2, logit_bits=12)
HARDWARE = Hardware(
    sources=(FOLDER / "accelerator.sv",),
    images=(FOLDER / "standin.mem",),
    stream=STREAM,
    classes=("sum", "minus"),
)


def random_frames(count: int, seed: int) -> Integers:
    """``count`` frames (N,T,C,H,W) for the stand-in."""
    return np.random.default_rng(seed).integers(0, 1 << STREAM.bits, (count, *STREAM.shape))


def answers(frames: Integers) -> tuple[Integers, Integers]:
    """Classes (N,) and logits (N, 2) that the stand-in gives."""
    weights = np.array([int(word, 16) for word in (FOLDER / "standin.mem").read_text().split()])
    weights = np.where(weights >= 8, weights - 16, weights)
    tokens = pack_tokens(frames, STREAM.group, STREAM.bits).reshape(len(frames), STREAM.tokens)
    ones = np.unpackbits(tokens[:, :, None], axis=2).sum(axis=2, dtype=np.int64)
    total = ones @ weights
    return (total < 0).astype(np.int64), np.stack([total, -total], axis=1)
