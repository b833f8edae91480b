// The number of ones among six bits, in three 6-input LUTs.
module lut6_count (
  input  wire [5:0] bits_i,
  output wire       low_o,
  output wire       middle_o,
  output wire       high_o
);

  LUT6 #(.INIT(64'h6996966996696996)) i_low (
    .I0(bits_i[0]), .I1(bits_i[1]), .I2(bits_i[2]), .I3(bits_i[3]), .I4(bits_i[4]), .I5(bits_i[5]), .O(low_o)
  );
  LUT6 #(.INIT(64'h8117177e177e7ee8)) i_middle (
    .I0(bits_i[0]), .I1(bits_i[1]), .I2(bits_i[2]), .I3(bits_i[3]), .I4(bits_i[4]), .I5(bits_i[5]), .O(middle_o)
  );
  LUT6 #(.INIT(64'hfee8e880e8808000)) i_high (
    .I0(bits_i[0]), .I1(bits_i[1]), .I2(bits_i[2]), .I3(bits_i[3]), .I4(bits_i[4]), .I5(bits_i[5]), .O(high_o)
  );

endmodule
