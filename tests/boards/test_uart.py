"""The serial modules of the hardware library under their cocotb benches."""

from __future__ import annotations

import pytest

from sim.bench import run_bench

IDENTITY = "128'h00112233445566778899aabbccddeeff"


@pytest.mark.parametrize(
    ("bit", "drift", "seed"),
    [
        (20, 1.0, 1),
        (20, 1.03, 2),
        (20, 0.97, 3),
        (16, 1.0, 4),
        (4, 1.0, 5),
        (7, 1.0, 6),
        (4, 0.97, 7),
        (4, 1.03, 8),
    ],
)
def test_uart_rx(bit: int, drift: float, seed: int) -> None:
    run_bench(
        "uart_rx",
        bench="bench_uart_rx",
        parameters={"CLOCKS_PER_BIT": bit},
        config={"drift": drift, "rounds": 40},
        seed=seed,
    )


@pytest.mark.parametrize(("bit", "stall", "seed"), [(20, 0.0, 1), (4, 0.8, 2)])
def test_uart_tx(bit: int, stall: float, seed: int) -> None:
    run_bench(
        "uart_tx",
        bench="bench_uart_tx",
        parameters={"CLOCKS_PER_BIT": bit},
        config={"stall": stall, "bytes": 20},
        seed=seed,
    )


@pytest.mark.parametrize(
    ("tokens", "in_width", "out_width", "bit", "early", "loadable", "seed"),
    [
        (6, 13, 21, 5, False, 0, 1),
        (5, 16, 300, 8, True, 0, 2),
        (1, 3, 4, 4, False, 1, 3),
        (9, 40, 64, 4, False, 0, 4),
    ],
)
def test_uart_accelerator(
    tokens: int, in_width: int, out_width: int, bit: int, early: bool, loadable: int, seed: int
) -> None:
    run_bench(
        "uart_accelerator",
        bench="bench_uart_accelerator",
        parameters={
            "CLOCKS_PER_BIT": bit,
            "FRAME_TOKENS": tokens,
            "IN_WIDTH": in_width,
            "OUT_WIDTH": out_width,
            "LOADABLE": loadable,
            "IDENTITY": IDENTITY,
            "GAP_CLOCKS": 40 * bit,
            "STALL_CLOCKS": 3000,
        },
        config={"stall": 0.4, "early": early, "image": 290},
        seed=seed,
    )
