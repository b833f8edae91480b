// weight_fetch: bursts ask for the words of the layer in loop order, again and again, stay on their
// page and never for more than there is room for, so no beat finds the FIFO full; words are made of
// the beats as they come; by induction. The base address is the solver's, the page's edge included.
module weight_fetch_proof #(
  parameter int WORD_BITS   = 12,
  parameter int FOLDS       = 2,
  parameter int PE_GROUPS   = 2,
  parameter int REPEATS     = 2,
  parameter int MAX_BURST   = 3,
  parameter int OUTSTANDING = 1
) (
  input logic clk_i, rst_i, ar_ready_i, r_valid_i, out_ready_i,
  input logic [12:0] base_i,
  input logic [7:0] r_data_i,
  input logic [1:0] r_resp_i,
  input logic [4:0] watch_i              // a beat
);
  localparam int WORD_BEATS = (WORD_BITS + 7) / 8;
  localparam int ROOM       = OUTSTANDING * MAX_BURST;
  localparam int WORDS      = FOLDS * PE_GROUPS;
  logic ar_valid, r_ready, out_valid, error;
  logic [12:0] ar_addr, base_q;
  logic [7:0] ar_len, beat;
  logic [2:0] ar_size;
  logic [1:0] ar_burst, errors, starved;
  logic [WORD_BITS-1:0] out_data;
  logic [4:0] r_number, word_beats, ahead;   // beats come, beats that left as words
  logic [7:0] owed;                          // beats asked for that have not come

  weight_fetch #(
    .WORD_BITS(WORD_BITS), .FOLDS(FOLDS), .PE_GROUPS(PE_GROUPS), .REPEATS(REPEATS), .DATA_BITS(8),
    .ADDRESS_BITS(13), .MAX_BURST(MAX_BURST), .OUTSTANDING(OUTSTANDING), .COUNT_BITS(2)
  ) i_dut (
    .clk_i, .rst_i, .base_i, .ar_valid_o(ar_valid), .ar_ready_i, .ar_addr_o(ar_addr), .ar_len_o(ar_len),
    .ar_size_o(ar_size), .ar_burst_o(ar_burst),
    .r_valid_i, .r_ready_o(r_ready), .r_data_i, .r_resp_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data),
    .error_o(error), .errors_o(errors), .starved_o(starved)
  );
  stream_watch #(.WIDTH(26)) i_ar (
    .clk_i, .rst_i, .valid_i(ar_valid), .ready_i(ar_ready_i), .data_i({ar_addr, ar_len, ar_size, ar_burst}),
    .watch_i('0), .number_o(), .watched_o()
  );
  stream_watch #(.WIDTH(8), .NUMBER_BITS(5), .ASSUMED(1)) i_r (
    .clk_i, .rst_i, .valid_i(r_valid_i), .ready_i(r_ready), .data_i(r_data_i),
    .watch_i, .number_o(r_number), .watched_o(beat)
  );
  stream_watch #(.WIDTH(WORD_BITS)) i_out (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i('0), .number_o(), .watched_o()
  );

  // ---- The loop order, beat by beat: PE group, repeat, fold, part of the word ----
  function automatic logic [15:0] after(logic [15:0] place);     // {pe, repeat, beat of the PE group}
    after = place;
    after[7:0] = place[7:0] + 1'b1;
    if (int'(after[7:0]) == FOLDS * WORD_BEATS) begin
      after[7:0]  = '0;
      after[11:8] = place[11:8] + 1'b1;
      if (int'(after[11:8]) == REPEATS) begin
        after[11:8]  = '0;
        after[15:12] = (int'(place[15:12]) == PE_GROUPS - 1) ? '0 : place[15:12] + 1'b1;
      end
    end
  endfunction
  function automatic logic [12:0] address(logic [15:0] place);
    return base_i + 13'(int'(place[15:12]) * FOLDS * WORD_BEATS + int'(place[7:0]));
  endfunction

  logic [15:0] place, place_d;           // of the first beat that the next burst should bring
  logic in_order, asked;
  assign asked = ar_valid && ar_ready_i;
  always_comb begin
    place_d  = place;
    in_order = 1'b1;
    for (int n = 0; n < MAX_BURST; n++)
      if (n <= int'(ar_len)) begin
        if (address(place_d) != ar_addr + 13'(n)) in_order = 1'b0;
        place_d = after(place_d);
      end
  end

  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began  <= 1'b1;
    base_q <= base_i;
    if (rst_i) {place, owed, word_beats} <= '0;
    else begin
      if (asked) place <= place_d;
      owed <= owed + (asked ? 8'(ar_len) + 1'b1 : '0) - 8'(r_valid_i);
      if (out_valid && out_ready_i) word_beats <= word_beats + 5'(WORD_BEATS);
    end
  end
  // The beat watched, in the word on offer.
  logic part_matches;
  assign ahead = watch_i - word_beats;
  always_comb begin
    part_matches = 1'b1;
    for (int b = 0; b < WORD_BITS; b++)
      if (b / 8 == int'(ahead) && out_data[b] != beat[b % 8]) part_matches = 1'b0;
  end
  always_comb begin
    if (began) assume (base_i == base_q);
    if (r_valid_i) assume (owed != '0);      // the memory brings what was asked for
    if (began && !rst_i) begin
      always_ready:   assert (r_ready);
      beats_in_order: assert (!ar_valid || in_order);
      burst_length:   assert (!ar_valid || int'(ar_len) < MAX_BURST);
      within_a_page:  assert (!ar_valid || int'(ar_addr[11:0]) + int'(ar_len) <= 4095);
      one_byte_beats: assert (ar_size == 3'd0 && ar_burst == 2'b01);
      always_a_place: assert (!r_valid_i || i_dut.always_room);
      none_lost: assert (int'(5'(r_number - word_beats)) + int'(owed) <= ROOM + 2 * WORD_BEATS);
      none_from_nothing: assert (!out_valid || int'(5'(r_number - word_beats)) >= WORD_BEATS);
      if (out_valid) word_of_its_beats: assert (part_matches);
    end
  end

  // ---- Where the fetch is: `due` is what the next burst to be asked for brings first ----
  logic [15:0] due;
  int gone, fifo_held, gathered;            // beats of the stretch before it; in the FIFO; in the word
  assign due       = ar_valid ? place_d : place;
  assign gone      = ((REPEATS == 1) ? int'(due[15:12]) * FOLDS * WORD_BEATS : 0) + int'(due[7:0]);
  assign fifo_held = int'(i_dut.beat_valid) + int'(i_dut.i_beats.count_q);
  always_comb if (began && !rst_i) begin
    assert (int'(place[7:0]) < FOLDS * WORD_BEATS && int'(place[11:8]) < REPEATS && int'(place[15:12]) < PE_GROUPS);
    assert (i_dut.started_q || (place == '0 && !ar_valid && !i_dut.measured_q && owed == '0));
    if (i_dut.started_q) begin
      assert (i_dut.address_q == address(due));
      assert (i_dut.stretch_q == i_dut.address_q - 13'(gone));
      assert (int'(i_dut.left_q) == i_dut.STRETCH - gone);
      assert (int'(i_dut.turn_q) == int'(due[11:8]) && int'(i_dut.place_q) == ((REPEATS == 1) ? 0 : int'(due[15:12])));
    end
    if (i_dut.measured_q) assert (i_dut.length_q == i_dut.length);
    assert (int'(i_dut.room_q) + int'(owed) + (ar_valid ? int'(ar_len) + 1 : 0) + fifo_held == ROOM);
    assert (int'(5'(r_number - word_beats)) == fifo_held + gathered);
    assert (int'(i_dut.i_beats.count_q) <= ROOM && int'(i_dut.i_beats.read_q) < ROOM);
    assert (int'(i_dut.i_beats.write_q) == (int'(i_dut.i_beats.read_q) + int'(i_dut.i_beats.count_q)) % ROOM);
    if (i_dut.beat_valid && int'(ahead) == gathered) assert (i_dut.beat == beat);
    for (int n = 0; n < ROOM; n++)
      if (n < int'(i_dut.i_beats.count_q) && int'(ahead) == gathered + int'(i_dut.beat_valid) + n)
        assert (i_dut.i_beats.i_memory.g_distributed.memory[(int'(i_dut.i_beats.read_q) + n) % ROOM] == beat);
  end
  if (WORD_BEATS > 1) begin : g_gather
    assign gathered = (out_valid ? WORD_BEATS : 0) + int'(i_dut.g_gather.beat_q);
    always_comb if (began && !rst_i) begin
      assert (int'(i_dut.g_gather.beat_q) < WORD_BEATS && (!out_valid || i_dut.g_gather.beat_q == '0));
      for (int n = 0; n < WORD_BEATS; n++)
        if (n < gathered && int'(ahead) == n) assert (i_dut.g_gather.word_q[n*8 +: 8] == beat);
    end
  end else begin : g_single
    assign gathered = 0;
  end
endmodule
