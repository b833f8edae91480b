"""Every file of the hardware library passes Verilator's lint with all warnings on."""

from __future__ import annotations

import re
import subprocess

import pytest

from sim.bench import module_sources, parameter_arguments, rtl_directory, tool_environment

# Corners beyond a module's defaults; a module without an entry is linted with its defaults.
_CORNERS: dict[str, list[dict[str, int | str]]] = {
    "axi_accelerator": [
        {"EVENTS": 1, "LOADABLE": 1, "ADDRESS_BITS": 64, "SAMPLES": 1},
        {"EVENTS": 1, "GROUP": 1, "IN_WIDTH": 12, "FRAME_TOKENS": 1, "OUT_WIDTH": 1, "MAX_BURST": 1},
        {"IN_WIDTH": 200, "OUT_WIDTH": 128, "MAX_BURST": 256},
        {"WEIGHTS": 1, "WEIGHT_BITS": 512, "WEIGHT_BEATS": 640, "ADDRESS_BITS": 64, "LOADABLE": 1},
        {"WEIGHTS": 1, "WEIGHT_BITS": 8, "ADDRESS_BITS": 13},
    ],
    "axi_reader": [{"MAX_BURST": 1, "OUTSTANDING": 1, "DATA_BITS": 1024}, {"ADDRESS_BITS": 64}],
    "axi_writer": [{"MAX_BURST": 1, "DATA_BITS": 8}, {"ADDRESS_BITS": 64, "MAX_BURST": 256}],
    "token_unpacker": [{"TOKEN_BITS": 33}, {"TOKEN_BITS": 64}, {"TOKEN_BITS": 1, "FRAME_TOKENS": 1}],
    "run_control": [
        {"ADDRESS_BITS": 64, "RESULT_BITS": 8, "LOADABLE": 1},
        {"ADDRESS_BITS": 13, "EVENTS": 1, "WEIGHTS": 1},
    ],
    "uart_accelerator": [{"LOADABLE": 1}],
    "weight_port": [{"ADDRESS_BITS": 13, "BEATS": 1}, {"ADDRESS_BITS": 64, "BEATS": 4096}],
    "input_decoder": [{"LOADABLE": 1, "EVENTS": 1, "GROUP": 1, "TOKEN_BITS": 12}, {"FRAME_TOKENS": 1}],
    "frame_admission": [{"FRAME_TOKENS": 1, "SAMPLES": 1}],
    "result_packer": [{"TOKEN_BITS": 1}, {"TOKEN_BITS": 1200, "RESULT_BITS": 8}],
    "host_registers": [{"ADDRESS_BITS": 64, "EVENTS": 1, "LOADABLE": 1}],
    "bin_ring": [
        {"PIXELS": 1, "TIMESTEPS": 1, "STEP": 1, "ACT_BITS": 8},
        {"PIXELS": 6, "TIMESTEPS": 6, "STEP": 2, "ACT_BITS": 1, "FRACTION": 4, "WEIGHT_BITS": 5},
    ],
    "event_bins": [{"ENDLESS": 1, "TIME_BITS": 20, "TIMESTEPS": 1}, {"BIN_EVENTS": 1, "TIMESTEPS": 3}],
    "event_front_end": [
        {"SENSOR_HEIGHT": 480, "SENSOR_WIDTH": 640, "FACTOR": 5, "STEP": 2},
        {"SENSOR_HEIGHT": 1, "SENSOR_WIDTH": 1, "DECAY_ENTRIES": 1, "DECAY": "5'h10"},
    ],
    "frame_guard": [{"TOKENS": 1}],
    "weight_fetch": [
        {"WORD_BITS": 5, "FOLDS": 1, "PE_GROUPS": 1, "DATA_BITS": 8, "MAX_BURST": 1, "OUTSTANDING": 1},
        {"WORD_BITS": 1100, "REPEATS": 3, "DATA_BITS": 512, "ADDRESS_BITS": 40},
    ],
    "result_guard": [{"TOKENS": 3, "FRAMES": 1}],
    "early_exit": [{"OUTPUTS": 2, "EARLY_BITS": 40, "OUT_BITS": 48, "DEPTH": 1}],
    "image_loader": [{"WIDTH": 7, "DEPTH": 1}, {"WIDTH": 64, "FOLLOWING": 9}],
    "join_current": [{"CHANNELS": 5, "PE": 2, "NT": 2, "FRACTION": 0, "OUT_BITS": 16}],
    "join_sum": [{"INPUTS": 3, "ACT_BITS": "24'h010302", "OUT_BITS": 4, "TIMESTEPS": 2}],
    "conv": [
        {"TAP_SERIAL": 1, "SIMD": 2, "CONV_GROUPS": 2, "PE": 2},
        {"CONV_GROUPS": 2, "PE": 2, "SIMD": 7},
        {"PARITY": 1},
    ],
    "dense": [{"PARITY": 1}],
    "conv_reader": [{"TAP_SERIAL": 1, "SIMD": 1, "CONV_GROUPS": 4, "OUT_CHANNELS": 4}],
    "read_arbiter": [{"PORTS": 1, "BURSTS": 1}],
    "streamed_conv": [{"TAP_SERIAL": 1, "SIMD": 2, "DATA_BITS": 8}],
    "weight_aligner": [{"FOLDS": 1, "PE_GROUPS": 1, "PLANES": 4, "ACT_BITS": 4}],
    "frame_reader": [{"TOKENS": 1, "PLANES": 1, "PE_GROUPS": 1}, {"PLANES": 8, "ACT_BITS": 4, "TP": 2}],
    "lif": [
        {"CHANNELS": 10, "PE": 4, "NT": 2, "TL": 2, "LEVELS": 3, "STRICT": 1},
        {"LEAK_MULT": 205, "LEAK_SHIFT": 8, "TL": 2, "FILTER_SHIFT": 2, "CURRENT_BITS": 20},
        {"LEVELS": 15, "STRICT": 1, "LEAK_MULT": 0},
        {"TIMESTEPS": 1, "NT": 1, "FRACTION": 0, "RESET_ZERO": 1, "THETA_BITS": 24},
        {"TL": 4, "CHANNELS": 10, "PE": 3, "RESET_ZERO": 1},
    ],
    "pool": [
        {"HEIGHT": 7, "WIDTH": 5, "CHANNELS": 4, "GROUP": 1, "ACT_BITS": 2, "OUT_BITS": 4, "SUM": 1},
        {"HEIGHT": 1, "WIDTH": 1, "SIZE": 1},
        {"HEIGHT": 5, "WIDTH": 5, "SIZE": 5, "SUM": 1, "OUT_BITS": 5, "GROUP": 2},
    ],
    "popcount_kernel": [
        {"WEIGHT_BITS": 1},
        {"WEIGHT_BITS": 1, "SIMD": 5, "TP": 2, "ACT_BITS": 4, "ACC_BITS": 6},
        {"WEIGHT_BITS": 3, "SIMD": 9, "X_SETS": 8},
    ],
    "readout": [
        {"OUTPUTS": 1, "PE": 1},
        {"OUTPUTS": 10, "PE": 3, "TIMESTEPS": 4, "NT": 2},
    ],
    "scatter_array": [{"BLOCK": 1, "WEIGHT_BITS": 1}, {"ROW_BANKS": 3}],
    "scatter_conv": [
        {"TAPS": 9, "PARITY": 1},
        {"TAPS": 1, "KERNEL": 1, "PADDING": 0, "STRIDE": 2, "SIMD": 4, "PE": 8},
    ],
    "scatter_order": [
        {"ROW_BANKS": 3},
        {"COLUMN_BANKS": 1},
        {"SPAN": 2, "STRIDE": 2, "COLUMN_BANKS": 2},
    ],
    "sum_memory": [{"BLOCK": 1}, {"DEPTH": 1}],
    "synapses": [{"PARITY": 1, "X_SETS": 4}],
    "tap_reader": [
        {"KERNEL": 1, "PADDING": 0, "STRIDE": 2, "HEIGHT": 1, "WIDTH": 1, "PLANES": 1, "PE_GROUPS": 1},
        {"CHANNELS": 8, "CONV_GROUPS": 8, "X_SETS": 4, "SIMD": 1, "TP": 2},
        {"KERNEL": 5, "PADDING": 2, "PLANES": 8, "ACT_BITS": 4, "TP": 2, "SIMD": 1},
    ],
    "watchdog": [{"FRAME_TOKENS": 9, "SAMPLES": 1}],
    "window_reader": [{"CONV_GROUPS": 4, "X_SETS": 2, "SIMD": 5}],
    "temporal_transform": [
        {"T_IN": 8, "T_OUT": 1, "ACT_BITS": 3, "OUT_BITS": 4},
        {"T_IN": 1, "T_OUT": 1, "SHIFT": 0, "FRACTION": 0, "OUT_BITS": 1, "MATRIX": "1'h1"},
    ],
}  # fmt: skip

