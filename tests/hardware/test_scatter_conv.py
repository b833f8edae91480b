"""The convolution that scatters against the golden model."""

from __future__ import annotations

import pytest

from sim.bench import run_bench
from ssnn_fpga.rtl.memory import with_parity

_SHAPES = {
    # a row of taps at once, two words a token, two PE groups
    "row-at-once": {
        "HEIGHT": 7, "WIDTH": 6, "IN_CHANNELS": 4, "IN_GROUP": 4, "TIMESTEPS": 4, "ACT_BITS": 2,
        "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 6, "PE": 3, "SIMD": 2, "TP": 8, "TAPS": 3,
        "WEIGHT_BITS": 4, "ACC_BITS": 11,
    },
    # a tap and a timestep a cycle, stride 2 on an odd frame, words of several tokens; binary weights
    "tap-by-tap": {
        "HEIGHT": 9, "WIDTH": 7, "IN_CHANNELS": 4, "IN_GROUP": 1, "TIMESTEPS": 2, "ACT_BITS": 1,
        "KERNEL": 3, "STRIDE": 2, "PADDING": 1, "OUT_CHANNELS": 4, "PE": 1, "SIMD": 2, "TP": 1, "TAPS": 1,
        "WEIGHT_BITS": 1, "ACC_BITS": 7,
    },
    # two timestep groups of three, two words a token in each; two PE groups
    "timestep-groups": {
        "HEIGHT": 6, "WIDTH": 8, "IN_CHANNELS": 4, "IN_GROUP": 4, "TIMESTEPS": 6, "ACT_BITS": 2,
        "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 4, "PE": 2, "SIMD": 2, "TP": 6, "TAPS": 3,
        "WEIGHT_BITS": 5, "ACC_BITS": 12,
    },
    # a word a cycle: words one behind the other add to the same sums
    "word-a-cycle": {
        "HEIGHT": 7, "WIDTH": 9, "IN_CHANNELS": 2, "IN_GROUP": 2, "TIMESTEPS": 2, "ACT_BITS": 1,
        "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 4, "PE": 4, "SIMD": 1, "TP": 2, "TAPS": 9,
        "WEIGHT_BITS": 2, "ACC_BITS": 6,
    },
    # 5 x 5, stride 2: all nine taps at once, of which the last row and column may be beyond the kernel
    "five-by-five": {
        "HEIGHT": 8, "WIDTH": 10, "IN_CHANNELS": 2, "IN_GROUP": 2, "TIMESTEPS": 1, "ACT_BITS": 2,
        "KERNEL": 5, "STRIDE": 2, "PADDING": 2, "OUT_CHANNELS": 2, "PE": 1, "SIMD": 1, "TP": 2, "TAPS": 9,
        "WEIGHT_BITS": 3, "ACC_BITS": 10,
    },
    # 5 x 5, stride 1: five columns at once and five rows in turns, and all 25 windows at once
    "five-in-turns": {
        "HEIGHT": 7, "WIDTH": 9, "IN_CHANNELS": 2, "IN_GROUP": 2, "TIMESTEPS": 2, "ACT_BITS": 1,
        "KERNEL": 5, "STRIDE": 1, "PADDING": 2, "OUT_CHANNELS": 2, "PE": 1, "SIMD": 1, "TP": 2, "TAPS": 5,
        "WEIGHT_BITS": 2, "ACC_BITS": 7,
    },
    "five-squared": {
        "HEIGHT": 7, "WIDTH": 9, "IN_CHANNELS": 2, "IN_GROUP": 2, "TIMESTEPS": 1, "ACT_BITS": 1,
        "KERNEL": 5, "STRIDE": 1, "PADDING": 2, "OUT_CHANNELS": 1, "PE": 1, "SIMD": 1, "TP": 1, "TAPS": 25,
        "WEIGHT_BITS": 2, "ACC_BITS": 7,
    },
    # pointwise with a stride beyond the kernel: pixels that no window needs
    "pointwise-stride": {
        "HEIGHT": 5, "WIDTH": 7, "IN_CHANNELS": 6, "IN_GROUP": 3, "TIMESTEPS": 3, "ACT_BITS": 1,
        "KERNEL": 1, "STRIDE": 2, "PADDING": 0, "OUT_CHANNELS": 4, "PE": 2, "SIMD": 3, "TP": 3, "TAPS": 1,
        "WEIGHT_BITS": 8, "ACC_BITS": 11,
    },
    # so wide that the sums lie in block RAM, and words follow each other onto the same sums
    "block-memory": {
        "HEIGHT": 3, "WIDTH": 80, "IN_CHANNELS": 2, "IN_GROUP": 2, "TIMESTEPS": 2, "ACT_BITS": 1,
        "KERNEL": 1, "STRIDE": 1, "PADDING": 0, "OUT_CHANNELS": 4, "PE": 4, "SIMD": 1, "TP": 2, "TAPS": 1,
        "WEIGHT_BITS": 3, "ACC_BITS": 5,
    },
    # a frame of one row: all rows of windows are complete with it; no row of windows fits the held ones
    "one-row": {
        "HEIGHT": 1, "WIDTH": 5, "IN_CHANNELS": 2, "IN_GROUP": 2, "TIMESTEPS": 1, "ACT_BITS": 2,
        "KERNEL": 5, "STRIDE": 1, "PADDING": 2, "OUT_CHANNELS": 3, "PE": 1, "SIMD": 2, "TP": 2, "TAPS": 5,
        "WEIGHT_BITS": 4, "ACC_BITS": 11,
    },
}  # fmt: skip


