// Counts the ones among six bits of equal weight: a 6:3 compressor.
//
// Three 6-input LUTs, or seven 4-input ones: the two full adders below are the cut that a
// 4-input architecture wants, and a 6-input one sees through them.
module popcount_compressor (
  input  logic [5:0] bits_i,
  output logic [2:0] count_o
);

  logic [1:0] sum;
  logic [1:0] carry;

  for (genvar h = 0; h < 2; h++) begin : g_half
    assign sum[h]   = ^bits_i[h*3 +: 3];
    assign carry[h] = (bits_i[h*3] & bits_i[h*3+1]) | (bits_i[h*3+2] & (bits_i[h*3] ^ bits_i[h*3+1]));
  end

  assign count_o[0] = ^sum;
  assign count_o[1] = (&sum) ^ (^carry);
  assign count_o[2] = (&carry) | ((&sum) & (^carry));

endmodule