_MODULES = sorted(path.stem for path in rtl_directory().glob("*.sv"))


def _lint(module: str, parameters: dict[str, int | str]) -> subprocess.CompletedProcess[str]:
    sources = map(str, module_sources(module, rtl_directory()))
    arguments = parameter_arguments(parameters)
    return subprocess.run(
        ["verilator", "--lint-only", "-Wall", "--top-module", module, *arguments, *sources],
        env=tool_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("module", _MODULES)
def test_lint(module: str) -> None:
    for parameters in [{}, *_CORNERS.get(module, [])]:
        result = _lint(module, parameters)
        assert result.returncode == 0, f"{module} {parameters}\n{result.stderr}"


_REFUSALS: list[tuple[str, dict[str, int | str], str]] = [
    ("axi_accelerator", {"SAMPLES": 0}, "SAMPLES must be at least 1"),
    ("axi_accelerator", {"WEIGHT_BITS": 48}, "WEIGHT_BITS must be a power of two"),
    ("weight_port", {"ADDRESS_BITS": 12}, "ADDRESS_BITS must be 13 to 64"),
    ("weight_port", {"BEATS": 0}, "BEATS must be at least 1"),
    ("frame_admission", {"FRAME_TOKENS": 0}, "SAMPLES must be at least 1"),
    ("input_decoder", {"EVENTS": 1, "GROUP": 1}, "GROUP must be 1 or 2 and TOKEN_BITS"),
    ("result_packer", {"TOKEN_BITS": 0}, "TOKEN_BITS must be at least 1"),
    ("axi_reader", {"DATA_BITS": 48}, "DATA_BITS must be a power of two"),
    ("axi_reader", {"MAX_BURST": 257}, "MAX_BURST must be 1 to 256"),
    ("axi_reader", {"ADDRESS_BITS": 12}, "ADDRESS_BITS must be 13 to 64"),
    ("axi_writer", {"DATA_BITS": 48}, "DATA_BITS must be a power of two"),
    ("axi_writer", {"MAX_BURST": 0}, "MAX_BURST must be 1 to 256"),
    ("axi_writer", {"ADDRESS_BITS": 65}, "ADDRESS_BITS must be 13 to 64"),
    ("token_unpacker", {"FRAME_TOKENS": 0}, "FRAME_TOKENS must be at least 1"),
    ("bin_ring", {"TIMESTEPS": 4, "STEP": 3}, "STEP must divide TIMESTEPS"),
    ("event_bins", {"WINDOW": 3}, "at least one unit of time"),
    ("event_bins", {"TIME_BITS": 12}, "half the range of TIME_BITS"),
    ("event_bins", {"BIN_EVENTS": 4, "DECAY_ENTRIES": 1}, "decay needs bins of equal duration"),
    ("event_filter", {"TIME_BITS": 33}, "TIME_BITS must be 2 to 32"),
    ("event_pixel", {"FACTOR": 4}, "FACTOR must divide"),
    ("frame_guard", {"TOKENS": 0}, "TOKENS"),
    ("result_guard", {"FRAMES": 0}, "FRAMES"),
    ("streamed_dense", {"SIMD": 5}, "SIMD must divide INPUTS"),
    ("weight_fetch", {"DATA_BITS": 48}, "a power of two"),
    ("weight_fetch", {"MAX_BURST": 17}, "MAX_BURST must be 1 to 16"),
    ("weight_fetch", {"ADDRESS_BITS": 12}, "at least 13"),
    ("conv_reader", {"CONV_GROUPS": 3}, "CONV_GROUPS must divide"),
    ("conv_reader", {"CONV_GROUPS": 2, "PE": 8}, "PE must divide the output channels of a group"),
    ("conv", {"TAP_SERIAL": 1, "SIMD": 3}, "SIMD must divide the input channels of a group"),
    ("window_reader", {"SIMD": 37}, "SIMD must not exceed"),
    ("tap_reader", {"X_SETS": 2}, "X_SETS is for depthwise layers"),
    ("tap_reader", {"SIMD": 3}, "SIMD must divide the input channels of a group"),
    ("beat_picker", {"SLICES": 3}, "SLICES must divide PE_GROUPS"),
    ("lif", {"TIMESTEPS": 4, "NT": 3}, "NT must divide TIMESTEPS"),
    ("lif", {"LEAK_MULT": 3, "LEAK_SHIFT": 1}, "the leak"),
    ("lif", {"FILTER_SHIFT": -1}, "FILTER_SHIFT must lie"),
    ("early_exit", {"OUTPUTS": 1}, "OUTPUTS must be at least 2"),
    ("early_exit", {"OUT_BITS": 15}, "OUT_BITS must be at least"),
    ("early_exit", {"DEPTH": 0}, "DEPTH must be at least 1"),
    ("image_loader", {"DEPTH": 0}, "DEPTH must be at least 1"),
    ("join_current", {"NT": 3}, "NT must divide TIMESTEPS"),
    ("join_current", {"FRACTION": -1}, "FRACTION must be at least 0"),
    ("join_sum", {"ACT_BITS": "16'h0301"}, "at most OUT_BITS"),
    ("pool", {"CHANNELS": 6, "GROUP": 4}, "GROUP must divide CHANNELS"),
    ("pool", {"ACT_BITS": 2, "OUT_BITS": 4}, "OUT_BITS must be ACT_BITS"),
    ("popcount_kernel", {"ROOM": 12}, "ROOM must be a power of two"),
    ("popcount_array", {"PE": 4, "X_SETS": 2}, "X_SETS must be 1 or PE"),
    ("popcount_array", {"WEIGHT_BITS": 9}, "WEIGHT_BITS must be 1 to 8"),
    ("popcount_array", {"TP": 2, "ACT_BITS": 3}, "TP must divide ACT_BITS"),
    ("accumulator", {"ADDEND_BITS": 13, "ACC_BITS": 12}, "at most ACC_BITS"),
    ("readout", {"TIMESTEPS": 4, "NT": 3}, "NT must divide TIMESTEPS"),
    ("synapses", {"PARITY": 2}, "PARITY must be 0 or 1"),
    ("stream_fork", {"OUTPUTS": 0}, "OUTPUTS must be at least 1"),
    ("stream_gate", {"FRAME_TOKENS": 0}, "FRAME_TOKENS must be at least 1"),
    ("watchdog", {"LIMIT": 0}, "FRAME_TOKENS and SAMPLES must be at least 1"),
    ("temporal_transform", {"MATRIX": "10'h021"}, "must sum to 2**SHIFT"),
    ("temporal_transform", {"OUT_BITS": 1}, "OUT_BITS must be at least"),
    ("beat_order", {"PLANES": 3, "TP": 2}, "TP and ACT_BITS must divide PLANES"),
    ("beat_order", {"PLANES": 6, "ACT_BITS": 3, "TP": 2}, "TP must divide ACT_BITS"),
    ("beat_order", {"SLICES": 2}, "SLICES must divide PE_GROUPS"),
    ("beat_picker", {"PLANES": 3, "TP": 2, "ACT_BITS": 1}, "TP and ACT_BITS must divide PLANES"),
    ("beat_picker", {"PLANES": 6, "ACT_BITS": 3, "TP": 2}, "TP must divide ACT_BITS"),
    ("bin_ring", {"ACT_BITS": 9}, "ACT_BITS 1 to 8"),
    ("conv_reader", {"PE": 3}, "PE must divide OUT_CHANNELS"),
    ("dense", {"PE": 3}, "PE must divide OUTPUTS"),
    ("dense", {"SIMD": 5}, "SIMD must divide INPUTS"),
    ("read_arbiter", {"PORTS": 0}, "PORTS and BURSTS must be at least 1"),
    ("streamed_conv", {"PE": 3}, "PE must divide OUT_CHANNELS"),
    ("weight_aligner", {"FOLDS": 0}, "FOLDS and PE_GROUPS must be at least 1"),
    ("weight_aligner", {"PLANES": 3, "TP": 2}, "TP must divide ACT_BITS"),
    ("event_bins", {"BIN_EVENTS": -1}, "BIN_EVENTS not negative"),
    ("event_filter", {"SENSOR_HEIGHT": 20000}, "1 to 16384 rows"),
    ("event_filter", {"COUNT_BITS": 0}, "COUNT_BITS must be at least 1"),
    ("gearbox", {"IN_GROUP": 6}, "IN_GROUP must divide OUT_GROUP"),
    ("lif", {"LEVELS": 0}, "LEVELS must be at least 1"),
    ("line_buffer", {"PADDING": 2}, "PADDING at most KERNEL/2"),
    ("line_buffer", {"HEIGHT": 2, "PADDING": 0}, "the padded frame is smaller"),
    ("line_buffer", {"GROUP": 3}, "GROUP must divide CHANNELS"),
    ("pool", {"SIZE": 9}, "at least one window"),
    ("popcount_array", {"PE": 0}, "PE, SIMD, TP and ACT_BITS must be at least 1"),
    ("stream_fifo", {"DEPTH": 0}, "WIDTH and DEPTH must be at least 1"),
    ("stream_register", {"WIDTH": 0}, "WIDTH must be at least 1"),
    ("streamed_dense", {"PE": 3}, "PE must divide OUTPUTS"),
    ("tap_reader", {"PADDING": 2}, "PADDING at most KERNEL/2"),
    ("tap_reader", {"HEIGHT": 2, "PADDING": 0}, "the padded frame is smaller"),
    ("uart_accelerator", {"FRAME_TOKENS": 0}, "must be positive"),
    ("uart_rx", {"CLOCKS_PER_BIT": 3}, "CLOCKS_PER_BIT must be at least 4"),
    ("uart_tx", {"CLOCKS_PER_BIT": 1}, "CLOCKS_PER_BIT must be at least 2"),
    ("weight_fetch", {"FOLDS": 0}, "must be at least 1"),
    ("weight_memory", {"DEPTH": 0}, "WIDTH and DEPTH must be at least 1"),
    ("window_reader", {"CONV_GROUPS": 3}, "CONV_GROUPS must divide CHANNELS"),
    ("window_reader", {"X_SETS": 2}, "X_SETS is for depthwise layers"),
    ("scatter_array", {"PE": 0}, "must be at least 1"),
    ("scatter_array", {"WEIGHT_BITS": 9}, "WEIGHT_BITS must be 1 to 8"),
    ("scatter_conv", {"TAPS": 2}, "TAPS must be 1, ceil(KERNEL/STRIDE) or its square"),
    ("scatter_conv", {"TP": 3}, "TP must be a multiple of ACT_BITS"),
    ("scatter_conv", {"PE": 3}, "PE must divide OUT_CHANNELS"),
    ("scatter_conv", {"PARITY": 2}, "PARITY must be 0 or 1"),
    ("scatter_order", {"COLUMN_BANKS": 2}, "must be 1 or what a word reaches"),
    ("scatter_order", {"COLUMN_BANKS": 1, "ROW_BANKS": 3}, "all rows at once need all columns at once"),
    ("scatter_order", {"PADDING": 2}, "PADDING at most KERNEL/2"),
    ("scatter_order", {"HEIGHT": 2, "PADDING": 0}, "the padded frame is smaller"),
    ("sum_memory", {"DEPTH": 0}, "WIDTH and DEPTH must be at least 1"),
    ("word_queue", {"TP": 3}, "TP must divide PLANES"),
    ("word_queue", {"SIMD": 3}, "SIMD and GROUP must divide CHANNELS"),
]


@pytest.mark.parametrize(("module", "parameters", "message"), _REFUSALS)
def test_senseless_parameters_stop_elaboration(
    module: str, parameters: dict[str, int | str], message: str
) -> None:
    result = _lint(module, parameters)
    assert result.returncode != 0
    assert message in result.stderr


def test_every_refusal_of_the_library_has_a_case() -> None:
    without = [
        f"{path.stem}: {sentence}"
        for path in sorted(rtl_directory().glob("*.sv"))
        for sentence in re.findall(r'\$error\(\s*"(.*?)"', path.read_text())
        if not any(path.stem == module and message in sentence for module, _, message in _REFUSALS)
    ]
    assert without == []
