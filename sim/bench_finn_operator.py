"""Bench of the operators for FINN: FINN's packed streams in, frame after frame, and the golden values out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from sim.bench import case
from sim.finn_words import packed, unpacked
from sim.scoreboard import check
from sim.stream import StreamSink, StreamSource, reset

STREAMS_FILE = "streams.json"
_AXES = ("sample", "timestep", "row", "column", "channel")


@cocotb.test()
async def frames(dut: Any) -> None:
    """All samples back to back. ``config``: stall_in, stall_out; the values lie in a file."""
    run = case()
    streams = json.loads(Path(STREAMS_FILE).read_text())
    sources = [
        (StreamSource(dut, dut.clk_i, f"in{i}", rng=run.rng, stall=run.config["stall_in"]), stream)
        for i, stream in enumerate(streams["inputs"])
    ]
    sink = StreamSink(dut, dut.clk_i, "out0", rng=run.rng, stall=run.config["stall_out"])
    await reset(dut)
    for source, stream in sources:
        words = packed(np.array(stream["values"]), stream["pe"], stream["bits"])
        cocotb.start_soon(source.send(words))
    out = streams["output"]
    expected = np.array(out["values"])
    received = await sink.receive(expected.size // out["pe"])
    got = unpacked(received, expected.shape, out["pe"], out["bits"], out["signed"])
    check("out", expected, got, _AXES)
