"""The synapses: memory and kernel in step, and parity."""

from __future__ import annotations

import pytest

from sim.bench import run_bench
from ssnn_fpga.rtl.memory import with_parity

_SHAPE = {"PE": 2, "SIMD": 4, "TP": 1, "ACT_BITS": 1, "WEIGHT_BITS": 3, "ACC_BITS": 8, "DEPTH": 6}
_DAMAGED = 3


@pytest.mark.parametrize(
    "stalls",
    [(0.0, 0.0, False), (0.4, 0.5, False), (0.0, 0.2, True)],
    ids=["full-rate", "stalls", "hanging-sink"],
)
@pytest.mark.parametrize("parity", [0, 1], ids=["plain", "parity"])
def test_synapses(parity: int, stalls: tuple[float, float, bool]) -> None:
    """The plain one has inputs for each PE, the other a parity bit and a damaged image."""
    more = {"PARITY": 1, "X_SETS": 1, "WEIGHT_INIT": "weights.mem"}
    width = _SHAPE["PE"] * _SHAPE["SIMD"] * _SHAPE["WEIGHT_BITS"]
    image = with_parity([0x5A5A5A * (a + 1) % (1 << width) for a in range(_SHAPE["DEPTH"])], width)
    image[_DAMAGED] ^= 1 << 7
    config = {"groups": 80, "stall_in": stalls[0], "stall_out": stalls[1], "hang": stalls[2]}
    run_bench(
        "synapses",
        bench="bench_synapses",
        parameters={**_SHAPE, **(more if parity else {"X_SETS": _SHAPE["PE"]})},
        seed=3,
        config={**config, "damaged": _DAMAGED if parity else None},
        files={"weights.mem": "".join(f"{word:x}\n" for word in image)} if parity else {},
    )
