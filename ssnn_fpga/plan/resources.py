"""What each library module takes of a chip: counted from its structure, scaled to real synthesis.

Unit of logic: one 6-input LUT of a Xilinx 7-series device, as yosys estimates logic cells (two small
LUTs share one), LUT RAM included. Unit of memory: a block RAM of 18 kbit. Each function here is one
module of ``hw/rtl`` with the module's own parameters. It counts compressors, adders, multiplexers and
registers as the module generates them; ``python -m benchmarks.resource_grid --fit`` scales these terms
to the modules as yosys synthesises them and writes ``calibration.json``. LUT RAM and block RAM follow
from yosys' mapping of memories and are not fitted. Errors: ``docs/benchmarks.md``, "Resources".

This is a planning estimate, never a figure to report in place of synthesis.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

CALIBRATION_FILE = Path(__file__).with_name("calibration.json")
BLOCK_BITS = 18432
# Words as wide and as deep as one half of a 36-kbit block gives them.
_BLOCK_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
_SHALLOW = 64
_ADDER = 0.5
"""LUTs a bit of an addition: on a carry chain it needs two inputs of a LUT, and two such share one."""


@dataclass(frozen=True)
class Resources:
    """What a module or a whole design takes of a chip."""

    luts: int = 0
    block_rams: int = 0
    """Blocks of 18 kbit: RAMB18E1, half a RAMB36E1, DP16KD."""
    flip_flops: int = 0
    dsps: int = 0

    def __add__(self, other: Resources) -> Resources:
        return Resources(
            self.luts + other.luts,
            self.block_rams + other.block_rams,
            self.flip_flops + other.flip_flops,
            self.dsps + other.dsps,
        )

    @property
    def limited(self) -> tuple[int, int]:
        """LUTs and block RAMs: what a chip runs out of first, and a plan is chosen by."""
        return self.luts, self.block_rams

    @property
    def memory_bits(self) -> int:
        """Capacity of the block RAMs that are occupied."""
        return self.block_rams * BLOCK_BITS


@dataclass(frozen=True)
class Terms:
    """A module's parts, in the LUTs that each should take by its structure."""

    logic: dict[str, float]
    """LUTs by kind of part; each kind has a coefficient."""
    ram_luts: int = 0
    """LUTs that are RAM: exact, no coefficient."""
    flip_flops: int = 0
    block_rams: int = 0
    dsps: int = 0

    def with_memory(self, memory: Terms) -> Terms:
        """This and a memory."""
        return Terms(
            {**self.logic, **memory.logic},
            self.ram_luts + memory.ram_luts,
            self.flip_flops + memory.flip_flops,
            self.block_rams + memory.block_rams,
            self.dsps,
        )


@dataclass(frozen=True)
class Calibration:
    """Coefficients by module and kind of part; 1 where none was fitted."""

    luts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    flip_flops: Mapping[str, float] = field(default_factory=dict)

    @classmethod
    def load(cls) -> Calibration:
        """The one that was fitted to the grid."""
        content = json.loads(CALIBRATION_FILE.read_text())
        return cls(content["luts"], content["flip_flops"])

    def resources(self, module: str, parts: Terms) -> Resources:
        """A module's terms in whole LUTs and flip-flops."""
        scale = self.luts.get(module, {})
        luts = sum(amount * scale.get(part, 1.0) for part, amount in parts.logic.items())
        flip_flops = parts.flip_flops * self.flip_flops.get(module, 1.0)
        return Resources(parts.ram_luts + round(luts), parts.block_rams, round(flip_flops), parts.dsps)


_CALIBRATION = Calibration.load()


@lru_cache(maxsize=1 << 16)
def estimate(module: str, **parameters: int) -> Resources:
    """Resources of a module with its parameters, in lower case; a key of ``MODULES``."""
    return _CALIBRATION.resources(module, MODULES[module](**parameters))


