// Counts, WIDTH times, how many of three pairs (x, w) have both bits set, in two LUT6 each.
//
// Takes the place of hw/rtl/popcount_pairs.sv: the same ports and values. Left to synthesis, half
// of the counts become a LUT5 and a LUT2, because its area model charges a LUT6 for both.
module popcount_pairs #(
  parameter int WIDTH    = 1,
  parameter bit INVERTED = 1'b0
) (
  input  logic [3*WIDTH-1:0] x_i,
  input  logic [3*WIDTH-1:0] weight_i,
  output logic [WIDTH-1:0]   low_o,
  output logic [WIDTH-1:0]   high_o
);

  for (genvar i = 0; i < WIDTH; i++) begin : g_count
    logic [5:0] bits;
    assign bits = {weight_i[2*WIDTH + i], weight_i[WIDTH + i], weight_i[i], x_i[2*WIDTH + i], x_i[WIDTH + i], x_i[i]};
    if (INVERTED) begin : g_inverted
      lut6_pairs_inverted i_luts (.bits_i(bits), .low_o(low_o[i]), .high_o(high_o[i]));
    end else begin : g_plain
      lut6_pairs i_luts (.bits_i(bits), .low_o(low_o[i]), .high_o(high_o[i]));
    end
  end

endmodule
