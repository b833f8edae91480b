// Counts, WIDTH times, the ones among six bits of equal weight: 6:3 compressors.
//
// The first bits of all counts come first, then the second, and so on. Three 6-input LUTs, or
// seven 4-input ones: the two full adders below are the cut that a 4-input architecture wants,
// and a 6-input one sees through them.
module popcount_compressor #(
  parameter int WIDTH = 1
) (
  input  logic [6*WIDTH-1:0] bits_i,
  output logic [WIDTH-1:0]   low_o,
  output logic [WIDTH-1:0]   middle_o,
  output logic [WIDTH-1:0]   high_o
);

  logic [1:0][WIDTH-1:0] sum;
  logic [1:0][WIDTH-1:0] carry;

  for (genvar h = 0; h < 2; h++) begin : g_half
    logic [WIDTH-1:0] first, second, third;
    assign {third, second, first} = bits_i[h*3*WIDTH +: 3*WIDTH];
    assign sum[h]   = first ^ second ^ third;
    assign carry[h] = (first & second) | (third & (first ^ second));
  end

  assign low_o    = sum[0] ^ sum[1];
  assign middle_o = (sum[0] & sum[1]) ^ carry[0] ^ carry[1];
  assign high_o   = (carry[0] & carry[1]) | ((sum[0] & sum[1]) & (carry[0] ^ carry[1]));

endmodule
