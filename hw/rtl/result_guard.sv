// Exit of the accelerator: results of bad frames are taken and dropped, the others get a marker.
//
// A result is TOKENS tokens. It waits for the verdict on its frame (frame_guard); up to FRAMES
// verdicts wait for their results. FRAMES must be at least the number of frames that the
// accelerator holds at once, or the entrance waits for the exit. in_ready_o depends on registers
// only.
module result_guard #(
  parameter int WIDTH      = 8,
  parameter int TOKENS     = 1,
  parameter int FRAMES     = 8,
  parameter int COUNT_BITS = 32
) (
  input  logic                  clk_i,
  input  logic                  rst_i,
  input  logic                  verdict_valid_i,
  output logic                  verdict_ready_o,
  input  logic                  verdict_bad_i,
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  input  logic [WIDTH-1:0]      in_data_i,
  output logic                  out_valid_o,
  input  logic                  out_ready_i,
  output logic [WIDTH-1:0]      out_data_o,
  output logic                  out_last_o,
  output logic [COUNT_BITS-1:0] discarded_o      // results that were dropped
);

  if (WIDTH < 1 || TOKENS < 1 || FRAMES < 1 || COUNT_BITS < 1) begin : g_bad_sizes
    $error("result_guard: WIDTH, TOKENS, FRAMES and COUNT_BITS must be at least 1");
  end

  localparam int PLACE_BITS = (TOKENS > 1) ? $clog2(TOKENS) : 1;

  logic [PLACE_BITS-1:0] place_q;
  logic                  known, bad, take, final_token, out_ready;

  stream_fifo #(.WIDTH(1), .DEPTH(FRAMES)) i_verdicts (
    .clk_i, .rst_i,
    .in_valid_i (verdict_valid_i),
    .in_ready_o (verdict_ready_o),
    .in_data_i  (verdict_bad_i),
    .out_valid_o(known),
    .out_ready_i(take && final_token),
    .out_data_o (bad)
  );

  assign in_ready_o  = known && (bad || out_ready);
  assign take        = in_valid_i && in_ready_o;
  assign final_token = place_q == PLACE_BITS'(TOKENS - 1);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {place_q, discarded_o} <= '0;
    end else if (take) begin
      place_q <= final_token ? '0 : place_q + 1'b1;
      if (final_token && bad && !(&discarded_o)) discarded_o <= discarded_o + 1'b1;
    end
  end

  stream_register #(.WIDTH(WIDTH + 1)) i_output (
    .clk_i, .rst_i,
    .in_valid_i(in_valid_i && known && !bad),
    .in_ready_o(out_ready),
    .in_data_i ({final_token, in_data_i}),
    .out_valid_o, .out_ready_i,
    .out_data_o({out_last_o, out_data_o})
  );

endmodule
