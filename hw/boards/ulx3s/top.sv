// ULX3S: the accelerator behind the FT231X serial port.
//
// led[0] ready, led[1] classifying, led[2] last request failed, led[3] the host is talking,
// led[7:4] the lowest bits of the last class.
`include "ports.svh"

module top (
    input  logic       clk_25mhz,
    input  logic       reset_button,
    input  logic       ftdi_txd,      // from the host
    output logic       ftdi_rxd,      // to the host
    output logic [7:0] led,
    output logic       wifi_gpio0
);
  // Written by the flow: CLOCKS_PER_BIT, FRAME_TOKENS, IN_WIDTH, OUT_WIDTH, CLASS_BITS, IDENTITY.
  `include "design.svh"

  logic clk, locked, rst;
  logic [1:0] bad_q;  // synchroniser of what asks for a reset
  logic [3:0] settle_q;

  pll i_pll (
      .clk_25mhz_i(clk_25mhz),
      .clk_o(clk),
      .locked_o(locked)
  );

  // Reset until the clock has been good, and the button released, for 15 cycles.
  always_ff @(posedge clk) begin
    bad_q <= {bad_q[0], !locked || reset_button};
    if (bad_q[1]) settle_q <= '0;
    else if (rst) settle_q <= settle_q + 1'b1;
  end
  assign rst = settle_q != '1;

  logic frame_valid, frame_ready, result_valid, result_ready, restart, busy, fault;
  logic [IN_WIDTH-1:0] frame_data;
  logic [OUT_WIDTH-1:0] result_data;

  logic load_valid, load_ready, loaded;
  logic [31:0] load_data;
`ifndef LOADABLE
  logic unused_load;
  assign {load_ready, loaded} = '1;
  assign unused_load = &{1'b0, load_valid, load_data};
`endif

  uart_accelerator #(
`ifdef LOADABLE
      .LOADABLE(1),
`endif
      .CLOCKS_PER_BIT(CLOCKS_PER_BIT),
      .FRAME_TOKENS(FRAME_TOKENS),
      .IN_WIDTH(IN_WIDTH),
      .OUT_WIDTH(OUT_WIDTH),
      .IDENTITY(IDENTITY)
  ) i_uart (
      .clk_i(clk),
      .rst_i(rst),
      .rx_i(ftdi_txd),
      .tx_o(ftdi_rxd),
      .out_valid_o(frame_valid),
      .out_ready_i(frame_ready),
      .out_data_o(frame_data),
      .in_valid_i(result_valid),
      .in_ready_o(result_ready),
      .in_data_i(result_data),
      .load_valid_o(load_valid),
      .load_ready_i(load_ready),
      .load_data_o(load_data),
      .loaded_i(loaded),
      .restart_o(restart),
      .busy_o(busy),
      .fault_o(fault)
  );

  accelerator i_accelerator (
`ifdef LOADABLE
      .load_valid_i(load_valid),
      .load_ready_o(load_ready),
      .load_data_i(load_data),
      .loaded_o(loaded),
`endif
      .clk_i(clk),
      .rst_i(restart),
      .in_valid_i(frame_valid),
      .in_ready_o(frame_ready),
      .in_data_i(frame_data),
      .out_valid_o(result_valid),
      .out_ready_i(result_ready),
      .out_data_o(result_data)
  );

  logic [3:0] class_q;
  always_ff @(posedge clk) begin
    if (result_valid && result_ready) class_q <= 4'(result_data[OUT_WIDTH-1-:CLASS_BITS]);
    if (rst) class_q <= '0;
  end

  assign led = {class_q, !ftdi_txd, fault, busy, !rst};
  assign wifi_gpio0 = 1'b1;
endmodule
