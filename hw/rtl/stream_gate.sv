// Lets a stream pass while open_i is high, and closes only between frames of FRAME_TOKENS tokens.
//
// A frame that has begun passes whole. One token a cycle; valid, data and ready come from
// registers, so open_i acts one cycle later.
module stream_gate #(
  parameter int WIDTH        = 8,
  parameter int FRAME_TOKENS = 4
) (
  input  logic             clk_i,
  input  logic             rst_i,
  input  logic             open_i,
  input  logic             in_valid_i,
  output logic             in_ready_o,
  input  logic [WIDTH-1:0] in_data_i,
  output logic             out_valid_o,
  input  logic             out_ready_i,
  output logic [WIDTH-1:0] out_data_o
);
  localparam int COUNT_BITS = FRAME_TOKENS > 1 ? $clog2(FRAME_TOKENS) : 1;

  if (FRAME_TOKENS < 1) begin : g_bad_frame
    $error("stream_gate: FRAME_TOKENS must be at least 1");
  end

  logic [COUNT_BITS-1:0] count_q;
  logic                  open_q, register_ready, accept, last;

  assign in_ready_o = open_q && register_ready;
  assign accept     = in_valid_i && in_ready_o;
  assign last       = count_q == COUNT_BITS'(FRAME_TOKENS - 1);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      count_q <= '0;
      open_q  <= 1'b0;
    end else begin
      if (accept) count_q <= last ? '0 : count_q + 1'b1;
      // Open inside a frame whatever open_i says; at its end open_i decides on the next one.
      open_q <= open_i || (accept ? !last : count_q != '0);
    end
  end

  stream_register #(.WIDTH(WIDTH)) i_register (
    .clk_i, .rst_i,
    .in_valid_i(in_valid_i && open_q), .in_ready_o(register_ready), .in_data_i,
    .out_valid_o, .out_ready_i, .out_data_o
  );

endmodule
