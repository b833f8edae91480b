// Synapses whose weights come as a stream: a beat goes to the kernel together with its word.
//
// Beside synapses, for layers whose weights lie outside the chip (weight_fetch). Every beat takes
// one word, in loop order, so nothing may be skipped: there is no beat_skip_i, and the reader must
// walk every beat.
module streamed_synapses #(
  parameter int PE          = 4,
  parameter int SIMD        = 9,
  parameter int TP          = 1,
  parameter int ACT_BITS    = 1,
  parameter int WEIGHT_BITS = 4,
  parameter int ACC_BITS    = 12,
  parameter int NT          = (TP > ACT_BITS) ? TP / ACT_BITS : 1,            // derived
  parameter int SHIFT_BITS  = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1           // derived
) (
  input  logic                           clk_i,
  input  logic                           rst_i,
  input  logic                           beat_valid_i,
  output logic                           beat_ready_o,
  input  logic [TP*SIMD-1:0]             beat_x_i,
  input  logic [SHIFT_BITS-1:0]          beat_shift_i,
  input  logic                           beat_first_i,
  input  logic                           beat_last_i,
  input  logic                           weight_valid_i,
  output logic                           weight_ready_o,
  input  logic [PE*SIMD*WEIGHT_BITS-1:0] weight_data_i,
  output logic                           out_valid_o,
  input  logic                           out_ready_i,
  output logic [NT*PE*ACC_BITS-1:0]      out_data_o,
  output logic                           out_skipped_o
);

  logic                           kernel_ready;
  logic [PE*SIMD*WEIGHT_BITS-1:0] weight_q;

  assign beat_ready_o   = kernel_ready && weight_valid_i;
  assign weight_ready_o = kernel_ready && beat_valid_i;

  // The kernel wants the word one enabled cycle after its beat, as from a memory.
  always_ff @(posedge clk_i) if (kernel_ready) weight_q <= weight_data_i;

  popcount_kernel #(
    .PE(PE), .SIMD(SIMD), .TP(TP), .ACT_BITS(ACT_BITS), .WEIGHT_BITS(WEIGHT_BITS), .ACC_BITS(ACC_BITS)
  ) i_kernel (
    .clk_i, .rst_i,
    .beat_valid_i(beat_valid_i && weight_valid_i),
    .beat_ready_o(kernel_ready),
    .beat_x_i, .beat_shift_i, .beat_first_i, .beat_last_i,
    .beat_skip_i (1'b0),
    .weight_i    (weight_q),
    .out_valid_o, .out_ready_i, .out_data_o, .out_skipped_o
  );

endmodule
