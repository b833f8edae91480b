"""A popcount kernel placed and routed alone on an XC7Z020: look-up tables of the device that it occupies.

Its inputs come out of a chain of flip-flops and its outputs end in flip-flops before the processing
system, so that no look-up table belongs to anything but the kernel. nextpnr's route-throughs count: a
carry chain takes some for its inputs.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from ssnn_fpga.boards.board import Board, load_board
from ssnn_fpga.boards.staging import Staged
from ssnn_fpga.boards.step import run_step
from ssnn_fpga.boards.xilinx import lut_sites
from ssnn_fpga.boards.xilinx_routing import NEXTPNR
from ssnn_fpga.boards.xilinx_synthesis import synthesise_xilinx
from ssnn_fpga.errors import UserError
from ssnn_fpga.rtl.library import library_sources

_SYSTEM = """
module processing_system (output wire clk_o, output wire serial_o, input wire [127:0] results_i);
  wire [3:0] fclk;
  wire [63:0] gpio;
  BUFG i_clock (.I(fclk[0]), .O(clk_o));
  assign serial_o = gpio[0];
  (* keep *) PS7 i_ps7 (
    .FCLKCLK(fclk), .EMIOGPIOO(gpio), .EMIOGPIOI(results_i[63:0]),
    .SAXIHP0ACLK(clk_o), .SAXIHP0WDATA(results_i[127:64])
  );
endmodule
"""
_HARNESS = """
module placed_kernel;
  logic clk, serial;
  logic [{inputs}-1:0] chain_q;
  logic [{outputs}-1:0] results, results_q;
  processing_system i_system (.clk_o(clk), .serial_o(serial), .results_i(128'(results_q)));
  always_ff @(posedge clk) begin
    chain_q   <= {{chain_q[{inputs}-2:0], serial}};
    results_q <= results;
  end
  popcount_array #({parameters}) i_array (
    .clk_i(clk), .rst_i(chain_q[0]),
    .beat_valid_i(chain_q[1]), .beat_first_i(chain_q[2]),
    .beat_last_i(chain_q[3]), .beat_skip_i(chain_q[4]), .beat_shift_i(chain_q[5]),
    .out_valid_o(results[0]), .out_skipped_o(results[1]),
    .beat_x_i(chain_q[6+:{x}]), .weight_i(chain_q[{inputs}-1:6+{x}]),
    .out_data_o(results[{outputs}-1:2])
  );
endmodule
"""


def placed_luts(parameters: dict[str, int], folder: Path) -> int:
    """Occupied look-up tables of one kernel of one-bit activations, TP 1. ``folder`` is filled.

    Raises UserError where a tool is missing or fails.
    """
    board = load_board("pynq-z2")
    staged = _stage(parameters, board, folder / "sources")
    netlist, fasm = folder / "netlist.json", folder / "kernel.fasm"
    alone = board.model_copy(update={"top": "placed_kernel"})
    synthesise_xilinx(staged, "placed_kernel", alone, netlist, folder / "logs")
    (folder / "none.xdc").write_text("")
    arguments = ["--device", board.device, "--json", netlist.name, "-o", "xdc=none.xdc"]
    arguments += ["--freq", f"{board.clock_mhz:g}", "-o", f"fasm={fasm.name}", "--timing-allow-fail"]
    try:
        run_step(NEXTPNR, arguments, folder=folder, log=folder / "place.log", title="kernel", progress=False)
    except UserError:
        if not fasm.is_file():  # it is there, a hold violation left aside
            raise
    return lut_sites(fasm.read_text())


def _stage(parameters: dict[str, int], board: Board, folder: Path) -> Staged:
    folder.mkdir(parents=True)
    vendor = [board.folder / name for name in board.sources if "vendor" in name]
    for source in [*library_sources(["popcount_array"]), *vendor]:
        shutil.copyfile(source, folder / source.name)
    x = parameters["SIMD"]
    text = _HARNESS.format(
        inputs=6 + x + parameters["PE"] * x * parameters["WEIGHT_BITS"],
        outputs=2 + parameters["PE"] * parameters["ACC_BITS"],
        x=x,
        parameters=", ".join(f".{name}({value})" for name, value in parameters.items()),
    )
    (folder / "placed_kernel.sv").write_text(text)
    (folder / "processing_system.v").write_text(_SYSTEM)
    names = sorted(path.name for path in folder.iterdir())
    return Staged(folder, tuple(names), "")
