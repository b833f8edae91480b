// The two guards around a stand-in for the accelerator: one sum over each frame of SIDE x SIDE tokens.
module guarded_pool #(
  parameter int SIDE       = 3,
  parameter int ACT_BITS   = 4,
  parameter int OUT_BITS   = 8,
  parameter int FRAMES     = 2,
  parameter int COUNT_BITS = 8
) (
  input  logic                  clk_i,
  input  logic                  rst_i,
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  input  logic [ACT_BITS-1:0]   in_data_i,
  input  logic                  in_last_i,
  output logic                  out_valid_o,
  input  logic                  out_ready_i,
  output logic [OUT_BITS-1:0]   out_data_o,
  output logic                  out_last_o,
  output logic [COUNT_BITS-1:0] frames_o,
  output logic [COUNT_BITS-1:0] early_o,
  output logic [COUNT_BITS-1:0] missing_o,
  output logic [COUNT_BITS-1:0] discarded_o
);

  logic                token_valid, token_ready, sum_valid, sum_ready;
  logic                verdict_valid, verdict_ready, verdict_bad, unused;
  logic [ACT_BITS-1:0] token;
  logic [OUT_BITS-1:0] sum;

  frame_guard #(.WIDTH(ACT_BITS), .TOKENS(SIDE * SIDE), .COUNT_BITS(COUNT_BITS)) i_entrance (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i, .in_last_i,
    .out_valid_o    (token_valid),
    .out_ready_i    (token_ready),
    .out_data_o     (token),
    .verdict_valid_o(verdict_valid),
    .verdict_ready_i(verdict_ready),
    .verdict_bad_o  (verdict_bad),
    .status_clear_i (1'b0),
    .bad_o          (unused),
    .frames_o, .early_o, .missing_o
  );

  pool #(
    .HEIGHT(SIDE), .WIDTH(SIDE), .CHANNELS(1), .GROUP(1), .ACT_BITS(ACT_BITS), .OUT_BITS(OUT_BITS),
    .SIZE(SIDE), .SUM(1)
  ) i_sum (
    .clk_i, .rst_i,
    .in_valid_i (token_valid),
    .in_ready_o (token_ready),
    .in_data_i  (token),
    .out_valid_o(sum_valid),
    .out_ready_i(sum_ready),
    .out_data_o (sum)
  );

  result_guard #(.WIDTH(OUT_BITS), .TOKENS(1), .FRAMES(FRAMES), .COUNT_BITS(COUNT_BITS)) i_exit (
    .clk_i, .rst_i,
    .verdict_valid_i(verdict_valid),
    .verdict_ready_o(verdict_ready),
    .verdict_bad_i  (verdict_bad),
    .in_valid_i     (sum_valid),
    .in_ready_o     (sum_ready),
    .in_data_i      (sum),
    .out_valid_o, .out_ready_i, .out_data_o, .out_last_o, .discarded_o
  );

endmodule
