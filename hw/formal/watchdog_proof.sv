// watchdog: the error comes after exactly LIMIT cycles in a row with work and nothing on offer, and
// stays, work being samples inside, counted at both ends, or a token that is refused; by induction.
module watchdog_proof #(
  parameter int LIMIT = 3
) (
  input logic clk_i, rst_i, in_valid_i, in_ready_i, out_valid_i, out_ready_i
);
  localparam int SAMPLES = 3, FRAME_TOKENS = 2;
  logic error, idle, hung, token, enters, leaves;
  logic [2:0] pending;
  logic [LIMIT-1:0] idle_q;    // of the last cycles

  watchdog #(.LIMIT(LIMIT), .FRAME_TOKENS(FRAME_TOKENS), .SAMPLES(SAMPLES)) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_i, .out_valid_i, .out_ready_i, .error_o(error)
  );

  assign enters = in_valid_i && in_ready_i && token;
  assign leaves = out_valid_i && out_ready_i;
  assign idle   = (pending != '0 || (in_valid_i && !in_ready_i)) && !out_valid_i;
  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (rst_i) {token, pending, idle_q, hung} <= '0;
    else begin
      token   <= token ^ (in_valid_i && in_ready_i);
      pending <= pending + 3'(enters) - 3'(leaves);
      idle_q  <= LIMIT'({idle_q, idle});
      hung    <= hung || (&LIMIT'({idle_q, idle}));
    end
  end
  always_comb begin
    assume (began || rst_i);
    if (leaves) assume (pending != '0);
    if (enters && !leaves) assume (pending != 3'(SAMPLES));
    if (began && !rst_i) begin
      error_after_the_limit: assert (error == hung);
      assert (pending <= 3'(SAMPLES) && 3'(i_dut.pending_q) == pending && i_dut.token_q == token);
      // The module counts what idle_q lists, until it has told.
      if (!hung) begin
        assert (int'(i_dut.idle_q) < LIMIT);
        for (int n = 0; n < LIMIT; n++) if (n < int'(i_dut.idle_q)) assert (idle_q[n]);
        if (int'(i_dut.idle_q) < LIMIT) assert (!idle_q[i_dut.idle_q]);
      end
    end
  end
endmodule
