module stream_register_proof (
  input logic clk_i, rst_i, in_valid_i, out_ready_i, mark_i,
  input logic [1:0] in_data_i
);
  logic in_ready, out_valid;
  logic [1:0] out_data, marked, held, ahead;

  stream_register #(.WIDTH(2)) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );
  stream_properties #(.IN_BITS(2), .OUT_BITS(2), .CAPACITY(2)) i_properties (
    .clk_i, .rst_i, .in_valid_i, .in_ready_i(in_ready), .in_data_i,
    .out_valid_i(out_valid), .out_ready_i, .out_data_i(out_data),
    .mark_i, .expected_i(in_data_i), .held_o(held), .ahead_o(ahead), .marked_o(marked)
  );

  // Where the tokens are.
  logic began = 1'b0;
  always_ff @(posedge clk_i) began <= 1'b1;
  always_comb if (began && !rst_i) begin
    assert (held == 2'(out_valid) + 2'(i_dut.spare_valid_q));
    assert (!i_dut.spare_valid_q || out_valid);
    if (ahead == 2'd1) assert (out_data == marked);
    if (ahead == 2'd2) assert (i_dut.spare_q == marked);
    full_rate: assert (in_ready || held == 2'd2);
  end
endmodule
