"""The step from the accelerator's memory port to the one of KV260, under its cocotb bench."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sim.bench import ROOT, BenchFailure, rtl_directory, run_bench
from ssnn_fpga.boards.board import load_board
from ssnn_fpga.rtl.library import library_sources


def _bench(folder: Path, stall: float, seed: int, old: str = "", new: str = "") -> None:
    text = (load_board("kv260").folder / "axi_widen.sv").read_text()
    assert old in text
    (folder / "axi_widen.sv").write_text(text.replace(old, new) if old else text)
    for path in library_sources(["stream_fifo"], rtl_directory()):
        shutil.copyfile(path, folder / path.name)
    run_bench(
        "widened_port",
        bench="bench_axi_widen",
        parameters={},
        config={"stall": stall, "rounds": 60},
        seed=seed,
        rtl=folder,
        top=(ROOT / "sim" / "widened_port.sv").read_text(),
    )


@pytest.mark.parametrize(("stall", "seed"), [(0.0, 1), (0.4, 2)])
def test_axi_widen(stall: float, seed: int, tmp_path: Path) -> None:
    _bench(tmp_path, stall, seed)


@pytest.mark.parametrize(
    ("old", "new"),
    [("w_half ^ w_odd_q", "w_half | w_odd_q"), ("!m_rlast && !r_odd_q", "!r_odd_q")],
    ids=["half-of-the-address", "half-kept"],
)
def test_a_damaged_one_is_told(old: str, new: str, tmp_path: Path) -> None:
    with pytest.raises(BenchFailure):
        _bench(tmp_path, 0.4, 3, old, new)
