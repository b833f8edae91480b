// temporal_transform between FINN's streams: T_IN frames of a sample in, T_OUT frames out.
//
// PE channels a word, the first lowest; WORDS words make a frame. All parameters else are
// temporal_transform's.
module stream_temporal_transform #(
  parameter int WORDS    = 8,
  parameter int PE       = 4,
  parameter int T_IN     = 2,
  parameter int T_OUT    = 1,
  parameter int ACT_BITS = 1,
  parameter int OUT_BITS = 2,
  parameter int SHIFT    = 4,
  parameter int FRACTION = 1,
  parameter logic [T_OUT*T_IN*(SHIFT+1)-1:0] MATRIX = {T_OUT*T_IN{(SHIFT + 1)'((1 << SHIFT) / T_IN)}}
) (
  input  logic                   clk_i,
  input  logic                   rst_i,
  input  logic                   in_valid_i,
  output logic                   in_ready_o,
  input  logic [PE*ACT_BITS-1:0] in_data_i,
  output logic                   out_valid_o,
  input  logic                   out_ready_i,
  output logic [PE*OUT_BITS-1:0] out_data_o
);
  logic token_valid, token_ready, result_valid, result_ready;
  logic [T_IN*PE*ACT_BITS-1:0]  token, planes;
  logic [T_OUT*PE*OUT_BITS-1:0] result_planes, result;

  frame_gather #(
    .FRAMES(T_IN), .WORDS(WORDS), .WIDTH(PE*ACT_BITS)
  ) i_gather (
    .clk_i, .rst_i,
    .in_valid_i, .in_ready_o, .in_data_i,
    .out_valid_o(token_valid), .out_ready_i(token_ready), .out_data_o(token)
  );

  temporal_transform #(
    .GROUP(PE), .T_IN(T_IN), .T_OUT(T_OUT), .ACT_BITS(ACT_BITS), .OUT_BITS(OUT_BITS), .SHIFT(SHIFT),
    .FRACTION(FRACTION), .MATRIX(MATRIX)
  ) i_transform (
    .clk_i, .rst_i,
    .in_valid_i(token_valid), .in_ready_o(token_ready), .in_data_i(planes),
    .out_valid_o(result_valid), .out_ready_i(result_ready), .out_data_o(result_planes)
  );

  // Our planes hold one bit of all channels, FINN's words all bits of a channel.
  for (genvar p = 0; p < PE; p++) begin : g_channel
    for (genvar t = 0; t < T_IN; t++) begin : g_in
      for (genvar i = 0; i < ACT_BITS; i++) begin : g_bit
        assign planes[(t*ACT_BITS+i)*PE+p] = token[(t*PE+p)*ACT_BITS+i];
      end
    end
    for (genvar t = 0; t < T_OUT; t++) begin : g_out
      for (genvar i = 0; i < OUT_BITS; i++) begin : g_bit
        assign result[(t*PE+p)*OUT_BITS+i] = result_planes[(t*OUT_BITS+i)*PE+p];
      end
    end
  end

  frame_scatter #(
    .FRAMES(T_OUT), .WORDS(WORDS), .WIDTH(PE*OUT_BITS)
  ) i_scatter (
    .clk_i, .rst_i,
    .in_valid_i(result_valid), .in_ready_o(result_ready), .in_data_i(result),
    .out_valid_o, .out_ready_i, .out_data_o
  );
endmodule
