// result_guard: results of good frames pass whole with their marker, those of bad ones vanish, each
// by the verdict of its number; by induction.
module result_guard_proof (
  input logic clk_i, rst_i, verdict_valid_i, verdict_bad_i, in_valid_i, out_ready_i, mark_i,
  input logic [1:0] in_data_i,
  input logic [3:0] watch_i
);
  localparam int TOKENS = 2;
  localparam int FRAMES = 2;
  logic verdict_ready, verdict, in_ready, out_valid, out_last, take;
  logic [1:0] out_data, discarded, dropped, held, ahead;
  logic [2:0] marked;
  logic [3:0] verdict_number, frame, waiting;
  logic place;                                     // of the next token in its result

  result_guard #(.WIDTH(2), .TOKENS(TOKENS), .FRAMES(FRAMES), .COUNT_BITS(2)) i_dut (
    .clk_i, .rst_i, .verdict_valid_i, .verdict_ready_o(verdict_ready), .verdict_bad_i,
    .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data), .out_last_o(out_last), .discarded_o(discarded)
  );
  stream_watch #(.WIDTH(1), .ASSUMED(1)) i_verdicts (
    .clk_i, .rst_i, .valid_i(verdict_valid_i), .ready_i(verdict_ready), .data_i(verdict_bad_i),
    .watch_i, .number_o(verdict_number), .watched_o(verdict)
  );
  stream_watch #(.WIDTH(2), .ASSUMED(1)) i_results (
    .clk_i, .rst_i, .valid_i(in_valid_i), .ready_i(in_ready), .data_i(in_data_i),
    .watch_i, .number_o(), .watched_o()
  );
  // What is kept, by the verdict that the module uses; that it is the right one is shown below.
  assign take = in_valid_i && in_ready;
  stream_properties #(.IN_BITS(2), .OUT_BITS(3), .CAPACITY(2)) i_properties (
    .clk_i, .rst_i, .in_valid_i(take && !i_dut.bad), .in_ready_i(1'b1), .in_data_i,
    .out_valid_i(out_valid), .out_ready_i, .out_data_i({out_last, out_data}),
    .mark_i, .expected_i({place, in_data_i}), .held_o(held), .ahead_o(ahead), .marked_o(marked)
  );

  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (rst_i) {frame, place, dropped} <= '0;
    else if (take) begin
      place <= !place;
      frame <= frame + 4'(place);
      if (place && i_dut.bad && dropped != '1) dropped <= dropped + 1'b1;
    end
  end

  assign waiting = verdict_number - frame;
  always_comb if (began && !rst_i) begin
    waits_for_the_verdict:   assert (!in_ready || waiting != '0);
    verdicts_have_room:      assert (verdict_ready || waiting >= 4'(FRAMES));
    no_verdict_lost:         assert (waiting <= 4'(FRAMES + 1));
    if (take && frame == watch_i) verdict_of_its_number: assert (i_dut.bad == verdict);
    drops_at_once: assert (in_ready || waiting == '0 || !i_dut.known || (!i_dut.bad && held == 2'd2));
    discarded_counts: assert (discarded == dropped);
    // Where the tokens and the verdicts are.
    assert (i_dut.place_q == place);
    assert (held == 2'(out_valid) + 2'(i_dut.i_output.spare_valid_q));
    assert (!i_dut.i_output.spare_valid_q || out_valid);
    if (ahead == 2'd1) assert ({out_last, out_data} == marked);
    if (ahead == 2'd2) assert (i_dut.i_output.spare_q == marked);
    assert (int'(waiting) == int'(i_dut.known) + int'(i_dut.i_verdicts.count_q));
    assert (int'(i_dut.i_verdicts.count_q) <= FRAMES);
    assert (int'(i_dut.i_verdicts.write_q) == (int'(i_dut.i_verdicts.read_q) + int'(i_dut.i_verdicts.count_q)) % FRAMES);
    if (i_dut.known && watch_i == frame) assert (i_dut.bad == verdict);
    for (int n = 0; n < FRAMES; n++)
      if (n < int'(i_dut.i_verdicts.count_q) && watch_i == frame + 4'(i_dut.known) + 4'(n))
        assert (i_dut.i_verdicts.i_memory.g_distributed.memory[(int'(i_dut.i_verdicts.read_q) + n) % FRAMES] == verdict);
  end
endmodule
