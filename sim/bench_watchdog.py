"""Bench of ``watchdog``: it barks after LIMIT silent cycles with samples pending, not before."""

from __future__ import annotations

from typing import Any

import cocotb
from cocotb.triggers import FallingEdge

from sim.bench import case
from sim.coverage import hit
from sim.stream import reset


@cocotb.test()
async def cycles(dut: Any) -> None:
    """Random traffic in three moods (busy, silent, resets) against a model of the contract."""
    run = case()
    limit, most = run.parameters["LIMIT"], run.parameters["SAMPLES"]
    dut.sample_in_i.value = dut.sample_out_i.value = dut.out_valid_i.value = 0
    await reset(dut)
    pending = idle = 0
    error = False
    seen = {"errors": 0, "close calls": 0, "resets": 0}
    for _ in range(3000):
        arrive = pending < most and run.rng.random() < 0.2
        leave = pending > 0 and run.rng.random() < 0.15
        offered = leave or run.rng.random() < 0.25
        restart = error and run.rng.random() < 0.1
        dut.sample_in_i.value, dut.sample_out_i.value = int(arrive), int(leave)
        dut.out_valid_i.value, dut.rst_i.value = int(offered), int(restart)
        await FallingEdge(dut.clk_i)
        silent = pending > 0 and not offered
        seen["close calls"] += idle == limit - 1 and not silent
        idle = idle + 1 if silent else 0
        seen["errors"] += not error and idle >= limit
        error = error or idle >= limit
        pending += arrive - leave
        seen["resets"] += restart
        if restart:
            pending, idle, error = 0, 0, False
        got = bool(int(dut.error_o.value))
        assert got == error, f"{pending} pending, {idle} silent cycles: expected {error}, got {got}"
    assert all(seen.values()), f"the stimulus tests little: {seen}"
    hit("watchdog", "error", "one cycle short of an error", "reset")
