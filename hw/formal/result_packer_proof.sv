// result_packer: a result leaves as its number and age and then itself, beat by beat, once; no more are
// taken than the run asks for, none before its frame has begun, and all_given_o follows the last; by
// induction.
module result_packer_proof #(
  parameter int TOKEN_BITS = 70
) (
  input logic clk_i, rst_i, begin_i, running_i, begun_i, in_valid_i, out_ready_i,
  input logic [2:0] results_i,
  input logic [31:0] latency_i,
  input logic [TOKEN_BITS-1:0] in_data_i
);
  localparam int BEATS = 1 + (TOKEN_BITS + 63) / 64;
  logic in_ready, taken, all_given, out_valid, began = 1'b0;
  logic [63:0] out_data;
  logic [64*BEATS-1:0] record;             // of the latest result, whole
  logic [2:0] given, results_q;
  logic was_running, was_beginning;
  int sent;                                // beats of it that have left

  result_packer #(.RESULT_BITS(3), .TOKEN_BITS(TOKEN_BITS)) i_dut (
    .clk_i, .rst_i, .begin_i, .running_i, .results_i, .begun_i, .latency_i,
    .in_valid_i, .in_ready_o(in_ready), .in_data_i, .taken_o(taken), .all_given_o(all_given),
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );
  stream_watch #(.WIDTH(64)) i_out (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i('0), .number_o(), .watched_o()
  );
  always_ff @(posedge clk_i) begin
    began         <= 1'b1;
    was_running   <= running_i && !rst_i;
    was_beginning <= begin_i && !rst_i;
    results_q     <= results_i;
    if (begin_i) given <= '0;
    else if (taken) given <= given + 1'b1;
    if (rst_i) sent <= BEATS;
    else if (taken) begin
      sent   <= 0;
      record <= {(64*(BEATS-1))'(in_data_i), 32'(given), latency_i};
    end else if (out_valid && out_ready_i) sent <= sent + 1;
  end
  always_comb begin
    assume (began || rst_i);
    // A run begins, and then runs, with one number of results.
    if (running_i) assume (!begin_i && (was_running || was_beginning) && results_i == results_q);
    if (began && !rst_i) begin
      taken_if_ready:      assert (taken == (in_valid_i && in_ready));
      no_more_than_asked:  assert (!taken || given < results_i);
      only_of_begun_frames: assert (!taken || (begun_i && running_i));
      one_after_another:   assert (!in_ready || sent == BEATS);
      beats_of_a_result:   assert (out_valid == (sent != BEATS));
      if (out_valid) beat_by_beat: assert (out_data == 64'(record >> 64 * sent));
      takes_what_is_due:   assert (in_ready || !running_i || !begun_i || sent != BEATS || given >= results_i);
      told_when_all_given: assert (!running_i || sent == 0 || all_given == (given == results_i));
      assert (sent >= 0 && sent <= BEATS && int'(i_dut.left_q) == BEATS - sent);
      if (sent != BEATS) assert (i_dut.record_q == record >> 64 * sent);
      if (running_i) assert (i_dut.given_q == given && given <= results_i);
      if (was_beginning) assert (i_dut.given_q == '0 && given == '0);
    end
  end
endmodule
