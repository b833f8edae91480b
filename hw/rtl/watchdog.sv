// Turns a hang into an error that can be read.
//
// Counts the cycles in a row in which samples are pending, that is more have entered than left,
// and the output offers no token. After LIMIT such cycles error_o rises and stays until a reset.
// A sink that takes nothing is no hang: the output then offers a token all the time.
module watchdog #(
  parameter int LIMIT   = 1000000,
  parameter int SAMPLES = 255       // most samples that can be pending
) (
  input  logic clk_i,
  input  logic rst_i,
  input  logic sample_in_i,    // the last token of a sample's frame is taken
  input  logic sample_out_i,   // the last token of a sample's result is taken
  input  logic out_valid_i,    // the output offers a token
  output logic error_o
);
  localparam int COUNT_BITS   = $clog2(LIMIT + 1);
  localparam int PENDING_BITS = $clog2(SAMPLES + 1);

  if (LIMIT < 1 || SAMPLES < 1) begin : g_bad_size
    $error("watchdog: LIMIT and SAMPLES must be at least 1");
  end

  logic [PENDING_BITS-1:0] pending_q;
  logic [COUNT_BITS-1:0]   idle_q;
  logic                    idle;

  assign idle = pending_q != '0 && !out_valid_i;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      pending_q <= '0;
      idle_q    <= '0;
      error_o   <= 1'b0;
    end else begin
      pending_q <= pending_q + PENDING_BITS'(sample_in_i) - PENDING_BITS'(sample_out_i);
      idle_q    <= idle ? idle_q + 1'b1 : '0;
      if (idle && idle_q == COUNT_BITS'(LIMIT - 1)) error_o <= 1'b1;
    end
  end

endmodule
