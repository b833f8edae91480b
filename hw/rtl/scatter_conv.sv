// Convolution that scatters: each word of the input that is not zero is added to the windows that see it.
//
// The event-driven counterpart of conv, behind the same ports. A word is SIMD channels of one pixel in TP
// planes, whole timesteps; TAPS windows take it at a time: one, the ceil(KERNEL/STRIDE) of a row, or
// all of them. Sums of as many rows of windows are held, for all channels and timesteps.
//
// A weight word holds for each tap (rows outermost, counted down from the highest row and column that a
// word reaches), PE channel and input a weight: bit of (tap a, PE p, input i, weight bit b) is
// ((a*PE + p)*SIMD + i)*WEIGHT_BITS + b. Address: ((word * PE groups + PE group) * rows + row) * columns
// + column, where row and column are those of the kernel, or their rest by STRIDE where all that a
// word reaches are taken at once.
//
// in_ready_o depends on registers only.
module scatter_conv #(
  parameter int    HEIGHT       = 8,
  parameter int    WIDTH        = 8,
  parameter int    IN_CHANNELS  = 4,
  parameter int    IN_GROUP     = 2,
  parameter int    TIMESTEPS    = 2,
  parameter int    ACT_BITS     = 1,
  parameter int    KERNEL       = 3,
  parameter int    STRIDE       = 1,
  parameter int    PADDING      = 1,
  parameter int    OUT_CHANNELS = 8,
  parameter int    PE           = 4,
  parameter int    SIMD         = 2,
  parameter int    TP           = 2,
  parameter int    TAPS         = 3,
  parameter int    WEIGHT_BITS  = 4,
  parameter int    ACC_BITS     = 12,
  parameter string WEIGHT_INIT  = "",
  parameter int    PARITY       = 0,      // a parity bit on top of each weight word, in the image too
  parameter int    NT           = TP / ACT_BITS,                                                // derived
  parameter int    REACH        = (KERNEL + STRIDE - 1) / STRIDE,                               // derived
  parameter int    DEPTH        = (IN_CHANNELS / SIMD) * (OUT_CHANNELS / PE)
                                * (TAPS == REACH * REACH && REACH > 1 ? STRIDE : KERNEL)
                                * (TAPS == 1 ? KERNEL : STRIDE),                                // derived
  parameter int    ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1                               // derived
) (
  input  logic                                   clk_i,
  input  logic                                   rst_i,
  input  logic                                   in_valid_i,
  output logic                                   in_ready_o,
  input  logic [IN_GROUP*TIMESTEPS*ACT_BITS-1:0] in_data_i,
  output logic                                   out_valid_o,
  input  logic                                   out_ready_i,
  output logic [NT*PE*ACC_BITS-1:0]              out_data_o,
  output logic                                   out_skipped_o,
  output logic                                   parity_error_o,
  input  logic                                   write_en_i,
  input  logic [ADDRESS_BITS-1:0]                write_addr_i,
  input  logic [TAPS*PE*SIMD*WEIGHT_BITS-1:0]    write_data_i
);

  if (TAPS != 1 && TAPS != REACH && TAPS != REACH * REACH) begin : g_bad_taps
    $error("scatter_conv: TAPS must be 1, ceil(KERNEL/STRIDE) or its square");
  end
  if (TP % ACT_BITS != 0 || TIMESTEPS * ACT_BITS % TP != 0) begin : g_bad_planes
    $error("scatter_conv: TP must be a multiple of ACT_BITS that divides all planes");
  end
  if (OUT_CHANNELS % PE != 0) begin : g_bad_pe
    $error("scatter_conv: PE must divide OUT_CHANNELS");
  end
  if (PARITY != 0 && PARITY != 1) begin : g_bad_parity
    $error("scatter_conv: PARITY must be 0 or 1");
  end

  localparam int PLANES       = TIMESTEPS * ACT_BITS;
  localparam int WORDS        = IN_CHANNELS / SIMD;
  localparam int TIMES        = PLANES / TP;
  localparam int PE_GROUPS    = OUT_CHANNELS / PE;
  localparam int ROW_BANKS    = (TAPS > REACH) ? REACH : 1;
  localparam int COLUMN_BANKS = (TAPS > 1) ? REACH : 1;
  localparam int OUT_COLUMNS  = (WIDTH + 2 * PADDING - KERNEL) / STRIDE + 1;
  localparam int STRIP        = (OUT_COLUMNS + COLUMN_BANKS - 1) / COLUMN_BANKS;
  localparam int PLACES       = (ROW_BANKS == 1 ? REACH : 1) * STRIP * PE_GROUPS * TIMES;
  localparam int BLOCK        = (PLACES > 64) ? 1 : 0;
  localparam int QUEUE        = 32;    // words that wait
  localparam int ROOM         = 16;    // tokens that may be under way or wait; a power of two

  localparam int INDEX_BITS = (WORDS > 1) ? $clog2(WORDS) : 1;
  localparam int TIME_BITS  = (TIMES > 1) ? $clog2(TIMES) : 1;
  localparam int PHASE_BITS = (STRIDE > 1) ? $clog2(STRIDE) : 1;
  localparam int BANK_BITS  = (COLUMN_BANKS > 1) ? $clog2(COLUMN_BANKS) : 1;
  localparam int SLOT_BITS  = (REACH > 1) ? $clog2(REACH) : 1;
  localparam int PLACE_BITS = $clog2((WIDTH + PADDING) / STRIDE / COLUMN_BANKS + 2);
  localparam int SUM_BITS   = (PLACES > 1) ? $clog2(PLACES) : 1;
  localparam int WEIGHTS    = TAPS * PE * SIMD * WEIGHT_BITS;

  logic                   word_valid, word_ready, word_nonzero, word_row_last;
  logic [SIMD*TP-1:0]     word;
  logic [INDEX_BITS-1:0]  word_index;
  logic [TIME_BITS-1:0]   word_time;
  logic [PHASE_BITS-1:0]  word_phase;
  logic [BANK_BITS-1:0]   word_bank;
  logic [PLACE_BITS-1:0]  word_place;

  word_queue #(
    .WIDTH(WIDTH), .CHANNELS(IN_CHANNELS), .GROUP(IN_GROUP), .SIMD(SIMD), .PLANES(PLANES), .TP(TP), .STRIDE(STRIDE),
    .PADDING(PADDING), .BANKS(COLUMN_BANKS), .DEPTH(QUEUE)
  ) i_queue (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i,
    .out_valid_o(word_valid),
    .out_ready_i(word_ready),
    .word_o     (word),
    .nonzero_o  (word_nonzero),
    .row_last_o (word_row_last),
    .index_o    (word_index),
    .time_o     (word_time),
    .phase_o    (word_phase),
    .bank_o     (word_bank),
    .place_o    (word_place)
  );

  // -------------------------------------------------------------------------------------------
  // Steps
  // -------------------------------------------------------------------------------------------

  logic                                  room, read, clear, step_valid, step_read;
  logic [SUM_BITS-1:0]                   clear_place;
  logic [ADDRESS_BITS-1:0]               step_address;
  logic [SIMD*TP-1:0]                    step_word;
  logic [SLOT_BITS-1:0]                  step_row_turn;
  logic [BANK_BITS-1:0]                  step_turn;
  logic [ROW_BANKS-1:0]                  step_row, step_forward_row;
  logic [COLUMN_BANKS-1:0]               step_column, step_forward;
  logic [COLUMN_BANKS-1:0][SUM_BITS-1:0] step_place;

  scatter_order #(
    .HEIGHT(HEIGHT), .WIDTH(WIDTH), .KERNEL(KERNEL), .STRIDE(STRIDE), .PADDING(PADDING), .WORDS(WORDS),
    .WORD_BITS(SIMD*TP), .PE_GROUPS(PE_GROUPS), .TIMES(TIMES), .ROW_BANKS(ROW_BANKS),
    .COLUMN_BANKS(COLUMN_BANKS), .SPAN(1 + BLOCK)
  ) i_order (
    .clk_i, .rst_i,
    .word_valid_i      (word_valid),
    .word_ready_o      (word_ready),
    .word_i            (word),
    .word_nonzero_i    (word_nonzero),
    .word_row_last_i   (word_row_last),
    .word_index_i      (word_index),
    .word_time_i       (word_time),
    .word_phase_i      (word_phase),
    .word_bank_i       (word_bank),
    .word_place_i      (word_place),
    .room_i            (room),
    .read_o            (read),
    .clear_o           (clear),
    .clear_place_o     (clear_place),
    .step_valid_o      (step_valid),
    .step_read_o       (step_read),
    .step_address_o    (step_address),
    .step_word_o       (step_word),
    .step_row_turn_o   (step_row_turn),
    .step_turn_o       (step_turn),
    .step_row_o        (step_row),
    .step_column_o     (step_column),
    .step_forward_row_o(step_forward_row),
    .step_forward_o    (step_forward),
    .step_place_o      (step_place)
  );

  // -------------------------------------------------------------------------------------------
  // Weights
  // -------------------------------------------------------------------------------------------

  logic [WEIGHTS+PARITY-1:0] stored;

  weight_memory #(.WIDTH(WEIGHTS + PARITY), .DEPTH(DEPTH), .INIT(WEIGHT_INIT)) i_weights (
    .clk_i,
    .read_en_i   (1'b1),
    .read_addr_i (step_address),
    .read_data_o (stored),
    .write_en_i, .write_addr_i,
    .write_data_i((WEIGHTS + PARITY)'({^write_data_i, write_data_i}))
  );

  if (PARITY == 1) begin : g_parity
    logic used_q;   // the word on offer belongs to a step that adds
    always_ff @(posedge clk_i) begin
      if (rst_i) used_q <= 1'b0;
      else used_q <= step_valid && !step_read;
      if (rst_i) parity_error_o <= 1'b0;
      else if (used_q && ^stored) parity_error_o <= 1'b1;
    end
  end else begin : g_no_parity
    assign parity_error_o = 1'b0;
  end

  // -------------------------------------------------------------------------------------------
  // Sums, and the tokens that leave
  // -------------------------------------------------------------------------------------------

  logic                      token_valid, token_skipped, unused_ready;
  logic [NT*PE*ACC_BITS-1:0] token;

  scatter_array #(
    .SIMD(SIMD), .NT(NT), .ACT_BITS(ACT_BITS), .PE(PE), .WEIGHT_BITS(WEIGHT_BITS),
    .ACC_BITS(ACC_BITS), .ROW_BANKS(ROW_BANKS), .COLUMN_BANKS(COLUMN_BANKS), .SLOT_BITS(SLOT_BITS),
    .BANK_BITS(BANK_BITS), .PLACES(PLACES), .BLOCK(BLOCK)
  ) i_array (
    .clk_i, .rst_i,
    .clear_i           (clear),
    .clear_place_i     (clear_place),
    .step_valid_i      (step_valid),
    .step_read_i       (step_read),
    .step_word_i       (step_word),
    .step_row_turn_i   (step_row_turn),
    .step_turn_i       (step_turn),
    .step_row_i        (step_row),
    .step_column_i     (step_column),
    .step_forward_row_i(step_forward_row),
    .step_forward_i    (step_forward),
    .step_place_i      (step_place),
    .weight_i          (stored[WEIGHTS-1:0]),
    .out_valid_o       (token_valid),
    .out_data_o        (token),
    .out_skipped_o     (token_skipped)
  );

  // Tokens that have begun to be read and have not left. The top bit says: no more.
  localparam int FULL_BIT = $clog2(ROOM);
  logic [FULL_BIT:0] promised_q;
  assign room = !promised_q[FULL_BIT];

  always_ff @(posedge clk_i) begin
    if (rst_i) promised_q <= '0;
    else promised_q <= promised_q + (FULL_BIT+1)'(read) - (FULL_BIT+1)'(out_valid_o && out_ready_i);
  end

  stream_fifo #(.WIDTH(NT*PE*ACC_BITS + 1), .DEPTH(ROOM)) i_tokens (
    .clk_i, .rst_i,
    .in_valid_i (token_valid),
    .in_ready_o (unused_ready),      // there is room: it was promised
    .in_data_i  ({token_skipped, token}),
    .out_valid_o, .out_ready_i,
    .out_data_o ({out_skipped_o, out_data_o})
  );

endmodule
