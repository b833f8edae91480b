// readout: one token a sample, with the contract's logits and the first index of the largest, for
// all accumulators and biases of small widths; by induction.
module readout_proof #(
  parameter int OUTPUTS   = 3,
  parameter int PE        = 2,
  parameter int TIMESTEPS = 2,
  parameter int NT        = 1,
  parameter int FRACTION  = 1,
  localparam int GROUPS   = (OUTPUTS + PE - 1) / PE,
  localparam int CHUNKS   = TIMESTEPS / NT,
  localparam int TOKENS   = GROUPS * CHUNKS,
  localparam int LB       = 5,
  localparam int CB       = $clog2(OUTPUTS)
) (
  input logic clk_i, rst_i, in_valid_i, in_skipped_i, out_ready_i,
  input logic [NT*PE*2-1:0] in_data_i,
  input logic [3:0] watch_i              // a sample
);
  localparam int OUT = CB + OUTPUTS * LB;
  logic in_ready, out_valid, take;
  logic [OUT-1:0] out_data, expected_q;
  logic [3:0] sample, out_number, ahead;

  readout #(
    .OUTPUTS(OUTPUTS), .PE(PE), .TIMESTEPS(TIMESTEPS), .NT(NT), .ACC_BITS(2), .LOGIT_BITS(LB), .BIAS_BITS(2),
    .FRACTION(FRACTION)
  ) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_skipped_i, .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data),
    .write_en_i(1'b0), .write_addr_i('0), .write_data_i('0)
  );
  stream_watch #(.WIDTH(NT*PE*2 + 1), .ASSUMED(1)) i_in (
    .clk_i, .rst_i, .valid_i(in_valid_i), .ready_i(in_ready), .data_i({in_skipped_i, in_data_i}),
    .watch_i, .number_o(), .watched_o()
  );
  stream_watch #(.WIDTH(OUT)) i_out (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i, .number_o(out_number), .watched_o()
  );

  // ---- A sample by the equations: sums so far, and what they make with the biases ----
  logic signed [GROUPS*PE-1:0][LB-1:0] sums_q, sums, logits_q;
  logic [7:0] token;                     // of the sample
  assign take = in_valid_i && in_ready;
  always_comb begin
    sums = (token == '0) ? '0 : sums_q;
    for (int o = 0; o < GROUPS*PE; o++)
      if (o / PE == int'(token) / CHUNKS)
        for (int t = 0; t < NT; t++) sums[o] = sums[o] + LB'(signed'(in_data_i[(t*PE + o % PE)*2 +: 2]));
  end
  function automatic logic [GROUPS*PE*LB-1:0] logits_of(logic [GROUPS*PE*LB-1:0] total);
    for (int o = 0; o < GROUPS*PE; o++)
      logits_of[o*LB +: LB] = (total[o*LB +: LB] << FRACTION)
        + LB'(signed'(i_dut.i_memory.g_distributed.memory[o / PE][(o % PE)*2 +: 2])) * LB'(TIMESTEPS);
  endfunction
  function automatic logic [CB-1:0] largest_of(logic [GROUPS*PE*LB-1:0] logits, int among);
    largest_of = '0;
    for (int o = 1; o < OUTPUTS; o++)
      if (o < among && signed'(logits[o*LB +: LB]) > signed'(logits[int'(largest_of)*LB +: LB])) largest_of = CB'(o);
  endfunction

  logic began = 1'b0;
  logic [GROUPS*PE*LB-1:0] complete;
  assign complete = logits_of(sums);
  assign logits_q = logits_of(sums_q);
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (rst_i) {token, sample} <= '0;
    else if (take) begin
      sums_q <= sums;
      token  <= (token == 8'(TOKENS - 1)) ? '0 : token + 1'b1;
      if (token == 8'(TOKENS - 1)) begin
        sample <= sample + 1'b1;
        if (sample == watch_i) expected_q <= {largest_of(complete, OUTPUTS), complete[OUTPUTS*LB-1:0]};
      end
    end
  end
  assign ahead = watch_i - out_number;
  always_comb if (began && !rst_i) begin
    none_from_nothing: assert (!out_valid || sample != out_number);
    none_lost:         assert (4'(sample - out_number) <= 4'd3);
    if (out_valid && ahead == '0) logits_and_class: assert (out_data == expected_q);
  end

  // ---- Where the sample is: being summed, compared, or on its way out ----
  logic at_work;                         // a whole sample that is not yet in the output register
  logic [3:0] left;
  logic [7:0] last_token;
  assign at_work    = (i_dut.sum_valid_q && i_dut.sample_last_q) || i_dut.scanning_q
                      || i_dut.comparing_q || i_dut.found_q;
  assign left       = out_number + 4'(out_valid) + 4'(i_dut.i_output.spare_valid_q);
  assign last_token = (token == '0) ? 8'(TOKENS - 1) : token - 1'b1;
  always_comb if (began && !rst_i) begin
    assert (int'(token) < TOKENS && int'(i_dut.group_q) * CHUNKS + int'(i_dut.chunk_q) == int'(token));
    assert (int'(i_dut.chunk_q) < CHUNKS && int'(i_dut.group_q) < GROUPS);
    assert (!i_dut.i_output.spare_valid_q || out_valid);
    assert (sample == left + 4'(at_work));
    assert (!at_work || token == '0);
    assert (!(i_dut.found_q && (i_dut.scanning_q || i_dut.comparing_q)));
    assert (!(i_dut.sum_valid_q && (i_dut.scanning_q || i_dut.comparing_q || i_dut.found_q)));
    if (i_dut.i_output.spare_valid_q && ahead == 4'd1) assert (i_dut.i_output.spare_q == expected_q);
    if (at_work && watch_i == left) assert (expected_q == {largest_of(logits_q, OUTPUTS), logits_q[OUTPUTS-1:0]});
    if (i_dut.sum_valid_q) begin
      assert (int'(last_token) % CHUNKS == CHUNKS - 1 && i_dut.sample_last_q == (token == '0));
      assert (i_dut.word_q == i_dut.i_memory.g_distributed.memory[int'(last_token) / CHUNKS]);
    end
    for (int o = 0; o < GROUPS*PE; o++) begin
      // The sum of the group that is open, or has just been closed.
      if ((i_dut.chunk_q != '0 || i_dut.sum_valid_q) && o / PE == int'(last_token) / CHUNKS)
        assert (i_dut.sum_q[o % PE] == sums_q[o]);
      if (token != '0 && o / PE > int'(last_token) / CHUNKS) assert (sums_q[o] == '0);
      // Groups before it have been shifted in from the top.
      if (int'(token) != 0 || at_work)
        for (int done = 1; done <= GROUPS; done++)
          if (done == (at_work ? GROUPS : int'(i_dut.group_q)) - int'(i_dut.sum_valid_q) && o < done * PE)
            assert (i_dut.logits_q[(GROUPS - done)*PE*LB + o*LB +: LB] == logits_q[o]);
    end
    if (i_dut.scanning_q) begin
      assert (int'(i_dut.index_q) < OUTPUTS && i_dut.comparing_q == (i_dut.index_q != '0));
      if (i_dut.comparing_q) assert (i_dut.candidate_q == i_dut.index_q - 1'b1);
    end else if (i_dut.comparing_q) assert (int'(i_dut.candidate_q) == OUTPUTS - 1);
    if (i_dut.comparing_q) begin
      assert (i_dut.logit_q == logits_q[i_dut.candidate_q]);
      if (i_dut.candidate_q != '0)
        assert (i_dut.class_q == largest_of(logits_q, int'(i_dut.candidate_q)) && i_dut.largest_q == logits_q[i_dut.class_q]);
    end
    if (i_dut.found_q) assert (i_dut.class_q == largest_of(logits_q, OUTPUTS));
    if (i_dut.sum_valid_q) assert (i_dut.index_q == '0);
  end
endmodule
