// popcount_compressor and popcount_pairs: the counts they stand for, for all inputs. No state: complete.
module popcount_compressor_proof (
  input logic [5:0] bits_i, weight_i
);
  logic low, middle, high, pairs_low, pairs_high;
  popcount_compressor i_dut (.bits_i, .low_o(low), .middle_o(middle), .high_o(high));
  popcount_pairs i_pairs (
    .x_i(bits_i[2:0]), .weight_i(weight_i[2:0]), .low_o(pairs_low), .high_o(pairs_high)
  );
  logic [2:0] total, both;
  always_comb begin
    total = '0;
    both  = '0;
    for (int i = 0; i < 6; i++) total = total + 3'(bits_i[i]);
    for (int i = 0; i < 3; i++) both = both + 3'(bits_i[i] && weight_i[i]);
  end
  always_comb begin
    counts_six:   assert ({high, middle, low} == total);
    counts_pairs: assert ({1'b0, pairs_high, pairs_low} == both);
  end
endmodule
