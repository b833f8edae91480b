// early_exit: the k-th sample leaves with its early logits exactly if they are sure, else with its
// final ones, for all values, however the two streams lag behind each other; by induction.
module early_exit_proof #(
  parameter int DEPTH  = 2,
  parameter int MARGIN = 2
) (
  input logic clk_i, rst_i, early_valid_i, final_valid_i, out_ready_i,
  input logic [10:0] early_i, final_i,     // class above three logits of three bits
  input logic [3:0] watch_i
);
  logic early_ready, final_ready, out_valid, exited;
  logic [13:0] out_data;
  logic [14:0] expected;
  logic [10:0] early, final_;
  logic [3:0] early_number, final_number, out_number, ahead, sent, used;

  early_exit #(
    .OUTPUTS(3), .EARLY_BITS(3), .FINAL_BITS(3), .OUT_BITS(4), .MARGIN(MARGIN), .DEPTH(DEPTH)
  ) i_dut (
    .clk_i, .rst_i,
    .early_valid_i, .early_ready_o(early_ready), .early_data_i(early_i),
    .final_valid_i, .final_ready_o(final_ready), .final_data_i(final_i),
    .out_valid_o(out_valid), .out_ready_i, .out_exited_o(exited), .out_data_o(out_data)
  );
  stream_watch #(.WIDTH(11), .ASSUMED(1)) i_early (
    .clk_i, .rst_i, .valid_i(early_valid_i), .ready_i(early_ready), .data_i(early_i),
    .watch_i, .number_o(early_number), .watched_o(early)
  );
  stream_watch #(.WIDTH(11), .ASSUMED(1)) i_final (
    .clk_i, .rst_i, .valid_i(final_valid_i), .ready_i(final_ready), .data_i(final_i),
    .watch_i, .number_o(final_number), .watched_o(final_)
  );
  stream_watch #(.WIDTH(15)) i_out (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i({exited, out_data}),
    .watch_i, .number_o(out_number), .watched_o()
  );

  function automatic int logit(logic [10:0] token, logic [1:0] index);
    return int'(signed'(token[int'(index)*3 +: 3]));
  endfunction
  function automatic logic leads(logic [10:0] token, logic [1:0] index);   // by the margin, before one other
    return index == token[10:9] || logit(token, token[10:9]) - logit(token, index) >= MARGIN;
  endfunction

  logic sure;
  assign sure = leads(early, 2'd0) && leads(early, 2'd1) && leads(early, 2'd2);
  always_comb begin
    expected[14]    = sure;
    expected[13:12] = sure ? early[10:9] : final_[10:9];
    for (int o = 0; o < 3; o++) expected[o*4 +: 4] = 4'(sure ? logit(early, 2'(o)) : logit(final_, 2'(o)));
  end

  assign ahead = watch_i - out_number;
  assign sent  = out_number + 4'(out_valid) + 4'(i_dut.i_output.spare_valid_q);
  assign used  = sent - 4'(i_dut.owed_q);            // final tokens that were passed on or dropped
  logic began = 1'b0;
  always_ff @(posedge clk_i) began <= 1'b1;
  always_comb begin
    assume (early_i[10:9] != 2'd3);
    if (began && !rst_i) begin
      none_from_nothing:  assert (!out_valid || early_number != out_number);
      none_beyond_places: assert (4'(early_number - out_number) <= 4'd4 && int'(i_dut.owed_q) <= DEPTH);
      if (out_valid && ahead == '0) early_if_sure: assert ({exited, out_data} == expected);
    end
  end

  // Where the tokens are, and how far the comparison of the one watched has come.
  always_comb if (began && !rst_i) begin
    assert (early_number == sent + 4'(i_dut.early_valid) + 4'(i_dut.i_early.spare_valid_q));
    assert (final_number == used + 4'(i_dut.final_valid) + 4'(i_dut.i_final.spare_valid_q));
    assert (!i_dut.i_early.spare_valid_q || i_dut.early_valid);
    assert (!i_dut.i_final.spare_valid_q || i_dut.final_valid);
    assert (!i_dut.i_output.spare_valid_q || out_valid);
    if (i_dut.early_valid && watch_i == sent) assert (i_dut.i_early.out_data_o == early);
    if (i_dut.i_early.spare_valid_q && watch_i == sent + 4'd1) assert (i_dut.i_early.spare_q == early);
    if (i_dut.final_valid && watch_i == used) assert (i_dut.i_final.out_data_o == final_);
    if (i_dut.i_final.spare_valid_q && watch_i == used + 4'd1) assert (i_dut.i_final.spare_q == final_);
    if (i_dut.i_output.spare_valid_q && ahead == 4'd1) assert (i_dut.i_output.spare_q == expected);
    // An unsure sample that has left had its final token: those owed are of later samples.
    if (4'(sent - out_number) > ahead && !sure) assert (4'(i_dut.owed_q) <= 4'(sent - watch_i - 4'd1));
    if (ahead < 4'(early_number - out_number)) assert (early[10:9] != 2'd3);
    assert (!i_dut.begun_q || i_dut.early_valid);
    assert (!i_dut.known_q || i_dut.begun_q);
    if (i_dut.begun_q && !i_dut.known_q) assert (i_dut.index_q != 2'd3);
    if (i_dut.begun_q && watch_i == sent) begin
      assert (int'(i_dut.largest_q) == logit(early, early[10:9]));
      if (i_dut.known_q) assert (i_dut.sure_q == sure);
      else assert (i_dut.sure_q == ((i_dut.index_q == 2'd0 || leads(early, 2'd0))
                                    && (i_dut.index_q < 2'd2 || leads(early, 2'd1))));
    end
  end
endmodule
