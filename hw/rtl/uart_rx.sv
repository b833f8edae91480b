// Receives bytes from an asynchronous serial line: 8 data bits, least significant first,
// no parity, one stop bit.
//
// A byte whose stop bit is low is dropped, and a line that is held low (break, unplugged
// cable) gives no bytes: reception starts at a falling edge only. Nobody can hold a serial
// line back, so the output has no ready: out_valid_o is high for one cycle a byte.
module uart_rx #(
    parameter int CLOCKS_PER_BIT = 20  // clock frequency / baud, at least 4
) (
    input  logic       clk_i,
    input  logic       rst_i,
    input  logic       rx_i,         // the line itself; synchronised here
    output logic       out_valid_o,
    output logic [7:0] out_data_o
);
  if (CLOCKS_PER_BIT < 4) begin : g_check
    $error("uart_rx: CLOCKS_PER_BIT must be at least 4");
  end

  localparam int PHASE_BITS = $clog2(CLOCKS_PER_BIT);
  localparam logic [3:0] START_BIT = 4'd0;
  localparam logic [3:0] STOP_BIT = 4'd9;

  logic [2:0] line_q;  // two synchroniser stages, then the previous value
  logic active_q, valid_q;
  logic [PHASE_BITS-1:0] phase_q;  // clocks left until the middle of the present bit
  logic [3:0] bit_q;
  logic [7:0] data_q;

  wire line = line_q[1];
  wire falling = line_q[2] && !line_q[1];

  always_ff @(posedge clk_i) begin
    line_q  <= {line_q[1:0], rx_i};
    valid_q <= 1'b0;
    if (!active_q) begin
      bit_q    <= START_BIT;
      phase_q  <= PHASE_BITS'(CLOCKS_PER_BIT / 2 - 1);
      active_q <= falling;
    end else if (phase_q != 0) begin
      phase_q <= phase_q - 1'b1;
    end else begin
      phase_q <= PHASE_BITS'(CLOCKS_PER_BIT - 1);
      bit_q   <= bit_q + 1'b1;
      if (bit_q == START_BIT) begin
        active_q <= !line;  // a start bit that is gone by its middle was a glitch
      end else if (bit_q == STOP_BIT) begin
        active_q <= 1'b0;
        valid_q  <= line;
      end else begin
        data_q <= {line, data_q[7:1]};
      end
    end
    if (rst_i) begin
      line_q   <= '1;
      active_q <= 1'b0;
      valid_q  <= 1'b0;
    end
  end

  assign out_valid_o = valid_q;
  assign out_data_o  = data_q;
endmodule
