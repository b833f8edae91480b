"""The bridge of Zynq boards between the processing system and the registers, under its cocotb bench."""

from __future__ import annotations

import pytest

from sim.bench import run_bench
from ssnn_fpga.boards.board import load_board


@pytest.mark.parametrize(("stall", "seed"), [(0.0, 1), (0.3, 2), (0.8, 3)])
def test_axi3_lite(stall: float, seed: int) -> None:
    run_bench(
        "axi3_lite",
        bench="bench_axi3_lite",
        parameters={},
        config={"stall": stall, "rounds": 300},
        seed=seed,
        rtl=load_board("pynq-z2").folder,
    )
