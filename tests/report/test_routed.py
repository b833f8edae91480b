"""Routed figures beside the plan's: of a bitstream's folder, on the command line, on a demo's page."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from ssnn_fpga.boards.board import load_board
from ssnn_fpga.boards.outputs import publish
from ssnn_fpga.boards.report import CriticalPath, Timing, Usage
from ssnn_fpga.cli import app
from ssnn_fpga.errors import UserError
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.report.html import write_page
from ssnn_fpga.report.routed import is_bitstream, read_routed
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.runtime.manifest import Manifest
from tests.boards.standin_design import STREAM
from tests.random_networks import random_network

PATH = CriticalPath("clk to clk", "a.Q", "b.D", 8.0, 3.0, 5.0, 4)
FLOWS = {
    "ulx3s": {"TRELLIS_COMB": 900, "TRELLIS_FF": 500, "DP16KD": 3, "MULT18X18D": 0, "TRELLIS_IO": 9},
    "pynq-z2": {"placed LUT sites": 900, "raw LUTs": 950, "flip-flops": 500, "block RAM halves": 3,
                "DSP48E1": 2},
    "kv260": {"LUTs": 900, "flip-flops": 500, "block RAM halves": 3, "UltraRAMs": 0, "DSP slices": 2},
}  # fmt: skip


def bitstream(folder: Path, board: str) -> Path:
    """A folder as a flow leaves it."""
    folder.mkdir(parents=True)
    timing = Timing(125.0, load_board(board).clock_mhz, True, PATH, (PATH,))
    usage = {name: Usage(used, 10_000) for name, used in FLOWS[board].items()}
    manifest = Manifest(board, "", "0" * 32, STREAM, (), None, 50.0, None, {"tool": "1"}, 1, "", "")
    made = folder / "work" / "accelerator.bit"
    made.parent.mkdir()
    made.write_bytes(b"bits")
    publish(folder, [made], timing, usage, manifest)
    return folder


@pytest.mark.parametrize("board", FLOWS)
def test_every_flow_is_read(board: str, tmp_path: Path) -> None:
    folder = bitstream(tmp_path / "out", board)
    routed = read_routed(folder, {"LUTs": 850, "block RAMs": 2}, interval_cycles=1000)
    found = {row.resource: (row.estimated, row.routed) for row in routed.rows}
    dsps = 0 if board == "ulx3s" else 2
    assert found == {
        "LUTs": (850, 900), "flip-flops": (None, 500), "block RAMs": (2, 3), "DSP slices": (None, dsps)
    }  # fmt: skip
    assert routed.samples_per_second == load_board(board).clock_mhz * 1000
    assert routed.figures()["resources"]["LUTs"] == {"estimated": 850, "routed": 900, "available": 10_000}


def test_a_damaged_bitstream(tmp_path: Path) -> None:
    folder = bitstream(tmp_path / "out", "kv260")
    (folder / "timing.json").write_text("{}")
    with pytest.raises(UserError, match=r"is damaged \('critical_path'\): build it again"):
        read_routed(folder, {}, 1)
    (folder / "manifest.json").unlink()
    assert not is_bitstream(folder)


@pytest.mark.parametrize("place", [".", "design"], ids=["above", "beside"])
def test_command(place: str, tmp_path: Path) -> None:
    """The design lies above its bitstream, or beside it as `make bitstream` puts it."""
    network = random_network(np.random.default_rng(1), schedule=(1,), size=(5, 5), channels=(2,))
    plan = make_plan(network, load_board("pynq-z2"), target_cycles=500)
    folder = tmp_path / "bitstream"
    bitstream(folder, "pynq-z2")
    design = tmp_path / "made"
    write_design(network, plan, design)
    if place == "design":
        design.rename(folder / "design")
    else:
        folder = folder.rename(design / "bitstream")
    for named in (folder, folder.parent) if place == "." else (folder,):
        result = CliRunner().invoke(app, ["report", str(named), "--json"])
        assert result.exit_code == 0, result.output
        figures = json.loads(result.stdout)
        assert figures["page"] is None
        resources = figures["routed"]["resources"]
        assert resources["LUTs"]["estimated"] == plan.resources.luts
        assert resources["DSP slices"] == {"estimated": plan.resources.dsps, "routed": 2, "available": 10_000}


def test_a_bitstream_without_its_design(tmp_path: Path) -> None:
    folder = bitstream(tmp_path / "out", "pynq-z2")
    result = CliRunner().invoke(app, ["report", str(folder)])
    assert isinstance(result.exception, UserError)
    assert "its plan has the estimates" in str(result.exception)


def test_page(tmp_path: Path) -> None:
    summary = {
        "data": "two recordings", "board": "kv260", "samples": 2, "accuracy": {"golden": 1.0},
        "accuracy_interval_95": {"golden": [0.3, 1.0]}, "mismatches": {"golden": 0},
        "values_compared": {"golden": 9}, "compared_with": {"golden": "rtl"}, "cycles_per_sample": 10,
        "latency_cycles": 20, "latency_us": 0.2, "clock_mhz": 150.0, "samples_per_second": 1e6,
        "resources": {"used": {"LUT": 1}, "available": {}, "origin": "estimate"},
        "training": {"metrics": []}, "plan": {"cycles_by_stage": {"conv1": 10}},
        "class_names": ["a", "b"], "confusion": [[1, 0], [0, 1]],
    }  # fmt: skip
    (tmp_path / "report.json").write_text(json.dumps(summary))
    assert "Placed and routed" not in write_page(tmp_path).read_text()
    routed = read_routed(bitstream(tmp_path / "bitstream", "kv260"), {"LUTs": 850}, 10)
    page = write_page(tmp_path, routed).read_text()
    assert "Placed and routed" in page
    assert "<tr><td>LUTs</td><td>850</td><td>900</td><td>10,000</td></tr>" in page
    assert str(asdict(PATH)["start"]) in page
