// pool: exactly one token a window, in order, stable, with the window's maximum or sum. A frame of
// 2 x 3 pixels, of which the last column fills no window.
module pool_proof #(
  parameter int SUM = 0
) (
  input logic clk_i, rst_i, in_valid_i, out_ready_i, mark_i,
  input logic [1:0] in_data_i
);
  localparam int OUT = (SUM != 0) ? 4 : 2;
  logic in_ready, out_valid;
  logic [OUT-1:0] out_data, unused_marked, joined, so_far;
  logic [2:0] unused_held, unused_ahead;
  logic [2:0] place;   // pixel of the frame

  pool #(
    .HEIGHT(2), .WIDTH(3), .CHANNELS(1), .GROUP(1), .TIMESTEPS(1), .ACT_BITS(2), .OUT_BITS(OUT), .SIZE(2), .SUM(SUM)
  ) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );

  assign joined = (place == 0) ? OUT'(in_data_i)
                : (SUM != 0) ? so_far + OUT'(in_data_i)
                : (OUT'(in_data_i) > so_far) ? OUT'(in_data_i) : so_far;
  always_ff @(posedge clk_i)
    if (rst_i) place <= 0;
    else if (in_valid_i && in_ready) begin
      place <= (place == 3'd5) ? 3'd0 : place + 3'd1;
      if (place != 3'd2 && place != 3'd5) so_far <= joined;
    end

  // Only the last pixel of the window makes a beat.
  stream_properties #(.IN_BITS(2), .OUT_BITS(OUT), .CAPACITY(4)) i_properties (
    .clk_i, .rst_i, .in_valid_i(in_valid_i && place == 4), .in_ready_i(in_ready), .in_data_i,
    .out_valid_i(out_valid), .out_ready_i, .out_data_i(out_data),
    .mark_i, .expected_i(joined), .held_o(unused_held), .ahead_o(unused_ahead), .marked_o(unused_marked)
  );
endmodule
