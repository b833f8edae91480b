"""The shapes of the library's modules that are synthesised for the planner's resource model.

Each module has a base shape and changes of it. The changes move one parameter at a time along the
range that plans use, and a few of them together, so that every term of the model
(``ssnn_fpga/plan/resources.py``) is determined by more shapes than one and left over to test.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

from ssnn_fpga.plan.structure import scatter_weights

Parameters = dict[str, Any]

_SYNAPSES = {
    "PE": 2, "SIMD": 18, "TP": 1, "ACT_BITS": 1, "WEIGHT_BITS": 2, "ACC_BITS": 10, "X_SETS": 1, "DEPTH": 256,
}  # fmt: skip
_WINDOWS = {
    "HEIGHT": 17, "WIDTH": 17, "CHANNELS": 8, "GROUP": 4, "PLANES": 4, "KERNEL": 3, "STRIDE": 1,
    "PADDING": 1, "ACT_BITS": 1, "SIMD": 18, "TP": 1, "PE_GROUPS": 4, "CONV_GROUPS": 1, "X_SETS": 1,
}  # fmt: skip
_TAPS = {**_WINDOWS, "CHANNELS": 32, "GROUP": 8, "SIMD": 8, "TP": 2}
_FRAME = {"TOKENS": 16, "PLANES": 4, "ACT_BITS": 1, "SIMD": 16, "TP": 1, "PE_GROUPS": 4}
_LIF = {
    "CHANNELS": 32, "PE": 2, "TIMESTEPS": 4, "NT": 1, "TL": 1, "ACC_BITS": 9, "MEM_BITS": 15,
    "THETA_BITS": 11, "BIAS_BITS": 10, "FRACTION": 4, "LEAK_MULT": 3, "LEAK_SHIFT": 2, "FILTER_SHIFT": 0,
    "CURRENT_BITS": 0, "LEVELS": 1, "STRICT": 0, "RESET_ZERO": 0,
}  # fmt: skip
_POOL = {
    "HEIGHT": 16, "WIDTH": 16, "CHANNELS": 16, "GROUP": 8, "TIMESTEPS": 4, "ACT_BITS": 1, "OUT_BITS": 1,
    "SIZE": 2, "SUM": 0,
}  # fmt: skip
_READOUT = {
    "OUTPUTS": 10, "PE": 2, "TIMESTEPS": 4, "NT": 1, "ACC_BITS": 10, "LOGIT_BITS": 16, "BIAS_BITS": 10,
    "FRACTION": 4,
}  # fmt: skip
_TRANSFORM = {"GROUP": 8, "T_IN": 4, "T_OUT": 2, "ACT_BITS": 1, "OUT_BITS": 3, "SHIFT": 4, "FRACTION": 2}
_CURRENT = {
    "CHANNELS": 32, "PE": 4, "TIMESTEPS": 4, "NT": 1, "FIRST_BITS": 10, "SECOND_BITS": 10, "GAIN_BITS": 6,
    "OUT_BITS": 17, "FRACTION": 4,
}  # fmt: skip
_EXIT = {"OUTPUTS": 10, "EARLY_BITS": 16, "FINAL_BITS": 18, "OUT_BITS": 18, "MARGIN": 40, "DEPTH": 4}

_SCATTER = {
    "HEIGHT": 34, "WIDTH": 34, "IN_CHANNELS": 2, "IN_GROUP": 2, "TIMESTEPS": 4, "ACT_BITS": 1, "KERNEL": 3,
    "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 16, "PE": 4, "SIMD": 2, "TP": 4, "TAPS": 3,
    "WEIGHT_BITS": 2, "ACC_BITS": 6,
}  # fmt: skip
_SCATTER_INSIDE = {
    "HEIGHT": 17, "WIDTH": 17, "IN_CHANNELS": 32, "IN_GROUP": 8, "OUT_CHANNELS": 32, "ACC_BITS": 9,
}  # fmt: skip

GRID: dict[str, tuple[Parameters, list[Parameters]]] = {
    "synapses": (_SYNAPSES, [
        {}, {"SIMD": 36, "WEIGHT_BITS": 4, "ACC_BITS": 12}, {"SIMD": 3, "PE": 8}, {"TP": 2, "SIMD": 9},
        {"WEIGHT_BITS": 1, "SIMD": 36, "PE": 4}, {"ACT_BITS": 2}, {"DEPTH": 16},
        {"ACT_BITS": 2, "TP": 2, "SIMD": 12}, {"WEIGHT_BITS": 8, "ACC_BITS": 16, "SIMD": 9},
        {"SIMD": 1, "PE": 8, "WEIGHT_BITS": 4},
        {"WEIGHT_BITS": 3, "SIMD": 12, "ACC_BITS": 16, "PE": 4}, {"SIMD": 1, "PE": 8, "X_SETS": 8},
        {"SIMD": 72, "PE": 1}, {"TP": 4, "SIMD": 8, "PE": 4},
        {"ACT_BITS": 4, "SIMD": 9, "PE": 4, "ACC_BITS": 14},
        {"ACT_BITS": 2, "TP": 4, "SIMD": 9, "WEIGHT_BITS": 4, "ACC_BITS": 14},
        {"WEIGHT_BITS": 8, "SIMD": 18, "PE": 4, "ACC_BITS": 26},
        {"PE": 4, "SIMD": 9, "X_SETS": 4, "WEIGHT_BITS": 4},
        {"WEIGHT_BITS": 1, "ACT_BITS": 2, "SIMD": 18, "PE": 4},
        {"SIMD": 32, "PE": 4, "TP": 4, "DEPTH": 600}, {"SIMD": 16, "PE": 4}, {"SIMD": 64},
        {"SIMD": 9, "DEPTH": 32}, {"SIMD": 9, "DEPTH": 64},
    ]),
    "window_reader": (_WINDOWS, [
        {}, {"SIMD": 72}, {"TP": 4, "SIMD": 9}, {"PLANES": 1, "SIMD": 6}, {"GROUP": 8, "PLANES": 2},
        {"CHANNELS": 2, "GROUP": 2, "SIMD": 6, "WIDTH": 64}, {"PLANES": 4, "ACT_BITS": 2, "TP": 2},
        {"STRIDE": 2, "GROUP": 2}, {"CHANNELS": 2, "GROUP": 2, "KERNEL": 5, "PADDING": 2, "SIMD": 25},
        {"CHANNELS": 16, "GROUP": 8, "SIMD": 24},
        {"KERNEL": 1, "PADDING": 0, "SIMD": 8, "CHANNELS": 32},
        {"CONV_GROUPS": 8, "X_SETS": 2, "SIMD": 9}, {"CHANNELS": 32, "GROUP": 4, "SIMD": 32, "WIDTH": 8},
        {"CHANNELS": 2, "GROUP": 2, "HEIGHT": 34, "WIDTH": 34, "PLANES": 10, "TP": 2, "SIMD": 18},
        {"KERNEL": 5, "PADDING": 2, "SIMD": 40}, {"KERNEL": 1, "PADDING": 0, "SIMD": 8},
        {"KERNEL": 5, "PADDING": 2, "SIMD": 50, "CHANNELS": 2, "GROUP": 2, "HEIGHT": 34, "WIDTH": 34},
        {"KERNEL": 1, "PADDING": 0, "SIMD": 16, "CHANNELS": 64, "GROUP": 8},
    ]),
    "tap_reader": (_TAPS, [
        {}, {"SIMD": 32, "GROUP": 32}, {"TP": 1, "SIMD": 16}, {"TP": 4}, {"WIDTH": 40, "GROUP": 4},
        {"STRIDE": 2, "GROUP": 16}, {"KERNEL": 1, "PADDING": 0}, {"SIMD": 16, "GROUP": 32, "TP": 4},
        {"ACT_BITS": 2, "TP": 1}, {"CONV_GROUPS": 32, "X_SETS": 8, "SIMD": 1},
        {"KERNEL": 5, "PADDING": 2, "SIMD": 32, "GROUP": 8},
        {"CHANNELS": 64, "SIMD": 64, "GROUP": 16, "TP": 4}, {"WIDTH": 80, "HEIGHT": 40, "SIMD": 16},
        {"WIDTH": 8, "HEIGHT": 8, "SIMD": 32, "TP": 4},
    ]),
    "scatter_conv": (_SCATTER, [
        {}, {"PE": 16}, {"TP": 1, "PE": 16, "TAPS": 1}, {"TAPS": 9}, {"TP": 2, "PE": 16},
        {**_SCATTER_INSIDE, "SIMD": 1, "PE": 8},
        {"ACT_BITS": 2, "TIMESTEPS": 8, "TP": 4, "HEIGHT": 48, "WIDTH": 48, "ACC_BITS": 7, "PE": 16},
        {**_SCATTER_INSIDE, "PE": 4, "SIMD": 8, "TP": 1, "TAPS": 1},
        {"WEIGHT_BITS": 4, "ACC_BITS": 9, "PE": 2}, {"WEIGHT_BITS": 1, "ACT_BITS": 2, "STRIDE": 2, "TAPS": 2},
        {"PE": 1, "SIMD": 1, "TAPS": 1}, {**_SCATTER_INSIDE, "SIMD": 4, "PE": 32, "TP": 2, "IN_GROUP": 32},
        {"KERNEL": 5, "PADDING": 2, "TAPS": 5, "PE": 2, "TP": 2, "ACC_BITS": 7},
        {**_SCATTER_INSIDE, "SIMD": 1, "PE": 16, "TP": 1, "TAPS": 9}, {"TAPS": 9, "PE": 2},
        {"TAPS": 9, "PE": 16, "TP": 1},
    ]),
    "frame_reader": (_FRAME, [
        {}, {"TP": 4, "SIMD": 8}, {"TP": 2, "PLANES": 8, "ACT_BITS": 2}, {"PLANES": 1}, {"TOKENS": 64},
        {"SIMD": 64, "TP": 2}, {"PLANES": 8, "ACT_BITS": 2, "TOKENS": 100},
        {"TOKENS": 256, "SIMD": 8, "TP": 4}, {"TOKENS": 32}, {"TOKENS": 128},
        {"TOKENS": 64, "TP": 2, "PLANES": 8, "ACT_BITS": 2},
    ]),
    "lif": (_LIF, [
        {}, {"LEVELS": 3}, {"NT": 4, "TL": 1}, {"PE": 4, "TIMESTEPS": 1}, {"NT": 4, "TL": 4},
        {"LEAK_MULT": 1, "LEAK_SHIFT": 1}, {"LEVELS": 7}, {"LEAK_MULT": 15, "LEAK_SHIFT": 4},
        {"LEAK_MULT": 0, "LEAK_SHIFT": 0}, {"RESET_ZERO": 1, "STRICT": 1},
        {"MEM_BITS": 20, "THETA_BITS": 16, "BIAS_BITS": 16, "ACC_BITS": 14}, {"CHANNELS": 256},
        {"NT": 2, "TL": 2, "LEVELS": 3}, {"FILTER_SHIFT": 2, "CURRENT_BITS": 16, "MEM_BITS": 18},
        {"PE": 8, "NT": 4, "TL": 2, "LEVELS": 3}, {"RESET_ZERO": 1},
        {"LEAK_MULT": 11, "LEAK_SHIFT": 4, "NT": 4, "TL": 2},
        {"FILTER_SHIFT": 1, "CURRENT_BITS": 14, "NT": 4, "TL": 4, "LEVELS": 3},
        {"PE": 16, "TIMESTEPS": 2, "NT": 2, "TL": 1, "CHANNELS": 64},
        {"PE": 8, "NT": 4, "TL": 4, "LEVELS": 3},
        {"PE": 16, "TIMESTEPS": 2, "NT": 2, "TL": 2, "CHANNELS": 64},
        {"TIMESTEPS": 8, "NT": 8, "TL": 8, "LEAK_MULT": 1, "LEAK_SHIFT": 1},
        {"NT": 4, "TL": 4, "RESET_ZERO": 1, "LEAK_MULT": 7, "LEAK_SHIFT": 3}, {"CHANNELS": 128},
        {"CHANNELS": 96}, {"FILTER_SHIFT": 1, "CURRENT_BITS": 14, "NT": 2, "TL": 2},
        {"FILTER_SHIFT": 3, "CURRENT_BITS": 16, "MEM_BITS": 18, "PE": 4, "LEVELS": 3},
        {"FILTER_SHIFT": 2, "CURRENT_BITS": 16, "MEM_BITS": 18, "PE": 4, "NT": 4, "TL": 4},
        {"TIMESTEPS": 6, "NT": 6, "TL": 6, "LEAK_MULT": 1, "LEAK_SHIFT": 1},
        {"NT": 4, "TL": 4, "LEAK_MULT": 1, "LEAK_SHIFT": 1}, {"TIMESTEPS": 8, "NT": 8, "TL": 8},
    ]),
    "pool": (_POOL, [
        {}, {"ACT_BITS": 2, "OUT_BITS": 2}, {"SUM": 1, "OUT_BITS": 3}, {"GROUP": 2, "TIMESTEPS": 2},
        {"WIDTH": 128, "CHANNELS": 32}, {"SIZE": 3, "WIDTH": 34, "HEIGHT": 34, "OUT_BITS": 4, "SUM": 1},
        {"SUM": 1, "ACT_BITS": 2, "OUT_BITS": 4}, {"ACT_BITS": 3, "OUT_BITS": 3, "TIMESTEPS": 2},
        {"GROUP": 16}, {"HEIGHT": 8, "WIDTH": 8, "SIZE": 8, "SUM": 1, "OUT_BITS": 7, "CHANNELS": 8},
    ]),
    "readout": (_READOUT, [
        {}, {"PE": 10}, {"NT": 4}, {"OUTPUTS": 100, "PE": 4}, {"LOGIT_BITS": 24, "ACC_BITS": 16},
        {"TIMESTEPS": 1, "PE": 1}, {"OUTPUTS": 32, "PE": 8, "NT": 2},
        {"PE": 5, "NT": 2, "TIMESTEPS": 6},
    ]),
    "temporal_transform": (_TRANSFORM, [
        {}, {"T_IN": 8, "T_OUT": 4, "GROUP": 4}, {"ACT_BITS": 2, "OUT_BITS": 4}, {"T_IN": 2, "T_OUT": 1},
        {"ACT_BITS": 2, "OUT_BITS": 4, "T_IN": 3}, {"T_IN": 8, "T_OUT": 1}, {"T_IN": 6, "T_OUT": 3},
        {"T_IN": 8, "T_OUT": 5, "SHIFT": 6, "FRACTION": 3, "OUT_BITS": 4},
        {"T_IN": 5, "T_OUT": 2, "ACT_BITS": 3, "OUT_BITS": 5}, {"T_IN": 16, "T_OUT": 8, "GROUP": 2},
        {"T_IN": 8, "T_OUT": 2, "ACT_BITS": 2, "OUT_BITS": 4, "GROUP": 4}, {"T_IN": 10, "T_OUT": 1},
        {"T_IN": 4, "T_OUT": 1, "ACT_BITS": 3, "OUT_BITS": 5, "SHIFT": 6},
        {"T_IN": 8, "T_OUT": 5, "ACT_BITS": 2, "SHIFT": 6, "FRACTION": 3, "OUT_BITS": 5},
        {"T_IN": 16, "T_OUT": 2, "GROUP": 4, "SHIFT": 8}, {"T_IN": 3, "ACT_BITS": 4, "OUT_BITS": 6},
    ]),
    "gearbox": ({"PLANES": 4, "IN_GROUP": 8, "OUT_GROUP": 4}, [
        {}, {"IN_GROUP": 1, "OUT_GROUP": 16}, {"IN_GROUP": 32, "OUT_GROUP": 4},
        {"IN_GROUP": 4, "OUT_GROUP": 32}, {"OUT_GROUP": 1}, {"OUT_GROUP": 8},
        {"IN_GROUP": 24, "OUT_GROUP": 8, "PLANES": 8},
    ]),
    "stream_fifo": ({"WIDTH": 32, "DEPTH": 16}, [
        {}, {"DEPTH": 64}, {"DEPTH": 1024}, {"WIDTH": 128, "DEPTH": 4}, {"WIDTH": 7, "DEPTH": 33},
        {"WIDTH": 64, "DEPTH": 300}, {"WIDTH": 160, "DEPTH": 40},
    ]),
    "stream_fork": ({"WIDTH": 32, "OUTPUTS": 2}, [
        {}, {"WIDTH": 128}, {"WIDTH": 64, "OUTPUTS": 4},
    ]),
    "join_sum": ({"INPUTS": 2, "GROUP": 8, "TIMESTEPS": 4, "ACT_BITS": 0x0101, "OUT_BITS": 2}, [
        {}, {"ACT_BITS": 0x0202, "OUT_BITS": 3}, {"INPUTS": 3, "ACT_BITS": 0x010101},
        {"GROUP": 2, "ACT_BITS": 0x0301, "OUT_BITS": 4}, {"GROUP": 16},
        {"INPUTS": 4, "ACT_BITS": 0x01010101, "OUT_BITS": 3}, {"ACT_BITS": 0x0102, "OUT_BITS": 3},
    ]),
    "join_current": (_CURRENT, [
        {}, {"NT": 4}, {"SECOND_BITS": 16, "GAIN_BITS": 8, "OUT_BITS": 24}, {"GAIN_BITS": 3, "OUT_BITS": 15},
        {"PE": 1}, {"CHANNELS": 256, "FIRST_BITS": 14, "OUT_BITS": 19},
        {"SECOND_BITS": 8, "GAIN_BITS": 12, "OUT_BITS": 20}, {"OUT_BITS": 16}, {"CHANNELS": 160},
    ]),
    "early_exit": (_EXIT, [
        {}, {"OUTPUTS": 32}, {"EARLY_BITS": 24, "FINAL_BITS": 24, "OUT_BITS": 24},
        {"OUTPUTS": 4, "DEPTH": 16}, {"OUTPUTS": 100, "EARLY_BITS": 12, "FINAL_BITS": 12, "OUT_BITS": 12},
        {"MARGIN": 1, "EARLY_BITS": 20, "FINAL_BITS": 16, "OUT_BITS": 20},
    ]),
    "image_loader": ({"WIDTH": 40, "DEPTH": 256, "FOLLOWING": 1000}, [
        {}, {"WIDTH": 16, "FOLLOWING": 0}, {"WIDTH": 144, "DEPTH": 64},
    ]),
    "stream_gate": ({"WIDTH": 16, "FRAME_TOKENS": 1156}, [
        {}, {"WIDTH": 64},
    ]),
    "frame_guard": ({"WIDTH": 16, "TOKENS": 1156, "COUNT_BITS": 32}, [{}, {"WIDTH": 64}] ),
    "result_guard": ({"WIDTH": 160, "TOKENS": 1, "FRAMES": 8, "COUNT_BITS": 32}, [
        {}, {"WIDTH": 400},
    ]),
}  # fmt: skip

WHOLE: dict[str, list[Parameters]] = {
    "conv": [
        {"HEIGHT": 34, "WIDTH": 34, "IN_CHANNELS": 2, "IN_GROUP": 2, "TIMESTEPS": 4, "ACT_BITS": 1,
         "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 16, "PE": 4, "SIMD": 18, "TP": 2,
         "WEIGHT_BITS": 2, "ACC_BITS": 6, "TAP_SERIAL": 0},
        {"HEIGHT": 8, "WIDTH": 8, "IN_CHANNELS": 8, "IN_GROUP": 4, "TIMESTEPS": 2, "ACT_BITS": 2,
         "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 16, "PE": 2, "SIMD": 12, "TP": 2,
         "WEIGHT_BITS": 3, "ACC_BITS": 11, "TAP_SERIAL": 0},
        {"HEIGHT": 17, "WIDTH": 17, "IN_CHANNELS": 32, "IN_GROUP": 8, "TIMESTEPS": 4, "ACT_BITS": 1,
         "KERNEL": 3, "STRIDE": 1, "PADDING": 1, "OUT_CHANNELS": 32, "PE": 4, "SIMD": 32, "TP": 4,
         "WEIGHT_BITS": 2, "ACC_BITS": 10, "TAP_SERIAL": 1},
    ],
    "dense": [
        {"INPUTS": 256, "TIMESTEPS": 2, "ACT_BITS": 1, "OUTPUTS": 64, "PE": 4, "SIMD": 16, "TP": 1,
         "WEIGHT_BITS": 4, "ACC_BITS": 13},
        {"INPUTS": 800, "TIMESTEPS": 2, "ACT_BITS": 2, "OUTPUTS": 10, "PE": 2, "SIMD": 8, "TP": 2,
         "WEIGHT_BITS": 2, "ACC_BITS": 12},
    ],
}  # fmt: skip
"""Whole layers, which the model is not fitted to: they show whether the parts add up."""


def shapes(modules: list[str] | None = None, most: int | None = None) -> Iterator[tuple[str, Parameters]]:
    """Every module with its parameters, the first shapes of all modules first; at most ``most`` of each."""
    lists = {name: [{**base, **change} for change in changes] for name, (base, changes) in GRID.items()}
    lists |= WHOLE
    longest = max(map(len, lists.values()))
    for place in range(longest if most is None else min(most, longest)):
        for name, chosen in lists.items():
            if place < len(chosen) and (modules is None or name in modules):
                yield name, chosen[place]


def matrix(parameters: Parameters) -> tuple[int, ...]:
    """A row-stochastic matrix of windows that overlap, row by row."""
    t_in, t_out, shift = parameters["T_IN"], parameters["T_OUT"], parameters["SHIFT"]
    entries: list[int] = []
    for t2 in range(t_out):
        middle = (t2 + 0.5) * t_in / t_out - 0.5
        weights = [max(0.0, 1.5 * t_in / t_out - abs(t1 - middle)) for t1 in range(t_in)]
        row = [int(w / sum(weights) * (1 << shift)) for w in weights]
        row[row.index(max(row))] += (1 << shift) - sum(row)
        entries += row
    return tuple(entries)


def matrix_literal(parameters: Parameters) -> str:
    """``matrix`` as the module's parameter."""
    bits = parameters["SHIFT"] + 1
    value = sum(entry << place * bits for place, entry in enumerate(matrix(parameters)))
    return f"{len(matrix(parameters)) * bits}'h{value:x}"


