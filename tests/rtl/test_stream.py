"""Token packing against the formula of docs/hardware.md, bit by bit, and back."""

from __future__ import annotations

import numpy as np
import pytest

from ssnn_fpga.rtl import stream


@pytest.mark.parametrize("seed", range(5))
def test_every_payload_bit_is_where_the_contract_puts_it(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, t, groups, group, h, w, bits = (int(v) for v in rng.integers(1, 4, size=7))
    x = rng.integers(0, 1 << bits, size=(n, t, groups * group, h, w))
    tokens = stream.token_integers(stream.pack_tokens(x, group, bits))
    position = 0
    for sample in range(n):
        for row in range(h):
            for column in range(w):
                for g in range(groups):
                    expected = 0
                    for step in range(t):
                        for b in range(bits):
                            for c in range(group):
                                bit = (int(x[sample, step, g * group + c, row, column]) >> b) & 1
                                expected |= bit << ((step * bits + b) * group + c)
                    assert tokens[position] == expected
                    position += 1
    assert position == len(tokens)


@pytest.mark.parametrize("seed", range(5))
def test_tokens_come_back(seed: int) -> None:
    rng = np.random.default_rng(100 + seed)
    n, t, groups, group, h, w, bits = (int(v) for v in rng.integers(1, 6, size=7))
    x = rng.integers(0, 1 << bits, size=(n, t, groups * group, h, w))
    packed = stream.pack_tokens(x, group, bits)
    np.testing.assert_array_equal(stream.unpack_tokens(packed, x.shape[1:], group, bits), x)
    integers = stream.token_integers(packed)
    np.testing.assert_array_equal(stream.integer_tokens(integers, t * bits * group), packed)


@pytest.mark.parametrize("seed", range(5))
def test_accumulators_follow_the_contract_and_come_back(seed: int) -> None:
    rng = np.random.default_rng(200 + seed)
    n, steps, resident, c, pe, h, w, bits = (int(v) for v in rng.integers(1, 5, size=8))
    t, bits = steps * resident, bits + 1
    a = rng.integers(-(1 << (bits - 1)), 1 << (bits - 1), size=(n, t, c, h, w))
    packed = stream.pack_accumulators(a, pe, resident, bits)
    np.testing.assert_array_equal(stream.unpack_accumulators(packed, a.shape[1:], pe, resident, bits), a)
    groups = -(-c // pe)
    tokens = stream.token_integers(packed)
    assert len(tokens) == n * h * w * groups * steps
    for index, token in enumerate(tokens):
        pixel, rest = divmod(index, groups * steps)
        group, step = divmod(rest, steps)
        sample, place = divmod(pixel, h * w)
        for local in range(resident):
            for p in range(pe):
                field = (token >> ((local * pe + p) * bits)) & ((1 << bits) - 1)
                channel = group * pe + p
                t_of = step * resident + local
                value = int(a[sample, t_of, channel, place // w, place % w]) if channel < c else 0
                assert field == value & ((1 << bits) - 1)


def test_logits_and_class() -> None:
    logits = np.array([[-5, 3, 3], [0, -8, 7]])
    words = [
        sum((int(v) & 15) << (4 * i) for i, v in enumerate(row)) | (k << 12)
        for row, k in zip(logits, (1, 2), strict=True)
    ]
    got, classes = stream.unpack_logits(stream.integer_tokens(words, stream.readout_width(3, 4)), 3, 4)
    np.testing.assert_array_equal(got, logits)
    np.testing.assert_array_equal(classes, [1, 2])


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="do not fit 2 unsigned"):
        stream.pack_tokens(np.full((1, 1, 1, 1, 1), 4), 1, 2)
    with pytest.raises(ValueError, match="groups of 2"):
        stream.pack_tokens(np.zeros((1, 1, 3, 1, 1), dtype=np.int64), 2, 1)
    with pytest.raises(ValueError, match="do not fit 3 signed"):
        stream.pack_accumulators(np.full((1, 1, 1, 1, 1), 4), 1, 1, 3)
    with pytest.raises(ValueError, match="rows of 1 bytes"):
        stream.unpack_tokens(np.zeros((4, 2), dtype=np.uint8), (1, 1, 2, 2), 1, 1)
