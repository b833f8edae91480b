// Counts, WIDTH times, the ones among six bits of equal weight, in three LUT6 each.
//
// Takes the place of hw/rtl/popcount_compressor.sv: the same ports and values, and a mapping that
// synthesis cannot take apart.
module popcount_compressor #(
  parameter int WIDTH = 1
) (
  input  logic [6*WIDTH-1:0] bits_i,
  output logic [WIDTH-1:0]   low_o,
  output logic [WIDTH-1:0]   middle_o,
  output logic [WIDTH-1:0]   high_o
);

  for (genvar i = 0; i < WIDTH; i++) begin : g_count
    lut6_count i_luts (
      .bits_i({bits_i[5*WIDTH + i], bits_i[4*WIDTH + i], bits_i[3*WIDTH + i],
               bits_i[2*WIDTH + i], bits_i[WIDTH + i], bits_i[i]}),
      .low_o   (low_o[i]),
      .middle_o(middle_o[i]),
      .high_o  (high_o[i])
    );
  end

endmodule
