"""Memory images against the formulas of docs/hardware.md."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.golden import arithmetic
from ssnn_fpga.rtl import memory


@pytest.mark.parametrize("seed", range(4))
def test_weight_words(seed: int) -> None:
    rng = np.random.default_rng(seed)
    outputs, channels, kernel, pe, simd = (int(v) for v in rng.integers(1, 5, size=5))
    bits = int(rng.integers(2, 9))
    limit = (1 << (bits - 1)) - 1
    w = rng.integers(-limit, limit + 1, size=(outputs, channels, kernel, kernel))
    words = memory.weight_words(w, pe, simd, bits)
    folds = -(-channels * kernel * kernel // simd)
    assert len(words) == -(-outputs // pe) * folds
    for o in range(outputs):
        for c in range(channels):
            for ky in range(kernel):
                for kx in range(kernel):
                    fold, lane = divmod((ky * kernel + kx) * channels + c, simd)
                    word = words[o // pe * folds + fold]
                    field = (word >> ((o % pe * simd + lane) * bits)) & ((1 << bits) - 1)
                    assert field == int(w[o, c, ky, kx]) & ((1 << bits) - 1)


def test_binary_weights_are_one_bit() -> None:
    words = memory.weight_words(np.array([[1, -1, 1], [-1, -1, 1]]), 2, 2, 1)
    assert words == [0b00_01, 0b01_01]
    with pytest.raises(ValueError, match="-1 or \\+1"):
        memory.weight_words(np.array([[1, 0]]), 1, 2, 1)


def test_parity_makes_the_number_of_ones_even() -> None:
    assert memory.with_parity([0b000, 0b001, 0b110, 0b111], 3) == [0b0000, 0b1001, 0b0110, 0b1111]


def test_dense_columns_follow_the_stream() -> None:
    rng = np.random.default_rng(7)
    x = rng.integers(0, 4, size=(1, 1, 3, 2, 5))
    w = rng.integers(-3, 4, size=(4, 30))
    streamed = x[0, 0].transpose(1, 2, 0).reshape(-1)
    expected = arithmetic.dense(x, w)[0, 0, :, 0, 0]
    np.testing.assert_array_equal(memory.dense_stream_order(w, 3, 2, 5) @ streamed, expected)


def test_threshold_and_bias_words() -> None:
    theta, bias = np.array([1, 7, 5]), np.array([-1, 3, -4])
    assert memory.threshold_words(theta, bias, 2, 3, 3) == [
        (1 | (0b111 << 3)) | ((7 | (3 << 3)) << 6),
        5 | (0b100 << 3) | (1 << 6),
    ]
    assert memory.bias_words(bias, 2, 3) == [0b111 | (3 << 3), 0b100]


def test_values_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="2 signed bits"):
        memory.weight_words(np.array([[2]]), 1, 1, 2)
    with pytest.raises(ValueError, match="3 unsigned bits"):
        memory.threshold_words(np.array([8]), np.array([0]), 1, 3, 3)


def test_hex_is_one_word_a_line(tmp_path: Path) -> None:
    memory.write_hex([1, 0x1FF], 9, tmp_path / "w.hex")
    assert (tmp_path / "w.hex").read_text() == "001\n1ff\n"
    assert [p.name for p in tmp_path.iterdir()] == ["w.hex"]


def test_words_of_a_grouped_convolution_hold_the_channels_of_one_group() -> None:
    weight = np.arange(-18, 18).reshape(4, 1, 3, 3)  # four outputs, two groups of one input channel each
    words = memory.weight_words(weight, pe=2, simd=5, weight_bits=6)
    assert len(words) == 2 * 2  # PE groups x folds of the 9 inputs that one output sees
    fields = [(words[2] >> (6 * i)) & 63 for i in range(10)]
    assert fields == [value & 63 for value in [*range(0, 5), *range(9, 14)]]
