"""The arithmetic contract as pure functions on integer arrays: ``docs/arithmetic.md`` in numpy.

These functions are the reference. Every other engine and every test bench compares with
them, so they stay close to the equations; shapes are (N, T, C, H, W) throughout. A result has
the integer type of its input: the caller chooses one that holds every value of the layer
(``network.ranges`` knows them), and int64 always will.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ssnn_fpga.network.layers import Integers

_EXACT_FLOAT32 = 1 << 24
_EXACT_FLOAT64 = 1 << 53


def _exact_float(weight: Integers, maximum: int) -> np.dtype[np.floating]:
    """The fastest BLAS type in which no partial sum of weights times inputs 0..maximum is rounded."""
    bound = int(np.abs(weight).reshape(weight.shape[0], -1).sum(axis=1).max(initial=0)) * maximum
    if bound >= _EXACT_FLOAT64:
        raise ValueError(f"an accumulator bound of {bound} cannot be computed exactly in float64")
    return np.dtype(np.float32 if bound < _EXACT_FLOAT32 else np.float64)


def conv(x: Integers, weight: Integers, stride: int = 1, padding: int = 0, groups: int = 1) -> Integers:
    """Convolution of (N,T,C,H,W) with (O,C/groups,K,K): signed accumulators (N,T,O,H',W').

    Output channel o sees the C/groups input channels from (o // (O/groups)) * C/groups on.
    """
    n, t, c, height, width = x.shape
    o, _, k, _ = weight.shape
    rows, columns = ((size + 2 * padding - k) // stride + 1 for size in (height, width))
    kind = _exact_float(weight, int(x.max(initial=0)))
    padded = np.zeros((n * t, c, height + 2 * padding, width + 2 * padding), kind)
    padded[:, :, padding : padding + height, padding : padding + width] = x.reshape(n * t, c, height, width)
    taps = np.empty((n * t, c, k, k, rows, columns), kind)
    for i in range(k):
        for j in range(k):
            below, right = i + stride * (rows - 1) + 1, j + stride * (columns - 1) + 1
            taps[:, :, i, j] = padded[:, :, i:below:stride, j:right:stride]
    kernels = weight.reshape(groups, o // groups, -1).astype(kind)
    a = kernels @ taps.reshape(n * t, groups, c // groups * k * k, rows * columns)
    return a.astype(x.dtype).reshape(n, t, o, rows, columns)


def dense(x: Integers, weight: Integers) -> Integers:
    """Dense layer over (C,H,W) flattened in ONNX order: accumulators (N,T,O,1,1)."""
    n, t = x.shape[:2]
    kind = _exact_float(weight, int(x.max(initial=0)))
    a: NDArray[np.floating] = x.reshape(n * t, weight.shape[1]).astype(kind) @ weight.astype(kind).T
    return a.astype(x.dtype).reshape(n, t, len(weight), 1, 1)


def leak(v: Integers, multiplier: int, shift: int) -> Integers:
    """(v * multiplier) >> shift, arithmetic: rounds towards minus infinity."""
    scaled = v if multiplier == 1 else v * multiplier
    return scaled if shift == 0 else np.right_shift(scaled, shift)


def neuron(
    a: Integers,
    theta: Integers,
    bias: Integers,
    *,
    leak_multiplier: int = 1,
    leak_shift: int = 1,
    levels: int = 1,
    strict: bool = False,
    reset: Literal["subtract", "zero"] = "subtract",
    fraction: int = 4,
    filter_shift: int = 0,
) -> Integers:
    """Spikes (N,T,C,H,W) of accumulators of the same shape; theta and bias are (C,).

    c[t] = c[t-1] - (c[t-1] >> filter_shift) + (a[t] << fraction) + bias, c[-1] = 0
    U[t] = leak(V[t-1]) + c[t], V[-1] = 0
    s[t] = number of l in 1..levels with U[t] >= l*theta + strict
    V[t] = U[t] - s[t]*theta ("subtract")   or   0 where s[t] > 0 else U[t] ("zero")
    """
    threshold = theta.reshape(-1, 1, 1).astype(a.dtype)
    offset = bias.reshape(-1, 1, 1).astype(a.dtype)
    spikes = np.empty_like(a)
    c = v = np.zeros_like(a[:, 0])
    for t in range(a.shape[1]):
        u = a[:, t] << fraction
        u += offset
        if filter_shift:
            u += c - (c >> filter_shift)
            c = u.copy()
        u += leak(v, leak_multiplier, leak_shift)
        s = spikes[:, t]
        s[...] = u >= threshold + int(strict)
        for level in range(2, levels + 1):
            s += u >= level * threshold + int(strict)
        v = u - s * threshold if reset == "subtract" else u * (s == 0)
    return spikes


def temporal_transform(x: Integers, matrix: Integers, shift: int = 4, fraction: int = 1) -> Integers:
    """(N,T1,C,H,W) to (N,T2,C,H,W): weighted sums over time, rounded half up at 2**-shift."""
    half = (1 << shift) >> 1
    y = np.empty((x.shape[0], matrix.shape[0], *x.shape[2:]), x.dtype)
    for t2, row in enumerate(matrix):
        summed = sum(int(m) * x[:, t1] for t1, m in enumerate(row) if m)
        y[:, t2] = ((summed << fraction) + half) >> shift
    return y


def pool(x: Integers, kind: Literal["max", "sum"], size: int = 2) -> Integers:
    """Pooling with stride = size; rows and columns that do not fill a window are dropped."""
    combine = np.maximum if kind == "max" else np.add
    for axis in (3, 4):
        whole = x.shape[axis] // size * size
        lanes = [slice_along(x, axis, slice(first, whole, size)) for first in range(size)]
        x = lanes[0].copy()
        for lane in lanes[1:]:
            combine(x, lane, out=x)
    return x


def slice_along(x: Integers, axis: int, part: slice) -> Integers:
    """The view of ``x`` with ``part`` of one axis."""
    return x[(slice(None),) * axis + (part,)]


def join(xs: Sequence[Integers]) -> Integers:
    """Sum of activations of one shape."""
    y = xs[0].copy()
    for x in xs[1:]:
        y += x
    return y


def current_join(a1: Integers, a2: Integers, gain: Integers, fraction: int = 4) -> Integers:
    """(a1 << fraction) + gain * a2, accumulators (N,T,C,H,W) of one shape; gain is (C,)."""
    a = a1 << fraction
    a += gain.reshape(-1, 1, 1).astype(a.dtype) * a2
    return a


def readout(a: Integers, bias: Integers, fraction: int = 4) -> Integers:
    """Logits (N, O) of accumulators (N,T,O,1,1): summed over time, with T times the bias."""
    logits: Integers = a[..., 0, 0].sum(axis=1, dtype=a.dtype) << fraction
    logits += (a.shape[1] * bias).astype(a.dtype)
    return logits


def sure(logits: Integers, margin: int) -> NDArray[np.bool_]:
    """(N,) whether the largest of a sample's logits (N,O) is at least ``margin`` above the second."""
    top = np.partition(logits.astype(np.int64), -2, axis=1)[:, -2:]
    result: NDArray[np.bool_] = top[:, 1] - top[:, 0] >= margin
    return result


def early_exit(early: Integers, final: Integers, margin: int) -> Integers:
    """(N,O) the early logits of a sample that is sure by ``margin``, else its final logits."""
    return np.where(sure(early, margin)[:, None], early, final)
