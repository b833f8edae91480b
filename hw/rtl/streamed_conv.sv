// Convolution whose weights lie outside the chip: conv with streamed_synapses.
//
// Every window needs all words once more, so a frame takes at least windows x words cycles: for
// layers of many channels on few pixels.
module streamed_conv #(
  parameter int HEIGHT           = 8,
  parameter int WIDTH            = 8,
  parameter int IN_CHANNELS      = 4,
  parameter int IN_GROUP         = 2,
  parameter int TIMESTEPS        = 2,
  parameter int ACT_BITS         = 1,
  parameter int KERNEL           = 3,
  parameter int STRIDE           = 1,
  parameter int PADDING          = 1,
  parameter int OUT_CHANNELS     = 8,
  parameter int PE               = 4,
  parameter int SIMD             = 9,
  parameter int TP               = 1,
  parameter int WEIGHT_BITS      = 4,
  parameter int ACC_BITS         = 12,
  parameter int CONV_GROUPS      = 1,
  parameter int TAP_SERIAL       = 0,
  parameter int DATA_BITS        = 64,
  parameter int MEM_ADDRESS_BITS = 32,
  parameter int MAX_BURST        = 16,
  parameter int OUTSTANDING      = 4,
  parameter int COUNT_BITS       = 32,
  parameter int NT               = (TP > ACT_BITS) ? TP / ACT_BITS : 1      // derived
) (
  input  logic                                   clk_i,
  input  logic                                   rst_i,
  input  logic [MEM_ADDRESS_BITS-1:0]            base_i,
  output logic                                   ar_valid_o,
  input  logic                                   ar_ready_i,
  output logic [MEM_ADDRESS_BITS-1:0]            ar_addr_o,
  output logic [7:0]                             ar_len_o,
  output logic [2:0]                             ar_size_o,
  output logic [1:0]                             ar_burst_o,
  input  logic                                   r_valid_i,
  output logic                                   r_ready_o,
  input  logic [DATA_BITS-1:0]                   r_data_i,
  input  logic [1:0]                             r_resp_i,
  input  logic                                   in_valid_i,
  output logic                                   in_ready_o,
  input  logic [IN_GROUP*TIMESTEPS*ACT_BITS-1:0] in_data_i,
  output logic                                   out_valid_o,
  input  logic                                   out_ready_i,
  output logic [NT*PE*ACC_BITS-1:0]              out_data_o,
  output logic                                   out_skipped_o,
  output logic                                   error_o,
  output logic [COUNT_BITS-1:0]                  errors_o,
  output logic [COUNT_BITS-1:0]                  starved_o
);

  localparam bit DEPTHWISE  = CONV_GROUPS > 1 && CONV_GROUPS == IN_CHANNELS && OUT_CHANNELS == IN_CHANNELS;
  localparam int X_SETS     = DEPTHWISE ? PE : 1;
  localparam int FOLDS      = (KERNEL * KERNEL * (IN_CHANNELS / CONV_GROUPS) + SIMD - 1) / SIMD;
  localparam int PE_GROUPS  = OUT_CHANNELS / PE;
  localparam int PLANES     = TIMESTEPS * ACT_BITS;
  localparam int SHIFT_BITS = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1;
  localparam int WORD_PLACE = (FOLDS * PE_GROUPS > 1) ? $clog2(FOLDS * PE_GROUPS) : 1;

  logic                      beat_valid, beat_ready, beat_first, beat_last, beat_skip;
  logic [X_SETS*TP*SIMD-1:0] beat_x;
  logic [WORD_PLACE-1:0]     beat_address;
  logic [SHIFT_BITS-1:0]     beat_shift;

  conv_reader #(
    .HEIGHT(HEIGHT), .WIDTH(WIDTH), .IN_CHANNELS(IN_CHANNELS), .IN_GROUP(IN_GROUP), .PLANES(PLANES),
    .ACT_BITS(ACT_BITS), .KERNEL(KERNEL), .STRIDE(STRIDE), .PADDING(PADDING), .OUT_CHANNELS(OUT_CHANNELS),
    .PE(PE), .SIMD(SIMD), .TP(TP), .CONV_GROUPS(CONV_GROUPS), .TAP_SERIAL(TAP_SERIAL)
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

  streamed_synapses #(
    .PE(PE), .SIMD(SIMD), .TP(TP), .ACT_BITS(ACT_BITS), .WEIGHT_BITS(WEIGHT_BITS), .ACC_BITS(ACC_BITS),
    .X_SETS(X_SETS), .PLANES(PLANES), .FOLDS(FOLDS), .PE_GROUPS(PE_GROUPS), .DATA_BITS(DATA_BITS),
    .MEM_ADDRESS_BITS(MEM_ADDRESS_BITS), .MAX_BURST(MAX_BURST), .OUTSTANDING(OUTSTANDING),
    .COUNT_BITS(COUNT_BITS)
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
    .base_i, .ar_valid_o, .ar_ready_i, .ar_addr_o, .ar_len_o, .ar_size_o, .ar_burst_o,
    .r_valid_i, .r_ready_o, .r_data_i, .r_resp_i,
    .out_valid_o, .out_ready_i, .out_data_o, .out_skipped_o, .error_o, .errors_o, .starved_o
  );

endmodule
