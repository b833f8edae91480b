// event_bins: additions, ends of bins and ends of recordings leave in order, each where the bins of the
// docs put it: bin k of T begins ceil(k*WINDOW/T) after the recording's first word, or holds BIN_EVENTS.
//
// The words are those that event_filter lets pass: no kind 3, and no time half the range ahead or more.
module event_bins_proof #(
  parameter int BIN_EVENTS    = 0,
  parameter int ENDLESS       = 0,
  parameter int DECAY_ENTRIES = 0
) (
  input logic       clk_i, rst_i, in_valid_i, out_ready_i, mark_i, in_p_i, in_pixel_i,
  input logic [1:0] in_kind_i,
  input logic [3:0] in_t_i
);
  localparam int T = 3, WINDOW = 7, TIMES = 16;
  localparam logic [1:0] EVENT = 2'd0, TIME = 2'd1, END = 2'd2, REFUSED = 2'd3;
  localparam logic [1:0] ADD = 2'd0, BIN_ENDS = 2'd1, ALL_ENDS = 2'd2;
  localparam int ENTRIES = DECAY_ENTRIES > 0 ? DECAY_ENTRIES : 1;
  localparam logic [2*ENTRIES-1:0] DECAY = (2*ENTRIES)'(DECAY_ENTRIES > 0 ? 4'b0111 : 4'b0001);

  logic       in_ready, room, out_valid, out_p, out_pixel;
  logic [1:0] out_kind, out_weight, held, ahead;
  logic [5:0] out_data, expected, marked;

  event_bins #(
    .PIXEL_BITS(1), .TIME_BITS($clog2(TIMES)), .TIMESTEPS(T), .WINDOW(WINDOW), .BIN_EVENTS(BIN_EVENTS),
    .ENDLESS(ENDLESS), .DECAY_ENTRIES(DECAY_ENTRIES), .DECAY_BITS(2), .DECAY(DECAY)
  ) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_kind_i, .in_pixel_i, .in_p_i, .in_t_i,
    .out_valid_o(out_valid), .out_ready_i,
    .out_kind_o(out_kind), .out_pixel_o(out_pixel), .out_p_o(out_p), .out_weight_o(out_weight)
  );
  assign room = i_dut.out_ready;

  // ---- What has been so far ----
  logic       began = 1'b0, waited, begun;
  logic [7:0] last_word;
  logic [3:0] latest;
  int         open, since, events;   // the open bin; from bin 0's begin to the latest word; events in the open bin

  // ---- What the word on offer means ----
  int   step, now, place;
  logic ends;                        // the open bin, before the word itself counts
  assign step = begun ? (int'(in_t_i) - int'(latest) + TIMES) % TIMES : 0;
  assign now  = begun ? since + step : 0;

  function automatic int begins(int bin);
    return (bin * WINDOW + T - 1) / T;
  endfunction

  always_comb begin
    ends = 1'b0;
    if (ENDLESS != 0 || open != T - 1) begin
      if (BIN_EVENTS > 0) ends = in_kind_i == EVENT && events == BIN_EVENTS;
      else ends = in_kind_i != END && now >= begins(open + 1);
    end
    place = now < begins(open + 1) ? begins(open + 1) - 1 - now : 0;
    if (ends) expected = {BIN_ENDS, 4'd0};
    else if (in_kind_i == END) expected = {ALL_ENDS, 4'd0};
    else begin
      expected = {ADD, in_pixel_i, in_p_i, 2'd1};
      if (DECAY_ENTRIES > 0) expected[1:0] = place < DECAY_ENTRIES ? DECAY[2*place+:2] : 2'd0;
    end
  end

  always_ff @(posedge clk_i) begin
    began     <= 1'b1;
    waited    <= !rst_i && in_valid_i && !in_ready;
    last_word <= {in_kind_i, in_pixel_i, in_p_i, in_t_i};
    if (rst_i) begin
      begun  <= 1'b0;
      open   <= 0;
      since  <= 0;
      events <= 0;
    end else if (in_valid_i && room) begin
      if (ends) begin
        open   <= open == T - 1 ? 0 : open + 1;
        events <= 0;
        if (open == T - 1) since <= since - WINDOW;
      end else begin
        begun  <= in_kind_i != END;
        latest <= in_t_i;
        // time means nothing beyond the last bin, which stays open
        since  <= in_kind_i == END ? 0 : (ENDLESS == 0 && now > WINDOW) ? WINDOW : now;
        if (in_kind_i == END) {open, events} <= '0;
        else if (in_kind_i == EVENT && events < BIN_EVENTS) events <= events + 1;
      end
    end
  end

  // Fields that an end does not have are noise.
  assign out_data = {out_kind, out_kind == ADD ? {out_pixel, out_p, out_weight} : 4'd0};

  logic emits;
  assign emits = in_valid_i && (ends || in_kind_i != TIME);

  stream_properties #(.IN_BITS(8), .OUT_BITS(6), .CAPACITY(2)) i_properties (
    .clk_i, .rst_i, .in_valid_i(emits), .in_ready_i(room), .in_data_i({in_kind_i, in_pixel_i, in_p_i, in_t_i}),
    .out_valid_i(out_valid), .out_ready_i, .out_data_i(out_data),
    .mark_i, .expected_i(expected), .held_o(held), .ahead_o(ahead), .marked_o(marked)
  );

  logic [5:0] spare;
  assign spare = {i_dut.i_output.spare_q[5:4],
                  i_dut.i_output.spare_q[5:4] == ADD ? i_dut.i_output.spare_q[3:0] : 4'd0};

  always_comb begin
    assume (in_kind_i != REFUSED);
    if (began && !rst_i) begin
      if (waited) assume (in_valid_i && {in_kind_i, in_pixel_i, in_p_i, in_t_i} == last_word);
      if (in_kind_i != END) assume (step < TIMES / 2);
      word_goes_when_its_bins_are_over: assert (in_ready == (room && !ends));
      // the module's registers, for the induction
      assert (open >= 0 && open < T && open == int'(i_dut.bin_q));
      assert (begun == i_dut.started_q);
      assert (held == 2'(out_valid) + 2'(i_dut.i_output.spare_valid_q));
      assert (!i_dut.i_output.spare_valid_q || out_valid);
      if (ahead == 2'd1) assert (out_data == marked);
      if (ahead == 2'd2) assert (spare == marked);
    end
  end

  if (BIN_EVENTS > 0) begin : g_by_count
    always_comb if (began && !rst_i) begin
      assert (events >= 0 && events <= BIN_EVENTS && events == int'(i_dut.g_by_count.fill_q));
    end
  end else begin : g_by_time
    logic late;
    assign late = ENDLESS == 0 && open == T - 1 && since == WINDOW;
    always_comb if (began && !rst_i) begin
      assert (begun || (open == 0 && since == 0));
      assert (i_dut.g_by_time.late_q == (begun && late));
      assert (since < begins(open + 1) || late);
      // a word that waits may have ended bins of which the latest taken one knew nothing
      if (since < begins(open)) assert (begun && waited && now >= begins(open) && in_kind_i != END);
      if (begun && !late) assert (4'(latest - i_dut.g_by_time.begin_q) == 4'(since - begins(open)));
    end
  end
endmodule
