"""Memory images in loop order: one word is what one kernel or neuron cycle reads.

The layouts are the contract of ``docs/hardware.md`` ("Loop order", "Memories").
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ssnn_fpga.network.layers import Integers


def dense_stream_order(weight: Integers, channels: int, height: int, width: int) -> Integers:
    """Dense weight (O, C*H*W) with columns in ONNX order C,H,W, permuted to (y*W + x)*C + c."""
    return weight.reshape(-1, channels, height, width).transpose(0, 2, 3, 1).reshape(len(weight), -1)


def weight_words(weight: Integers, pe: int, simd: int, weight_bits: int) -> list[int]:
    """Words of a kernel's weight memory, address = pe_group*FOLDS + fold.

    ``weight`` is (O,C,K,K) of a convolution, or (O,I) of a dense layer in stream order. Bit of
    (PE p, input i, weight bit b) is (p*simd + i)*weight_bits + b. Inputs are padded with zeros
    to whole folds, outputs to whole PE groups. One bit means binary weights: 1 for +1, 0 for -1
    and for padding, whose inputs are zero. Raises ValueError for a weight that does not fit.
    """
    outputs = weight.shape[0]
    flat = weight.transpose(0, 2, 3, 1).reshape(outputs, -1) if weight.ndim == 4 else weight
    if weight_bits == 1:
        if not np.isin(flat, (-1, 1)).all():
            raise ValueError(f"binary weights are -1 or +1, not {flat.min()}..{flat.max()}")
        flat = (flat + 1) // 2
    else:
        _check_signed(flat, weight_bits)
    padded = np.pad(flat, ((0, -outputs % pe), (0, -flat.shape[1] % simd)))
    words = padded.reshape(-1, pe, padded.shape[1] // simd, simd).transpose(0, 2, 1, 3)
    return _join(words.reshape(-1, pe * simd), weight_bits)


def scatter_words(
    weight: Integers, pe: int, simd: int, weight_bits: int, taps: int, stride: int
) -> list[int]:
    """Words of the weight memory of a ``scatter_conv``, whose header says what lies where.

    ``weight`` is (O,C,K,K). Taps beyond the kernel hold zeros, which no window is added. Raises
    ValueError for a weight that does not fit.
    """
    outputs, channels, kernel, _ = weight.shape
    reach = -(-kernel // stride)
    rows = reach if taps > reach else 1
    columns = reach if taps > 1 else 1
    size = reach * stride
    padded = np.zeros((outputs, channels, size, size), dtype=weight.dtype)
    padded[:, :, :kernel, :kernel] = weight
    # A kernel row is turn * stride + phase: either the turn is a tap's, or both are the address's.
    row_steps = (rows, size // rows) if rows > 1 else (1, kernel)
    column_steps = (columns, size // columns) if columns > 1 else (1, kernel)
    kept = padded[:, :, : row_steps[0] * row_steps[1], : column_steps[0] * column_steps[1]]
    split = kept.reshape(outputs // pe, pe, channels // simd, simd, *row_steps, *column_steps)
    # to word, PE group, row, column; then row tap, column tap, PE, input
    words = split.transpose(2, 0, 5, 7, 4, 6, 1, 3).reshape(-1, taps * pe * simd)
    if weight_bits == 1:
        return _join((words + 1) // 2, 1)
    _check_signed(words, weight_bits)
    return _join(words, weight_bits)


def with_parity(words: Sequence[int], width: int) -> list[int]:
    """Words of ``width`` bits with a bit on top that makes the number of ones even.

    The image of a weight memory with PARITY = 1.
    """
    return [word | (word.bit_count() & 1) << width for word in words]


def memory_bytes(words: Sequence[int], width: int, data_bits: int) -> bytes:
    """Words of ``width`` bits as they lie in memory outside the chip, for a port of ``data_bits``.

    Each is padded to whole beats, little endian.
    """
    size = -(-width // data_bits) * data_bits // 8
    return b"".join(word.to_bytes(size, "little") for word in words)


def threshold_words(theta: Integers, bias: Integers, pe: int, theta_bits: int, bias_bits: int) -> list[int]:
    """Words of a neuron's memory, address = PE group: for each PE θ (unsigned) then b (signed).

    Channels that pad the last group have θ = 1 and b = 0: with accumulators of 0 they never fire.
    """
    if theta.min() < 1 or int(theta.max()) >> theta_bits:
        raise ValueError(f"thresholds {theta.min()}..{theta.max()} do not fit {theta_bits} unsigned bits")
    _check_signed(bias, bias_bits)
    fields = theta.astype(object) | ((bias.astype(object) & ((1 << bias_bits) - 1)) << theta_bits)
    fields = np.pad(fields, (0, -len(fields) % pe), constant_values=1)
    return _join(fields.reshape(-1, pe), theta_bits + bias_bits)


def bias_words(bias: Integers, pe: int, bias_bits: int) -> list[int]:
    """Words of a read-out's memory, address = PE group: b of channel p at offset p*bias_bits."""
    _check_signed(bias, bias_bits)
    return _join(np.pad(bias, (0, -len(bias) % pe)).reshape(-1, pe), bias_bits)


def write_hex(words: Sequence[int], width: int, path: Path) -> None:
    """Writes a ``$readmemh`` image, one word of ``width`` bits a line, whole or not at all."""
    digits = -(-width // 4)
    aside = path.with_name(path.name + ".partial")
    aside.write_text("".join(f"{word:0{digits}x}\n" for word in words))
    os.replace(aside, path)


def _join(rows: Integers, bits: int) -> list[int]:
    """Each row of integers as one word, element 0 lowest, ``bits`` two's complement bits each."""
    planes = np.empty((*rows.shape, bits), dtype=np.uint8)
    for bit in range(bits):
        planes[..., bit] = (rows >> bit) & 1
    packed = np.packbits(planes.reshape(len(rows), -1), axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def _check_signed(values: Integers, bits: int) -> None:
    limit = 1 << (bits - 1)
    if values.size and (int(values.min()) < -limit or int(values.max()) >= limit):
        raise ValueError(f"values {values.min()}..{values.max()} do not fit {bits} signed bits")
