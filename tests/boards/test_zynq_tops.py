"""Top levels of Zynq boards as they are, a small network inside: all logits through their bus ports."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.bench import run_bench
from tests.boards.top_design import top_design
from tests.boards.without_system import without_system


@pytest.mark.parametrize(
    ("name", "system", "streamed"),
    [
        ("kv260", "zynqmp_ps.v", True),
        ("pynq-z2", "zynq_ps.v", False),
        ("pynq-z2", "zynq_ps.v", True),
    ],
    ids=["kv260-memory", "pynq-z2", "pynq-z2-memory"],
)
def test_logits_through_the_top_level(name: str, system: str, streamed: bool, tmp_path: Path) -> None:
    design = top_design(name, streamed, tmp_path)
    top = without_system(design.source("top.sv"), design.source(system), design.sizes)
    assert ("hp1_araddr" in top) == streamed
    run_bench(
        "top",
        bench="bench_zynq_top",
        parameters={},
        seed=1,
        config=design.config,
        files=design.images,
        rtl=design.rtl,
        top=top,
    )
