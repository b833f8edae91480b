// readout between FINN's streams: TIMESTEPS frames of OUTPUTS accumulators in, PE a word; one word
// with all logits of the sample out. FINN has no place for the class number beside them.
module stream_readout #(
  parameter int    OUTPUTS    = 10,
  parameter int    PE         = 2,
  parameter int    TIMESTEPS  = 1,
  parameter int    ACC_BITS   = 8,
  parameter int    LOGIT_BITS = 16,
  parameter int    BIAS_BITS  = 8,
  parameter int    FRACTION   = 4,
  parameter string INIT       = "",
  localparam int   GROUPS     = OUTPUTS / PE,
  localparam int   ADDR_BITS  = GROUPS > 1 ? $clog2(GROUPS) : 1,
  localparam int   CLASS_BITS = OUTPUTS > 1 ? $clog2(OUTPUTS) : 1
) (
  input  logic                          clk_i,
  input  logic                          rst_i,
  input  logic                          in_valid_i,
  output logic                          in_ready_o,
  input  logic [PE*ACC_BITS-1:0]        in_data_i,
  output logic                          out_valid_o,
  input  logic                          out_ready_i,
  output logic [OUTPUTS*LOGIT_BITS-1:0] out_data_o
);
  if (OUTPUTS % PE != 0) begin : g_bad_fold
    $error("stream_readout: PE must divide OUTPUTS");
  end

  logic token_valid, token_ready;
  logic [TIMESTEPS*PE*ACC_BITS-1:0] token;
  logic [CLASS_BITS-1:0]            unused_class;

  frame_gather #(
    .FRAMES(TIMESTEPS), .WORDS(GROUPS), .WIDTH(PE*ACC_BITS)
  ) i_gather (
    .clk_i, .rst_i,
    .in_valid_i, .in_ready_o, .in_data_i,
    .out_valid_o(token_valid), .out_ready_i(token_ready), .out_data_o(token)
  );

  readout #(
    .OUTPUTS(OUTPUTS), .PE(PE), .TIMESTEPS(TIMESTEPS), .NT(TIMESTEPS), .ACC_BITS(ACC_BITS),
    .LOGIT_BITS(LOGIT_BITS), .BIAS_BITS(BIAS_BITS), .FRACTION(FRACTION), .INIT(INIT)
  ) i_readout (
    .clk_i, .rst_i,
    .in_valid_i(token_valid), .in_ready_o(token_ready), .in_skipped_i(1'b0), .in_data_i(token),
    .out_valid_o, .out_ready_i, .out_data_o({unused_class, out_data_o}),
    .write_en_i(1'b0), .write_addr_i(ADDR_BITS'(0)), .write_data_i('0)
  );
endmodule
