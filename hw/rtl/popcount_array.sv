// The array of the kernel: PE output channels x SIMD inputs x TP binary planes a cycle, and it never waits.
//
// A beat is multiplied with the weight word that the weight memory presents one cycle after the beat
// was taken. Each PE has NT = max(1, TP/ACT_BITS) accumulators, one per resident timestep; beat_first
// loads them, and the cycle after beat_last has been added out_valid_o tells that they hold one
// accumulator token, for that cycle alone. A register stage per level, without an enable: what goes in
// comes out after the same number of cycles, and popcount_kernel sees to it that there is room then.
//
// X_SETS = 1: all PEs see the same inputs. X_SETS = PE: each has its own, for depthwise layers.
//
// A beat with beat_skip_i counts as zeros, whatever beat_x_i is. Weights are two's complement in the narrow
// range, so -2^(WEIGHT_BITS-1) never occurs; with WEIGHT_BITS = 1 they are binary, a set bit +1
// and a clear one -1. Nothing is lost while ACC_BITS holds the layer's sums.
module popcount_array #(
  parameter int PE          = 8,
  parameter int SIMD        = 36,
  parameter int TP          = 1,
  parameter int ACT_BITS    = 1,
  parameter int WEIGHT_BITS = 2,
  parameter int ACC_BITS    = 12,
  parameter int X_SETS      = 1,
  parameter int NT          = (TP > ACT_BITS) ? TP / ACT_BITS : 1,           // derived
  parameter int SHIFT_BITS  = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1          // derived
) (
  input  logic                           clk_i,
  input  logic                           rst_i,
  input  logic                           beat_valid_i,
  input  logic [X_SETS*TP*SIMD-1:0]      beat_x_i,
  input  logic [SHIFT_BITS-1:0]          beat_shift_i,
  input  logic                           beat_first_i,
  input  logic                           beat_last_i,
  input  logic                           beat_skip_i,
  input  logic [PE*SIMD*WEIGHT_BITS-1:0] weight_i,
  output logic                           out_valid_o,
  output logic [NT*PE*ACC_BITS-1:0]      out_data_o,
  output logic                           out_skipped_o
);

  localparam int RESIDENT  = (TP < ACT_BITS) ? TP : ACT_BITS;   // planes of one timestep
  localparam int BITGROUPS = (ACT_BITS > TP) ? ACT_BITS / TP : 1;
  localparam bit BINARY    = WEIGHT_BITS == 1;
  // A lane's sum: signed, but a plain count of the +1 weights where weights are binary.
  localparam int LARGEST   = SIMD * (BINARY ? 1 : (1 << (WEIGHT_BITS - 1)) - 1) * ((1 << RESIDENT) - 1);
  localparam int EXACT     = $clog2(LARGEST + 1) + (BINARY ? 0 : 1);
  localparam int SUM_BITS  = (EXACT < ACC_BITS) ? EXACT : ACC_BITS;
  localparam int WIDENED   = BINARY ? SUM_BITS + 2 : SUM_BITS;
  localparam int TERM_BITS = (WIDENED < ACC_BITS) ? WIDENED : ACC_BITS;

  if (PE < 1 || SIMD < 1 || TP < 1 || ACT_BITS < 1) begin : g_bad_sizes
    $error("popcount_array: PE, SIMD, TP and ACT_BITS must be at least 1");
  end
  if (X_SETS != 1 && X_SETS != PE) begin : g_bad_x_sets
    $error("popcount_array: X_SETS must be 1 or PE");
  end
  if (WEIGHT_BITS < 1 || WEIGHT_BITS > 8) begin : g_bad_weight_bits
    $error("popcount_array: WEIGHT_BITS must be 1 to 8");
  end
  if (ACT_BITS % TP != 0 && TP % ACT_BITS != 0) begin : g_bad_planes
    $error("popcount_array: TP must divide ACT_BITS or be a multiple of it");
  end

  // The beat waits one stage for its weights.
  localparam int TAG_BITS = SHIFT_BITS + 4;
  logic [X_SETS*TP*SIMD-1:0] x_q;
  logic [TAG_BITS-1:0]       tag_q;

  always_ff @(posedge clk_i) begin
    x_q <= beat_skip_i ? '0 : beat_x_i;   // the flip-flops' reset, no look-up table
    if (rst_i) tag_q <= '0;
    else tag_q <= {beat_shift_i, beat_skip_i, beat_last_i, beat_first_i, beat_valid_i};
  end

  // -------------------------------------------------------------------------------------------
  // Dot products
  // -------------------------------------------------------------------------------------------

  logic [NT*PE*SUM_BITS-1:0] sums;
  logic [NT*PE*TAG_BITS-1:0] tags;   // all lanes are equally long: the first one's tag serves

  for (genvar t = 0; t < NT; t++) begin : g_timestep
    for (genvar p = 0; p < PE; p++) begin : g_pe
      popcount_lane #(
        .SIMD(SIMD), .PLANES(RESIDENT), .WEIGHT_BITS(WEIGHT_BITS), .SUM_BITS(SUM_BITS), .TAG_BITS(TAG_BITS)
      ) i_lane (
        .clk_i, .rst_i,
        .x_i     (x_q[((X_SETS > 1 ? p : 0)*TP + t*RESIDENT)*SIMD +: RESIDENT*SIMD]),
        .weight_i(weight_i[p*SIMD*WEIGHT_BITS +: SIMD*WEIGHT_BITS]),
        .tag_i   (tag_q),
        .sum_o   (sums[(t*PE + p)*SUM_BITS +: SUM_BITS]),
        .tag_o   (tags[(t*PE + p)*TAG_BITS +: TAG_BITS])
      );
    end
  end

  logic [SHIFT_BITS-1:0] shift;
  logic                  skip, last, first, valid;
  logic                  unused;
  assign {shift, skip, last, first, valid} = tags[TAG_BITS-1:0];
  assign unused = &{1'b0, tags, shift};

  // -------------------------------------------------------------------------------------------
  // Terms of the accumulators
  // -------------------------------------------------------------------------------------------

  logic [NT*PE*TERM_BITS-1:0] term, offset;

  if (BINARY) begin : g_binary
    // x * (+-1), summed, is 2n - m: n counts the inputs whose weight is +1 and m all inputs. As
    // -m = ~m + 1, the terms are 2n + 1 and ~m. One more lane counts m, with weights of one.
    logic [NT*X_SETS*SUM_BITS-1:0] inputs;
    logic [NT*X_SETS-1:0]          unused_tag;
    logic                          unused_inputs;
    assign unused_inputs = &{1'b0, unused_tag};
    for (genvar t = 0; t < NT; t++) begin : g_timestep
      for (genvar s = 0; s < X_SETS; s++) begin : g_set
        popcount_lane #(
          .SIMD(SIMD), .PLANES(RESIDENT), .WEIGHT_BITS(1), .SUM_BITS(SUM_BITS), .TAG_BITS(1)
        ) i_lane (
          .clk_i, .rst_i,
            .x_i     (x_q[(s*TP + t*RESIDENT)*SIMD +: RESIDENT*SIMD]),
          .weight_i({SIMD{1'b1}}),
          .tag_i   (1'b0),
          .sum_o   (inputs[(t*X_SETS + s)*SUM_BITS +: SUM_BITS]),
          .tag_o   (unused_tag[t*X_SETS + s])
        );
      end
      for (genvar p = 0; p < PE; p++) begin : g_pe
        localparam int N = t*PE + p;
        localparam int M = t*X_SETS + (X_SETS > 1 ? p : 0);
        assign term[N*TERM_BITS +: TERM_BITS]   = TERM_BITS'({1'b0, sums[N*SUM_BITS +: SUM_BITS], 1'b1});
        assign offset[N*TERM_BITS +: TERM_BITS] = ~TERM_BITS'(inputs[M*SUM_BITS +: SUM_BITS]);
      end
    end
  end else begin : g_signed
    assign term   = sums;
    assign offset = '0;
  end

  // -------------------------------------------------------------------------------------------
  // Accumulators: the terms are shifted first where the planes of a timestep come in turns
  // -------------------------------------------------------------------------------------------

  localparam int ADDEND_BITS = (BITGROUPS > 1) ? ACC_BITS : TERM_BITS;
  logic [NT*PE*ADDEND_BITS-1:0] addend, addend_offset;
  logic                         add_valid, add_first, add_last, add_skip;

  if (BITGROUPS > 1) begin : g_shift
    always_ff @(posedge clk_i) begin
      for (int n = 0; n < NT*PE; n++) begin
        addend[n*ACC_BITS +: ACC_BITS] <= ACC_BITS'($signed(term[n*TERM_BITS +: TERM_BITS])) << shift;
        addend_offset[n*ACC_BITS +: ACC_BITS]
            <= ACC_BITS'($signed(offset[n*TERM_BITS +: TERM_BITS])) << shift;
      end
      {add_skip, add_last, add_first} <= {skip, last, first};
      add_valid <= valid && !rst_i;
    end
  end else begin : g_straight
    assign addend        = term;
    assign addend_offset = offset;
    assign {add_skip, add_last, add_first, add_valid} = {skip, last, first, valid};
  end

  accumulator #(.FIELDS(NT*PE), .ADDEND_BITS(ADDEND_BITS), .ACC_BITS(ACC_BITS)) i_accumulators (
    .clk_i,
    .enable_i(add_valid),
    .first_i (add_first),
    .addend_i(addend),
    .offset_i(addend_offset),
    .sum_o   (out_data_o)
  );

  always_ff @(posedge clk_i) begin
    out_skipped_o <= add_skip;
    out_valid_o   <= add_valid && add_last && !rst_i;
  end

endmodule
