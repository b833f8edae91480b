// frame_guard: whatever the markers, whole frames leave: every token at the place that follows from
// those before it, zeros after an early marker, one verdict a frame, behind its last token; by
// induction. A token's number at the output is known when it goes in.
module frame_guard_proof #(
  parameter int TOKENS = 4
) (
  input logic clk_i, rst_i, in_valid_i, in_last_i, out_ready_i, verdict_ready_i, status_clear_i,
  input logic [1:0] in_data_i,
  input logic [5:0] watch_i                // a number of the output
);
  logic in_ready, out_valid, verdict_valid, verdict_bad, bad;
  logic [1:0] out_data, expected, expected_q;
  logic [5:0] next, next_d, out_number, verdict_number;
  logic verdict, verdict_q;

  frame_guard #(.WIDTH(2), .TOKENS(TOKENS), .COUNT_BITS(2)) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i, .in_last_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data),
    .verdict_valid_o(verdict_valid), .verdict_ready_i, .verdict_bad_o(verdict_bad),
    .status_clear_i, .bad_o(bad), .frames_o(), .early_o(), .missing_o()
  );
  stream_watch #(.WIDTH(3), .NUMBER_BITS(6), .ASSUMED(1)) i_in (
    .clk_i, .rst_i, .valid_i(in_valid_i), .ready_i(in_ready), .data_i({in_last_i, in_data_i}),
    .watch_i, .number_o(), .watched_o()
  );
  stream_watch #(.WIDTH(2), .NUMBER_BITS(6)) i_out (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i, .number_o(out_number), .watched_o()
  );
  stream_watch #(.WIDTH(1), .NUMBER_BITS(6)) i_verdict (
    .clk_i, .rst_i, .valid_i(verdict_valid), .ready_i(verdict_ready_i), .data_i(verdict_bad),
    .watch_i, .number_o(verdict_number), .watched_o()
  );

  function automatic logic is_final(logic [5:0] number);
    return int'(number) % TOKENS == TOKENS - 1;
  endfunction
  function automatic logic [5:0] after(logic [5:0] number, logic last);   // where the next token goes
    return last ? number - 6'(int'(number) % TOKENS) + 6'(TOKENS) : number + 1'b1;
  endfunction
  function automatic logic ends_watched(logic [5:0] number, logic last);  // the frame of the number watched
    return int'(number) / TOKENS == int'(watch_i) / TOKENS && (last || is_final(number));
  endfunction

  // The output that goes with the number watched, from the token that decides it on.
  always_comb begin
    {next_d, expected, verdict} = {next, expected_q, verdict_q};
    if (in_valid_i && in_ready) begin
      next_d = after(next, in_last_i);
      if (watch_i == next) expected = in_data_i;
      else if (6'(watch_i - next) < 6'(next_d - next)) expected = '0;
      if (ends_watched(next, in_last_i)) verdict = !(in_last_i && is_final(next));
    end
  end

  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    next  <= rst_i ? '0 : next_d;
    {expected_q, verdict_q} <= {expected, verdict};
  end
  logic [5:0] sent, head, spare, places;
  always_comb if (began && !rst_i) begin
    none_from_nothing: assert (!out_valid || out_number != next);
    none_lost:         assert (places <= 6'(2 * TOKENS + 2 + TOKENS));
    if (out_valid && out_number == watch_i) right_token: assert (out_data == expected_q);
    verdict_behind_its_frame: assert (6'(verdict_number + 6'(verdict_valid)) * 6'(TOKENS) == 6'(sent - 6'(int'(sent) % TOKENS)));
    if (verdict_valid && int'(verdict_number) % (64 / TOKENS) == int'(watch_i) / TOKENS)
      right_verdict: assert (verdict_bad == verdict_q);
  end

  // Where the tokens are: `sent` have gone into the output register, `head` and `spare` are the
  // numbers of the two that the input register may hold.
  assign places = next - out_number;
  assign sent   = out_number + 6'(out_valid) + 6'(i_dut.i_output.spare_valid_q);
  assign head   = i_dut.filling_q ? after(sent, 1'b1) : sent;
  assign spare  = after(head, i_dut.last);
  always_comb if (began && !rst_i) begin
    assert (!i_dut.i_output.spare_valid_q || out_valid);
    assert (!i_dut.i_input.spare_valid_q || i_dut.valid);
    assert (int'(i_dut.place_q) == int'(sent) % TOKENS && (!i_dut.filling_q || i_dut.place_q != '0));
    assert (next == (i_dut.i_input.spare_valid_q ? after(spare, i_dut.i_input.spare_q[2]) : i_dut.valid ? spare : head));
    if (out_valid && i_dut.i_output.spare_valid_q && watch_i == out_number + 6'd1)
      assert (i_dut.i_output.spare_q == expected_q);
    if (i_dut.filling_q) begin
      if (6'(watch_i - sent) < 6'(head - sent)) assert (expected_q == '0);
      if (int'(sent) / TOKENS == int'(watch_i) / TOKENS) assert (verdict_q);
    end
    if (i_dut.valid) begin
      if (watch_i == head) assert (i_dut.data == expected_q);
      else if (6'(watch_i - head) < 6'(spare - head)) assert (expected_q == '0);
      if (ends_watched(head, i_dut.last)) assert (verdict_q == !(i_dut.last && is_final(head)));
    end
    if (i_dut.i_input.spare_valid_q) begin
      if (watch_i == spare) assert (i_dut.i_input.spare_q[1:0] == expected_q);
      else if (6'(watch_i - spare) < 6'(next - spare)) assert (expected_q == '0);
      if (ends_watched(spare, i_dut.i_input.spare_q[2]))
        assert (verdict_q == !(i_dut.i_input.spare_q[2] && is_final(spare)));
    end
  end
endmodule
