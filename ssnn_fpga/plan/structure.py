"""What each module of ``hw/rtl`` consists of: compressors, adders, multiplexers, registers, memories.

Each function is one module with the module's own parameters, in lower case, and returns its parts in
the LUTs that each should take by its structure. ``ssnn_fpga/plan/resources.py`` scales the parts to
real synthesis and says what the units are. LUT RAM, block RAM and DSP slices follow from yosys'
mapping and are not scaled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

# Words as wide and as deep as one half of a 36-kbit block gives them.
_BLOCK_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
_SHALLOW = 64
KERNEL_ROOM = 16
"""Accumulator tokens that ``popcount_kernel`` has room for, on their way through it and waiting behind."""
SCATTER_QUEUE = 32
"""Words that wait in the queue of a ``scatter_conv``."""
_COUNTED = 2.8
"""LUTs a bit of a table of 33 to 64 words whose address a small module counts itself."""
_TRANSFORM_TABLE = 6
"""Input bits of a row of ``temporal_transform`` that is a table."""
_FIELDS_IN_SLICE, _SLICE_FIELD = 2, 24
"""Accumulators of a DSP slice, and the widest that shares one (``hw/vendor/xilinx7/accumulator.sv``)."""


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

    def __add__(self, other: Terms) -> Terms:
        kinds = [*self.logic, *(kind for kind in other.logic if kind not in self.logic)]
        return Terms(
            {kind: self.logic.get(kind, 0.0) + other.logic.get(kind, 0.0) for kind in kinds},
            self.ram_luts + other.ram_luts,
            self.flip_flops + other.flip_flops,
            self.block_rams + other.block_rams,
            self.dsps + other.dsps,
        )

    def __mul__(self, times: int) -> Terms:
        return Terms(
            {kind: times * luts for kind, luts in self.logic.items()},
            times * self.ram_luts,
            times * self.flip_flops,
            times * self.block_rams,
            times * self.dsps,
        )


# ---- Parts that many modules have ----


def ram(width: int, depth: int) -> Terms:
    """A memory that is written and read a cycle later: LUT RAM up to 64 words, else block RAM."""
    if depth > _SHALLOW:
        return Terms({}, block_rams=_blocks(width, depth))
    return Terms({}, ram_luts=_lut_ram(width, depth), flip_flops=width)


def table(width: int, depth: int, deep: float = 1) -> Terms:
    """A memory that nobody writes, of random contents: logic up to 64 words, else block RAM.

    ``deep`` are the LUTs a bit of more than 32 words. One would do, and that is what kernels get; where a
    small module counts the address itself, the mapper does not find it and leaves two halves and a choice.
    """
    if depth > _SHALLOW:
        return Terms({}, block_rams=_blocks(width, depth))
    if depth == 1:
        return Terms({})
    # Words of few addresses repeat columns, and a LUT of two address bits costs nothing.
    columns = min(width, 2**depth - 2)
    luts = 0 if depth <= 4 else 0.75 if depth <= 8 else 1 if depth <= 32 else deep
    return Terms({"table": columns * luts}, flip_flops=columns)


def _lut_ram(width: int, depth: int) -> int:
    """LUTs of a RAM32M for 6 bits, or of a RAM64M for 3: four each."""
    return 4 * -(-width // (6 if depth <= 32 else 3))


def _blocks(width: int, depth: int) -> int:
    return min(-(-width // wide) * -(-depth // deep) for wide, deep in _BLOCK_SHAPES)


def _multiplexer(choices: int) -> float:
    """LUTs a bit: a LUT chooses among four, and two choices need one as well."""
    return max(1.0, (choices - 1) / 3) if choices > 1 else 0.0


def _register(width: int) -> Terms:
    """``stream_register``: two words, and the choice of which leaves."""
    return Terms({"register": width}, flip_flops=2 * width + 2)


def _bits(values: int) -> int:
    """Bits of a counter of so many values, at least one."""
    return max(1, (values - 1).bit_length())


# ---- Synapses ----


@dataclass(frozen=True)
class _Lane:
    """One dot product, as ``popcount_lane`` generates it; LUTs of three inputs and more."""

    counters: int
    """LUTs of the counts of three pairs."""
    compressors: int
    """LUTs of the 6:3 compressors and full adders."""
    sums: int
    """LUTs of the last addition."""
    registers: int
    levels: int


@lru_cache(maxsize=1 << 14)
def _lane(simd: int, planes: int, weight_bits: int, sum_bits: int) -> _Lane:
    groups, wide = -(-simd // 3), (simd + 1) // 3
    triples = simd // 3 + (simd % 3 == 2)
    columns = _dots(groups, wide, planes, weight_bits, sum_bits)
    counters = sum(
        triples * ((plane + bit < sum_bits) + (plane + bit + 1 < sum_bits)) + (simd % 3 == 1)
        for plane in range(planes)
        for bit in range(weight_bits)
    )
    registers, compressors, levels = sum(map(sum, columns)), 0, 0
    while max(map(len, columns)) > 3:
        after: list[list[bool]] = [[] for _ in range(sum_bits + 2)]
        for place, dots in enumerate(columns):
            n = len(dots)
            six, three = (n + 1) // 6, int(n % 6 in (3, 4))
            passed = 0 if n % 6 == 5 else n % 6 - 3 * three
            full = three * all(dots[6 * six : 6 * six + 3])
            compressors += six * min(3, sum_bits - place) + full * min(2, sum_bits - place)
            after[place] += [True] * (six + three) + dots[n - passed :]
            after[place + 1] += [True] * (six + three)
            after[place + 2] += [True] * six
        columns = after[:sum_bits]
        registers += sum(map(sum, columns))
        levels += 1
    # A bit of the carry chain adds up to three dots and the carries of up to three dots below.
    sums, below = 0, 0
    for dots in columns:
        sums += (sum(dots) + below > 2) + (sum(dots) > 2 and below > 0)
        below = sum(dots) if len(dots) > 1 else 0
    return _Lane(counters, compressors, sums, registers + sum_bits, levels)


def _dots(groups: int, wide: int, planes: int, weight_bits: int, sum_bits: int) -> list[list[bool]]:
    """Dots of each column before compression: True one that has a register, False a constant."""
    sign = weight_bits - 1 if weight_bits > 1 else weight_bits
    full = 3 * wide + groups - wide
    correction = -full * (2**planes - 1) * 2**sign % 2**sum_bits if sign < weight_bits else 0
    columns: list[list[bool]] = [[] for _ in range(sum_bits)]
    for plane in range(planes):
        for bit in range(weight_bits):
            for column, dots in ((plane + bit, groups), (plane + bit + 1, wide)):
                if column < sum_bits:
                    columns[column] += [True] * dots
    for column in range(sum_bits):
        columns[column] += [False] * (correction >> column & 1)
    return columns


def _sum_bits(simd: int, planes: int, weight_bits: int, acc_bits: int) -> int:
    largest = simd * (1 if weight_bits == 1 else (1 << (weight_bits - 1)) - 1) * ((1 << planes) - 1)
    return min(acc_bits, largest.bit_length() + (weight_bits > 1))


def kernel_levels(simd: int, tp: int, act_bits: int, weight_bits: int, acc_bits: int) -> int:
    """Compression levels of a popcount kernel's lanes, each one cycle of latency."""
    resident = min(tp, act_bits)
    return _lane(simd, resident, weight_bits, _sum_bits(simd, resident, weight_bits, acc_bits)).levels


