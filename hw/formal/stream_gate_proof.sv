// stream_gate: what passes is the stream, and a frame that has begun passes whole; by induction.
module stream_gate_proof #(
  parameter int FRAME_TOKENS = 3
) (
  input logic clk_i, rst_i, open_i, in_valid_i, out_ready_i, mark_i,
  input logic [1:0] in_data_i
);
  logic in_ready, out_valid, opened_q, begun;
  logic [1:0] out_data, marked, held, ahead;
  logic [3:0] place;    // of the next token in its frame

  stream_gate #(.WIDTH(2), .FRAME_TOKENS(FRAME_TOKENS)) i_dut (
    .clk_i, .rst_i, .open_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );
  stream_properties #(.IN_BITS(2), .OUT_BITS(2), .CAPACITY(2)) i_properties (
    .clk_i, .rst_i, .in_valid_i, .in_ready_i(in_ready), .in_data_i,
    .out_valid_i(out_valid), .out_ready_i, .out_data_i(out_data),
    .mark_i, .expected_i(in_data_i), .held_o(held), .ahead_o(ahead), .marked_o(marked)
  );

  assign begun = place != '0;
  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began    <= 1'b1;
    opened_q <= open_i && !rst_i;
    if (rst_i) place <= '0;
    else if (in_valid_i && in_ready) place <= (place == 4'(FRAME_TOKENS - 1)) ? '0 : place + 1'b1;
  end
  always_comb if (began && !rst_i) begin
    closed_between_frames: assert (!in_ready || begun || opened_q);
    open_inside_a_frame:   assert (in_ready || !(begun || opened_q) || held == 2'd2);
    // Where the tokens are.
    assert (i_dut.open_q == (begun || opened_q) && 4'(i_dut.count_q) == place && place < 4'(FRAME_TOKENS));
    assert (held == 2'(out_valid) + 2'(i_dut.i_register.spare_valid_q));
    assert (!i_dut.i_register.spare_valid_q || out_valid);
    if (ahead == 2'd1) assert (out_data == marked);
    if (ahead == 2'd2) assert (i_dut.i_register.spare_q == marked);
  end
endmodule
