// stream_fifo: order, no loss, no doubling, stability; by induction over the memory's contents.
module stream_fifo_proof #(
  parameter int DEPTH = 3
) (
  input logic clk_i, rst_i, in_valid_i, out_ready_i, mark_i,
  input logic [1:0] in_data_i
);
  localparam int COUNT = $clog2(DEPTH + 3);
  logic in_ready, out_valid;
  logic [1:0] out_data, marked;
  logic [COUNT-1:0] held, ahead;

  stream_fifo #(.WIDTH(2), .DEPTH(DEPTH)) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );
  stream_properties #(.IN_BITS(2), .OUT_BITS(2), .CAPACITY(DEPTH + 1)) i_properties (
    .clk_i, .rst_i, .in_valid_i, .in_ready_i(in_ready), .in_data_i,
    .out_valid_i(out_valid), .out_ready_i, .out_data_i(out_data),
    .mark_i, .expected_i(in_data_i), .held_o(held), .ahead_o(ahead), .marked_o(marked)
  );

  logic began = 1'b0;
  always_ff @(posedge clk_i) began <= 1'b1;
  always_comb if (began && !rst_i) begin
    assert (int'(held) == int'(out_valid) + int'(i_dut.count_q));
    assert (int'(i_dut.write_q) < DEPTH && int'(i_dut.read_q) < DEPTH && int'(i_dut.count_q) <= DEPTH);
    assert ((int'(i_dut.read_q) + int'(i_dut.count_q)) % DEPTH == int'(i_dut.write_q));
    if (ahead != '0 && out_valid && ahead == COUNT'(1)) assert (out_data == marked);
    for (int place = 0; place < DEPTH; place++)
      if (int'(ahead) == place + 1 + int'(out_valid))
        assert (i_dut.i_memory.g_distributed.memory[(int'(i_dut.read_q) + place) % DEPTH] == marked);
    room_is_offered: assert (in_ready || int'(i_dut.count_q) == DEPTH);
  end
endmodule
