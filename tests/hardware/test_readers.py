"""Window reader and frame reader: the kernel's beats in loop order."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

_WINDOWS = {
    "timesteps-resident": {
        "HEIGHT": 5, "WIDTH": 4, "CHANNELS": 4, "GROUP": 2, "PLANES": 8, "KERNEL": 3, "STRIDE": 1,
        "PADDING": 1,
        "ACT_BITS": 2, "SIMD": 8, "TP": 4, "PE_GROUPS": 2,
    },
    "bits-in-turns-stride-2": {
        "HEIGHT": 6, "WIDTH": 7, "CHANNELS": 2, "GROUP": 1, "PLANES": 8, "KERNEL": 3, "STRIDE": 2,
        "PADDING": 1,
        "ACT_BITS": 4, "SIMD": 9, "TP": 2, "PE_GROUPS": 1,
    },
    "pointwise": {
        "HEIGHT": 3, "WIDTH": 5, "CHANNELS": 4, "GROUP": 4, "PLANES": 3, "KERNEL": 1, "STRIDE": 1,
        "PADDING": 0,
        "ACT_BITS": 1, "SIMD": 3, "TP": 1, "PE_GROUPS": 3,
    },
    "5x5-stride-3": {
        "HEIGHT": 8, "WIDTH": 9, "CHANNELS": 1, "GROUP": 1, "PLANES": 2, "KERNEL": 5, "STRIDE": 3,
        "PADDING": 2,
        "ACT_BITS": 2, "SIMD": 25, "TP": 2, "PE_GROUPS": 1,
    },
}  # fmt: skip

_FRAMES = {
    "timesteps-resident": {"TOKENS": 5, "PLANES": 8, "ACT_BITS": 2, "SIMD": 3, "TP": 4, "PE_GROUPS": 2},
    "bits-in-turns": {"TOKENS": 3, "PLANES": 12, "ACT_BITS": 4, "SIMD": 4, "TP": 1, "PE_GROUPS": 2},
    # more tokens than beats when few are not zero: arrival limits
    "sparse": {"TOKENS": 40, "PLANES": 2, "ACT_BITS": 1, "SIMD": 2, "TP": 1, "PE_GROUPS": 1},
    "one-token": {"TOKENS": 1, "PLANES": 2, "ACT_BITS": 1, "SIMD": 6, "TP": 2, "PE_GROUPS": 1},
}


_TAPS = {
    # two words a pixel, two timesteps resident, a gearbox in front
    "timesteps-resident": {
        "HEIGHT": 5, "WIDTH": 4, "CHANNELS": 4, "GROUP": 4, "PLANES": 8, "KERNEL": 3, "STRIDE": 1,
        "PADDING": 1, "ACT_BITS": 2, "SIMD": 2, "TP": 4, "PE_GROUPS": 2, "CONV_GROUPS": 1, "X_SETS": 1,
    },
    # bits in turns; two PE groups see one of three groups of channels; stride 2
    "grouped-stride-2": {
        "HEIGHT": 9, "WIDTH": 8, "CHANNELS": 6, "GROUP": 1, "PLANES": 8, "KERNEL": 3, "STRIDE": 2,
        "PADDING": 1, "ACT_BITS": 4, "SIMD": 1, "TP": 2, "PE_GROUPS": 6, "CONV_GROUPS": 3, "X_SETS": 1,
    },
    "depthwise": {
        "HEIGHT": 5, "WIDTH": 6, "CHANNELS": 6, "GROUP": 3, "PLANES": 3, "KERNEL": 5, "STRIDE": 1,
        "PADDING": 2, "ACT_BITS": 1, "SIMD": 1, "TP": 1, "PE_GROUPS": 2, "CONV_GROUPS": 6, "X_SETS": 3,
    },
    # rows and columns that no window needs
    "pointwise-stride-2": {
        "HEIGHT": 6, "WIDTH": 7, "CHANNELS": 4, "GROUP": 2, "PLANES": 2, "KERNEL": 1, "STRIDE": 2,
        "PADDING": 0, "ACT_BITS": 1, "SIMD": 2, "TP": 2, "PE_GROUPS": 1, "CONV_GROUPS": 1, "X_SETS": 1,
    },
}  # fmt: skip


def _readers(
    module: str, stalls: tuple[float, float, bool], activity: float, parameters: dict[str, int]
) -> None:
    config = {
        "frames": 5,
        "activity": activity,
        "stall_in": stalls[0],
        "stall_out": stalls[1],
        "hang": stalls[2],
        "skipping": "beat" if module == "tap_reader" else "window",
    }
    run_bench(module, bench="bench_window_reader", parameters=parameters, seed=8, config=config)


_TRAFFIC = pytest.mark.parametrize(
    ("stalls", "activity"),
    [
        ((0.0, 0.0, False), 0.2),
        ((0.0, 0.0, False), 1.0),
        ((0.4, 0.4, False), 0.2),
        ((0.1, 0.8, False), 0.5),
    ],
    ids=["full-rate-sparse", "full-rate-dense", "stalls", "slow-sink"],
)
_HANG = (0.0, 0.2, True)


@_TRAFFIC
@pytest.mark.parametrize("shape", _WINDOWS)
def test_window_reader(shape: str, stalls: tuple[float, float, bool], activity: float) -> None:
    _readers("window_reader", stalls, activity, _WINDOWS[shape])


@_TRAFFIC
@pytest.mark.parametrize("shape", _TAPS)
def test_tap_reader(shape: str, stalls: tuple[float, float, bool], activity: float) -> None:
    _readers("tap_reader", stalls, activity, _TAPS[shape])


@_TRAFFIC
@pytest.mark.parametrize("shape", _FRAMES)
def test_frame_reader(shape: str, stalls: tuple[float, float, bool], activity: float) -> None:
    config = {
        "frames": 6, "activity": activity, "stall_in": stalls[0], "stall_out": stalls[1], "hang": stalls[2],
    }  # fmt: skip
    run_bench("frame_reader", bench="bench_frame_reader", parameters=_FRAMES[shape], seed=9, config=config)


@pytest.mark.parametrize("module", ["window_reader", "tap_reader", "frame_reader"])
def test_hanging_sink(module: str) -> None:
    """The kernel takes nothing for long while frames wait at the input."""
    if module == "frame_reader":
        test_frame_reader("timesteps-resident", _HANG, 0.5)
    else:
        shapes = _WINDOWS if module == "window_reader" else _TAPS
        _readers(module, _HANG, 0.5, shapes["timesteps-resident"])
