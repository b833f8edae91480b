"""The hardware's convolution against the golden model."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

_SHAPES = {
    # TP a multiple of ACT_BITS, two timesteps resident; the last fold is not full
    "timesteps-resident": {
        "HEIGHT": 7, "WIDTH": 6, "IN_CHANNELS": 4, "IN_GROUP": 2, "TIMESTEPS": 4, "ACT_BITS": 2,
        "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 6, "PE": 3, "SIMD": 10, "TP": 4,
        "WEIGHT_BITS": 4, "ACC_BITS": 11,
    },
    # TP below ACT_BITS: bit groups shifted into one accumulator; stride 2 on an odd frame
    "bits-in-turns": {
        "HEIGHT": 9, "WIDTH": 7, "IN_CHANNELS": 2, "IN_GROUP": 2, "TIMESTEPS": 2, "ACT_BITS": 4,
        "KERNEL": 3, "STRIDE": 2, "PADDING": 1, "OUT_CHANNELS": 4, "PE": 2, "SIMD": 6, "TP": 2,
        "WEIGHT_BITS": 3, "ACC_BITS": 12,
    },
    # TP = ACT_BITS, everything in one beat but the timesteps; 5 x 5 window, stride 2, no padding
    "five-by-five": {
        "HEIGHT": 8, "WIDTH": 10, "IN_CHANNELS": 1, "IN_GROUP": 1, "TIMESTEPS": 2, "ACT_BITS": 1,
        "KERNEL": 5, "STRIDE": 2, "PADDING": 0, "OUT_CHANNELS": 2, "PE": 2, "SIMD": 25, "TP": 1,
        "WEIGHT_BITS": 2, "ACC_BITS": 6,
    },
    # a window a cycle: one PE group, all planes resident, one fold
    "window-a-cycle": {
        "HEIGHT": 6, "WIDTH": 12, "IN_CHANNELS": 2, "IN_GROUP": 2, "TIMESTEPS": 2, "ACT_BITS": 1,
        "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 4, "PE": 4, "SIMD": 18, "TP": 2,
        "WEIGHT_BITS": 2, "ACC_BITS": 6,
    },
    # pointwise with a stride beyond the kernel: rows and columns that no window needs
    "pointwise-stride": {
        "HEIGHT": 5, "WIDTH": 7, "IN_CHANNELS": 6, "IN_GROUP": 3, "TIMESTEPS": 3, "ACT_BITS": 1,
        "KERNEL": 1, "STRIDE": 2, "PADDING": 0, "OUT_CHANNELS": 4, "PE": 2, "SIMD": 4, "TP": 1,
        "WEIGHT_BITS": 8, "ACC_BITS": 11,
    },
    # a stage of the demo, fewer output channels: wide tokens, several folds, a gearbox-sized group
    "second-stage": {
        "HEIGHT": 17, "WIDTH": 17, "IN_CHANNELS": 16, "IN_GROUP": 8, "TIMESTEPS": 2, "ACT_BITS": 2,
        "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 4, "PE": 2, "SIMD": 36, "TP": 2,
        "WEIGHT_BITS": 4, "ACC_BITS": 13,
    },
    # taps in turns with the zero ones left out, a gearbox in front of the words
    "tap-serial": {
        "HEIGHT": 9, "WIDTH": 8, "IN_CHANNELS": 8, "IN_GROUP": 8, "TIMESTEPS": 2, "ACT_BITS": 2,
        "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 8, "PE": 4, "SIMD": 4, "TP": 2,
        "WEIGHT_BITS": 4, "ACC_BITS": 12, "TAP_SERIAL": 1,
    },
    # the same of a grouped layer, stride 2, bits in turns
    "tap-serial-groups": {
        "HEIGHT": 8, "WIDTH": 9, "IN_CHANNELS": 4, "IN_GROUP": 2, "TIMESTEPS": 1, "ACT_BITS": 2,
        "KERNEL": 3, "STRIDE": 2, "PADDING": 1, "OUT_CHANNELS": 4, "PE": 1, "SIMD": 2, "TP": 1,
        "WEIGHT_BITS": 3, "ACC_BITS": 9, "TAP_SERIAL": 1, "CONV_GROUPS": 2,
    },
    # a grouped layer from window registers, each PE group its slice, the last fold not full
    "groups": {
        "HEIGHT": 5, "WIDTH": 6, "IN_CHANNELS": 4, "IN_GROUP": 1, "TIMESTEPS": 2, "ACT_BITS": 1,
        "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 8, "PE": 2, "SIMD": 7, "TP": 2,
        "WEIGHT_BITS": 3, "ACC_BITS": 7, "CONV_GROUPS": 2,
    },
    # depthwise, each PE the taps of its own channel: from window registers, and tap by tap (two channels)
    "depthwise": {
        "HEIGHT": 6, "WIDTH": 5, "IN_CHANNELS": 6, "IN_GROUP": 3, "TIMESTEPS": 2, "ACT_BITS": 2,
        "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 6, "PE": 2, "SIMD": 9, "TP": 4,
        "WEIGHT_BITS": 4, "ACC_BITS": 9, "CONV_GROUPS": 6,
    },
    "depthwise-tap-serial": {
        "HEIGHT": 7, "WIDTH": 6, "IN_CHANNELS": 2, "IN_GROUP": 1, "TIMESTEPS": 2, "ACT_BITS": 1,
        "KERNEL": 3, "STRIDE": 2, "PADDING": 1, "OUT_CHANNELS": 2, "PE": 2, "SIMD": 1, "TP": 1,
        "WEIGHT_BITS": 1, "ACC_BITS": 6, "CONV_GROUPS": 2, "TAP_SERIAL": 1,
    },
    # a frame of one row, wide 5 x 5 padding, single timestep
    "one-row": {
        "HEIGHT": 1, "WIDTH": 5, "IN_CHANNELS": 2, "IN_GROUP": 1, "TIMESTEPS": 1, "ACT_BITS": 2,
        "KERNEL": 5, "STRIDE": 1, "PADDING": 2, "OUT_CHANNELS": 3, "PE": 1, "SIMD": 7, "TP": 2,
        "WEIGHT_BITS": 4, "ACC_BITS": 11,
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("stalls", "activity"),
    [((0.0, 0.0), 0.1), ((0.4, 0.4), 0.15), ((0.1, 0.8), 1.0)],
    ids=["full-rate-sparse", "stalls-sparse", "slow-sink-dense"],
)
@pytest.mark.parametrize("shape", _SHAPES)
def test_conv(shape: str, stalls: tuple[float, float], activity: float) -> None:
    config = {"frames": 4, "activity": activity, "stall_in": stalls[0], "stall_out": stalls[1]}
    run_bench("conv", bench="bench_conv", parameters=_SHAPES[shape], seed=5, config=config)


# Weights from memory outside the chip: words of several beats, words that are read many times.
_STREAMED = {
    "timesteps-resident": {"DATA_BITS": 64},
    "bits-in-turns": {"DATA_BITS": 32, "MAX_BURST": 4, "OUTSTANDING": 2},
    "tap-serial": {"DATA_BITS": 128},
    "tap-serial-groups": {"DATA_BITS": 8},
    "depthwise": {"DATA_BITS": 64},
    "window-a-cycle": {"DATA_BITS": 256},
}


@pytest.mark.parametrize(
    ("stalls", "activity"), [((0.0, 0.0), 0.1), ((0.4, 0.4), 0.15)], ids=["full-rate", "stalls"]
)
@pytest.mark.parametrize("shape", _STREAMED)
def test_streamed_conv(shape: str, stalls: tuple[float, float], activity: float) -> None:
    config = {"frames": 4, "activity": activity, "stall_in": stalls[0], "stall_out": stalls[1]}
    parameters = {**_SHAPES[shape], **_STREAMED[shape]}
    run_bench("streamed_conv", bench="bench_conv", parameters=parameters, seed=5, config=config)


@pytest.mark.parametrize("shape", ["timesteps-resident", "tap-serial"])
def test_hanging_sink(shape: str) -> None:
    """The output takes nothing for long while frames wait at the input."""
    config = {"frames": 4, "activity": 0.15, "stall_in": 0.0, "stall_out": 0.2, "hang": True}
    run_bench("conv", bench="bench_conv", parameters=_SHAPES[shape], seed=5, config=config)
