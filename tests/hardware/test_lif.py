"""The hardware's neuron against the golden model, in the exact widths of the range analysis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from sim.bench import run_bench
from ssnn_fpga.network.layers import Neuron, signed_bits
from ssnn_fpga.network.ranges import neuron_range
from ssnn_fpga.rtl.memory import threshold_words


@dataclass(frozen=True)
class Shape:
    """One neuron layer: folds, and what the contract lets a network choose."""

    channels: int
    pe: int
    timesteps: int
    nt: int
    tl: int
    leak: tuple[int, int] = (1, 1)
    levels: int = 1
    strict: bool = False
    reset_zero: bool = False
    fraction: int = 4
    filter_shift: int = 0
    bound: int = 30
    write: bool = False


# Between them: every leak form, filtered and not, one level, 2**n - 1 levels and others, both resets,
# "at" and "above" the threshold, no fraction, one timestep, and each way to fold the timesteps.
SHAPES = {
    "half-leak": Shape(channels=6, pe=3, timesteps=4, nt=4, tl=1),
    "learned-leak-strict": Shape(
        channels=4, pe=4, timesteps=4, nt=2, tl=2, leak=(205, 8), strict=True, write=True
    ),
    "levels": Shape(channels=5, pe=2, timesteps=6, nt=3, tl=1, leak=(179, 8), levels=5, fraction=2),
    "no-leak-reset-zero": Shape(channels=4, pe=2, timesteps=4, nt=1, tl=1, leak=(1, 0), reset_zero=True),
    "levels-zero-strict": Shape(
        channels=3, pe=1, timesteps=4, nt=4, tl=4, levels=2, strict=True, reset_zero=True, bound=6
    ),
    "on-the-threshold": Shape(channels=4, pe=4, timesteps=2, nt=2, tl=1, fraction=0, bound=5),
    "one-timestep": Shape(channels=8, pe=4, timesteps=1, nt=1, tl=1, fraction=0, bound=100),
    "filter": Shape(channels=5, pe=2, timesteps=8, nt=2, tl=1, filter_shift=2),
    "filter-levels-strict": Shape(
        channels=4, pe=2, timesteps=4, nt=4, tl=2, leak=(115, 7), levels=15, strict=True,
        fraction=3, filter_shift=1, bound=60, write=True,
    ),
    "all-at-once": Shape(
        channels=10, pe=3, timesteps=5, nt=5, tl=5, leak=(179, 8), levels=3, fraction=2, write=True
    ),
    "filter-zero-leaks-all": Shape(
        channels=3, pe=3, timesteps=3, nt=3, tl=3, leak=(0, 3), reset_zero=True, fraction=0,
        filter_shift=3, bound=9,
    ),
}  # fmt: skip


def run_lif(shape: Shape, stalls: tuple[float, float], seed: int, hang: bool = False) -> None:
    """Draw the layer's integers, derive its widths from them, and run the bench."""
    random = np.random.default_rng(7)
    high = random.integers(shape.bound // 2, shape.bound + 1, shape.channels)
    low = -random.integers(shape.bound // 2, shape.bound + 1, shape.channels)
    grid = 1 << shape.fraction
    layer = Neuron(
        name="lif",
        inputs=("conv",),
        theta=random.integers(1, shape.bound * grid // shape.levels, shape.channels),
        bias=random.integers(-4 * grid, 5 * grid, shape.channels),
        leak_multiplier=shape.leak[0],
        leak_shift=shape.leak[1],
        levels=shape.levels,
        strict=shape.strict,
        reset="zero" if shape.reset_zero else "subtract",
        fraction=shape.fraction,
        filter_shift=shape.filter_shift,
    )
    layer.theta[0] = 4000 * grid  # a threshold far above the membrane: never
    widths = neuron_range(layer, low, high, shape.timesteps)
    parameters: dict[str, int | str] = {
        "CHANNELS": shape.channels,
        "PE": shape.pe,
        "TIMESTEPS": shape.timesteps,
        "NT": shape.nt,
        "TL": shape.tl,
        "ACC_BITS": signed_bits(int(low.min()), int(high.max())),
        "MEM_BITS": widths.membrane_bits,
        "THETA_BITS": widths.theta_bits,
        "BIAS_BITS": widths.bias_bits,
        "FRACTION": shape.fraction,
        "FILTER_SHIFT": shape.filter_shift,
        "CURRENT_BITS": widths.current_bits,
        "LEAK_MULT": shape.leak[0],
        "LEAK_SHIFT": shape.leak[1],
        "LEVELS": shape.levels,
        "STRICT": int(shape.strict),
        "RESET_ZERO": int(shape.reset_zero),
        "INIT": "" if shape.write else "threshold.mem",
    }
    words = threshold_words(layer.theta, layer.bias, shape.pe, widths.theta_bits, widths.bias_bits)
    config = {
        "frame": (3, 4, 5),
        "theta": layer.theta.tolist(),
        "bias": layer.bias.tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "stall_in": stalls[0],
        "stall_out": stalls[1],
        "hang": hang,
    }
    files = {} if shape.write else {"threshold.mem": "".join(f"{word:x}\n" for word in words)}
    run_bench("lif", bench="bench_lif", parameters=parameters, seed=seed, config=config, files=files)


@pytest.mark.parametrize("name", SHAPES)
def test_full_rate(name: str) -> None:
    """Without stalls: the values, and not one cycle lost."""
    run_lif(SHAPES[name], (0.0, 0.0), seed=3)


@pytest.mark.parametrize("stalls", [(0.4, 0.4), (0.1, 0.8)], ids=["both", "slow-sink"])
@pytest.mark.parametrize("name", SHAPES)
def test_stalls(name: str, stalls: tuple[float, float]) -> None:
    """No value depends on who waits for whom."""
    run_lif(SHAPES[name], stalls, seed=4)


@pytest.mark.parametrize("name", ["learned-leak-strict", "filter", "all-at-once"])
def test_reset_and_hanging_sink(name: str) -> None:
    """A reset in mid-frame leaves nothing behind, and a sink may take nothing for long."""
    run_lif(SHAPES[name], (0.0, 0.2), seed=5, hang=True)
