// Weight words of a dense layer from memory outside the chip, in loop order, frame after frame.
//
// An AXI4 read master (AR and R channels, one id) that keeps a FIFO of beats filled, OUTSTANDING
// bursts of up to MAX_BURST beats ahead of the kernel: a burst is asked for only when all its beats have a place
// there, so r_ready_o never falls. A word is ceil(WORD_BITS / DATA_BITS) beats, least significant
// first, padded with anything. Words lie at base_i (a multiple of DATA_BITS / 8, steady after reset) in order of their
// address; a frame takes the FOLDS words of PE group 0 REPEATS times, then those of group 1, and so
// on; REPEATS = planes / TP. Bursts are INCR and never cross a 4 KB boundary. Words go on without
// end: those of the next frame are fetched during this one.
//
// A read that the memory answers with an error delivers what came, so that nothing hangs, and
// sets error_o until reset: from then on results mean nothing.
module weight_fetch #(
  parameter int WORD_BITS    = 64,
  parameter int FOLDS        = 8,
  parameter int PE_GROUPS    = 2,
  parameter int REPEATS      = 1,
  parameter int DATA_BITS    = 64,
  parameter int ADDRESS_BITS = 32,
  parameter int MAX_BURST    = 16,
  parameter int OUTSTANDING  = 4,
  parameter int COUNT_BITS   = 32
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic [ADDRESS_BITS-1:0] base_i,
  output logic                    ar_valid_o,
  input  logic                    ar_ready_i,
  output logic [ADDRESS_BITS-1:0] ar_addr_o,
  output logic [7:0]              ar_len_o,
  output logic [2:0]              ar_size_o,
  output logic [1:0]              ar_burst_o,
  input  logic                    r_valid_i,
  output logic                    r_ready_o,
  input  logic [DATA_BITS-1:0]    r_data_i,
  input  logic [1:0]              r_resp_i,
  output logic                    out_valid_o,
  input  logic                    out_ready_i,
  output logic [WORD_BITS-1:0]    out_data_o,
  output logic                    error_o,       // a read was answered with an error since reset
  output logic [COUNT_BITS-1:0]   errors_o,      // beats with an error
  output logic [COUNT_BITS-1:0]   starved_o      // cycles in which a word was wanted and none was there
);

  if (WORD_BITS < 1 || FOLDS < 1 || PE_GROUPS < 1 || REPEATS < 1 || OUTSTANDING < 1) begin : g_bad_sizes
    $error("weight_fetch: WORD_BITS, FOLDS, PE_GROUPS, REPEATS and OUTSTANDING must be at least 1");
  end
  if (DATA_BITS < 8 || DATA_BITS > 1024 || (DATA_BITS & (DATA_BITS - 1)) != 0) begin : g_bad_data
    $error("weight_fetch: DATA_BITS must be a power of two, 8 to 1024");
  end
  if (MAX_BURST < 1 || MAX_BURST > 16) begin : g_bad_burst
    $error("weight_fetch: MAX_BURST must be 1 to 16");
  end
  if (ADDRESS_BITS < 13) begin : g_bad_address
    $error("weight_fetch: ADDRESS_BITS must be at least 13");
  end

  localparam int BYTES      = DATA_BITS / 8;
  localparam int SIZE       = $clog2(BYTES);
  localparam int WORD_BEATS = (WORD_BITS + DATA_BITS - 1) / DATA_BITS;
  // Without repetition a frame is one stretch of addresses; else each PE group is one.
  localparam int STRETCH    = ((REPEATS == 1) ? PE_GROUPS : 1) * FOLDS * WORD_BEATS;
  localparam int STRETCHES  = (REPEATS == 1) ? 1 : PE_GROUPS;
  localparam int PAGE       = 4096 / BYTES;                           // beats between boundaries
  localparam int ROOM       = OUTSTANDING * MAX_BURST;
  localparam int LEFT_BITS  = $clog2(STRETCH + 1);
  localparam int TURN_BITS  = (REPEATS > 1) ? $clog2(REPEATS) : 1;
  localparam int PLACE_BITS = (STRETCHES > 1) ? $clog2(STRETCHES) : 1;
  localparam int ROOM_BITS  = $clog2(ROOM + 1);
  localparam int BURST_BITS = $clog2(MAX_BURST + 1);

  // -------------------------------------------------------------------------------------------
  // Bursts: measured in one cycle, asked for in another
  // -------------------------------------------------------------------------------------------

  logic [ADDRESS_BITS-1:0] address_q, stretch_q;   // of the next burst, of its stretch
  logic [LEFT_BITS-1:0]    left_q;                 // beats left of the stretch
  logic [TURN_BITS-1:0]    turn_q;
  logic [PLACE_BITS-1:0]   place_q;
  logic [ROOM_BITS-1:0]    room_q;                 // places in the FIFO that no burst has taken
  logic [BURST_BITS-1:0]   length_q, length;
  logic                    measured_q, started_q, ask, stretch_ends, turns_end, places_end, beat_leaves;
  int                      to_page;

  always_comb begin
    to_page = PAGE - int'(address_q[11:SIZE]);
    length  = BURST_BITS'(MAX_BURST);
    if (int'(left_q) < int'(length)) length = BURST_BITS'(left_q);
    if (to_page < int'(length)) length = BURST_BITS'(to_page);
  end

  assign ask          = measured_q && !ar_valid_o && int'(room_q) >= int'(length_q);
  assign stretch_ends = int'(left_q) == int'(length_q);
  assign turns_end    = turn_q == TURN_BITS'(REPEATS - 1);
  assign places_end   = place_q == PLACE_BITS'(STRETCHES - 1);

  logic [ADDRESS_BITS-1:0] next_address, next_stretch;
  assign next_address = address_q + (ADDRESS_BITS'(length_q) << SIZE);
  always_comb begin
    next_stretch = stretch_q;
    if (turns_end) next_stretch = places_end ? base_i : next_address;
  end

  always_ff @(posedge clk_i) begin
    length_q <= length;
    if (rst_i) begin
      {measured_q, started_q, ar_valid_o, turn_q, place_q} <= '0;
      room_q <= ROOM_BITS'(ROOM);
    end else begin
      started_q  <= 1'b1;
      measured_q <= started_q && !ask;
      room_q     <= room_q - (ask ? ROOM_BITS'(length_q) : '0) + ROOM_BITS'(beat_leaves);
      if (ask) ar_valid_o <= 1'b1;
      else if (ar_ready_i) ar_valid_o <= 1'b0;
      if (ask && stretch_ends) begin
        turn_q <= turns_end ? '0 : turn_q + 1'b1;
        if (turns_end) place_q <= places_end ? '0 : place_q + 1'b1;
      end
    end
    if (!started_q) begin
      {address_q, stretch_q} <= {base_i, base_i};
      left_q                 <= LEFT_BITS'(STRETCH);
    end else if (ask) begin
      address_q <= stretch_ends ? next_stretch : next_address;
      stretch_q <= stretch_ends ? next_stretch : stretch_q;
      left_q    <= stretch_ends ? LEFT_BITS'(STRETCH) : left_q - LEFT_BITS'(length_q);
    end
    if (ask) begin
      ar_addr_o <= address_q;
      ar_len_o  <= 8'(length_q) - 1'b1;
    end
  end
  assign ar_size_o  = 3'(SIZE);
  assign ar_burst_o = 2'b01;

  // -------------------------------------------------------------------------------------------
  // Beats, and words made of them
  // -------------------------------------------------------------------------------------------

  logic                 beat_valid, beat_ready, always_room;
  logic [DATA_BITS-1:0] beat;

  assign r_ready_o = 1'b1;

  stream_fifo #(.WIDTH(DATA_BITS), .DEPTH(ROOM)) i_beats (
    .clk_i, .rst_i,
    .in_valid_i (r_valid_i),
    .in_ready_o (always_room),
    .in_data_i  (r_data_i),
    .out_valid_o(beat_valid),
    .out_ready_i(beat_ready),
    .out_data_o (beat)
  );

  assign beat_leaves = beat_valid && beat_ready;

  if (WORD_BEATS > 1) begin : g_gather
    localparam int BEAT_BITS = $clog2(WORD_BEATS);
    logic [WORD_BEATS*DATA_BITS-1:0] word_q;
    logic [BEAT_BITS-1:0]            beat_q;
    logic                            unused;

    assign beat_ready = !out_valid_o || out_ready_i;
    assign out_data_o = word_q[WORD_BITS-1:0];
    assign unused     = &{1'b0, always_room, word_q};

    always_ff @(posedge clk_i) begin
      if (beat_leaves) word_q[int'(beat_q)*DATA_BITS +: DATA_BITS] <= beat;
      if (rst_i) begin
        beat_q      <= '0;
        out_valid_o <= 1'b0;
      end else begin
        if (beat_leaves) beat_q <= (beat_q == BEAT_BITS'(WORD_BEATS - 1)) ? '0 : beat_q + 1'b1;
        if (beat_ready) out_valid_o <= beat_leaves && beat_q == BEAT_BITS'(WORD_BEATS - 1);
      end
    end
  end else begin : g_single
    logic unused;
    assign beat_ready  = out_ready_i;
    assign out_valid_o = beat_valid;
    assign out_data_o  = beat[WORD_BITS-1:0];
    assign unused      = &{1'b0, always_room, beat};
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {error_o, errors_o, starved_o} <= '0;
    end else begin
      if (r_valid_i && r_resp_i != 2'b00) begin
        error_o <= 1'b1;
        if (!(&errors_o)) errors_o <= errors_o + 1'b1;
      end
      if (out_ready_i && !out_valid_o && !(&starved_o)) starved_o <= starved_o + 1'b1;
    end
  end

endmodule
