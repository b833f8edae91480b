// The stand-in between pins of a 7-series board: quick to route, with an input, an output and a clock.
module pins (
    input  logic clk_pin,
    input  logic serial_in,
    output logic led
);
  `include "design.svh"

  logic clk, in_ready, out_valid;
  logic [IN_WIDTH+1:0] shift_q = '0;
  logic [OUT_WIDTH-1:0] result;

  clock_buffer i_clock (
      .pin_i(clk_pin),
      .clk_o(clk)
  );

  always_ff @(posedge clk) begin
    shift_q <= {shift_q[IN_WIDTH:0], serial_in};
    led     <= ^{in_ready, out_valid, result};
  end

  accelerator i_accelerator (
      .clk_i(clk),
      .rst_i(shift_q[IN_WIDTH+1]),
      .in_valid_i(shift_q[IN_WIDTH]),
      .in_ready_o(in_ready),
      .in_data_i(shift_q[IN_WIDTH-1:0]),
      .out_valid_o(out_valid),
      .out_ready_i(1'b1),
      .out_data_o(result)
  );
endmodule
