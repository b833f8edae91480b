// join_current between FINN's streams: both inputs and the output are frames, PE channels a word.
// It looks at one timestep at a time, so nothing is stored.
module stream_join_current #(
  parameter int    CHANNELS    = 4,
  parameter int    PE          = 4,
  parameter int    FIRST_BITS  = 8,
  parameter int    SECOND_BITS = 8,
  parameter int    GAIN_BITS   = 8,
  parameter int    OUT_BITS    = 17,
  parameter int    FRACTION    = 4,
  parameter string INIT        = "",
  localparam int   GROUPS      = CHANNELS / PE,
  localparam int   ADDR_BITS   = GROUPS > 1 ? $clog2(GROUPS) : 1
) (
  input  logic                      clk_i,
  input  logic                      rst_i,
  input  logic                      first_valid_i,
  output logic                      first_ready_o,
  input  logic [PE*FIRST_BITS-1:0]  first_data_i,
  input  logic                      second_valid_i,
  output logic                      second_ready_o,
  input  logic [PE*SECOND_BITS-1:0] second_data_i,
  output logic                      out_valid_o,
  input  logic                      out_ready_i,
  output logic [PE*OUT_BITS-1:0]    out_data_o
);
  if (CHANNELS % PE != 0) begin : g_bad_fold
    $error("stream_join_current: PE must divide CHANNELS");
  end

  logic unused_skipped;

  join_current #(
    .CHANNELS(CHANNELS), .PE(PE), .TIMESTEPS(1), .NT(1), .FIRST_BITS(FIRST_BITS),
    .SECOND_BITS(SECOND_BITS), .GAIN_BITS(GAIN_BITS), .OUT_BITS(OUT_BITS), .FRACTION(FRACTION),
    .INIT(INIT)
  ) i_join (
    .clk_i, .rst_i,
    .first_valid_i, .first_ready_o, .first_skipped_i(1'b0), .first_data_i,
    .second_valid_i, .second_ready_o, .second_skipped_i(1'b0), .second_data_i,
    .out_valid_o, .out_ready_i, .out_skipped_o(unused_skipped), .out_data_o,
    .write_en_i(1'b0), .write_addr_i(ADDR_BITS'(0)), .write_data_i('0)
  );
endmodule
