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
    """Random traffic at both ends, and resets, against a model of the contract."""
    run = case()
    limit, most, frame = (run.parameters[name] for name in ("LIMIT", "SAMPLES", "FRAME_TOKENS"))
    dut.in_valid_i.value = dut.in_ready_i.value = dut.out_valid_i.value = dut.out_ready_i.value = 0
    await reset(dut)
    tokens = pending = idle = 0
    error = False
    seen = {
        "errors with samples": 0,
        "errors with a refused token alone": 0,
        "close calls": 0,
        "frames": 0,
        "resets": 0,
    }
    for _ in range(6000):
        offered, taken = run.rng.random() < 0.4, pending < most and run.rng.random() < 0.3
        leave = pending > 0 and run.rng.random() < 0.15
        result = leave or run.rng.random() < 0.2
        restart = error and run.rng.random() < 0.1
        if idle and not offered and not pending:  # a token that was refused stays
            offered = run.rng.random() < 0.95
        dut.in_valid_i.value, dut.in_ready_i.value = int(offered), int(taken)
        dut.out_valid_i.value, dut.out_ready_i.value = int(result), int(leave)
        dut.rst_i.value = int(restart)
        await FallingEdge(dut.clk_i)
        silent = (pending > 0 or (offered and not taken)) and not result
        seen["close calls"] += idle == limit - 1 and not silent
        idle = idle + 1 if silent else 0
        if not error and idle >= limit:
            seen["errors with samples" if pending else "errors with a refused token alone"] += 1
            error = True
        tokens += offered and taken
        whole = tokens == frame
        tokens %= frame
        seen["frames"] += whole
        pending += whole - leave
        seen["resets"] += restart
        if restart:
            tokens, pending, idle, error = 0, 0, 0, False
        got = bool(int(dut.error_o.value))
        assert got == error, f"{pending} pending, {idle} silent cycles: expected {error}, got {got}"
    assert all(seen.values()), f"the stimulus tests little: {seen}"
    hit("watchdog", "error", "one cycle short of an error", "reset")
