// Counts how many of three pairs (x, w) have both bits set.
//
// Six inputs and two outputs: two 6-input LUTs. Written as gates and not with "+", which
// synthesis would put on carry chains.
module popcount_pairs (
  input  logic [2:0] x_i,
  input  logic [2:0] weight_i,
  output logic [1:0] count_o
);

  logic [2:0] product;
  assign product = x_i & weight_i;

  assign count_o[0] = ^product;
  assign count_o[1] = (product[0] & product[1]) | (product[2] & (product[0] ^ product[1]));

endmodule
