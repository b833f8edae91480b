// The reader of a convolution: beats from window registers, or tap by tap.
//
// TAP_SERIAL chooses tap_reader, which leaves out beats of zeros and needs SIMD to divide the
// input channels of a group, in place of window_reader. With CONV_GROUPS groups PE divides the
// output channels of one, so that a PE group sees one slice of the window; in a depthwise layer,
// one output channel to each input channel, PE may be anything that divides the channels.
module conv_reader #(
  parameter int HEIGHT       = 8,
  parameter int WIDTH        = 8,
  parameter int IN_CHANNELS  = 4,
  parameter int IN_GROUP     = 2,
  parameter int PLANES       = 2,
  parameter int ACT_BITS     = 1,
  parameter int KERNEL       = 3,
  parameter int STRIDE       = 1,
  parameter int PADDING      = 1,
  parameter int OUT_CHANNELS = 8,
  parameter int PE           = 4,
  parameter int SIMD         = 9,
  parameter int TP           = 1,
  parameter int CONV_GROUPS  = 1,
  parameter int TAP_SERIAL   = 0,
  parameter int X_SETS       = (CONV_GROUPS > 1 && CONV_GROUPS == IN_CHANNELS
                                && OUT_CHANNELS == IN_CHANNELS) ? PE : 1,                       // derived
  parameter int DEPTH        = (KERNEL * KERNEL * (IN_CHANNELS / CONV_GROUPS) + SIMD - 1) / SIMD
                             * (OUT_CHANNELS / PE),                                             // derived
  parameter int ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1,                                 // derived
  parameter int SHIFT_BITS   = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1                            // derived
) (
  input  logic                       clk_i,
  input  logic                       rst_i,
  input  logic                       in_valid_i,
  output logic                       in_ready_o,
  input  logic [IN_GROUP*PLANES-1:0] in_data_i,
  output logic                       beat_valid_o,
  input  logic                       beat_ready_i,
  output logic [X_SETS*TP*SIMD-1:0]  beat_x_o,
  output logic [ADDRESS_BITS-1:0]    beat_address_o,
  output logic [SHIFT_BITS-1:0]      beat_shift_o,
  output logic                       beat_first_o,
  output logic                       beat_last_o,
  output logic                       beat_skip_o
);

  if (OUT_CHANNELS % PE != 0) begin : g_bad_pe
    $error("conv_reader: PE must divide OUT_CHANNELS");
  end
  if (IN_CHANNELS % CONV_GROUPS != 0 || OUT_CHANNELS % CONV_GROUPS != 0) begin : g_bad_groups
    $error("conv_reader: CONV_GROUPS must divide IN_CHANNELS and OUT_CHANNELS");
  end
  if (X_SETS == 1 && (OUT_CHANNELS / CONV_GROUPS) % PE != 0) begin : g_bad_pe_of_group
    $error("conv_reader: PE must divide the output channels of a group");
  end

  if (TAP_SERIAL != 0) begin : g_taps
    tap_reader #(
      .HEIGHT(HEIGHT), .WIDTH(WIDTH), .CHANNELS(IN_CHANNELS), .GROUP(IN_GROUP), .PLANES(PLANES),
      .KERNEL(KERNEL), .STRIDE(STRIDE), .PADDING(PADDING), .ACT_BITS(ACT_BITS), .SIMD(SIMD), .TP(TP),
      .PE_GROUPS(OUT_CHANNELS/PE), .CONV_GROUPS(CONV_GROUPS), .X_SETS(X_SETS)
    ) i_reader (
      .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i,
      .beat_valid_o, .beat_ready_i, .beat_x_o, .beat_address_o, .beat_shift_o, .beat_first_o, .beat_last_o,
      .beat_skip_o
    );
  end else begin : g_window
    window_reader #(
      .HEIGHT(HEIGHT), .WIDTH(WIDTH), .CHANNELS(IN_CHANNELS), .GROUP(IN_GROUP), .PLANES(PLANES),
      .KERNEL(KERNEL), .STRIDE(STRIDE), .PADDING(PADDING), .ACT_BITS(ACT_BITS), .SIMD(SIMD), .TP(TP),
      .PE_GROUPS(OUT_CHANNELS/PE), .CONV_GROUPS(CONV_GROUPS), .X_SETS(X_SETS)
    ) i_reader (
      .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i,
      .beat_valid_o, .beat_ready_i, .beat_x_o, .beat_address_o, .beat_shift_o, .beat_first_o, .beat_last_o,
      .beat_skip_o
    );
  end

endmodule
