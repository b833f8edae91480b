// Sends bytes over an asynchronous serial line: 8 data bits, least significant first,
// no parity, one stop bit. The line rests high.
module uart_tx #(
    parameter int CLOCKS_PER_BIT = 20  // clock frequency / baud, at least 2
) (
    input  logic       clk_i,
    input  logic       rst_i,
    input  logic       in_valid_i,
    output logic       in_ready_o,
    input  logic [7:0] in_data_i,
    output logic       tx_o
);
  if (CLOCKS_PER_BIT < 2) begin : g_check
    $error("uart_tx: CLOCKS_PER_BIT must be at least 2");
  end

  localparam int PHASE_BITS = $clog2(CLOCKS_PER_BIT);

  logic [8:0] shift_q;  // what the line still has to say; ones, the idle level, move in behind
  logic [3:0] left_q;  // bits left, start and stop bit included; 0 is idle
  logic [PHASE_BITS-1:0] phase_q;
  logic tx_q;

  always_ff @(posedge clk_i) begin
    if (left_q == 0) begin
      if (in_valid_i) begin
        {shift_q, tx_q} <= {1'b1, in_data_i, 1'b0};
        left_q  <= 4'd10;
        phase_q <= PHASE_BITS'(CLOCKS_PER_BIT - 1);
      end
    end else if (phase_q != 0) begin
      phase_q <= phase_q - 1'b1;
    end else begin
      {shift_q, tx_q} <= {1'b1, shift_q};
      left_q  <= left_q - 1'b1;
      phase_q <= PHASE_BITS'(CLOCKS_PER_BIT - 1);
    end
    if (rst_i) begin
      left_q <= '0;
      tx_q   <= 1'b1;
    end
  end

  assign in_ready_o = left_q == 0;
  assign tx_o = tx_q;
endmodule
