// Fully connected layer: a frame reader and the synapses it feeds.
//
// A frame is INPUTS/SIMD tokens of group SIMD in stream order; out come OUTPUTS/PE x timestep
// groups accumulator tokens. in_ready_o depends on registers only.
module dense #(
  parameter int    INPUTS       = 32,
  parameter int    TIMESTEPS    = 2,
  parameter int    ACT_BITS     = 1,
  parameter int    OUTPUTS      = 8,
  parameter int    PE           = 4,
  parameter int    SIMD         = 8,
  parameter int    TP           = 1,
  parameter int    WEIGHT_BITS  = 4,
  parameter int    ACC_BITS     = 12,
  parameter string WEIGHT_INIT  = "",
  parameter int    PARITY       = 0,      // a parity bit on top of each weight word, in the image too
  parameter int    NT           = (TP > ACT_BITS) ? TP / ACT_BITS : 1,                          // derived
  parameter int    DEPTH        = INPUTS / SIMD * (OUTPUTS / PE),                               // derived
  parameter int    ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1                               // derived
) (
  input  logic                                     clk_i,
  input  logic                                     rst_i,
  input  logic                                     in_valid_i,
  output logic                                     in_ready_o,
  input  logic [SIMD*TIMESTEPS*ACT_BITS-1:0]       in_data_i,
  output logic                                     out_valid_o,
  input  logic                                     out_ready_i,
  output logic [NT*PE*ACC_BITS-1:0]                out_data_o,
  output logic                                     out_skipped_o,
  output logic                                     parity_error_o,
  input  logic                                     write_en_i,
  input  logic [ADDRESS_BITS-1:0]                  write_addr_i,
  input  logic [PE*SIMD*WEIGHT_BITS-1:0]           write_data_i
);

  if (OUTPUTS % PE != 0) begin : g_bad_pe
    $error("dense: PE must divide OUTPUTS");
  end
  if (INPUTS % SIMD != 0) begin : g_bad_simd
    $error("dense: SIMD must divide INPUTS");
  end

  localparam int SHIFT_BITS = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1;

  logic                           beat_valid, beat_ready, beat_first, beat_last, beat_skip;
  logic [TP*SIMD-1:0]             beat_x;
  logic [ADDRESS_BITS-1:0]        beat_address;
  logic [SHIFT_BITS-1:0]          beat_shift;

  frame_reader #(
    .TOKENS(INPUTS/SIMD), .PLANES(TIMESTEPS*ACT_BITS), .ACT_BITS(ACT_BITS),
    .SIMD(SIMD), .TP(TP), .PE_GROUPS(OUTPUTS/PE)
  ) i_reader (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i,
    .beat_valid_o  (beat_valid),
    .beat_ready_i  (beat_ready),
    .beat_x_o      (beat_x),
    .beat_address_o(beat_address),
    .beat_shift_o  (beat_shift),
    .beat_first_o  (beat_first),
    .beat_last_o   (beat_last),
    .beat_skip_o   (beat_skip)
  );

  synapses #(
    .PE(PE), .SIMD(SIMD), .TP(TP), .ACT_BITS(ACT_BITS), .WEIGHT_BITS(WEIGHT_BITS), .ACC_BITS(ACC_BITS),
    .DEPTH(DEPTH), .WEIGHT_INIT(WEIGHT_INIT), .PARITY(PARITY)
  ) i_synapses (
    .clk_i, .rst_i,
    .beat_valid_i  (beat_valid),
    .beat_ready_o  (beat_ready),
    .beat_x_i      (beat_x),
    .beat_address_i(beat_address),
    .beat_shift_i  (beat_shift),
    .beat_first_i  (beat_first),
    .beat_last_i   (beat_last),
    .beat_skip_i   (beat_skip),
    .out_valid_o, .out_ready_i, .out_data_o, .out_skipped_o, .parity_error_o,
    .write_en_i, .write_addr_i, .write_data_i
  );

endmodule
