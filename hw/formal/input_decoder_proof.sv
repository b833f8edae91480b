// input_decoder: words go where the kind of the run says, to tokens or to weights and never to both; a
// word of weights leaves in its two halves, the low one first, and the half word of an image as one;
// words of a kind that the design has not reach nothing; by induction. What the tokens of a frame are is
// token_unpacker's proof.
module input_decoder_proof #(
  parameter int LOADABLE = 1
) (
  input logic clk_i, rst_i, begin_i, half_word_i, in_valid_i, out_ready_i, load_ready_i,
  input logic [1:0] kind_i,
  input logic [63:0] in_data_i
);
  localparam logic [1:0] FRAMES = 2'd0, IMAGE = 2'd2;
  logic in_ready, word_ends, out_valid, load_valid, began = 1'b0, high, was_waiting, half_q;
  logic [39:0] out_data;
  logic [31:0] load_data;
  logic [1:0] kind_q;
  logic [2:0][31:0] counts;

  input_decoder #(.FRAME_TOKENS(3), .TOKEN_BITS(40), .LOADABLE(LOADABLE)) i_dut (
    .clk_i, .rst_i, .begin_i, .kind_i, .half_word_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .word_ends_o(word_ends), .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data),
    .load_valid_o(load_valid), .load_ready_i, .load_data_o(load_data), .event_counts_o(counts)
  );
  stream_watch #(.WIDTH(64), .ASSUMED(1)) i_in (
    .clk_i, .rst_i(rst_i || begin_i), .valid_i(in_valid_i), .ready_i(in_ready), .data_i(in_data_i),
    .watch_i('0), .number_o(), .watched_o()
  );
  stream_watch #(.WIDTH(40)) i_out (
    .clk_i, .rst_i(rst_i || begin_i), .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i('0), .number_o(), .watched_o()
  );
  stream_watch #(.WIDTH(32)) i_load (
    .clk_i, .rst_i(rst_i || begin_i), .valid_i(load_valid), .ready_i(load_ready_i), .data_i(load_data),
    .watch_i('0), .number_o(), .watched_o()
  );
  always_ff @(posedge clk_i) begin
    began       <= 1'b1;
    kind_q      <= kind_i;
    half_q      <= half_word_i;
    was_waiting <= in_valid_i && !in_ready && !rst_i;
    if (rst_i) high <= 1'b0;
    else if (load_valid && load_ready_i) high <= !high && !half_word_i;
  end
  always_comb begin
    assume (began || rst_i);
    if (began && !begin_i) assume (kind_i == kind_q);      // one kind a run, and a run begins with begin_i
    assume (kind_i != 2'd3);                               // run_control refuses it
    if (began && was_waiting) assume (half_word_i == half_q);
    if (began && high) assume (in_valid_i && kind_i == IMAGE && !half_word_i);   // no run ends within a word
    if (began && !rst_i) begin
      to_one_place:       assert (!(out_valid && load_valid) && (in_valid_i || !(out_valid || load_valid)));
      tokens_of_frames:   assert (out_valid == (in_valid_i && kind_i == FRAMES));
      weights_of_images:  assert (load_valid == (in_valid_i && kind_i == IMAGE && LOADABLE != 0));
      if (load_valid) half_by_half: assert (load_data == (high ? in_data_i[63:32] : in_data_i[31:0]));
      if (kind_i == FRAMES) taken_as_tokens: assert (in_ready == out_ready_i);
      else if (kind_i == IMAGE && LOADABLE != 0) taken_with_its_last_half: assert (in_ready == (load_ready_i && (high || half_word_i)));
      else others_are_dropped: assert (in_ready);
      no_events:          assert (counts == '0);
      ends_a_recording:   assert (word_ends == (in_data_i[63:62] == 2'd2));
    end
  end
  always_comb if (began && !rst_i) assert (i_dut.i_unpacker.g_beats.beat_q == '0);
  if (LOADABLE != 0) begin : g_load
    always_comb if (began && !rst_i) assert (i_dut.g_load.second_q == high);
  end
endmodule
