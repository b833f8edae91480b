// Turns a hang into an error that can be read.
//
// Looks at both ends of an accelerator: its input, FRAME_TOKENS tokens a sample, and its output, one
// token a sample. There is work while more samples have entered than left, or while a token is
// refused at the input. After LIMIT cycles in a row with work in which the output offers nothing,
// error_o rises and stays until a reset. A sink that takes nothing is no hang: the output then
// offers a token all the time. Nor is a source that is late with the rest of a frame.
module watchdog #(
  parameter int LIMIT        = 1000000,
  parameter int FRAME_TOKENS = 1,
  parameter int SAMPLES      = 255      // most samples that can be pending
) (
  input  logic clk_i,
  input  logic rst_i,
  input  logic in_valid_i,
  input  logic in_ready_i,
  input  logic out_valid_i,
  input  logic out_ready_i,
  output logic error_o
);
  localparam int IDLE_BITS    = $clog2(LIMIT + 1);
  localparam int TOKEN_BITS   = FRAME_TOKENS > 1 ? $clog2(FRAME_TOKENS) : 1;
  localparam int PENDING_BITS = $clog2(SAMPLES + 1);

  if (LIMIT < 1 || FRAME_TOKENS < 1 || SAMPLES < 1) begin : g_bad_size
    $error("watchdog: LIMIT, FRAME_TOKENS and SAMPLES must be at least 1");
  end

  logic [TOKEN_BITS-1:0]   token_q;
  logic [PENDING_BITS-1:0] pending_q;
  logic [IDLE_BITS-1:0]    idle_q;
  logic                    taken, last, idle;

  assign taken = in_valid_i && in_ready_i;
  assign last  = token_q == TOKEN_BITS'(FRAME_TOKENS - 1);
  assign idle  = (pending_q != '0 || (in_valid_i && !in_ready_i)) && !out_valid_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      token_q   <= '0;
      pending_q <= '0;
      idle_q    <= '0;
      error_o   <= 1'b0;
    end else begin
      if (taken) token_q <= last ? '0 : token_q + 1'b1;
      pending_q <= pending_q + PENDING_BITS'(taken && last) - PENDING_BITS'(out_valid_i && out_ready_i);
      idle_q    <= idle ? idle_q + 1'b1 : '0;
      if (idle && idle_q == IDLE_BITS'(LIMIT - 1)) error_o <= 1'b1;
    end
  end

endmodule
