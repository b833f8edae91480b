// join_current: the k-th current is that of the k-th tokens of both inputs with the gain of their
// channel group, for all values; by induction. Two groups of two timesteps: four tokens a pixel.
module join_current_proof (
  input logic clk_i, rst_i, out_ready_i, first_valid_i, second_valid_i,
  input logic [2:0] first_i, second_i,    // skipped, above a value of two bits
  input logic [3:0] watch_i
);
  logic first_ready, second_ready, out_valid, skipped;
  logic [4:0] out_data, current;
  logic [2:0] first, second;
  logic [3:0] first_number, second_number, out_number, ahead, taken;

  join_current #(
    .CHANNELS(2), .PE(1), .TIMESTEPS(2), .NT(1), .FIRST_BITS(2), .SECOND_BITS(2), .GAIN_BITS(2), .OUT_BITS(5),
    .FRACTION(1)
  ) i_dut (
    .clk_i, .rst_i,
    .first_valid_i, .first_ready_o(first_ready), .first_skipped_i(first_i[2]), .first_data_i(first_i[1:0]),
    .second_valid_i, .second_ready_o(second_ready), .second_skipped_i(second_i[2]), .second_data_i(second_i[1:0]),
    .out_valid_o(out_valid), .out_ready_i, .out_skipped_o(skipped), .out_data_o(out_data),
    .write_en_i(1'b0), .write_addr_i('0), .write_data_i('0)
  );
  stream_watch #(.WIDTH(3), .ASSUMED(1)) i_first (
    .clk_i, .rst_i, .valid_i(first_valid_i), .ready_i(first_ready), .data_i(first_i),
    .watch_i, .number_o(first_number), .watched_o(first)
  );
  stream_watch #(.WIDTH(3), .ASSUMED(1)) i_second (
    .clk_i, .rst_i, .valid_i(second_valid_i), .ready_i(second_ready), .data_i(second_i),
    .watch_i, .number_o(second_number), .watched_o(second)
  );
  stream_watch #(.WIDTH(6)) i_current (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i({skipped, out_data}),
    .watch_i, .number_o(out_number), .watched_o()
  );

  // The memory is never written: whatever it holds is the solver's choice.
  logic [1:0] gain;
  logic signed [4:0] product;
  assign gain    = i_dut.i_memory.g_distributed.memory[watch_i[1]];
  assign product = 5'(signed'(gain)) * 5'(signed'(second[1:0]));
  assign current = 5'(signed'(first[1:0])) + 5'(signed'(first[1:0])) + product;
  assign ahead   = watch_i - out_number;

  logic began = 1'b0;
  always_ff @(posedge clk_i) began <= 1'b1;
  always_comb if (began && !rst_i) begin
    none_from_nothing: assert (!out_valid || (first_number != out_number && second_number != out_number));
    none_beyond_places: assert (4'(first_number - out_number) <= 4'd5 && 4'(second_number - out_number) <= 4'd5);
    if (out_valid && ahead == '0)
      current_of_the_pair: assert (out_data == current && skipped == (first[2] && second[2]));
    // Where the tokens are.
    if (i_dut.product_valid_q && ahead == 4'(out_valid)) begin
      assert (i_dut.g_lane[0].product_q == product && i_dut.product_first_q == first[1:0]);
      assert (i_dut.product_skipped_q == (first[2] && second[2]));
    end
    if (i_dut.pair_valid_q && ahead == 4'(out_valid) + 4'(i_dut.product_valid_q)) begin
      assert (i_dut.pair_first_q == first[1:0] && i_dut.pair_second_q == second[1:0] && i_dut.word_q == gain);
      assert (i_dut.pair_skipped_q == (first[2] && second[2]));
    end
    assert ({i_dut.group_q, i_dut.chunk_q} == taken[1:0]);
    assert (first_number == taken + 4'(i_dut.first_valid) + 4'(i_dut.i_first.spare_valid_q));
    assert (second_number == taken + 4'(i_dut.second_valid) + 4'(i_dut.i_second.spare_valid_q));
    assert (!i_dut.i_first.spare_valid_q || i_dut.first_valid);
    assert (!i_dut.i_second.spare_valid_q || i_dut.second_valid);
    if (i_dut.first_valid && watch_i == taken) assert (i_dut.i_first.out_data_o == first);
    if (i_dut.second_valid && watch_i == taken) assert (i_dut.i_second.out_data_o == second);
    if (i_dut.i_first.spare_valid_q && watch_i == taken + 4'd1) assert (i_dut.i_first.spare_q == first);
    if (i_dut.i_second.spare_valid_q && watch_i == taken + 4'd1) assert (i_dut.i_second.spare_q == second);
  end
  // Pairs that have been formed.
  assign taken = out_number + 4'(out_valid) + 4'(i_dut.product_valid_q) + 4'(i_dut.pair_valid_q);
endmodule
