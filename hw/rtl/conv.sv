// Convolution: a reader of windows (conv_reader, which says what the folds may be) and the synapses
// that it feeds.
//
// A frame is HEIGHT x WIDTH tokens of each of IN_CHANNELS/IN_GROUP groups; for every output pixel
// come OUT_CHANNELS/PE x timestep groups accumulator tokens. in_ready_o depends on registers only.
module conv #(
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
  parameter int    SIMD         = 9,
  parameter int    TP           = 1,
  parameter int    WEIGHT_BITS  = 4,
  parameter int    ACC_BITS     = 12,
  parameter string WEIGHT_INIT  = "",
  parameter int    CONV_GROUPS  = 1,
  parameter int    TAP_SERIAL   = 0,
  parameter int    PARITY       = 0,      // a parity bit on top of each weight word, in the image too
  parameter int    NT           = (TP > ACT_BITS) ? TP / ACT_BITS : 1,                          // derived
  parameter int    DEPTH        = (KERNEL * KERNEL * (IN_CHANNELS / CONV_GROUPS) + SIMD - 1) / SIMD
                                * (OUT_CHANNELS / PE),                                          // derived
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
  input  logic [PE*SIMD*WEIGHT_BITS-1:0]         write_data_i
);

  localparam bit DEPTHWISE  = CONV_GROUPS > 1 && CONV_GROUPS == IN_CHANNELS && OUT_CHANNELS == IN_CHANNELS;
  localparam int X_SETS     = DEPTHWISE ? PE : 1;

  localparam int SHIFT_BITS = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1;

  logic                           beat_valid, beat_ready, beat_first, beat_last, beat_skip;
  logic [X_SETS*TP*SIMD-1:0]      beat_x;
  logic [ADDRESS_BITS-1:0]        beat_address;
  logic [SHIFT_BITS-1:0]          beat_shift;

  conv_reader #(
    .HEIGHT(HEIGHT), .WIDTH(WIDTH), .IN_CHANNELS(IN_CHANNELS), .IN_GROUP(IN_GROUP),
    .PLANES(TIMESTEPS*ACT_BITS), .ACT_BITS(ACT_BITS), .KERNEL(KERNEL), .STRIDE(STRIDE), .PADDING(PADDING),
    .OUT_CHANNELS(OUT_CHANNELS), .PE(PE), .SIMD(SIMD), .TP(TP), .CONV_GROUPS(CONV_GROUPS),
    .TAP_SERIAL(TAP_SERIAL)
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
    .X_SETS(X_SETS), .DEPTH(DEPTH), .WEIGHT_INIT(WEIGHT_INIT), .PARITY(PARITY)
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
