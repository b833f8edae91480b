// Stream register that cuts every path: valid, data and ready all come from registers.
//
// Two entries, so that a full rate survives the registered ready. Costs 2 x WIDTH flip-flops.
module stream_register #(
  parameter int WIDTH = 8
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

  if (WIDTH < 1) begin : g_bad_width
    $error("stream_register: WIDTH must be at least 1");
  end

  // The spare entry takes the token that was already on its way when the output stalled.
  logic             spare_valid_q;
  logic [WIDTH-1:0] spare_q;
  logic             advance;

  assign in_ready_o = !spare_valid_q;
  assign advance    = !out_valid_o || out_ready_i;

  always_ff @(posedge clk_i) begin
    if (in_ready_o) spare_q <= in_data_i;
    if (advance) out_data_o <= spare_valid_q ? spare_q : in_data_i;
    if (rst_i) begin
      out_valid_o   <= 1'b0;
      spare_valid_q <= 1'b0;
    end else if (advance) begin
      out_valid_o   <= spare_valid_q || in_valid_i;
      spare_valid_q <= 1'b0;
    end else if (in_ready_o) begin
      spare_valid_q <= in_valid_i;
    end
  end

endmodule
