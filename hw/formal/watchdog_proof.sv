// watchdog: the error comes after exactly LIMIT cycles in a row with samples pending and nothing on
// offer, and stays; by induction.
module watchdog_proof #(
  parameter int LIMIT = 3
) (
  input logic clk_i, rst_i, sample_in_i, sample_out_i, out_valid_i
);
  localparam int SAMPLES = 3;
  logic error, idle, hung;
  logic [2:0] pending;
  logic [LIMIT-1:0] idle_q;    // of the last cycles

  watchdog #(.LIMIT(LIMIT), .SAMPLES(SAMPLES)) i_dut (
    .clk_i, .rst_i, .sample_in_i, .sample_out_i, .out_valid_i, .error_o(error)
  );

  assign idle = pending != '0 && !out_valid_i;
  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (rst_i) {pending, idle_q, hung} <= '0;
    else begin
      pending <= pending + 3'(sample_in_i) - 3'(sample_out_i);
      idle_q  <= LIMIT'({idle_q, idle});
      hung    <= hung || (&LIMIT'({idle_q, idle}));
    end
  end
  always_comb begin
    assume (began || rst_i);
    if (sample_out_i) assume (pending != '0);
    if (sample_in_i && !sample_out_i) assume (pending != 3'(SAMPLES));
    if (began && !rst_i) begin
      error_after_the_limit: assert (error == hung);
      assert (pending <= 3'(SAMPLES) && 3'(i_dut.pending_q) == pending);
      // The module counts what idle_q lists, until it has told.
      if (!hung) begin
        assert (int'(i_dut.idle_q) < LIMIT);
        for (int n = 0; n < LIMIT; n++) if (n < int'(i_dut.idle_q)) assert (idle_q[n]);
        if (int'(i_dut.idle_q) < LIMIT) assert (!idle_q[i_dut.idle_q]);
      end
    end
  end
endmodule
