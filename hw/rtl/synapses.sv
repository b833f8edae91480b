// Synapses on beats: the weight memory beside the popcount kernel that it feeds.
//
// What a reader presents as beats leaves as accumulator tokens, the same for every layer that has
// weights. The kernel's ready is the memory's read enable.
//
// PARITY = 1: each weight word has a parity bit on top of it, in the image too; parity_error_o stays
// set once a word was used whose parity is odd.
module synapses #(
  parameter int    PE           = 4,
  parameter int    SIMD         = 9,
  parameter int    TP           = 1,
  parameter int    ACT_BITS     = 1,
  parameter int    WEIGHT_BITS  = 4,
  parameter int    ACC_BITS     = 12,
  parameter int    X_SETS       = 1,      // PE: each has inputs of its own, for depthwise layers
  parameter int    DEPTH        = 8,                                                // weight words
  parameter string WEIGHT_INIT  = "",
  parameter int    PARITY       = 0,
  parameter int    NT           = (TP > ACT_BITS) ? TP / ACT_BITS : 1,              // derived
  parameter int    ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1,                  // derived
  parameter int    SHIFT_BITS   = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1             // derived
) (
  input  logic                           clk_i,
  input  logic                           rst_i,
  input  logic                           beat_valid_i,
  output logic                           beat_ready_o,
  input  logic [X_SETS*TP*SIMD-1:0]      beat_x_i,
  input  logic [ADDRESS_BITS-1:0]        beat_address_i,
  input  logic [SHIFT_BITS-1:0]          beat_shift_i,
  input  logic                           beat_first_i,
  input  logic                           beat_last_i,
  input  logic                           beat_skip_i,
  output logic                           out_valid_o,
  input  logic                           out_ready_i,
  output logic [NT*PE*ACC_BITS-1:0]      out_data_o,
  output logic                           out_skipped_o,
  output logic                           parity_error_o,
  input  logic                           write_en_i,
  input  logic [ADDRESS_BITS-1:0]        write_addr_i,
  input  logic [PE*SIMD*WEIGHT_BITS-1:0] write_data_i
);

  localparam int WORD = PE * SIMD * WEIGHT_BITS;

  if (PARITY != 0 && PARITY != 1) begin : g_bad_parity
    $error("synapses: PARITY must be 0 or 1");
  end

  logic [WORD+PARITY-1:0] stored;

  weight_memory #(.WIDTH(WORD + PARITY), .DEPTH(DEPTH), .INIT(WEIGHT_INIT)) i_weights (
    .clk_i,
    .read_en_i   (beat_ready_o),
    .read_addr_i (beat_address_i),
    .read_data_o (stored),
    .write_en_i, .write_addr_i,
    .write_data_i((WORD + PARITY)'({^write_data_i, write_data_i}))
  );

  if (PARITY == 1) begin : g_parity
    logic used_q;   // the word on offer belongs to a beat, and not to one that skips
    always_ff @(posedge clk_i) begin
      if (rst_i) used_q <= 1'b0;
      else used_q <= beat_valid_i && beat_ready_o && !beat_skip_i;
      if (rst_i) parity_error_o <= 1'b0;
      else if (used_q && ^stored) parity_error_o <= 1'b1;
    end
  end else begin : g_no_parity
    assign parity_error_o = 1'b0;
  end

  popcount_kernel #(
    .PE(PE), .SIMD(SIMD), .TP(TP), .ACT_BITS(ACT_BITS), .WEIGHT_BITS(WEIGHT_BITS), .ACC_BITS(ACC_BITS),
    .X_SETS(X_SETS)
  ) i_kernel (
    .clk_i, .rst_i,
    .beat_valid_i, .beat_ready_o, .beat_x_i, .beat_shift_i, .beat_first_i, .beat_last_i, .beat_skip_i,
    .weight_i(stored[WORD-1:0]),
    .out_valid_o, .out_ready_i, .out_data_o, .out_skipped_o
  );

endmodule
