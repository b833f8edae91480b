// How many of the pairs (bit 0, bit 3), (bit 1, bit 4), (bit 2, bit 5) have both bits set, in
// two 6-input LUTs, every bit of the count inverted.
module lut6_pairs_inverted (
  input  wire [5:0] bits_i,
  output wire       low_o,
  output wire       high_o
);

  LUT6 #(.INIT(64'h69c3a50f993355ff)) i_low (
    .I0(bits_i[0]), .I1(bits_i[1]), .I2(bits_i[2]), .I3(bits_i[3]), .I4(bits_i[4]), .I5(bits_i[5]), .O(low_o)
  );
  LUT6 #(.INIT(64'h173f5fff77ffffff)) i_high (
    .I0(bits_i[0]), .I1(bits_i[1]), .I2(bits_i[2]), .I3(bits_i[3]), .I4(bits_i[4]), .I5(bits_i[5]), .O(high_o)
  );

endmodule
