// A stand-in for a generated accelerator: one signed weight a token, logits s and -s of
// s = sum of weight * number of ones in the token; the class above, the first of the largest.
module accelerator (
    input  logic        clk_i,
    input  logic        rst_i,
    input  logic        in_valid_i,
    output logic        in_ready_o,
    input  logic [ 7:0] in_data_i,
    output logic        out_valid_o,
    input  logic        out_ready_i,
    output logic [24:0] out_data_o
);
  localparam int TOKENS = 12;

  logic signed [3:0] weights[TOKENS];
  initial $readmemh("standin.mem", weights);

  logic signed [11:0] sum_q;
  logic [3:0] count_q;

  wire signed [11:0] step = 12'(weights[count_q]) * 12'($countones(in_data_i));
  wire signed [11:0] negative = -sum_q;
  wire taken = in_valid_i && in_ready_o;

  always_ff @(posedge clk_i) begin
    if (taken) begin
      sum_q   <= count_q == 0 ? step : sum_q + step;
      count_q <= count_q + 1'b1;
    end
    if (out_valid_o && out_ready_i) count_q <= '0;
    if (rst_i) count_q <= '0;
  end

  assign in_ready_o  = count_q != 4'(TOKENS);
  assign out_valid_o = !in_ready_o;
  assign out_data_o  = {negative > sum_q, negative, sum_q};
endmodule
