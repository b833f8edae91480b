// FIELDS accumulators side by side: in an enabled cycle each takes its addend and its offset,
// both signed, and starts from zero where first_i is set.
//
// Plain arithmetic, for simulation and for devices whose adders are logic. hw/vendor/xilinx7 has
// a module of the same name, ports and cycles on DSP slices; a board's flow picks it by its list
// of files. A sum keeps its lowest ACC_BITS bits.
module accumulator #(
  parameter int FIELDS      = 8,
  parameter int ADDEND_BITS = 7,
  parameter int ACC_BITS    = 12
) (
  input  logic                          clk_i,
  input  logic                          enable_i,
  input  logic                          first_i,
  input  logic [FIELDS*ADDEND_BITS-1:0] addend_i,
  input  logic [FIELDS*ADDEND_BITS-1:0] offset_i,
  output logic [FIELDS*ACC_BITS-1:0]    sum_o
);

  if (FIELDS < 1 || ADDEND_BITS < 1 || ADDEND_BITS > ACC_BITS) begin : g_bad_sizes
    $error("accumulator: FIELDS and ADDEND_BITS must be at least 1, ADDEND_BITS at most ACC_BITS");
  end

  always_ff @(posedge clk_i) begin
    if (enable_i) begin
      for (int n = 0; n < FIELDS; n++)
        sum_o[n*ACC_BITS +: ACC_BITS] <= (sum_o[n*ACC_BITS +: ACC_BITS] & {ACC_BITS{!first_i}})
            + ACC_BITS'($signed(addend_i[n*ADDEND_BITS +: ADDEND_BITS]))
            + ACC_BITS'($signed(offset_i[n*ADDEND_BITS +: ADDEND_BITS]));
    end
  end

endmodule
