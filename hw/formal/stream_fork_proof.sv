// stream_fork: every copy is the stream, whatever the others do; by induction.
module stream_fork_proof (
  input logic clk_i, rst_i, in_valid_i, mark_i,
  input logic [1:0] out_ready_i, in_data_i
);
  logic in_ready;
  logic [1:0] out_valid, out_data;
  logic [1:0][1:0] held, ahead, marked;

  stream_fork #(.WIDTH(2), .OUTPUTS(2)) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );

  logic began = 1'b0;
  always_ff @(posedge clk_i) began <= 1'b1;
  for (genvar k = 0; k < 2; k++) begin : g_copy
    stream_properties #(.IN_BITS(2), .OUT_BITS(2), .CAPACITY(2)) i_properties (
      .clk_i, .rst_i, .in_valid_i, .in_ready_i(in_ready), .in_data_i,
      .out_valid_i(out_valid[k]), .out_ready_i(out_ready_i[k]), .out_data_i(out_data),
      .mark_i, .expected_i(in_data_i), .held_o(held[k]), .ahead_o(ahead[k]), .marked_o(marked[k])
    );
    // Where the tokens are: a copy that has gone is the first one no more.
    always_comb if (began && !rst_i) begin
      assert (held[k] == 2'(out_valid[k]) + 2'(i_dut.i_token.spare_valid_q));
      assert (!i_dut.i_token.spare_valid_q || i_dut.token_valid);
      assert (!i_dut.taken_q[k] || i_dut.token_valid);
      if (ahead[k] != '0 && ahead[k] == 2'(out_valid[k])) assert (out_data == marked[k]);
      if (ahead[k] > 2'(out_valid[k])) assert (i_dut.i_token.spare_q == marked[k]);
    end
  end
  always_comb if (began && !rst_i) assert (!(&i_dut.taken_q));
endmodule
