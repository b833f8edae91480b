// word_queue: every word that is not zero leaves once, in order, with its channels, timesteps and
// column; one of zeros leaves only for a row whose last token is zero; nothing else leaves; by
// induction. The number of a word at the output is known when its token goes in.
module word_queue_proof #(
  parameter int WIDTH    = 2,
  parameter int CHANNELS = 4,
  parameter int GROUP    = 2,
  parameter int SIMD     = 1,
  parameter int PLANES   = 2,
  parameter int TP       = 1,
  parameter int STRIDE   = 1,
  parameter int PADDING  = 1,
  parameter int BANKS    = 3,
  parameter int DEPTH    = 2
) (
  input logic clk_i, rst_i, in_valid_i, out_ready_i,
  input logic [GROUP*PLANES-1:0] in_data_i,
  input logic [3:0] watch_i                // a number of the output
);
  localparam int GEAR   = (SIMD > GROUP) ? SIMD / GROUP : 1;       // input tokens of a token of words
  localparam int SHARES = (GROUP > SIMD) ? GROUP / SIMD : 1;
  localparam int TIMES  = PLANES / TP;
  localparam int PARTS  = SHARES * TIMES;
  localparam int LANES  = SHARES * SIMD;
  localparam int TOKENS = CHANNELS / LANES;
  localparam int ROW    = WIDTH * TOKENS;                          // tokens of a row
  localparam int INDEX_BITS = (CHANNELS / SIMD > 1) ? $clog2(CHANNELS / SIMD) : 1;
  localparam int TIME_BITS  = (TIMES > 1) ? $clog2(TIMES) : 1;
  localparam int PHASE_BITS = (STRIDE > 1) ? $clog2(STRIDE) : 1;
  localparam int BANK_BITS  = (BANKS > 1) ? $clog2(BANKS) : 1;
  localparam int PLACE_BITS = $clog2((WIDTH + PADDING) / STRIDE / BANKS + 2);
  localparam int KEPT = SIMD*TP + 2 + INDEX_BITS + TIME_BITS + PHASE_BITS + BANK_BITS + PLACE_BITS;
  if (DEPTH + 1 + 2 * PARTS > 15) begin : g_too_many
    $error("word_queue_proof: numbers of words would meet");
  end

  typedef logic [3:0] number_t;
  typedef logic [LANES*PLANES-1:0] token_t;
  typedef struct packed {
    logic [SIMD*TP-1:0] word;
    logic nonzero, row_last;
    number_t index, timestep, phase, bank, place;
  } word_t;

  logic in_ready, out_valid;
  logic [KEPT-1:0] out_data;
  number_t out_number;
  word_queue #(
    .WIDTH(WIDTH), .CHANNELS(CHANNELS), .GROUP(GROUP), .SIMD(SIMD), .PLANES(PLANES), .TP(TP), .STRIDE(STRIDE),
    .PADDING(PADDING), .BANKS(BANKS), .DEPTH(DEPTH)
  ) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid),
    .out_ready_i,
    .word_o     (out_data[KEPT-1 -: SIMD*TP]),
    .nonzero_o  (out_data[KEPT-1-SIMD*TP]),
    .row_last_o (out_data[KEPT-2-SIMD*TP]),
    .index_o    (out_data[PLACE_BITS+BANK_BITS+PHASE_BITS+TIME_BITS +: INDEX_BITS]),
    .time_o     (out_data[PLACE_BITS+BANK_BITS+PHASE_BITS +: TIME_BITS]),
    .phase_o    (out_data[PLACE_BITS+BANK_BITS +: PHASE_BITS]),
    .bank_o     (out_data[PLACE_BITS +: BANK_BITS]),
    .place_o    (out_data[PLACE_BITS-1:0])
  );
  stream_watch #(.WIDTH(GROUP*PLANES), .ASSUMED(1)) i_in (
    .clk_i, .rst_i, .valid_i(in_valid_i), .ready_i(in_ready), .data_i(in_data_i),
    .watch_i, .number_o(), .watched_o()
  );
  stream_watch #(.WIDTH(KEPT)) i_out (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i, .number_o(out_number), .watched_o()
  );

  // ---- What a token must become ----
  function automatic logic [SIMD*TP-1:0] part(token_t token, int n);
    for (int p = 0; p < TP; p++)
      for (int c = 0; c < SIMD; c++)
        part[p*SIMD + c] = token[(n % TIMES * TP + p) * LANES + n / TIMES * SIMD + c];
  endfunction
  function automatic logic [PARTS-1:0] present(token_t token);
    for (int n = 0; n < PARTS; n++) present[n] = part(token, n) != '0;
  endfunction
  function automatic number_t words(logic [PARTS-1:0] left, number_t at);    // of the row's token `at`
    words = '0;
    for (int n = 0; n < PARTS; n++) words = words + 4'(left[n]);
    if (words == '0 && int'(at) == ROW - 1) words = 4'd1;
  endfunction
  function automatic word_t due(token_t token, logic [PARTS-1:0] left, number_t at, number_t which);
    automatic number_t seen, top, column;
    seen   = '0;
    column = at / 4'(TOKENS);
    top    = (column + 4'(PADDING)) / 4'(STRIDE);
    due    = '0;
    due.row_last = int'(at) == ROW - 1 && which == words(left, at) - 1'b1;
    due.index    = at % 4'(TOKENS) * 4'(SHARES);
    due.phase    = (column + 4'(PADDING)) % 4'(STRIDE);
    due.bank     = top % 4'(BANKS);
    due.place    = top / 4'(BANKS);
    for (int n = 0; n < PARTS; n++) if (left[n]) begin
      if (seen == which) begin
        due.word     = part(token, n);
        due.nonzero  = 1'b1;
        due.index    = due.index + 4'(n / TIMES);
        due.timestep = 4'(n % TIMES);
      end
      seen = seen + 1'b1;
    end
  endfunction
  function automatic word_t widened(logic [KEPT-1:0] bits);
    automatic logic [INDEX_BITS-1:0] index;
    automatic logic [TIME_BITS-1:0]  timestep;
    automatic logic [PHASE_BITS-1:0] phase;
    automatic logic [BANK_BITS-1:0]  bank;
    automatic logic [PLACE_BITS-1:0] place;
    {widened.word, widened.nonzero, widened.row_last, index, timestep, phase, bank, place} = bits;
    widened.index    = 4'(index);
    widened.timestep = 4'(timestep);
    widened.phase    = 4'(phase);
    widened.bank     = 4'(bank);
    widened.place    = 4'(place);
  endfunction

  // ---- What has come ----
  logic began = 1'b0, whole;
  logic [GEAR-1:0][GROUP*PLANES-1:0] parts, parts_q;     // of the token that comes
  number_t gear, at, next;                               // tokens of it, its place in the row, its first word
  token_t  token;
  word_t   expected, expected_q;
  always_comb begin
    parts = parts_q;
    for (int r = 0; r < GEAR; r++) if (int'(gear) == r) parts[r] = in_data_i;
    for (int p = 0; p < PLANES; p++)
      for (int c = 0; c < LANES; c++) token[p*LANES + c] = parts[c / GROUP % GEAR][p*GROUP + c % GROUP];
    whole    = in_valid_i && in_ready && int'(gear) == GEAR - 1;
    expected = expected_q;
    if (whole && number_t'(watch_i - next) < words(present(token), at))
      expected = due(token, present(token), at, watch_i - next);
  end
  always_ff @(posedge clk_i) begin
    began      <= 1'b1;
    expected_q <= expected;
    if (in_valid_i && in_ready) parts_q <= parts;
    if (rst_i) {gear, at, next} <= '0;
    else if (in_valid_i && in_ready) begin
      gear <= (int'(gear) == GEAR - 1) ? '0 : gear + 1'b1;
      if (whole) begin
        at   <= (int'(at) == ROW - 1) ? '0 : at + 1'b1;
        next <= next + words(present(token), at);
      end
    end
  end

  // ---- What leaves, and that it does ----
  number_t owed, silent, refused;
  word_t   out;
  assign owed = next - out_number;
  assign out  = widened(out_data);
  always_ff @(posedge clk_i) begin
    silent  <= (rst_i || owed == '0 || out_valid) ? '0 : silent + 1'b1;
    refused <= (rst_i || owed != '0 || in_ready) ? '0 : refused + 1'b1;
  end
  always_comb if (began && !rst_i) begin
    none_from_nothing: assert (!out_valid || owed != '0);
    none_kept_back:    assert (out_valid || owed == '0 || int'(silent) < 2 + (GEAR > 1 ? 1 : 0));
    room_when_empty:   assert (in_ready || owed != '0 || int'(refused) < (GEAR > 1 ? 1 : 0));
    no_more_than_fit:  assert (int'(owed) <= DEPTH + 1 + PARTS * (GEAR > 1 ? 2 : 1));
    told_if_zero:      assert (!out_valid || out.nonzero == (out.word != '0));
    zeros_end_a_row:   assert (!out_valid || out.nonzero || out.row_last);
    if (out_valid && out_number == watch_i) begin
      right_word:     assert (out.word == expected_q.word);
      right_end:      assert (out.row_last == expected_q.row_last);
      right_channels: assert (!out.nonzero || out.index == expected_q.index);
      right_time:     assert (!out.nonzero || out.timestep == expected_q.timestep);
      right_phase:    assert (out.phase == expected_q.phase);
      right_bank:     assert (out.bank == expected_q.bank);
      right_place:    assert (out.place == expected_q.place);
    end
  end

  // ---- Where the words are: at the output, in the FIFO from `first` on, in the token, in the gearbox ----
  logic    gear_valid;
  token_t  gear_token;
  number_t first, in_token, in_gear, at_gear, at_token;
  function automatic number_t previous(number_t place);
    return (place == '0) ? 4'(ROW - 1) : place - 1'b1;
  endfunction
  assign at_gear  = gear_valid ? previous(at) : at;
  assign at_token = i_dut.valid_q ? previous(at_gear) : at_gear;
  assign first    = out_number + 4'(out_valid);
  assign in_token = first + 4'(i_dut.i_words.count_q);
  assign in_gear  = in_token + (i_dut.valid_q ? words(i_dut.left_q, at_token) : 4'd0);
  always_comb if (began && !rst_i) begin
    assert (int'(at) < ROW && int'(gear) < GEAR);
    assert (next == number_t'(in_gear + (gear_valid ? words(present(gear_token), at_gear) : 4'd0)));
    assert (int'(i_dut.i_words.write_q) < DEPTH && int'(i_dut.i_words.read_q) < DEPTH);
    assert (int'(i_dut.i_words.count_q) <= DEPTH);
    assert ((int'(i_dut.i_words.read_q) + int'(i_dut.i_words.count_q)) % DEPTH == int'(i_dut.i_words.write_q));
    assert (int'(i_dut.column_q) * TOKENS + int'(i_dut.token_index_q) == int'(at_token));
    assert (int'(i_dut.token_index_q) < TOKENS);
    assert (int'(i_dut.phase_q) == (int'(i_dut.column_q) + PADDING) % STRIDE);
    assert (int'(i_dut.place_q) * BANKS + int'(i_dut.bank_q) == (int'(i_dut.column_q) + PADDING) / STRIDE);
    assert (int'(i_dut.bank_q) < BANKS);
    if (i_dut.valid_q) assert ((i_dut.left_q & ~present(i_dut.token_q)) == '0);
    if (out_valid) begin
      assert (out.nonzero == (out.word != '0) && (out.nonzero || out.row_last));
      if (out_number == watch_i) assert (out == expected_q);
    end
    // A word is a stage further every cycle in which none is offered.
    if (owed != '0 && !out_valid)
      assert (int'(silent) <= (GEAR > 1 ? 2 : 1) - (i_dut.i_words.count_q == '0 ? 1 : 0) - (in_gear == first ? 1 : 0));
    assert (refused == '0 || !gear_valid);
    for (int n = 0; n < DEPTH; n++) if (n < int'(i_dut.i_words.count_q)) begin
      automatic word_t kept;
      kept = widened(i_dut.i_words.i_memory.g_distributed.memory[(int'(i_dut.i_words.read_q) + n) % DEPTH]);
      assert (kept.nonzero == (kept.word != '0) && (kept.nonzero || kept.row_last));
      if (number_t'(first + 4'(n)) == watch_i) assert (kept == expected_q);
    end
    if (i_dut.valid_q && number_t'(watch_i - in_token) < words(i_dut.left_q, at_token))
      assert (due(i_dut.token_q, i_dut.left_q, at_token, watch_i - in_token) == expected_q);
    if (gear_valid && number_t'(watch_i - in_gear) < words(present(gear_token), at_gear))
      assert (due(gear_token, present(gear_token), at_gear, watch_i - in_gear) == expected_q);
  end
  if (GEAR > 1) begin : g_gear
    assign {gear_valid, gear_token} = {i_dut.token_valid, i_dut.token};
    always_comb if (began && !rst_i) begin
      assert (gear == 4'(i_dut.g_widen.i_gearbox.g_regroup.step_q));
      for (int r = 0; r < GEAR - 1; r++)
        if (r < int'(gear)) assert (i_dut.g_widen.i_gearbox.g_regroup.g_widen.part_q[r+1] == parts_q[r]);
    end
  end else begin : g_direct
    assign {gear_valid, gear_token} = '0;
  end
endmodule
