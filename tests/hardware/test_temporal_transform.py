"""The hardware's temporal transformer against the golden model."""

from __future__ import annotations

import numpy as np
import pytest

from sim.bench import run_bench

# group, T1, T2, activation bits, shift, fraction
_SHAPES = {
    "spikes-by-table": (5, 4, 2, 1, 4, 1),
    "counts-by-sums": (3, 4, 2, 2, 4, 1),
    "one-to-one": (2, 1, 1, 3, 0, 2),
    "wide-sums": (2, 8, 3, 3, 5, 0),
    "tables-and-sums": (3, 8, 5, 2, 3, 2),
}


@pytest.mark.parametrize(
    "stalls",
    [(0.0, 0.0, False), (0.4, 0.4, False), (0.0, 0.2, True)],
    ids=["full-rate", "stalls", "reset-and-hanging-sink"],
)
@pytest.mark.parametrize("name", _SHAPES)
def test_temporal_transform(name: str, stalls: tuple[float, float, bool]) -> None:
    group, t_in, t_out, bits, shift, fraction = _SHAPES[name]
    random = np.random.default_rng(5)
    matrix = random.multinomial(1 << shift, [1 / t_in] * t_in, size=t_out)
    code = sum(int(m) << (i * (shift + 1)) for i, m in enumerate(matrix.reshape(-1)))
    width = t_out * t_in * (shift + 1)
    parameters: dict[str, int | str] = {
        "GROUP": group,
        "T_IN": t_in,
        "T_OUT": t_out,
        "ACT_BITS": bits,
        "OUT_BITS": bits + fraction,
        "SHIFT": shift,
        "FRACTION": fraction,
        "MATRIX": f"{width}'h{code:x}",
    }
    config = {
        "matrix": matrix.tolist(),
        "pixels": 150,
        "stall_in": stalls[0],
        "stall_out": stalls[1],
        "hang": stalls[2],
    }
    run_bench(
        "temporal_transform", bench="bench_temporal_transform", parameters=parameters, seed=6, config=config
    )
