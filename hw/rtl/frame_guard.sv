// Entrance of the accelerator for frames with a marker: whatever comes, whole frames leave.
//
// A frame should be TOKENS tokens, last_i with the last of them. A marker that comes early ends
// the frame: the rest of its tokens are zeros. Where the marker is not at the last token, the frame
// ends all the same and what follows is the next one, so a frame behind a missing marker is whole
// again; the tail of a frame that is too long is ended by its own marker as an early one. For
// every frame that leaves, one verdict follows its last token (1: discard the result); the
// result_guard at the exit acts on it. Counts stay at their largest value. Every output and in_ready_o come from registers.
module frame_guard #(
  parameter int WIDTH      = 8,
  parameter int TOKENS     = 4,
  parameter int COUNT_BITS = 32
) (
  input  logic                  clk_i,
  input  logic                  rst_i,
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  input  logic [WIDTH-1:0]      in_data_i,
  input  logic                  in_last_i,
  output logic                  out_valid_o,
  input  logic                  out_ready_i,
  output logic [WIDTH-1:0]      out_data_o,
  output logic                  verdict_valid_o,
  input  logic                  verdict_ready_i,
  output logic                  verdict_bad_o,
  input  logic                  status_clear_i,    // clears bad_o, not the counts
  output logic                  bad_o,             // a frame was bad since the last clear
  output logic [COUNT_BITS-1:0] frames_o,          // whole frames with their marker in its place
  output logic [COUNT_BITS-1:0] early_o,           // markers before the last token
  output logic [COUNT_BITS-1:0] missing_o          // last tokens without a marker
);

  if (WIDTH < 1 || TOKENS < 1 || COUNT_BITS < 1) begin : g_bad_sizes
    $error("frame_guard: WIDTH, TOKENS and COUNT_BITS must be at least 1");
  end

  localparam int PLACE_BITS = (TOKENS > 1) ? $clog2(TOKENS) : 1;

  // A cut in front, so that ready may depend on the token itself.
  logic              valid, ready, last;
  logic [WIDTH-1:0]  data;

  stream_register #(.WIDTH(WIDTH + 1)) i_input (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o,
    .in_data_i  ({in_last_i, in_data_i}),
    .out_valid_o(valid),
    .out_ready_i(ready),
    .out_data_o ({last, data})
  );

  logic [PLACE_BITS-1:0] place_q;
  logic                  filling_q;                // zeros follow an early marker
  logic                  final_token, move, send, early, missing, frame_ends, out_ready, verdict_free;

  // The frame's last token goes only when its verdict finds room.
  assign final_token  = place_q == PLACE_BITS'(TOKENS - 1);
  assign verdict_free = !verdict_valid_o || verdict_ready_i;
  assign send         = (filling_q || valid) && (!final_token || verdict_free);
  assign ready        = out_ready && !filling_q && (!final_token || verdict_free);
  assign move         = send && out_ready;
  assign frame_ends   = move && final_token;
  assign early        = move && !filling_q && last && !final_token;
  assign missing      = frame_ends && !filling_q && !last;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {place_q, filling_q, verdict_valid_o} <= '0;
    end else begin
      if (move) place_q <= final_token ? '0 : place_q + 1'b1;
      if (early) filling_q <= 1'b1;
      else if (frame_ends) filling_q <= 1'b0;
      if (verdict_free) verdict_valid_o <= frame_ends;
    end
    if (frame_ends) verdict_bad_o <= filling_q || missing;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {bad_o, frames_o, early_o, missing_o} <= '0;
    end else begin
      if (early || missing) bad_o <= 1'b1;
      else if (status_clear_i) bad_o <= 1'b0;
      if (frame_ends && !filling_q && last && !(&frames_o)) frames_o <= frames_o + 1'b1;
      if (early && !(&early_o)) early_o <= early_o + 1'b1;
      if (missing && !(&missing_o)) missing_o <= missing_o + 1'b1;
    end
  end

  stream_register #(.WIDTH(WIDTH)) i_output (
    .clk_i, .rst_i,
    .in_valid_i(send),
    .in_ready_o(out_ready),
    .in_data_i (filling_q ? '0 : data),
    .out_valid_o, .out_ready_i, .out_data_o
  );

endmodule