def image_shape(module: str, parameters: Parameters) -> tuple[int, int]:
    """Width and depth of the memory that the module is given."""
    p = parameters
    if module == "lif":
        return p["PE"] * (p["THETA_BITS"] + p["BIAS_BITS"]), ceil(p["CHANNELS"] / p["PE"])
    if module == "readout":
        return p["PE"] * p["BIAS_BITS"], ceil(p["OUTPUTS"] / p["PE"])
    if module == "join_current":
        return p["PE"] * p["GAIN_BITS"], ceil(p["CHANNELS"] / p["PE"])
    if module == "scatter_conv":
        names = (
            "IN_CHANNELS", "OUT_CHANNELS", "KERNEL", "STRIDE", "PE", "SIMD", "TAPS", "WEIGHT_BITS",
        )  # fmt: skip
        return scatter_weights(**{name.lower(): p[name] for name in names})
    width = p["PE"] * p["SIMD"] * p["WEIGHT_BITS"]
    if module == "conv":
        return width, ceil(p["KERNEL"] ** 2 * p["IN_CHANNELS"] / p["SIMD"]) * (p["OUT_CHANNELS"] // p["PE"])
    return width, p["DEPTH"] if module == "synapses" else p["INPUTS"] // p["SIMD"] * (p["OUTPUTS"] // p["PE"])
