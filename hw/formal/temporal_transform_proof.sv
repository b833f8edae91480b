// temporal_transform: one token out for each one in, with the contract's weighted sums, for all inputs.
module temporal_transform_proof (
  input logic clk_i, rst_i, in_valid_i, out_ready_i, mark_i,
  input logic [5:0] in_data_i
);
  // rows (1, 3, 4) / 8 and (7, 0, 1) / 8
  localparam logic [23:0] MATRIX = {4'd1, 4'd0, 4'd7, 4'd4, 4'd3, 4'd1};
  logic in_ready, out_valid;
  logic [5:0] out_data, expected, marked;
  logic [1:0] held, ahead;
  int x0, x1, x2;

  temporal_transform #(
    .GROUP(1), .T_IN(3), .T_OUT(2), .ACT_BITS(2), .OUT_BITS(3), .SHIFT(3), .FRACTION(1), .MATRIX(MATRIX)
  ) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );

  always_comb begin
    x0 = int'(in_data_i[1:0]);
    x1 = int'(in_data_i[3:2]);
    x2 = int'(in_data_i[5:4]);
    expected[2:0] = 3'((2 * (x0 + 3 * x1 + 4 * x2) + 4) / 8);
    expected[5:3] = 3'((2 * (7 * x0 + x2) + 4) / 8);
  end

  stream_properties #(.IN_BITS(6), .OUT_BITS(6), .CAPACITY(2)) i_properties (
    .clk_i, .rst_i, .in_valid_i, .in_ready_i(in_ready), .in_data_i,
    .out_valid_i(out_valid), .out_ready_i, .out_data_i(out_data),
    .mark_i, .expected_i(expected), .held_o(held), .ahead_o(ahead), .marked_o(marked)
  );
  logic began = 1'b0;
  always_ff @(posedge clk_i) began <= 1'b1;
  always_comb if (began && !rst_i) begin
    assert (held == 2'(out_valid) + 2'(i_dut.i_output.spare_valid_q));
    assert (!i_dut.i_output.spare_valid_q || out_valid);
    if (ahead == 2'd1) assert (out_data == marked);
    if (ahead == 2'd2) assert (i_dut.i_output.spare_q == marked);
  end
endmodule
