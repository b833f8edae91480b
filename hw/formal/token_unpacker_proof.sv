// token_unpacker: the k-th token of a frame lies in its slot of its word, or is made of its words; a word
// is taken with the last token in it, and a frame begins with a word of its own; by induction.
module token_unpacker_proof #(
  parameter int TOKEN_BITS   = 20,
  parameter int FRAME_TOKENS = 3
) (
  input logic clk_i, rst_i, in_valid_i, out_ready_i,
  input logic [63:0] in_data_i
);
  localparam int BEATS = (TOKEN_BITS > 32) ? (TOKEN_BITS + 63) / 64 : 1;
  localparam int SLOT  = TOKEN_BITS > 32 ? 64 : TOKEN_BITS > 16 ? 32 : TOKEN_BITS > 8 ? 16 : 8;
  localparam int SLOTS = 64 / SLOT;
  logic in_ready, out_valid, began = 1'b0, last_of_word;
  logic [TOKEN_BITS-1:0] out_data;
  logic [64*BEATS-1:0] words;              // the present token's, the one at the input on top
  logic [64*BEATS-1:0] words_q;
  int token, word, part;                   // of the frame: next token, next word; words here of the token

  token_unpacker #(.TOKEN_BITS(TOKEN_BITS), .FRAME_TOKENS(FRAME_TOKENS)) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );
  stream_watch #(.WIDTH(64), .ASSUMED(1)) i_in (
    .clk_i, .rst_i, .valid_i(in_valid_i), .ready_i(in_ready), .data_i(in_data_i),
    .watch_i('0), .number_o(), .watched_o()
  );
  stream_watch #(.WIDTH(TOKEN_BITS)) i_out (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i('0), .number_o(), .watched_o()
  );
  assign words        = (64*BEATS)'({in_data_i, words_q} >> 64);
  assign last_of_word = token == FRAME_TOKENS - 1 || token % SLOTS == SLOTS - 1;

  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (in_valid_i && in_ready) words_q <= words;
    if (rst_i) {token, word, part} <= '0;
    else begin
      if (out_valid && out_ready_i) token <= (token == FRAME_TOKENS - 1) ? 0 : token + 1;
      if (in_valid_i && in_ready) begin
        part <= (part == BEATS - 1) ? 0 : part + 1;
        word <= (token == FRAME_TOKENS - 1 && part == BEATS - 1) ? 0 : word + 1;
      end
    end
  end
  always_comb begin
    assume (began || rst_i);
    if (began && !rst_i) begin
      valid_with_its_words: assert (out_valid == (in_valid_i && part == BEATS - 1));
      word_of_its_token:    assert (word == token / SLOTS * BEATS + part);
      taken_with_the_last:  assert (in_ready == (part != BEATS - 1 || (out_ready_i && last_of_word)));
      if (out_valid) bits_of_its_slot: assert (out_data == TOKEN_BITS'(words >> SLOT * (token % SLOTS)));
      assert (token >= 0 && token < FRAME_TOKENS && part >= 0 && part < BEATS);
    end
  end
  if (TOKEN_BITS > 32) begin : g_beats
    always_comb if (began && !rst_i) assert (int'(i_dut.g_beats.beat_q) == part);
    if (BEATS > 1) begin : g_several
      // What the module keeps of the words that came is what the harness keeps.
      always_comb if (began && !rst_i)
        for (int n = 0; n < BEATS - 1; n++)
          if (n < part)
            assert (i_dut.g_beats.g_several.earlier_q[64*(BEATS-2-n) +: 64] == words_q[64*(BEATS-1-n) +: 64]);
    end
  end else begin : g_slots
    always_comb if (began && !rst_i) assert (int'(i_dut.g_slots.token_q) == token && int'(i_dut.g_slots.place_q) == token % SLOTS);
  end
endmodule
