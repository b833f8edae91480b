// The one kernel: PE output channels x SIMD inputs x TP binary planes a cycle.
//
// A beat is multiplied with the weight word that the weight memory presents one enabled cycle
// after the beat was taken (beat_ready_o is also the memory's read enable, so a stall holds the
// word). Each PE has NT = max(1, TP/ACT_BITS) accumulators, one per resident timestep;
// beat_first loads them, beat_last emits them as one accumulator token.
//
// beat_x_i must be zero in a beat with beat_skip_i. Weights are two's complement in the narrow
// range, so -2^(WEIGHT_BITS-1) never occurs. Nothing is lost while ACC_BITS holds the layer's
// sums. One register stage per level; all of them stop together while a token waits at the
// output, which is the only path from out_ready_i to beat_ready_o.
module popcount_kernel #(
  parameter int PE          = 8,
  parameter int SIMD        = 36,
  parameter int TP          = 1,
  parameter int ACT_BITS    = 1,
  parameter int WEIGHT_BITS = 2,
  parameter int ACC_BITS    = 12,
  parameter int NT          = (TP > ACT_BITS) ? TP / ACT_BITS : 1,           // derived
  parameter int SHIFT_BITS  = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1          // derived
) (
  input  logic                           clk_i,
  input  logic                           rst_i,
  input  logic                           beat_valid_i,
  output logic                           beat_ready_o,
  input  logic [TP*SIMD-1:0]             beat_x_i,
  input  logic [SHIFT_BITS-1:0]          beat_shift_i,
  input  logic                           beat_first_i,
  input  logic                           beat_last_i,
  input  logic                           beat_skip_i,
  input  logic [PE*SIMD*WEIGHT_BITS-1:0] weight_i,
  output logic                           out_valid_o,
  input  logic                           out_ready_i,
  output logic [NT*PE*ACC_BITS-1:0]      out_data_o,
  output logic                           out_skipped_o
);

  localparam int RESIDENT  = (TP < ACT_BITS) ? TP : ACT_BITS;   // planes of one timestep
  localparam int LARGEST   = SIMD * ((1 << (WEIGHT_BITS - 1)) - 1) * ((1 << RESIDENT) - 1);
  localparam int EXACT     = $clog2(LARGEST + 1) + 1;
  localparam int SUM_BITS  = (EXACT < ACC_BITS) ? EXACT : ACC_BITS;
  localparam int BITGROUPS = (ACT_BITS > TP) ? ACT_BITS / TP : 1;

  if (PE < 1 || SIMD < 1 || TP < 1 || ACT_BITS < 1) begin : g_bad_sizes
    $error("popcount_kernel: PE, SIMD, TP and ACT_BITS must be at least 1");
  end
  if (WEIGHT_BITS < 2 || WEIGHT_BITS > 8) begin : g_bad_weight_bits
    $error("popcount_kernel: WEIGHT_BITS must be 2 to 8");
  end
  if (ACT_BITS % TP != 0 && TP % ACT_BITS != 0) begin : g_bad_planes
    $error("popcount_kernel: TP must divide ACT_BITS or be a multiple of it");
  end

  logic enable;
  assign enable       = !out_valid_o || out_ready_i;
  assign beat_ready_o = enable;

  // The beat waits one stage for its weights.
  localparam int TAG_BITS = SHIFT_BITS + 4;
  logic [TP*SIMD-1:0]  x_q;
  logic [TAG_BITS-1:0] tag_q;

  always_ff @(posedge clk_i) begin
    if (enable) x_q <= beat_x_i;
    if (rst_i) tag_q <= '0;
    else if (enable) tag_q <= {beat_shift_i, beat_skip_i, beat_last_i, beat_first_i, beat_valid_i};
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
        .enable_i(enable),
        .x_i     (x_q[t*RESIDENT*SIMD +: RESIDENT*SIMD]),
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
  // Accumulators: the addend is widened, and shifted when planes of a timestep come in turns
  // -------------------------------------------------------------------------------------------

  logic [NT*PE*ACC_BITS-1:0] addend;
  logic                      add_valid, add_first, add_last, add_skip;

  if (BITGROUPS > 1) begin : g_shift
    always_ff @(posedge clk_i) begin
      if (enable) begin
        for (int n = 0; n < NT*PE; n++)
          addend[n*ACC_BITS +: ACC_BITS] <= ACC_BITS'($signed(sums[n*SUM_BITS +: SUM_BITS])) << shift;
        {add_skip, add_last, add_first} <= {skip, last, first};
      end
      if (rst_i) add_valid <= 1'b0;
      else if (enable) add_valid <= valid;
    end
  end else begin : g_straight
    always_comb
      for (int n = 0; n < NT*PE; n++)
        addend[n*ACC_BITS +: ACC_BITS] = ACC_BITS'($signed(sums[n*SUM_BITS +: SUM_BITS]));
    assign {add_skip, add_last, add_first, add_valid} = {skip, last, first, valid};
  end

  always_ff @(posedge clk_i) begin
    if (enable && add_valid) begin
      for (int n = 0; n < NT*PE; n++)
        out_data_o[n*ACC_BITS +: ACC_BITS] <= addend[n*ACC_BITS +: ACC_BITS]
            + (out_data_o[n*ACC_BITS +: ACC_BITS] & {ACC_BITS{!add_first}});
      out_skipped_o <= add_skip;
    end
    if (rst_i) out_valid_o <= 1'b0;
    else if (enable) out_valid_o <= add_valid && add_last;
  end

endmodule
