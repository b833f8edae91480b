"""What the line buffer and the two readers must present, from frames: the benches' reference.

Written from ``docs/hardware.md`` with plain loops, apart from the hardware's counters.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sim.coverage import hit
from ssnn_fpga.network.layers import Integers

BEAT_FIELDS = ("address", "shift", "first", "last", "skip")
"""Sidebands of a beat beside its data ``x``."""


def integer(bits: Integers) -> int:
    """Bits along one axis as an integer, first bit lowest."""
    return sum(int(bit) << place for place, bit in enumerate(bits.ravel()))


def planes(x: Integers, bits: int) -> Integers:
    """(N,T,C,H,W) activations as binary planes (N, T*bits, C, H, W), plane t*bits + b."""
    n, t, c, h, w = x.shape
    split = np.stack([(x >> b) & 1 for b in range(bits)], axis=2)
    return split.reshape(n, t * bits, c, h, w)


def padded(x: Integers, padding: int) -> Integers:
    """Frames with a border of zeros."""
    return np.pad(x, ((0, 0), (0, 0), (0, 0), (padding, padding), (padding, padding)))


def column_tokens(x: Integers, p: Mapping[str, int]) -> list[int]:
    """The line buffer's output for binary planes ``x`` (N,P,C,H,W)."""
    kernel, stride, group = p["KERNEL"], p["STRIDE"], p["GROUP"]
    frame = padded(x, p["PADDING"])
    rows = range(0, frame.shape[3] - kernel + 1, stride)
    starts = range(0, frame.shape[4] - kernel + 1, stride)
    columns = sorted({start + k for start in starts for k in range(kernel)})
    return [
        integer(frame[n, :, c : c + group, row : row + kernel, column].transpose(2, 0, 1))
        for n in range(len(x))
        for row in rows
        for column in columns
        for c in range(0, p["CHANNELS"], group)
    ]


def windows(x: Integers, p: Mapping[str, int]) -> Integers:
    """Flattened windows (pixels, P, K*K*C) of binary planes, input index (ky*K + kx)*C + c."""
    kernel, stride = p["KERNEL"], p["STRIDE"]
    frame = padded(x, p["PADDING"])
    rows = range(0, frame.shape[3] - kernel + 1, stride)
    columns = range(0, frame.shape[4] - kernel + 1, stride)
    found = [
        frame[n, :, :, row : row + kernel, column : column + kernel].transpose(0, 2, 3, 1)
        for n in range(len(x))
        for row in rows
        for column in columns
    ]
    return np.array(found).reshape(len(found), x.shape[1], -1)


def beats(pixels: Integers, p: Mapping[str, int], skipping: str = "none") -> list[dict[str, int]]:
    """The beats of pixels (pixels, P, inputs) in loop order.

    ``skipping`` "window" has a window of zeros as one beat a timestep group, "beat" leaves every
    beat of zeros out, down to one a timestep group. Inputs, address and shift of a skip do not matter.
    """
    simd, tp, act_bits, pe_groups = p["SIMD"], p["TP"], p["ACT_BITS"], p["PE_GROUPS"]
    groups, sets = p.get("CONV_GROUPS", 1), p.get("X_SETS", 1)
    bit_groups, timestep_planes = max(1, act_bits // tp), max(tp, act_bits)
    slices = _by_group(pixels, groups, p)
    folds = -(-slices.shape[3] // simd)
    slices = np.pad(slices, ((0, 0), (0, 0), (0, 0), (0, folds * simd - slices.shape[3])))
    found = []
    for pixel in slices:
        zero = skipping == "window" and not pixel.any()
        for pe_group in range(pe_groups):
            first_group = pe_group * groups // pe_groups
            seen = pixel[first_group : first_group + sets]
            for timestep in range(0, pixel.shape[1], timestep_planes):
                due = []
                for bit_group in range(bit_groups):
                    low = timestep + bit_group * tp
                    for fold in range(folds):
                        x = seen[:, low : low + tp, fold * simd : (fold + 1) * simd]
                        if x.any() or not (zero or skipping == "beat"):
                            due.append((x, pe_group * folds + fold, bit_group * tp))
                skip = not due
                if skip:
                    due.append((np.zeros(1, dtype=np.int64), 0, 0))
                for place, (x, address, shift) in enumerate(due):
                    found.append({
                        "x": integer(x),
                        "address": address,
                        "shift": shift,
                        "first": int(place == 0),
                        "last": int(place == len(due) - 1),
                        "skip": int(skip),
                    })  # fmt: skip
    return found


def _by_group(pixels: Integers, groups: int, p: Mapping[str, int]) -> Integers:
    """Pixels (pixels, P, K*K*C) as (pixels, groups, P, K*K*C/groups): what each group sees."""
    n, count, inputs = pixels.shape
    taps = p["KERNEL"] ** 2 if "KERNEL" in p else 1
    split = pixels.reshape(n, count, taps, groups, inputs // (taps * groups))
    return split.transpose(0, 3, 1, 2, 4).reshape(n, groups, count, -1)


def check_beats(expected: list[dict[str, int]], got: list[dict[str, int]]) -> None:
    """Fail at the first differing beat; a skip has no inputs and no address."""
    for place, (want, seen) in enumerate(zip(expected, got, strict=True)):
        fields = [name for name in want if not (want["skip"] and name in ("x", "address", "shift"))]
        assert all(want[name] == seen[name] for name in fields), f"beat {place}: expected {want}, got {seen}"


def hit_beats(module: str, expected: list[dict[str, int]], p: Mapping[str, int], inputs: int) -> None:
    """Note which of a token's beats were left out; ``inputs`` is what a PE sees of a pixel or frame."""
    whole = max(1, p["ACT_BITS"] // p["TP"]) * -(-inputs // p["SIMD"])
    starts = [place for place, beat in enumerate(expected) if beat["first"]]
    for start, end in zip(starts, [*starts[1:], len(expected)], strict=True):
        left_out = "no beat left out" if end - start == whole else "beats of zeros left out"
        hit(module, "token of zeros" if expected[start]["skip"] else left_out)