_STALLED = ("row-at-once", "tap-by-tap", "word-a-cycle", "block-memory")
_SLOW_AND_DENSE = ("timestep-groups", "five-by-five", "pointwise-stride", "one-row")


def _bench(shape: str, activity: float, stall_in: float = 0.0, stall_out: float = 0.0) -> None:
    config = {"frames": 4, "activity": activity, "stall_in": stall_in, "stall_out": stall_out}
    run_bench("scatter_conv", bench="bench_conv", parameters=_SHAPES[shape], seed=5, config=config)


@pytest.mark.parametrize("shape", _SHAPES)
def test_full_rate(shape: str) -> None:
    """Every value, and the cycles of the model."""
    _bench(shape, 0.1)


@pytest.mark.parametrize("shape", _STALLED)
def test_stalls(shape: str) -> None:
    _bench(shape, 0.15, 0.4, 0.4)


@pytest.mark.parametrize("shape", _SLOW_AND_DENSE)
def test_slow_sink(shape: str) -> None:
    _bench(shape, 1.0, 0.1, 0.8)


def test_hanging_sink() -> None:
    """The output takes nothing for long while frames wait at the input."""
    config = {"frames": 4, "activity": 0.15, "stall_in": 0.0, "stall_out": 0.2, "hang": True}
    run_bench("scatter_conv", bench="bench_conv", parameters=_SHAPES["row-at-once"], seed=5, config=config)


def test_parity() -> None:
    """All words of the first channels are damaged: whatever lies on the address without work may be."""
    shape = _SHAPES["tap-by-tap"]
    width = shape["PE"] * shape["SIMD"] * shape["WEIGHT_BITS"]
    groups, taps = shape["OUT_CHANNELS"] // shape["PE"], shape["KERNEL"] ** 2
    words = shape["IN_CHANNELS"] // shape["SIMD"] * groups * taps
    image = with_parity([5 * (a + 1) % (1 << width) for a in range(words)], width)
    for address in range(groups * taps):
        image[address] ^= 1
    tokens = groups * shape["TIMESTEPS"] * 5 * 4  # a frame's: 5 x 4 windows, a timestep at a time
    run_bench(
        "scatter_conv",
        bench="bench_conv",
        parameters={**shape, "PARITY": 1, "WEIGHT_INIT": "weights.mem"},
        seed=5,
        config={
            "frames": 4,
            "activity": 0.1,
            "stall_in": 0.0,
            "stall_out": 0.0,
            "damaged": True,
            "tokens": tokens,
        },
        files={"weights.mem": "".join(f"{word:x}\n" for word in image)},
    )
