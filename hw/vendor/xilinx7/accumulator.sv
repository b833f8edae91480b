// FIELDS accumulators side by side on DSP48E1 slices, two of up to 24 bits in each.
//
// Takes the place of hw/rtl/accumulator.sv: the same ports, cycles and values. Wider
// accumulators, which a slice cannot hold in pairs, get one of their own.
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

  if (FIELDS < 1 || ADDEND_BITS < 1 || ADDEND_BITS > ACC_BITS || ACC_BITS > 48) begin : g_bad_sizes
    $error("accumulator: FIELDS and ADDEND_BITS must be at least 1, ADDEND_BITS at most ACC_BITS, ACC_BITS at most 48");
  end

  localparam int IN_SLICE = (ACC_BITS <= 24) ? 2 : 1;
  localparam int FIELD    = 48 / IN_SLICE;
  localparam int SLICES   = (FIELDS + IN_SLICE - 1) / IN_SLICE;

  for (genvar s = 0; s < SLICES; s++) begin : g_slice
    logic [47:0] addend, offset, sum;
    logic        unused;
    assign unused = &{1'b0, sum};

    for (genvar f = 0; f < IN_SLICE; f++) begin : g_field
      localparam int N = s*IN_SLICE + f;
      if (N < FIELDS) begin : g_used
        assign addend[f*FIELD +: FIELD] = FIELD'($signed(addend_i[N*ADDEND_BITS +: ADDEND_BITS]));
        assign offset[f*FIELD +: FIELD] = FIELD'($signed(offset_i[N*ADDEND_BITS +: ADDEND_BITS]));
        assign sum_o[N*ACC_BITS +: ACC_BITS] = sum[f*FIELD +: ACC_BITS];
      end else begin : g_free
        assign addend[f*FIELD +: FIELD] = '0;
        assign offset[f*FIELD +: FIELD] = '0;
      end
    end

    if (IN_SLICE == 2) begin : g_pair
      dsp48_accumulator_pair i_slice (.clk_i, .enable_i, .first_i, .addend_i(addend), .offset_i(offset), .sum_o(sum));
    end else begin : g_single
      dsp48_accumulator i_slice (.clk_i, .enable_i, .first_i, .addend_i(addend), .offset_i(offset), .sum_o(sum));
    end
  end

endmodule
