// lif between FINN's streams: frame after frame, raster order, PE channels a word, the first lowest.
//
// WORDS words make a frame: pixels x CHANNELS/PE. All parameters else are lif's. Without a stall a
// sample takes WORDS * (TIMESTEPS-1 + TIMESTEPS/TL) cycles, for the tokens of the last frame take
// TIMESTEPS/TL each; see frame_gather for what the change of order costs in memory.
module stream_lif #(
  parameter int    WORDS        = 8,
  parameter int    CHANNELS     = 4,
  parameter int    PE           = 4,
  parameter int    TIMESTEPS    = 4,
  parameter int    TL           = 1,
  parameter int    ACC_BITS     = 8,
  parameter int    MEM_BITS     = 16,
  parameter int    THETA_BITS   = 10,
  parameter int    BIAS_BITS    = 10,
  parameter int    FRACTION     = 4,
  parameter int    LEAK_MULT    = 1,
  parameter int    LEAK_SHIFT   = 1,
  parameter int    FILTER_SHIFT = 0,
  parameter int    CURRENT_BITS = MEM_BITS,
  parameter int    LEVELS       = 1,
  parameter int    STRICT       = 0,
  parameter int    RESET_ZERO   = 0,
  parameter string INIT         = "",
  localparam int   ACT_BITS     = $clog2(LEVELS + 1),
  localparam int   GROUPS       = CHANNELS / PE,
  localparam int   ADDR_BITS    = GROUPS > 1 ? $clog2(GROUPS) : 1
) (
  input  logic                   clk_i,
  input  logic                   rst_i,
  input  logic                   in_valid_i,
  output logic                   in_ready_o,
  input  logic [PE*ACC_BITS-1:0] in_data_i,
  output logic                   out_valid_o,
  input  logic                   out_ready_i,
  output logic [PE*ACT_BITS-1:0] out_data_o
);
  if (CHANNELS % PE != 0 || WORDS % GROUPS != 0) begin : g_bad_fold
    $error("stream_lif: PE must divide CHANNELS, and CHANNELS/PE must divide WORDS");
  end

  logic token_valid, token_ready, spikes_valid, spikes_ready;
  logic [TIMESTEPS*PE*ACC_BITS-1:0] token;
  logic [TIMESTEPS*PE*ACT_BITS-1:0] planes, spikes;

  frame_gather #(
    .FRAMES(TIMESTEPS), .WORDS(WORDS), .WIDTH(PE*ACC_BITS)
  ) i_gather (
    .clk_i, .rst_i,
    .in_valid_i, .in_ready_o, .in_data_i,
    .out_valid_o(token_valid), .out_ready_i(token_ready), .out_data_o(token)
  );

  lif #(
    .CHANNELS(CHANNELS), .PE(PE), .TIMESTEPS(TIMESTEPS), .NT(TIMESTEPS), .TL(TL), .ACC_BITS(ACC_BITS),
    .MEM_BITS(MEM_BITS), .THETA_BITS(THETA_BITS), .BIAS_BITS(BIAS_BITS), .FRACTION(FRACTION),
    .LEAK_MULT(LEAK_MULT), .LEAK_SHIFT(LEAK_SHIFT), .FILTER_SHIFT(FILTER_SHIFT),
    .CURRENT_BITS(CURRENT_BITS), .LEVELS(LEVELS), .STRICT(STRICT), .RESET_ZERO(RESET_ZERO), .INIT(INIT)
  ) i_lif (
    .clk_i, .rst_i,
    .in_valid_i(token_valid), .in_ready_o(token_ready), .in_skipped_i(1'b0), .in_data_i(token),
    .out_valid_o(spikes_valid), .out_ready_i(spikes_ready), .out_data_o(planes),
    .write_en_i(1'b0), .write_addr_i(ADDR_BITS'(0)), .write_data_i('0)
  );

  // Our planes hold one bit of all channels, FINN's words all bits of a channel.
  for (genvar t = 0; t < TIMESTEPS; t++) begin : g_timestep
    for (genvar p = 0; p < PE; p++) begin : g_channel
      for (genvar i = 0; i < ACT_BITS; i++) begin : g_bit
        assign spikes[(t*PE+p)*ACT_BITS+i] = planes[(t*ACT_BITS+i)*PE+p];
      end
    end
  end

  frame_scatter #(
    .FRAMES(TIMESTEPS), .WORDS(WORDS), .WIDTH(PE*ACT_BITS)
  ) i_scatter (
    .clk_i, .rst_i,
    .in_valid_i(spikes_valid), .in_ready_o(spikes_ready), .in_data_i(spikes),
    .out_valid_o, .out_ready_i, .out_data_o
  );
endmodule
