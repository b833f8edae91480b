// Turns raster tokens into words and keeps those that are not zero, with their place.
//
// A word is SIMD channels of a pixel in TP planes. One of zeros changes no sum, so it is not kept; only
// the last word of a frame row always is, for the row's end. A token of zeros takes a cycle to pass, and
// one of several words (GROUP above SIMD, TP below PLANES) a cycle for each that is not zero.
//
// A place is told as the windows lie: the first column of windows that does not begin behind the word
// is top = (x + PADDING) / STRIDE, phase_o the rest of that division. Columns of windows lie in BANKS
// memories in turn: top in memory bank_o, at place_o = top / BANKS.
module word_queue #(
  parameter int WIDTH      = 8,
  parameter int CHANNELS   = 4,
  parameter int GROUP      = 2,
  parameter int SIMD       = 2,
  parameter int PLANES     = 2,
  parameter int TP         = 2,
  parameter int STRIDE     = 1,
  parameter int PADDING    = 1,
  parameter int BANKS      = 3,
  parameter int DEPTH      = 32,
  parameter int INDEX_BITS = (CHANNELS / SIMD > 1) ? $clog2(CHANNELS / SIMD) : 1,          // derived
  parameter int TIME_BITS  = (PLANES / TP > 1) ? $clog2(PLANES / TP) : 1,                  // derived
  parameter int PHASE_BITS = (STRIDE > 1) ? $clog2(STRIDE) : 1,                            // derived
  parameter int BANK_BITS  = (BANKS > 1) ? $clog2(BANKS) : 1,                              // derived
  parameter int PLACE_BITS = $clog2((WIDTH + PADDING) / STRIDE / BANKS + 2)                // derived
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    in_valid_i,
  output logic                    in_ready_o,
  input  logic [GROUP*PLANES-1:0] in_data_i,
  output logic                    out_valid_o,
  input  logic                    out_ready_i,
  output logic [SIMD*TP-1:0]      word_o,
  output logic                    nonzero_o,
  output logic                    row_last_o,
  output logic [INDEX_BITS-1:0]   index_o,      // which of the pixel's channels
  output logic [TIME_BITS-1:0]    time_o,       // which of its planes
  output logic [PHASE_BITS-1:0]   phase_o,
  output logic [BANK_BITS-1:0]    bank_o,
  output logic [PLACE_BITS-1:0]   place_o
);

  if (SIMD < 1 || CHANNELS % SIMD != 0 || CHANNELS % GROUP != 0) begin : g_bad_words
    $error("word_queue: SIMD and GROUP must divide CHANNELS");
  end
  if (TP < 1 || PLANES % TP != 0) begin : g_bad_planes
    $error("word_queue: TP must divide PLANES");
  end

  localparam int SHARES     = (GROUP > SIMD) ? GROUP / SIMD : 1;   // of a token's channels
  localparam int TIMES      = PLANES / TP;
  localparam int PARTS      = SHARES * TIMES;                      // words of a token
  localparam int LANES      = SHARES * SIMD;
  localparam int TOKENS     = CHANNELS / LANES;                    // of a pixel
  localparam int TOKEN_BITS = (TOKENS > 1) ? $clog2(TOKENS) : 1;
  localparam int WIDE_BITS  = (WIDTH > 1) ? $clog2(WIDTH) : 1;

  // -------------------------------------------------------------------------------------------
  // One token, and which of its words are still to go
  // -------------------------------------------------------------------------------------------

  logic                    token_valid, token_ready;
  logic [LANES*PLANES-1:0] token, token_q;

  if (GROUP >= SIMD && GROUP % SIMD == 0) begin : g_direct
    assign token_valid = in_valid_i;
    assign in_ready_o  = token_ready;
    assign token       = in_data_i;
  end else begin : g_widen
    gearbox #(.PLANES(PLANES), .IN_GROUP(GROUP), .OUT_GROUP(LANES)) i_gearbox (
      .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i,
      .out_valid_o(token_valid),
      .out_ready_i(token_ready),
      .out_data_o (token)
    );
  end

  logic                          valid_q, done, push, room, last;
  logic [PARTS-1:0]              left_q, lowest, after, present;
  logic [PARTS-1:0][SIMD*TP-1:0] part, part_q;

  for (genvar r = 0; r < SHARES; r++) begin : g_share
    for (genvar p = 0; p < PLANES; p++) begin : g_plane
      assign part[r*TIMES + p/TP][p%TP*SIMD +: SIMD]   = token[p*LANES + r*SIMD +: SIMD];
      assign part_q[r*TIMES + p/TP][p%TP*SIMD +: SIMD] = token_q[p*LANES + r*SIMD +: SIMD];
    end
  end
  for (genvar n = 0; n < PARTS; n++) begin : g_part
    assign present[n] = |part[n];
  end

  assign lowest      = left_q & (~left_q + 1'b1);
  assign after       = left_q & ~lowest;
  assign last        = after == '0;
  assign done        = valid_q && last && (room || !push);
  assign token_ready = !valid_q || done;

  always_ff @(posedge clk_i) begin
    if (token_ready) {token_q, left_q} <= {token, present};
    else if (push && room) left_q <= after;
    if (rst_i) valid_q <= 1'b0;
    else if (token_ready) valid_q <= token_valid;
  end

  // -------------------------------------------------------------------------------------------
  // Its place
  // -------------------------------------------------------------------------------------------

  localparam int TOP = PADDING / STRIDE;     // of the row's first pixel

  logic [TOKEN_BITS-1:0] token_index_q;
  logic [WIDE_BITS-1:0]  column_q;
  logic [PHASE_BITS-1:0] phase_q;
  logic [BANK_BITS-1:0]  bank_q;
  logic [PLACE_BITS-1:0] place_q;
  logic                  pixel_last, column_last;

  assign pixel_last  = token_index_q == TOKEN_BITS'(TOKENS - 1);
  assign column_last = column_q == WIDE_BITS'(WIDTH - 1);

  always_ff @(posedge clk_i) begin
    if (rst_i || (done && pixel_last && column_last)) begin
      column_q <= '0;
      phase_q  <= PHASE_BITS'(PADDING % STRIDE);
      bank_q   <= BANK_BITS'(TOP % BANKS);
      place_q  <= PLACE_BITS'(TOP / BANKS);
    end else if (done && pixel_last) begin
      column_q <= column_q + 1'b1;
      phase_q  <= (STRIDE == 1 || phase_q == PHASE_BITS'(STRIDE - 1)) ? '0 : phase_q + 1'b1;
      if (phase_q == PHASE_BITS'(STRIDE - 1)) begin
        bank_q <= (BANKS == 1 || bank_q == BANK_BITS'(BANKS - 1)) ? '0 : bank_q + 1'b1;
        if (bank_q == BANK_BITS'(BANKS - 1)) place_q <= place_q + 1'b1;
      end
    end
    if (rst_i) token_index_q <= '0;
    else if (done) token_index_q <= (TOKENS == 1 || pixel_last) ? '0 : token_index_q + 1'b1;
  end

  // -------------------------------------------------------------------------------------------
  // What is kept
  // -------------------------------------------------------------------------------------------

  localparam int KEPT = SIMD*TP + 2 + INDEX_BITS + TIME_BITS + PHASE_BITS + BANK_BITS + PLACE_BITS;

  logic [SIMD*TP-1:0]    word;
  logic [INDEX_BITS-1:0] share, index;
  logic [TIME_BITS-1:0]  times;
  logic                  row_last;

  always_comb begin
    word  = '0;
    share = '0;
    times = '0;
    for (int n = 0; n < PARTS; n++) begin
      if (lowest[n]) begin
        word  = word | part_q[n];
        share = share | INDEX_BITS'(n / TIMES);
        times = times | TIME_BITS'(n % TIMES);
      end
    end
  end
  assign index = INDEX_BITS'(int'(token_index_q) * SHARES + int'(share));

  assign row_last = last && pixel_last && column_last;
  assign push     = valid_q && (left_q != '0 || row_last);

  stream_fifo #(.WIDTH(KEPT), .DEPTH(DEPTH)) i_words (
    .clk_i, .rst_i,
    .in_valid_i (push),
    .in_ready_o (room),
    .in_data_i  ({word, left_q != '0, row_last, index, times, phase_q, bank_q, place_q}),
    .out_valid_o, .out_ready_i,
    .out_data_o ({word_o, nonzero_o, row_last_o, index_o, time_o, phase_o, bank_o, place_o})
  );

endmodule
