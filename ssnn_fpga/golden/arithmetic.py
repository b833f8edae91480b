"""The arithmetic contract as pure functions on integer arrays: ``docs/arithmetic.md`` in numpy.

These functions are the reference. Every other engine and every test bench compares with
them, so they stay close to the equations; shapes are (N, T, C, H, W) throughout.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from ssnn_fpga.network.layers import Integers

_EXACT_FLOAT32 = 1 << 24
_EXACT_FLOAT64 = 1 << 53


def _exact_matmul(rows: Integers, weight: Integers, bound: int) -> Integers:
    """rows @ weight.T through the fastest BLAS type that is exact for |result| < bound."""
    if bound >= _EXACT_FLOAT64:
        raise ValueError(f"an accumulator bound of {bound} cannot be computed exactly in float64")
    kind = np.float32 if bound < _EXACT_FLOAT32 else np.float64
    return (rows.astype(kind) @ weight.astype(kind).T).astype(np.int64)


def _bound(weight: Integers, maximum: int) -> int:
    """Largest magnitude that any partial sum of a row of ``weight`` can reach."""
    return int(np.abs(weight).reshape(weight.shape[0], -1).sum(axis=1).max(initial=0)) * maximum


def conv(x: Integers, weight: Integers, stride: int = 1, padding: int = 0) -> Integers:
    """Convolution of (N,T,C,H,W) with (O,C,K,K): signed accumulators (N,T,O,H',W')."""
    n, t, c, h, w = x.shape
    o, _, k, _ = weight.shape
    if padding:
        edge = (padding, padding)
        x = np.pad(x, ((0, 0), (0, 0), (0, 0), edge, edge))
    windows = np.lib.stride_tricks.sliding_window_view(x, (k, k), axis=(3, 4))
    windows = windows[:, :, :, ::stride, ::stride]
    rows_out, columns_out = windows.shape[3:5]
    rows = windows.transpose(0, 1, 3, 4, 2, 5, 6).reshape(-1, c * k * k)
    a = _exact_matmul(rows, weight.reshape(o, -1), _bound(weight, int(x.max(initial=0))))
    return a.reshape(n, t, rows_out, columns_out, o).transpose(0, 1, 4, 2, 3)


def dense(x: Integers, weight: Integers) -> Integers:
    """Dense layer over (C,H,W) flattened in ONNX order: accumulators (N,T,O,1,1)."""
    n, t = x.shape[:2]
    a = _exact_matmul(x.reshape(n * t, -1), weight, _bound(weight, int(x.max(initial=0))))
    return a.reshape(n, t, -1, 1, 1)


def leak(v: Integers, multiplier: int, shift: int) -> Integers:
    """(v * multiplier) >> shift, arithmetic: rounds towards minus infinity."""
    return (v * multiplier) >> shift


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
) -> Integers:
    """Spikes (N,T,C,H,W) of accumulators of the same shape; theta and bias are (C,)."""
    threshold = theta.reshape(1, -1, 1, 1)
    offset = bias.reshape(1, -1, 1, 1)
    spikes = np.empty_like(a)
    v = np.zeros_like(a[:, 0])
    for t in range(a.shape[1]):
        u = leak(v, leak_multiplier, leak_shift) + (a[:, t] << fraction) + offset
        s = np.clip((u - int(strict)) // threshold, 0, levels)
        v = u - s * threshold if reset == "subtract" else np.where(s > 0, 0, u)
        spikes[:, t] = s
    return spikes


def temporal_transform(x: Integers, matrix: Integers, shift: int = 4, fraction: int = 1) -> Integers:
    """(N,T1,C,H,W) to (N,T2,C,H,W): weighted sums over time, rounded half up at 2**-shift."""
    n, t1 = x.shape[:2]
    summed = np.einsum("ut,ntk->nuk", matrix, x.reshape(n, t1, -1) << fraction)
    half = (1 << shift) >> 1
    return ((summed + half) >> shift).reshape(n, matrix.shape[0], *x.shape[2:])


def pool(x: Integers, kind: Literal["max", "sum"], size: int = 2) -> Integers:
    """Pooling with stride = size; rows and columns that do not fill a window are dropped."""
    n, t, c, h, w = x.shape
    x = x[..., : h // size * size, : w // size * size]
    blocks = x.reshape(n, t, c, h // size, size, w // size, size)
    return blocks.max(axis=(4, 6)) if kind == "max" else blocks.sum(axis=(4, 6))


def readout(a: Integers, bias: Integers, fraction: int = 4) -> Integers:
    """Logits (N, O) of accumulators (N,T,O,1,1): summed over time, with T times the bias."""
    return (a[..., 0, 0].sum(axis=1) << fraction) + a.shape[1] * bias
