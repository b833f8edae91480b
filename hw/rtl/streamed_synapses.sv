// Synapses whose weights lie outside the chip: weight_fetch brings the words, each meets its beat
// in weight_aligner, and both go to the kernel.
//
// As synapses, but for the AXI4 read port in the place of the memory. Zero beats may be left out,
// as a reader does; their words are fetched and passed over, so a frame takes the cycles of all
// its words at least.
module streamed_synapses #(
  parameter int PE               = 4,
  parameter int SIMD             = 9,
  parameter int TP               = 1,
  parameter int ACT_BITS         = 1,
  parameter int WEIGHT_BITS      = 4,
  parameter int ACC_BITS         = 12,
  parameter int X_SETS           = 1,      // PE: each has inputs of its own, for depthwise layers
  parameter int PLANES           = 2,
  parameter int FOLDS            = 4,
  parameter int PE_GROUPS        = 2,
  parameter int DATA_BITS        = 64,
  parameter int MEM_ADDRESS_BITS = 32,
  parameter int MAX_BURST        = 16,
  parameter int OUTSTANDING      = 4,
  parameter int COUNT_BITS       = 32,
  parameter int NT           = (TP > ACT_BITS) ? TP / ACT_BITS : 1,                           // derived
  parameter int ADDRESS_BITS = (FOLDS * PE_GROUPS > 1) ? $clog2(FOLDS * PE_GROUPS) : 1,       // derived
  parameter int SHIFT_BITS   = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1                          // derived
) (
  input  logic                        clk_i,
  input  logic                        rst_i,
  input  logic                        beat_valid_i,
  output logic                        beat_ready_o,
  input  logic [X_SETS*TP*SIMD-1:0]   beat_x_i,
  input  logic [ADDRESS_BITS-1:0]     beat_address_i,
  input  logic [SHIFT_BITS-1:0]       beat_shift_i,
  input  logic                        beat_first_i,
  input  logic                        beat_last_i,
  input  logic                        beat_skip_i,
  input  logic [MEM_ADDRESS_BITS-1:0] base_i,
  output logic                        ar_valid_o,
  input  logic                        ar_ready_i,
  output logic [MEM_ADDRESS_BITS-1:0] ar_addr_o,
  output logic [7:0]                  ar_len_o,
  output logic [2:0]                  ar_size_o,
  output logic [1:0]                  ar_burst_o,
  input  logic                        r_valid_i,
  output logic                        r_ready_o,
  input  logic [DATA_BITS-1:0]        r_data_i,
  input  logic [1:0]                  r_resp_i,
  output logic                        out_valid_o,
  input  logic                        out_ready_i,
  output logic [NT*PE*ACC_BITS-1:0]   out_data_o,
  output logic                        out_skipped_o,
  output logic                        error_o,
  output logic [COUNT_BITS-1:0]       errors_o,
  output logic [COUNT_BITS-1:0]       starved_o
);

  localparam int WORD_BITS = PE * SIMD * WEIGHT_BITS;

  logic                 word_valid, word_ready, pair_valid, kernel_ready;
  logic [WORD_BITS-1:0] word, word_q;

  weight_fetch #(
    .WORD_BITS(WORD_BITS), .FOLDS(FOLDS), .PE_GROUPS(PE_GROUPS), .REPEATS(PLANES / TP),
    .DATA_BITS(DATA_BITS), .ADDRESS_BITS(MEM_ADDRESS_BITS), .MAX_BURST(MAX_BURST),
    .OUTSTANDING(OUTSTANDING), .COUNT_BITS(COUNT_BITS)
  ) i_fetch (
    .clk_i, .rst_i, .base_i,
    .ar_valid_o, .ar_ready_i, .ar_addr_o, .ar_len_o, .ar_size_o, .ar_burst_o,
    .r_valid_i, .r_ready_o, .r_data_i, .r_resp_i,
    .out_valid_o(word_valid),
    .out_ready_i(word_ready),
    .out_data_o (word),
    .error_o, .errors_o, .starved_o
  );

  weight_aligner #(
    .FOLDS(FOLDS), .PLANES(PLANES), .ACT_BITS(ACT_BITS), .TP(TP), .PE_GROUPS(PE_GROUPS)
  ) i_aligner (
    .clk_i, .rst_i, .beat_valid_i, .beat_ready_o, .beat_address_i, .beat_shift_i, .beat_last_i, .beat_skip_i,
    .word_valid_i(word_valid),
    .word_ready_o(word_ready),
    .out_valid_o (pair_valid),
    .out_ready_i (kernel_ready)
  );

  // The kernel wants the word one cycle after its beat, as from a memory.
  always_ff @(posedge clk_i) if (kernel_ready) word_q <= word;

  popcount_kernel #(
    .PE(PE), .SIMD(SIMD), .TP(TP), .ACT_BITS(ACT_BITS), .WEIGHT_BITS(WEIGHT_BITS), .ACC_BITS(ACC_BITS),
    .X_SETS(X_SETS)
  ) i_kernel (
    .clk_i, .rst_i,
    .beat_valid_i(pair_valid),
    .beat_ready_o(kernel_ready),
    .beat_x_i, .beat_shift_i, .beat_first_i, .beat_last_i, .beat_skip_i,
    .weight_i    (word_q),
    .out_valid_o, .out_ready_i, .out_data_o, .out_skipped_o
  );

endmodule