def synapses(
    pe: int, simd: int, tp: int, act_bits: int, weight_bits: int, acc_bits: int, depth: int, x_sets: int = 1
) -> Terms:
    """The popcount kernel with its accumulators and weights."""
    resident, steps = min(tp, act_bits), max(1, tp // act_bits)
    binary = weight_bits == 1
    sum_bits = _sum_bits(simd, resident, weight_bits, acc_bits)
    lane = _lane(simd, resident, weight_bits, sum_bits)
    # With binary weights, one more lane for each set of inputs and timestep counts the inputs.
    lanes = steps * (pe + binary * x_sets)
    fields = steps * pe
    bit_groups = max(1, act_bits // tp)
    shifted = lanes * (bit_groups > 1)
    array = Terms(
        {
            "counters": lanes * lane.counters,
            "compressors": lanes * lane.compressors,
            "sums": lanes * lane.sums,
            "shift": shifted * sum_bits * _multiplexer(bit_groups),
            "control": 7,
        },
        flip_flops=lanes * lane.registers
        + shifted * min(acc_bits, sum_bits + act_bits - tp)
        + x_sets * tp * simd
        + (4 if bit_groups == 1 else 4 + _bits(act_bits)) * (lane.levels + 3),
        dsps=-(-fields // (_FIELDS_IN_SLICE if acc_bits <= _SLICE_FIELD else 1)),
    )
    promises = Terms({"control": 3}, flip_flops=_bits(KERNEL_ROOM) + 1)
    tokens = stream_fifo(fields * acc_bits + 1, KERNEL_ROOM)
    return array + promises + tokens + table(pe * simd * weight_bits, depth)


# ---- Readers ----


def window_reader(
    height: int, width: int, channels: int, group: int, planes: int, kernel: int, stride: int, padding: int,
    act_bits: int, simd: int, tp: int, pe_groups: int, conv_groups: int = 1, x_sets: int = 1,
) -> Terms:  # fmt: skip
    """Line buffer, window and the choice of each beat."""
    token, column = group * planes, kernel * channels * planes
    new = min(stride, kernel)
    folds = -(-kernel * kernel * channels // conv_groups // simd)
    slices = channels // x_sets if x_sets > 1 else conv_groups
    return (
        Terms(
            {
                # One of the rows, or zero where the window hangs over the edge.
                "banks": kernel * token * (1 + kernel / 4),
                "any": new * column / 5,
                "beat": x_sets * simd * tp * _multiplexer(slices * folds * planes // tp),
                "rows": 10 * kernel,
                "control": 6 * (_bits(height) + _bits(width)),
            },
            flip_flops=(kernel + new) * column + 70,
        )
        + _register(kernel * token)
        + ram(token, width * channels // group) * (kernel + 1)
    )


def tap_reader(
    height: int, width: int, channels: int, group: int, planes: int, kernel: int, stride: int, padding: int,
    act_bits: int, simd: int, tp: int, pe_groups: int, conv_groups: int = 1, x_sets: int = 1,
) -> Terms:  # fmt: skip
    """Rows in one memory, a flag for each word and plane group, and the choice of the next beat."""
    lanes, rows = x_sets * simd, kernel + stride
    words, plane_groups = channels // lanes, planes // tp
    flags = words * plane_groups
    folds = kernel * kernel * channels // conv_groups // simd
    slices = words if x_sets > 1 else conv_groups
    bits = max(1, act_bits // tp)  # plane groups of one timestep group
    shelves = [min(_SHALLOW, width - first) for first in range(0, width, _SHALLOW)]
    flag_luts = rows * sum(_lut_ram(flags, words_of) for words_of in shelves)
    box = Terms({}) if group == lanes else gearbox(planes, group, lanes)
    return (
        Terms({f"gearbox {part}": luts for part, luts in box.logic.items()}, flip_flops=box.flip_flops)
        + Terms(
            {
                "flags": lanes * planes / 5,
                "choice": kernel * flags * _multiplexer(rows),
                "picker": bits * folds * _multiplexer(slices * plane_groups // bits),
                "beats": bits * folds,
                "beat": lanes * tp * _multiplexer(plane_groups),
                "rows": 22 * kernel,
                "control": 6 * (_bits(height) + _bits(width)),
            },
            ram_luts=flag_luts,
            flip_flops=2 * kernel * kernel * flags + bits * folds + lanes * tp + 220,
        )
        + ram(lanes * planes, rows * width * words)
    )


def frame_reader(tokens: int, planes: int, act_bits: int, simd: int, tp: int, pe_groups: int) -> Terms:
    """For each plane group a list of the parts of tokens that are not zero, for two frames."""
    plane_groups, part = planes // tp, simd * tp
    fold_bits, count_bits = _bits(tokens), tokens.bit_length()
    return (
        Terms(
            {
                "flags": planes * simd / 5,
                "beat": (fold_bits + part) * _multiplexer(plane_groups),
                "counts": plane_groups * 3 * count_bits,
                "places": 2 * plane_groups * _bits(2 * tokens),
                "control": 30,
            },
            flip_flops=2 * plane_groups * count_bits + 2 * plane_groups + part + 60,
        )
        + ram(fold_bits + part, 2 * tokens) * plane_groups
    )


# ---- Convolutions that scatter ----


def scatter_weights(
    in_channels: int, out_channels: int, kernel: int, stride: int, pe: int, simd: int, taps: int,
    weight_bits: int,
) -> tuple[int, int]:  # fmt: skip
    """Width and depth of the weight memory of a ``scatter_conv``."""
    reach = -(-kernel // stride)
    choices = (stride if taps > reach else kernel) * (stride if taps > 1 else kernel)
    return taps * pe * simd * weight_bits, in_channels // simd * (out_channels // pe) * choices


def scatter_latency(
    width: int, timesteps: int, kernel: int, stride: int, padding: int, out_channels: int, pe: int, simd: int,
    tp: int, taps: int, act_bits: int, weight_bits: int, acc_bits: int,
) -> int:  # fmt: skip
    """Cycles from the one in which a ``scatter_conv`` begins to read a sum to the one that offers it."""
    bits = max(2, weight_bits)
    levels = _lane(simd, act_bits, bits, _sum_bits(simd, act_bits, bits, acc_bits)).levels
    tokens = out_channels // pe * (timesteps * act_bits // tp)
    return 7 + levels + (scatter_places(width, kernel, stride, padding, tokens, taps) > _SHALLOW)


def scatter_places(width: int, kernel: int, stride: int, padding: int, tokens: int, taps: int) -> int:
    """Words of each memory of sums; ``tokens`` of a window."""
    reach = -(-kernel // stride)
    columns = (width + 2 * padding - kernel) // stride + 1
    strip = -(-columns // (reach if taps > 1 else 1))
    return (1 if taps > reach else reach) * strip * tokens


def scatter_conv(
    height: int, width: int, in_channels: int, in_group: int, timesteps: int, act_bits: int, kernel: int,
    stride: int, padding: int, out_channels: int, pe: int, simd: int, tp: int, taps: int, weight_bits: int,
    acc_bits: int,
) -> Terms:  # fmt: skip
    """The queue of words, the order of steps, and for each tap lanes, adders and a memory of sums."""
    planes, words, pe_groups = timesteps * act_bits, in_channels // simd, out_channels // pe
    times, resident = planes // tp, tp // act_bits
    reach = -(-kernel // stride)
    rows, columns = reach if taps > reach else 1, reach if taps > 1 else 1
    shares = in_group // simd if in_group > simd else 1
    parts = shares * times
    bits = max(2, weight_bits)  # binary weights as two's complement
    sum_bits = _sum_bits(simd, act_bits, bits, acc_bits)
    lane = _lane(simd, act_bits, bits, sum_bits)
    lanes, sums = resident * pe, resident * pe * acc_bits
    places = scatter_places(width, kernel, stride, padding, pe_groups * times, taps)
    block = places > _SHALLOW
    token = shares * simd * planes
    place_bits = ((width + padding) // stride // columns + 1).bit_length()
    counters = sum(_bits(count) for count in (words, times, stride, columns) if count > 1)
    kept = simd * tp + 2 + counters + place_bits
    tag = 2 + _bits(reach) + _bits(columns) + 2 * rows + 2 * columns + columns * _bits(places)
    width_of_weights, depth = scatter_weights(
        in_channels, out_channels, kernel, stride, pe, simd, taps, weight_bits
    )
    box = gearbox(planes, in_group, simd) if in_group < simd else Terms({})
    # One of two weights is the other's negative, so all PE share the count of the inputs.
    counted = lane if weight_bits > 1 else _lane(simd, act_bits, 1, sum_bits)
    products = counted.counters + counted.compressors + lane.sums
    if simd * act_bits == 1:  # an input bit finds room in the choice of the tap
        products = 0
    turns = _multiplexer(rows) + _multiplexer(columns)
    if depth == 1:  # weights are constants: a product depends on few inputs and the place of the word
        products, turns = sum_bits, 0.0
    memory = (
        Terms({}, block_rams=_blocks(sums + 1, places))
        if block
        else Terms({}, ram_luts=_lut_ram(sums + 1, places))
    )
    return (
        Terms(
            {
                "words": token / 5 + simd * tp * (_multiplexer(parts) if parts > 1 else 0) + 2 * parts,
                "order": 90 + 10 * (_bits(height) + _bits(width)),
                "places": 8 * columns * _bits(places),
                "turn": taps * pe * simd * weight_bits * turns,
                "lanes": taps * lanes * products,
                "kept": taps * sums / 2,
                "choice": sums * _multiplexer(taps),
            },
            flip_flops=token
            + simd * tp * 2
            + taps * lanes * (lane.registers + block * sum_bits)
            + tag * (lane.levels + 5 + block)
            + sums
            + 90
            + box.flip_flops,
            dsps=taps * -(-lanes // (_FIELDS_IN_SLICE if acc_bits <= _SLICE_FIELD else 1)),
        )
        + Terms({"words": sum(box.logic.values())})
        + memory * taps
        + stream_fifo(kept, SCATTER_QUEUE)
        + stream_fifo(sums + 1, KERNEL_ROOM)
        + table(width_of_weights, depth)
    )


# ---- Neurons and what follows them ----


def lif(
    channels: int, pe: int, timesteps: int, nt: int, tl: int, acc_bits: int, mem_bits: int, theta_bits: int,
    bias_bits: int, fraction: int, leak_mult: int, leak_shift: int, levels: int, strict: int, reset_zero: int,
    filter_shift: int = 0, current_bits: int = 0,
) -> Terms:  # fmt: skip
    """PE neurons that take TL timesteps a cycle and search their thresholds in halves."""
    act_bits = levels.bit_length()
    held_bits = current_bits if filter_shift else mem_bits
    neurons = pe * tl
    state_bits = pe * (mem_bits + 1) * (1 if reset_zero else 2)
    # Nothing leaks or decays before the first timestep. Two additions meet in one LUT a bit.
    later = neurons - (pe if tl == timesteps else 0)
    leaks, decays = later * (leak_mult > 0), later * (filter_shift > 0)
    if tl == timesteps > 1:  # a stage a timestep, each with what the later ones need
        waits = tl * (tl - 1) // 2
        held = (
            pe * (waits * (acc_bits + act_bits) + (tl - 1) * bias_bits + tl * theta_bits)
            + (tl - 1) * state_bits * (leaks > 0)
            + tl
        )
    else:
        held = (
            pe * theta_bits + state_bits * (leaks > 0) * (tl < timesteps) + pe * act_bits * (timesteps - tl)
        )
    return (
        Terms(
            {
                "token": neurons * acc_bits * (nt // tl / 2 if nt > tl else 0),
                "filter": 1.85 * decays * held_bits,
                "first": 0.7 * pe * held_bits * (filter_shift > 0 and tl == 1 < timesteps),
                "leak": leaks * mem_bits * (0.8 if reset_zero else 1.4),
                "digits": leaks * mem_bits * (_digits(leak_mult) - 1) * 1.4,
                "search": neurons * mem_bits * (act_bits - 1) * 1.7,
                "control": 7,
            },
            flip_flops=nt * pe * acc_bits + neurons * held_bits + held + 8,
        )
        + _register(timesteps * act_bits * pe)
        + table(pe * (theta_bits + bias_bits), -(-channels // pe), _COUNTED)
    )


def _digits(value: int) -> int:
    """Additions and subtractions of shifted copies that multiply by ``value``: its non-adjacent form."""
    return max(1, (value ^ 3 * value).bit_count())


def pool(
    height: int, width: int, channels: int, group: int, timesteps: int, act_bits: int, out_bits: int,
    size: int, sum: int,
) -> Terms:  # fmt: skip
    """One row of results so far, and the comparison or sum with it."""
    values = timesteps * group
    groups, depth = channels // group, width // size * channels // group
    forward = values * out_bits if groups == 1 and depth > 1 else 0
    own = (
        Terms({}, flip_flops=values * out_bits)
        if depth == 1
        else ram(values * out_bits, depth) + Terms({"forward": forward}, flip_flops=forward)
    )
    return (
        Terms(
            {
                "sum": values * act_bits if sum else 0.0,
                "maximum": 0.0 if sum else values * (1.5 * out_bits - 0.5),
                "control": 11,
            },
            flip_flops=values * act_bits + 40,
        )
        + own
        + _register(values * out_bits)
    )


def temporal_transform(
    group: int, t_in: int, t_out: int, act_bits: int, out_bits: int, shift: int, fraction: int,
    matrix: tuple[int, ...],
) -> Terms:  # fmt: skip
    """Weighted sums over time; ``matrix`` row by row. A sum of few input bits is a table."""
    tables, adders, lasts, seen = 0, 0, 0, 0
    for row in (matrix[first : first + t_in] for first in range(0, len(matrix), t_in)):
        entering = act_bits * sum(entry > 0 for entry in row)
        if entering <= _TRANSFORM_TABLE:
            bits = _inputs_of_bits(row, act_bits, out_bits, shift, fraction)
            # Up to four inputs share a LUT with the choice between the register's words.
            tables += sum((inputs > 0) + (inputs > 4) for inputs in bits)
        else:
            full, last = _full_adders(row, act_bits)
            adders, lasts, seen = adders + full, lasts + last, seen + entering
    return Terms(
        {
            "table": group * tables,
            "adders": group * adders,
            "last": group * lasts,
            "inputs": group * seen / 2,
            "control": 4,
        },
        flip_flops=2 * group * t_out * out_bits + 2,
    )


def _full_adders(row: tuple[int, ...], act_bits: int) -> tuple[int, int]:
    """Full adders that leave two dots a column of a weighted sum, and the columns that then have two."""
    columns = [0] * (max(row).bit_length() + act_bits + sum(row).bit_length())
    for entry in row:
        for place in range(entry.bit_length()):
            for bit in range(act_bits * (entry >> place & 1)):
                columns[place + bit] += 1
    full = 0
    while max(columns) > 2:
        carried = [dots // 3 for dots in columns]
        full += sum(carried)
        columns = [
            dots - 2 * third + below
            for dots, third, below in zip(columns, carried, [0, *carried[:-1]], strict=True)
        ]
    return full, columns.count(2)


@lru_cache(maxsize=1 << 10)
def _inputs_of_bits(
    row: tuple[int, ...], act_bits: int, out_bits: int, shift: int, fraction: int
) -> tuple[int, ...]:
    """How many input bits each bit of a weighted sum depends on."""
    weights = [entry << bit for entry in row if entry for bit in range(act_bits)]
    half = 1 << shift >> 1

    def result(code: int) -> int:
        total = sum(weight for place, weight in enumerate(weights) if code >> place & 1)
        return (total << fraction) + half >> shift

    results = [result(code) for code in range(1 << len(weights))]
    changes = [
        [a ^ results[code ^ 1 << place] for code, a in enumerate(results)] for place in range(len(weights))
    ]
    return tuple(
        sum(any(change >> bit & 1 for change in of_input) for of_input in changes) for bit in range(out_bits)
    )


def readout(
    outputs: int, pe: int, timesteps: int, nt: int, acc_bits: int, logit_bits: int, bias_bits: int,
    fraction: int,
) -> Terms:  # fmt: skip
    """The sums over time, all logits, and the search for the largest."""
    logits = -(-outputs // pe) * pe * logit_bits
    sums = pe * (logit_bits - fraction)
    return (
        Terms(
            {
                # The first timestep replaces the sum: a mask, where there is more than one token.
                "sums": sums * (nt - (nt == timesteps)),
                "choice": logit_bits * _multiplexer(outputs),
                "comparison": logit_bits,
                "control": 25,
            },
            flip_flops=sums + logits + 2 * logit_bits + 16 + 4 * _bits(outputs),
            # The bias is multiplied by the timesteps.
            dsps=pe if timesteps & (timesteps - 1) else 0,
        )
        + _register(outputs * logit_bits)
        + table(pe * bias_bits, -(-outputs // pe), _COUNTED)
    )


# ---- Streams ----


def gearbox(planes: int, in_group: int, out_group: int) -> Terms:
    """Register and choice of a part, or the parts that are collected."""
    if in_group == out_group:
        return _register(planes * in_group)
    if in_group < out_group:
        parts = out_group // in_group
        return Terms({"steps": 3 + parts}, flip_flops=planes * (2 * out_group - in_group) + 4)
    parts = in_group // out_group
    return _register(planes * in_group) + Terms(
        {"part": planes * out_group * _multiplexer(parts), "steps": 3}, flip_flops=3
    )


def stream_fifo(width: int, depth: int) -> Terms:
    """A memory and its counters."""
    counters = 2 * _bits(depth) + depth.bit_length()
    return Terms({"counters": counters / 3, "control": 6}, flip_flops=counters + 1) + ram(width, depth)


def stream_fork(width: int, outputs: int) -> Terms:
    """A register and the copies that have gone."""
    return Terms({"control": 2 * outputs}, flip_flops=outputs) + _register(width)


def join_sum(inputs: int, group: int, timesteps: int, act_bits: int, out_bits: int) -> Terms:
    """A register for each input, and the sum; byte i of ``act_bits`` belongs to input i."""
    values = timesteps * group
    widths = [act_bits >> 8 * place & 255 for place in range(inputs)]
    tokens = sum((_register(values * bits) for bits in widths), Terms({}))
    summed = values * out_bits if inputs > 2 else 0  # two are added in LUTs that cost nothing
    return tokens + Terms({"sum": summed, "control": 5}, flip_flops=values * out_bits + 1)


def join_current(
    channels: int, pe: int, timesteps: int, nt: int, first_bits: int, second_bits: int, gain_bits: int,
    out_bits: int, fraction: int,
) -> Terms:  # fmt: skip
    """A register for each input, and for each value a product in a DSP slice and a sum that costs nothing.

    A product as wide as the sum takes the sum, with its register, into the slice.
    """
    lanes = nt * pe
    inside = second_bits + gain_bits >= out_bits
    return (
        _register(lanes * first_bits + 1)
        + _register(lanes * second_bits + 1)
        + Terms(
            {"control": 3, "sum": 0 if inside else 7},
            flip_flops=lanes * (2 * first_bits + (0 if inside else out_bits)) + 12,
            dsps=lanes,
        )
        + table(pe * gain_bits, -(-channels // pe), _COUNTED)
    )


def early_exit(
    outputs: int, early_bits: int, final_bits: int, out_bits: int, margin: int, depth: int
) -> Terms:
    """Three registers of logits, two choices of one logit, and the comparison.

    The choice of what leaves shares the LUTs of the last register.
    """
    return (
        _register(outputs * early_bits + _bits(outputs))
        + _register(outputs * final_bits + _bits(outputs))
        + _register(outputs * out_bits + _bits(outputs) + 1)
        + Terms(
            {
                "choice": 2.5 * early_bits * _multiplexer(outputs),
                "comparison": early_bits,
                "control": 4,
            },
            flip_flops=early_bits + _bits(outputs) + depth.bit_length() + 3,
        )
    )


# ---- The frame of a design ----


def image_loader(width: int, depth: int, following: int) -> Terms:
    """A register, the words of a memory word that came before, and the counts of what is still to come."""
    parts = -(-width // 32)
    counters = _bits(parts) + _bits(depth) + _bits(following + 1)
    return Terms(
        {"counters": counters, "control": 8}, flip_flops=32 * (parts - 1) + counters + 2
    ) + _register(32)


def stream_gate(width: int, frame_tokens: int) -> Terms:
    """A register and a count."""
    count = _bits(frame_tokens)
    return Terms({"counters": count, "control": 5}, flip_flops=count + 1) + _register(width)


def frame_guard(width: int, tokens: int, count_bits: int) -> Terms:
    """Two registers, the place in the frame, and three counts that stay at their largest value."""
    counters = _bits(tokens) + 3 * count_bits
    return (
        Terms({"counters": counters / 5, "control": 13}, flip_flops=counters + 4)
        + _register(width + 1)
        + _register(width)
    )


def result_guard(width: int, tokens: int, frames: int, count_bits: int) -> Terms:
    """A FIFO of verdicts, a count that stays at its largest value, and a register."""
    counters = (_bits(tokens) if tokens > 1 else 0) + count_bits
    own = Terms({"counters": counters / 5}, flip_flops=counters)
    return own + stream_fifo(1, frames) + _register(width + 1)


def weight_fetch(word_bits: int, data_bits: int, room: int) -> Terms:
    """Beats that wait, the word they make, and the counters of the bursts. Not in the grid yet."""
    beats = -(-word_bits // data_bits)
    gathered = beats * data_bits if beats > 1 else 0
    return Terms({"control": 220}, flip_flops=gathered + word_bits + 330) + ram(data_bits, room)


MODULES: dict[str, Callable[..., Terms]] = {
    function.__name__: function
    for function in (
        synapses, window_reader, tap_reader, frame_reader, scatter_conv, lif, pool, temporal_transform,
        readout, gearbox, stream_fifo, stream_fork, join_sum, join_current, early_exit, image_loader,
        stream_gate, frame_guard, result_guard, weight_fetch,
    )
}  # fmt: skip
"""Parts by module of ``hw/rtl``, called with the module's parameters in lower case."""


def terms(module: str, parameters: Mapping[str, Any]) -> Terms:
    """The terms of a module with its parameters as in SystemVerilog."""
    return MODULES[module](**{name.lower(): value for name, value in parameters.items()})
