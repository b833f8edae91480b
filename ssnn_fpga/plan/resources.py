"""Resources of each kind of module, estimated from its widths.

Unit of logic: one 6-input LUT. Origin of the kernel's constants: yosys ``synth_xilinx -abc9``
on popcount kernels (``benchmarks/``), 3.3 LUTs a synapse at 2 bits and SIMD 36, about 12 at
SIMD 2. The other constants count the adders, comparators and multiplexers of the hand-written
modules. This is a planning estimate, never a figure to report in place of synthesis. One check: for
the demo network on ECP5 (4-input LUTs counted as 0.6) it said 37,600 LUTs and 9 block RAMs, and yosys
``synth_ecp5`` needed 34,700 (carry chains and LUT RAM included) and 11.

Unit of memory: block RAMs of 18 kbit. One gives 36 bits
a cycle, so a wide memory costs by its width. A memory of at most 64 words lies in LUT RAM.
"""

from __future__ import annotations

from dataclasses import dataclass

from ssnn_fpga.plan.streams import AccumulatorStream, ActivationStream

BLOCK_BITS = 18432
_BLOCK_SHAPES = ((36, 512), (18, 1024), (9, 2048), (4, 4096), (2, 8192), (1, 16384))
_SHALLOW = 64


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


def memory(width: int, depth: int) -> Resources:
    """A simple dual-port memory of ``depth`` words."""
    if depth <= _SHALLOW:
        return Resources(luts=-(-width * 4 // 3) if depth > 1 else 0)
    blocks = min(-(-width // wide) * -(-depth // deep) for wide, deep in _BLOCK_SHAPES)
    return Resources(block_rams=blocks)


def kernel(pe: int, simd: int, tp: int, weight_bits: int, acc_bits: int) -> Resources:
    """Popcount kernel with its accumulators."""
    return Resources(luts=round(pe * tp * (1.4 * weight_bits * simd + 2.1 * acc_bits)))


def beat_multiplexer(inputs: int, simd: int, source: ActivationStream, tp: int) -> Resources:
    """Selects ``simd * tp`` bits of a window or frame of ``inputs`` values a channel and plane."""
    choices = -(-inputs // simd) * (source.planes // tp)
    return Resources(luts=simd * tp * -(-choices // 3))


def line_buffer(kernel_size: int, source: ActivationStream) -> Resources:
    """K + 1 rows of tokens, read row by row, and the window's control."""
    words = source.width * (source.channels // source.group)
    rows = Resources()
    for _ in range(kernel_size + 1):
        rows += memory(source.token_bits, words)
    return rows + Resources(luts=60 + kernel_size * source.token_bits)


def neuron(source: AccumulatorStream, tl: int, mem_bits: int, levels: int, leak_multiplier: int) -> Resources:
    """Leak, add, compare and reset of PE neurons for TL timesteps a cycle."""
    adders = 2 + 2 * levels + (0 if leak_multiplier in (0, 1) else leak_multiplier.bit_count() - 1)
    select = -(-source.resident // tl) - 1
    return Resources(luts=source.pe * (tl * mem_bits * adders + select * source.bits // 2))


def pool(source: ActivationStream, out_bits: int) -> Resources:
    """One row of partial results, and the comparison or sum with it."""
    width = source.timesteps * source.group * out_bits
    return memory(width, source.width * source.channels // source.group) + Resources(luts=30 + 2 * width)


def temporal_transform(source: ActivationStream, nonzero: int, out_bits: int) -> Resources:
    """One constant multiplication and addition for each non-zero entry of the matrix."""
    return Resources(luts=source.group * nonzero * (out_bits + 4) * 2)


def readout(source: AccumulatorStream, logit_bits: int) -> Resources:
    """The sums over time of all outputs, and the search for the largest."""
    return Resources(luts=2 * source.channels * logit_bits + source.pe * logit_bits * (source.resident + 2))


def register(width: int) -> Resources:
    """A gearbox or register: flip-flops, one LUT of selection a bit."""
    return Resources(luts=width)
