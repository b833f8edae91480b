"""Integer frames as the tokens that travel on the hardware's streams, and back.

The bit layout is the contract of ``docs/hardware.md``. Packed tokens are a byte matrix: one
row a token, ceil(width / 8) bytes, little endian, unused high bits zero. That is what the
compiled harness and the serial port carry; cocotb wants integers (``token_integers``).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.network.layers import Integers

Tokens = NDArray[np.uint8]


def token_bytes(width: int) -> int:
    """Bytes of one packed token of ``width`` bits."""
    return -(-width // 8)


def pack_tokens(frames: Integers, group: int, bits: int) -> Tokens:
    """(N,T,C,H,W) unsigned activations as tokens, raster order, channel group fastest.

    Returns (N*H*W*C/group, ceil(T*bits*group/8)). Payload bit of timestep t, bit b, channel c
    of the group is (t*bits + b)*group + c. Raises ValueError where values or groups do not fit.
    """
    n, t, c, h, w = frames.shape
    if c % group:
        raise ValueError(f"{c} channels are no whole number of groups of {group}")
    if frames.size and (frames.min() < 0 or int(frames.max()) >> bits):
        raise ValueError(f"activations {frames.min()}..{frames.max()} do not fit {bits} unsigned bits")
    grouped = frames.reshape(n, t, c // group, group, h, w).transpose(0, 4, 5, 2, 1, 3)
    planes = _binary(grouped, bits)  # (N, H, W, groups, T, G, A)
    return _rows(planes.swapaxes(-1, -2), t * bits * group)


def unpack_tokens(tokens: Tokens, shape: tuple[int, int, int, int], group: int, bits: int) -> Integers:
    """Inverse of ``pack_tokens``: whole samples of ``shape`` (T,C,H,W) as (N,T,C,H,W)."""
    t, c, h, w = shape
    planes = _bits_of(tokens, t * bits * group).reshape(-1, h, w, c // group, t, bits, group)
    grouped = _weighted(planes.swapaxes(-1, -2), bits)  # (N, H, W, groups, T, G)
    return np.ascontiguousarray(grouped.transpose(0, 4, 3, 5, 1, 2).reshape(-1, t, c, h, w))


def pack_accumulators(accumulators: Integers, pe: int, resident: int, bits: int) -> Tokens:
    """(N,T,C,H,W) signed accumulators as tokens of ``pe`` channels and ``resident`` timesteps.

    Per pixel the channel group is outermost, the timestep group innermost; the bit offset of
    (timestep t, channel c) in a token is (t*pe + c)*bits. Channels are padded with zeros to a
    multiple of ``pe``. Raises ValueError where values do not fit or timesteps do not divide.
    """
    n, t, c, h, w = accumulators.shape
    if t % resident:
        raise ValueError(f"{t} timesteps are no whole number of groups of {resident}")
    limit = 1 << (bits - 1)
    if accumulators.size and (accumulators.min() < -limit or accumulators.max() >= limit):
        raise ValueError(f"accumulators do not fit {bits} signed bits")
    padded = np.pad(accumulators, ((0, 0), (0, 0), (0, -c % pe), (0, 0), (0, 0)))
    grouped = padded.reshape(n, t // resident, resident, -1, pe, h, w).transpose(0, 5, 6, 3, 1, 2, 4)
    return _rows(_binary(grouped, bits), resident * pe * bits)


def unpack_accumulators(
    tokens: Tokens, shape: tuple[int, int, int, int], pe: int, resident: int, bits: int
) -> Integers:
    """Inverse of ``pack_accumulators``: samples of ``shape`` (T,C,H,W) as (N,T,C,H,W)."""
    t, c, h, w = shape
    groups = -(-c // pe)
    planes = _bits_of(tokens, resident * pe * bits)
    planes = planes.reshape(-1, h, w, groups, t // resident, resident, pe, bits)
    values = _signed(_weighted(planes, bits), bits)  # (N, H, W, groups, T/NT, NT, PE)
    values = values.transpose(0, 4, 5, 3, 6, 1, 2).reshape(-1, t, groups * pe, h, w)
    return np.ascontiguousarray(values[:, :, :c])


def unpack_logits(tokens: Tokens, outputs: int, bits: int) -> tuple[Integers, Integers]:
    """Read-out tokens as (logits (N, outputs), class (N,)); the class lies above the logits."""
    class_bits = max(1, (outputs - 1).bit_length())
    planes = _bits_of(tokens, readout_width(outputs, bits))
    logits = _signed(_weighted(planes[:, : outputs * bits].reshape(-1, outputs, bits), bits), bits)
    return logits, _weighted(planes[:, outputs * bits :], class_bits)


def readout_width(outputs: int, bits: int) -> int:
    """Bits of a read-out token: logits and the class index above them."""
    return outputs * bits + max(1, (outputs - 1).bit_length())


def token_integers(tokens: Tokens) -> list[int]:
    """Packed tokens as Python integers, for buses driven from Python."""
    return [int.from_bytes(row.tobytes(), "little") for row in tokens]


def integer_tokens(values: Iterable[int], width: int) -> Tokens:
    """Python integers of ``width`` bits as packed tokens: inverse of ``token_integers``."""
    size = token_bytes(width)
    packed = b"".join(value.to_bytes(size, "little") for value in values)
    return np.frombuffer(packed, dtype=np.uint8).reshape(-1, size)


def _binary(values: Integers, bits: int) -> NDArray[np.uint8]:
    """Two's complement bits of ``values`` along a new last axis, least significant first."""
    planes = np.empty((*values.shape, bits), dtype=np.uint8)
    for bit in range(bits):
        planes[..., bit] = (values >> bit) & 1
    return planes


def _weighted(planes: NDArray[np.uint8], bits: int) -> Integers:
    """Unsigned values of bits along the last axis, least significant first."""
    values = np.zeros(planes.shape[:-1], dtype=np.int64)
    for bit in range(bits):
        values |= planes[..., bit].astype(np.int64) << bit
    return values


def _signed(values: Integers, bits: int) -> Integers:
    """Unsigned values of ``bits`` bits read as two's complement."""
    return values - ((values >> (bits - 1)) << bits)


def _rows(planes: NDArray[np.uint8], width: int) -> Tokens:
    return np.packbits(np.ascontiguousarray(planes).reshape(-1, width), axis=1, bitorder="little")


def _bits_of(tokens: Tokens, width: int) -> NDArray[np.uint8]:
    if tokens.ndim != 2 or tokens.shape[1] != token_bytes(width):
        raise ValueError(f"tokens of shape {tokens.shape} are not rows of {token_bytes(width)} bytes")
    return np.unpackbits(np.ascontiguousarray(tokens), axis=1, bitorder="little", count=width)
