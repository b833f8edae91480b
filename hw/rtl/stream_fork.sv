// Copies one stream into OUTPUTS streams that are taken independently of each other.
//
// All copies show the same out_data_o; out_valid_o and out_ready_i have one bit a copy. A token
// leaves when every copy has been taken, so a fast reader runs at most one token ahead. One
// token a cycle; in_ready_o comes from a register.
module stream_fork #(
  parameter int WIDTH   = 8,
  parameter int OUTPUTS = 2
) (
  input  logic               clk_i,
  input  logic               rst_i,
  input  logic               in_valid_i,
  output logic               in_ready_o,
  input  logic [WIDTH-1:0]   in_data_i,
  output logic [OUTPUTS-1:0] out_valid_o,
  input  logic [OUTPUTS-1:0] out_ready_i,
  output logic [WIDTH-1:0]   out_data_o
);

  if (OUTPUTS < 1) begin : g_bad_outputs
    $error("stream_fork: OUTPUTS must be at least 1");
  end

  logic               token_valid, leave;
  logic [OUTPUTS-1:0] taken_q;   // copies of the token that have gone

  assign out_valid_o = {OUTPUTS{token_valid}} & ~taken_q;
  assign leave       = &(taken_q | out_ready_i);

  always_ff @(posedge clk_i) begin
    if (rst_i || leave) taken_q <= '0;
    else taken_q <= taken_q | (out_valid_o & out_ready_i);
  end

  stream_register #(.WIDTH(WIDTH)) i_token (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i,
    .out_valid_o(token_valid), .out_ready_i(leave), .out_data_o
  );

endmodule
