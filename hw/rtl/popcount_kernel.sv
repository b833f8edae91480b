// The one kernel: popcount_array behind flow control.
//
// The array never stops, so no signal of one place has to hold thousands of flip-flops of a large chip.
// Instead a beat may enter only while the FIFO behind has a place for each token that is under way:
// beat_ready_o comes from a register, and so do out_valid_o and the token. With ROOM at least the
// array's latency and 3 more (16 is enough for every SIMD up to 1,152), a token may begin in every cycle.
//
// The word of a beat is wanted one cycle after the beat was taken, as a memory gives it whose read
// enable is beat_ready_o.
module popcount_kernel #(
  parameter int PE          = 8,
  parameter int SIMD        = 36,
  parameter int TP          = 1,
  parameter int ACT_BITS    = 1,
  parameter int WEIGHT_BITS = 2,
  parameter int ACC_BITS    = 12,
  parameter int X_SETS      = 1,
  parameter int ROOM        = 16,     // tokens that may be under way or wait; a power of two
  parameter int NT          = (TP > ACT_BITS) ? TP / ACT_BITS : 1,           // derived
  parameter int SHIFT_BITS  = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1          // derived
) (
  input  logic                           clk_i,
  input  logic                           rst_i,
  input  logic                           beat_valid_i,
  output logic                           beat_ready_o,
  input  logic [X_SETS*TP*SIMD-1:0]      beat_x_i,
  input  logic [SHIFT_BITS-1:0]          beat_shift_i,
  input  logic                           beat_first_i,
  input  logic                           beat_last_i,
  input  logic                           beat_skip_i,
  input  logic [PE*SIMD*WEIGHT_BITS-1:0] weight_i,
  output logic                           out_valid_o,
  input  logic                           out_ready_i,
  output logic [NT*PE*ACC_BITS-1:0]      out_data_o,
  output logic                           out_skipped_o
);

  localparam int SUMS      = NT*PE*ACC_BITS;
  localparam int FULL_BIT  = $clog2(ROOM);

  if (ROOM < 1 || ROOM != (1 << FULL_BIT)) begin : g_bad_room
    $error("popcount_kernel: ROOM must be a power of two");
  end

  // Tokens that have begun to end, by their last beat, and have not left. Its top bit says: no more.
  logic [FULL_BIT:0] promised_q;
  logic              taken, left;
  assign beat_ready_o = !promised_q[FULL_BIT];
  assign taken        = beat_valid_i && beat_ready_o;
  assign left         = out_valid_o && out_ready_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) promised_q <= '0;
    else promised_q <= promised_q + (FULL_BIT+1)'(taken && beat_last_i) - (FULL_BIT+1)'(left);
  end

  logic            token_valid, token_skipped, unused_ready;
  logic [SUMS-1:0] token;

  popcount_array #(
    .PE(PE), .SIMD(SIMD), .TP(TP), .ACT_BITS(ACT_BITS), .WEIGHT_BITS(WEIGHT_BITS), .ACC_BITS(ACC_BITS),
    .X_SETS(X_SETS)
  ) i_array (
    .clk_i, .rst_i,
    .beat_valid_i (taken),
    .beat_x_i, .beat_shift_i, .beat_first_i, .beat_last_i, .beat_skip_i, .weight_i,
    .out_valid_o  (token_valid),
    .out_data_o   (token),
    .out_skipped_o(token_skipped)
  );

  stream_fifo #(.WIDTH(SUMS + 1), .DEPTH(ROOM)) i_tokens (
    .clk_i, .rst_i,
    .in_valid_i (token_valid),
    .in_ready_o (unused_ready),      // there is room: it was promised
    .in_data_i  ({token_skipped, token}),
    .out_valid_o, .out_ready_i,
    .out_data_o ({out_skipped_o, out_data_o})
  );

endmodule
