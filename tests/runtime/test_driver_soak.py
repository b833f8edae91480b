"""A short soak of the driver with every kind of fault; ``benchmarks.driver_soak`` makes the long one."""

from __future__ import annotations

from pathlib import Path

from benchmarks.driver_soak import GROWTH, soak
from tests.runtime.edge_design import write_edge_design


def test_no_wrong_answer_after_any_fault(tmp_path: Path) -> None:
    write_edge_design(tmp_path / "design")
    seen = soak(tmp_path / "design", 1500)
    assert seen.wrong == 0
    assert {"shape", "left", "read", "write", "stall"} <= seen.faults.keys(), "the soak met too little"
    assert len(seen.resident) == 10
    assert seen.growth <= GROWTH
