// Stream FIFO: holds at least DEPTH tokens (one more waits in the output register).
//
// valid, data and ready come from registers. Full rate from DEPTH 2 on.
module stream_fifo #(
  parameter int WIDTH = 8,
  parameter int DEPTH = 4
) (
  input  logic             clk_i,
  input  logic             rst_i,
  input  logic             in_valid_i,
  output logic             in_ready_o,
  input  logic [WIDTH-1:0] in_data_i,
  output logic             out_valid_o,
  input  logic             out_ready_i,
  output logic [WIDTH-1:0] out_data_o
);

  if (WIDTH < 1 || DEPTH < 1) begin : g_bad_size
    $error("stream_fifo: WIDTH and DEPTH must be at least 1");
  end

  localparam int ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1;
  localparam int COUNT_BITS   = $clog2(DEPTH + 1);
  localparam logic [ADDRESS_BITS-1:0] TOP = ADDRESS_BITS'(DEPTH - 1);

  logic [COUNT_BITS-1:0]   count_q;   // tokens in the memory, without the output register
  logic [ADDRESS_BITS-1:0] write_q, read_q;
  logic                    push, pop;

  assign in_ready_o = count_q != COUNT_BITS'(DEPTH);
  assign push       = in_valid_i && in_ready_o;
  assign pop        = count_q != '0 && (!out_valid_o || out_ready_i);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      count_q     <= '0;
      write_q     <= '0;
      read_q      <= '0;
      out_valid_o <= 1'b0;
    end else begin
      count_q <= count_q + COUNT_BITS'(push) - COUNT_BITS'(pop);
      if (push) write_q <= (write_q == TOP) ? '0 : write_q + 1'b1;
      if (pop) read_q <= (read_q == TOP) ? '0 : read_q + 1'b1;
      if (pop) out_valid_o <= 1'b1;
      else if (out_ready_i) out_valid_o <= 1'b0;
    end
  end

  weight_memory #(.WIDTH(WIDTH), .DEPTH(DEPTH)) i_memory (
    .clk_i,
    .read_en_i   (pop),
    .read_addr_i (read_q),
    .read_data_o (out_data_o),
    .write_en_i  (push),
    .write_addr_i(write_q),
    .write_data_i(in_data_i)
  );

endmodule
