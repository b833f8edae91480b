// Counts, WIDTH times, how many of three pairs (x, w) have both bits set; INVERTED
// counts come out with every bit inverted, as 3 minus the count.
//
// The first pairs of all counts come first, then the second, then the third. Six inputs and two
// outputs: two 6-input LUTs. Written as gates and not with "+", which synthesis would put on
// carry chains.
module popcount_pairs #(
  parameter int WIDTH    = 1,
  parameter bit INVERTED = 1'b0
) (
  input  logic [3*WIDTH-1:0] x_i,
  input  logic [3*WIDTH-1:0] weight_i,
  output logic [WIDTH-1:0]   low_o,
  output logic [WIDTH-1:0]   high_o
);

  logic [WIDTH-1:0] first, second, third;
  assign {third, second, first} = x_i & weight_i;

  assign low_o  = {WIDTH{INVERTED}} ^ first ^ second ^ third;
  assign high_o = {WIDTH{INVERTED}} ^ ((first & second) | (third & (first ^ second)));

endmodule
