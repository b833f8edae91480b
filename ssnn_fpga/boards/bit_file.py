"""The two files that configure a 7-series device: ``.bit``, and ``.bit.bin`` for Linux' FPGA manager."""

from __future__ import annotations

import numpy as np

_MAGIC = bytes.fromhex("00090ff00ff00ff00ff0000001")
_DATE, _TIME = "1970/01/01", "00:00:00"


def configuration(bit: bytes) -> bytes:
    """What a ``.bit`` file configures the device with. Raises ValueError for something else.

    The header is a magic number, then fields of a letter, a length and a content: a to d, with the
    lengths in two bytes, then e, the configuration, with four.
    """
    if not bit.startswith(_MAGIC):
        raise ValueError("a .bit file begins otherwise")
    position = len(_MAGIC)
    for letter in b"abcd":
        if bit[position] != letter:
            raise ValueError(f"the header of the .bit file has no field {chr(letter)}")
        position += 3 + int.from_bytes(bit[position + 1 : position + 3], "big")
    size = int.from_bytes(bit[position + 1 : position + 5], "big")
    data = bit[position + 5 :]
    if bit[position] != ord("e") or len(data) != size or size % 4:
        raise ValueError("the .bit file is cut off")
    return data


def bit_file(data: bytes, design: str, part: str) -> bytes:
    """A ``.bit`` file with that configuration and a date that is always the same.

    So the same configuration is the same file, where xc7frames2bit writes the time of day.
    """
    header = bytearray(_MAGIC)
    for letter, text in zip("abcd", (design, part, _DATE, _TIME), strict=True):
        content = text.encode() + b"\0"
        header += letter.encode() + len(content).to_bytes(2, "big") + content
    return bytes(header) + b"e" + len(data).to_bytes(4, "big") + data


def binary_file(data: bytes) -> bytes:
    """The configuration with the bytes of every word turned round, as Linux' driver for Zynq takes it."""
    return np.frombuffer(data, ">u4").astype("<u4").tobytes()
