// popcount_lane against the sum it stands for, for all inputs and weights (narrow range), whatever
// comes before and behind. A tag marks one beat; what comes out with the tag is compared. The
// pipeline has no feedback, so a depth beyond its length is a complete proof.
module popcount_lane_proof #(
  parameter int SIMD        = 4,
  parameter int PLANES      = 1,
  parameter int WEIGHT_BITS = 2,
  localparam int SUM_BITS   = WEIGHT_BITS + PLANES + $clog2(SIMD + 1)
) (
  input logic clk_i, rst_i, mark_i,
  input logic [PLANES*SIMD-1:0] x_i,
  input logic [SIMD*WEIGHT_BITS-1:0] weight_i
);
  logic marked_q = 1'b0, tag;
  logic [SUM_BITS-1:0] sum;
  logic signed [15:0] total, expected_q;

  popcount_lane #(
    .SIMD(SIMD), .PLANES(PLANES), .WEIGHT_BITS(WEIGHT_BITS), .SUM_BITS(SUM_BITS), .TAG_BITS(1)
  ) i_dut (
    .clk_i, .rst_i, .x_i, .weight_i, .tag_i(mark_i && !marked_q), .sum_o(sum), .tag_o(tag)
  );

  always_comb begin
    automatic logic signed [15:0] w;
    total = '0;
    for (int i = 0; i < SIMD; i++) begin
      if (WEIGHT_BITS == 1) w = 16'(weight_i[i]);   // a single bit counts positive
      else w = 16'(signed'(weight_i[i*WEIGHT_BITS +: WEIGHT_BITS]));
      for (int p = 0; p < PLANES; p++)
        if (x_i[p*SIMD + i]) total = total + w * 16'(1 << p);
    end
  end

  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (rst_i) marked_q <= 1'b0;
    else if (mark_i && !marked_q) begin
      marked_q   <= 1'b1;
      expected_q <= total;
    end
  end
  always_comb begin
    assume (began || rst_i);
    for (int i = 0; i < SIMD; i++)
      if (WEIGHT_BITS > 1) assume (weight_i[i*WEIGHT_BITS +: WEIGHT_BITS] != WEIGHT_BITS'(1 << (WEIGHT_BITS - 1)));
    if (began && !rst_i && tag) begin
      marked_before: assert (marked_q);
      sum_is_right: assert (sum == SUM_BITS'(expected_q));
    end
  end
endmodule