def ram(width: int, depth: int) -> Terms:
    """A memory that is written and read: LUT RAM up to 64 words, else block RAM."""
    if depth <= _SHALLOW:
        bits = 6 if depth <= 32 else 3  # of a RAM32M or RAM64M, four LUTs each
        return Terms({}, ram_luts=4 * -(-width // bits), flip_flops=width)
    return Terms({}, block_rams=_blocks(width, depth))


def table(width: int, depth: int) -> Terms:
    """A memory that nobody writes, of random contents: logic up to 64 words, else block RAM."""
    if depth > _SHALLOW:
        return Terms({}, block_rams=_blocks(width, depth))
    if depth == 1:
        return Terms({})
    # Words of few addresses repeat columns; two LUTs of three inputs share a cell.
    columns = min(width, 2**depth - 2)
    return Terms({"table": columns * (1.0 if depth > 8 else 0.5)}, flip_flops=columns)


def _blocks(width: int, depth: int) -> int:
    return min(-(-width // wide) * -(-depth // deep) for wide, deep in _BLOCK_SHAPES)


def _multiplexer(choices: int) -> float:
    """LUTs a bit: four inputs a LUT, and the wide multiplexers between LUTs cost nothing."""
    return choices / 4 if choices > 1 else 0.0


@dataclass(frozen=True)
class _Lane:
    """One dot product, as ``popcount_lane`` generates it."""

    counters: int
    """LUTs of the counts of three pairs."""
    compressors: int
    """LUTs of the 6:3 compressors and full adders."""
    dots: int
    """Flip-flops of all levels."""
    levels: int


@lru_cache(maxsize=1 << 14)
def _lane(simd: int, planes: int, weight_bits: int, sum_bits: int) -> _Lane:
    groups, wide = -(-simd // 3), (simd + 1) // 3
    heights = [0] * sum_bits
    for plane in range(planes):
        for bit in range(weight_bits):
            for column, dots in ((plane + bit, groups), (plane + bit + 1, wide)):
                if column < sum_bits:
                    heights[column] += dots
    compressors, registers, levels = 0, sum(heights), 0
    while max(heights) > 3:
        after = [0] * (sum_bits + 2)
        for column, n in enumerate(heights):
            six, three = (n + 1) // 6, int(n % 6 in (3, 4))
            rest = 0 if n % 6 == 5 else n % 6 - 3 * three
            compressors += 3 * six + 2 * three
            after[column] += six + three + rest
            after[column + 1] += six + three
            after[column + 2] += six
        heights = after[:sum_bits]
        registers += sum(heights)
        levels += 1
    return _Lane(planes * weight_bits * (groups + wide), compressors, registers, levels)


def kernel_levels(simd: int, tp: int, act_bits: int, weight_bits: int, acc_bits: int) -> int:
    """Compression levels of a popcount kernel's lanes, each one cycle of latency."""
    resident, binary = min(tp, act_bits), weight_bits == 1
    largest = simd * (1 if binary else 2 ** (weight_bits - 1) - 1) * (2**resident - 1)
    sum_bits = min(acc_bits, largest.bit_length() + (0 if binary else 1))
    return _lane(simd, resident, weight_bits, sum_bits).levels


def synapses(
    pe: int, simd: int, tp: int, act_bits: int, weight_bits: int, acc_bits: int, depth: int
) -> Terms:
    """The popcount kernel with its accumulators and weights."""
    resident, steps = min(tp, act_bits), max(1, tp // act_bits)
    binary = weight_bits == 1
    largest = simd * (1 if binary else 2 ** (weight_bits - 1) - 1) * (2**resident - 1)
    sum_bits = min(acc_bits, largest.bit_length() + (0 if binary else 1))
    lane = _lane(simd, resident, weight_bits, sum_bits)
    # With binary weights, one more lane a timestep counts the inputs.
    lanes = steps * (pe + binary)
    shifted = 1 if act_bits > tp else 0
    return Terms(
        {
            "counters": lanes * lane.counters,
            "compressors": lanes * lane.compressors,
            "sums": lanes * sum_bits * 1.0,
            "accumulators": steps * pe * acc_bits * 0.8,
            "shift": shifted * steps * pe * acc_bits * _multiplexer(act_bits // tp),
            "control": 10,
        },
        flip_flops=lanes * (lane.dots + sum_bits)
        + (1 + shifted) * steps * pe * acc_bits
        + tp * simd
        + 5 * (lane.levels + 3),
    ).with_memory(table(pe * simd * weight_bits, depth))


def window_reader(
    height: int, width: int, channels: int, group: int, planes: int, kernel: int, stride: int, padding: int,
    act_bits: int, simd: int, tp: int, pe_groups: int,
) -> Terms:  # fmt: skip
    """Line buffer, window and the choice of each beat."""
    token, column = group * planes, kernel * channels * planes
    new = min(stride, kernel)
    folds = -(-kernel * kernel * channels // simd)
    bank = ram(token, width * channels // group)
    rows = Terms({}, *((kernel + 1) * n for n in (bank.ram_luts, bank.flip_flops, bank.block_rams)))
    return Terms(
        {
            "banks": kernel * token * _multiplexer(kernel + 1),
            "register": kernel * token * 0.5,
            "any": new * column / 5,
            "beat": simd * tp * _multiplexer(folds * planes // tp),
            "control": 80,
        },
        flip_flops=(kernel + new) * column + 2 * kernel * token + 70,
    ).with_memory(rows)


def tap_reader(
    height: int, width: int, channels: int, group: int, planes: int, kernel: int, stride: int,
    act_bits: int, simd: int, tp: int, conv_groups: int, x_sets: int,
) -> Terms:  # fmt: skip
    """Rows in one memory, a flag for each word and plane group, and the choice of the next beat.

    Not fitted; one synthesis run (17 x 17 x 32, SIMD 8, TP 2) gave 256 cells where this says 255.
    """
    lanes, rows = x_sets * simd, kernel + stride
    words, plane_groups = channels // lanes, planes // tp
    flags = words * plane_groups
    folds = kernel * kernel * channels // conv_groups // simd
    slices = words if x_sets > 1 else conv_groups
    shelves = -(-width // 64) if width > 32 else 1
    flag_luts = rows * shelves * 4 * -(-flags // (3 if width > 32 else 6))
    box = Terms({}) if group == lanes else gearbox(planes, group, lanes)
    return Terms(
        {
            **{f"gearbox {part}": luts for part, luts in box.logic.items()},
            "choice": kernel * flags * _multiplexer(rows),
            "picker": folds * (_multiplexer(slices * plane_groups) + 1.2),
            "beat": lanes * tp * _multiplexer(plane_groups),
            "control": 130,
        },
        ram_luts=flag_luts,
        flip_flops=2 * kernel * kernel * flags + lanes * tp + 220 + box.flip_flops,
    ).with_memory(ram(lanes * planes, rows * width * words))


def frame_reader(tokens: int, planes: int, act_bits: int, simd: int, tp: int, pe_groups: int) -> Terms:
    """Two frames of tokens, and the choice of each beat."""
    return Terms({"beat": simd * tp * _multiplexer(planes // tp), "control": 20}, flip_flops=30).with_memory(
        ram(simd * planes, 2 * tokens)
    )


def lif(
    channels: int, pe: int, timesteps: int, nt: int, tl: int, acc_bits: int, mem_bits: int, theta_bits: int,
    bias_bits: int, fraction: int, leak_mult: int, leak_shift: int, levels: int, strict: int, reset_zero: int,
    filter_shift: int = 0, current_bits: int = 0,
) -> Terms:  # fmt: skip
    """PE neurons that take TL timesteps a cycle and search their thresholds in halves."""
    act_bits = levels.bit_length()
    diff_bits = max(mem_bits, theta_bits + act_bits + 1) + 1
    token_out = timesteps * act_bits * pe
    neurons = pe * tl
    leaks = neurons - (pe if tl == timesteps else 0)  # nothing leaks before the first timestep
    return Terms(
        {
            "current": neurons * (acc_bits + fraction) * _ADDER,
            "leak": leaks * _digits(leak_mult) * (mem_bits + leak_mult.bit_length()) * _ADDER,
            "search": neurons * act_bits * diff_bits * 1.0,
            "filter": 2 * neurons * current_bits if filter_shift else 0.0,
            "token": neurons * acc_bits * _multiplexer(nt // tl),
            "register": token_out * 0.5,
            "control": 15,
        },
        flip_flops=nt * pe * acc_bits + neurons * diff_bits + pe * mem_bits + 3 * token_out + 20,
    ).with_memory(table(pe * (theta_bits + bias_bits), -(-channels // pe)))


def _digits(value: int) -> int:
    """Additions and subtractions of shifted copies that multiply by ``value``: its non-adjacent form."""
    return (value ^ 3 * value).bit_count()


def pool(
    height: int, width: int, channels: int, group: int, timesteps: int, act_bits: int, out_bits: int,
    size: int, sum: int,
) -> Terms:  # fmt: skip
    """One row of results so far, and the comparison or sum with it."""
    values = timesteps * group
    return Terms(
        {
            "join": values * out_bits * (1.0 if sum or out_bits == 1 else 1.75),
            "register": values * out_bits * 0.5,
            "control": 30,
        },
        flip_flops=values * (act_bits + 3 * out_bits) + 45,
    ).with_memory(ram(values * out_bits, width // size * channels // group))


def temporal_transform(
    group: int, t_in: int, t_out: int, act_bits: int, out_bits: int, shift: int, fraction: int,
    nonzero: int, ones: int,
) -> Terms:  # fmt: skip
    """Weighted sums of ``nonzero`` timesteps in all, of weights with ``ones`` set bits."""
    values = group * t_out * out_bits
    # Synthesis makes a sum of few input bits a table of one LUT a bit.
    tabled = nonzero * act_bits <= 6 * t_out
    return Terms(
        {
            "table": float(values) if tabled else 0.0,
            "adders": 0.0 if tabled else group * ones * (act_bits + fraction + shift) * _ADDER,
            "register": values * 0.5,
            "control": 4,
        },
        flip_flops=2 * values + 2,
    )


def readout(
    outputs: int,
    pe: int,
    timesteps: int,
    nt: int,
    acc_bits: int,
    logit_bits: int,
    bias_bits: int,
    fraction: int,
) -> Terms:
    """The sums over time, all logits, and the search for the largest."""
    return Terms(
        {
            "sums": pe * logit_bits * nt * _ADDER,
            "logits": pe * logit_bits * _ADDER,
            "choice": logit_bits * _multiplexer(outputs),
            "comparison": logit_bits * 1.0,
            "register": outputs * logit_bits * 0.5,
            "control": 25,
        },
        flip_flops=pe * logit_bits + 3 * outputs * logit_bits + logit_bits + 30,
    ).with_memory(table(pe * bias_bits, -(-outputs // pe)))


def gearbox(planes: int, in_group: int, out_group: int) -> Terms:
    """Register and choice of a part, or the parts that are collected."""
    if in_group < out_group:
        return Terms(
            {"control": 3 + out_group / in_group}, flip_flops=planes * (2 * out_group - in_group) + 4
        )
    parts = in_group // out_group
    return Terms(
        {"register": planes * in_group * 0.5, "part": planes * out_group * _multiplexer(parts), "control": 5},
        flip_flops=2 * planes * in_group + 5,
    )


def stream_fifo(width: int, depth: int) -> Terms:
    """A memory and its counters."""
    return Terms({"control": 3 * depth.bit_length() + 4}, flip_flops=3 * depth.bit_length()).with_memory(
        ram(width, depth)
    )


def weight_fetch(word_bits: int, data_bits: int, room: int) -> Terms:
    """Beats that wait, the word they make, and the counters of the bursts."""
    beats = -(-word_bits // data_bits)
    return Terms({"control": 220}, flip_flops=(beats > 1) * beats * data_bits + word_bits + 330).with_memory(
        ram(data_bits, room)
    )


MODULES: dict[str, Callable[..., Terms]] = {
    "synapses": synapses,
    "window_reader": window_reader,
    "tap_reader": tap_reader,
    "frame_reader": frame_reader,
    "lif": lif,
    "pool": pool,
    "temporal_transform": temporal_transform,
    "readout": readout,
    "gearbox": gearbox,
    "stream_fifo": stream_fifo,
    "weight_fetch": weight_fetch,
}
"""Parts by module of ``hw/rtl``, called with the module's parameters in lower case."""


def terms(module: str, parameters: Mapping[str, Any]) -> Terms:
    """The terms of a module with its parameters as in SystemVerilog."""
    return MODULES[module](**{name.lower(): value for name, value in parameters.items()})
