// Read-out: sums the accumulators of a dense layer over time and names the largest.
//
//   logits[o] = (sum over t of a[t,o] << FRACTION) + TIMESTEPS * b[o]
//   class     = the first index of the largest logit
//
// (docs/arithmetic.md.) One token a sample leaves: the logits at o*LOGIT_BITS, the class above
// them. Channels that pad the last group of PE are neither compared nor emitted.
//
// Tokens of a sample are taken one a cycle; the comparison that follows takes OUTPUTS + 1 cycles.
module readout #(
  parameter int    OUTPUTS    = 10,
  parameter int    PE         = 4,
  parameter int    TIMESTEPS  = 1,
  parameter int    NT         = 1,
  parameter int    ACC_BITS   = 8,
  parameter int    LOGIT_BITS = 16,
  parameter int    BIAS_BITS  = 8,
  parameter int    FRACTION   = 4,
  parameter string INIT       = "",
  localparam int   GROUPS     = (OUTPUTS + PE - 1) / PE,
  localparam int   ADDR_BITS  = GROUPS > 1 ? $clog2(GROUPS) : 1,
  localparam int   CLASS_BITS = OUTPUTS > 1 ? $clog2(OUTPUTS) : 1
) (
  input  logic                                     clk_i,
  input  logic                                     rst_i,
  input  logic                                     in_valid_i,
  output logic                                     in_ready_o,
  input  logic                                     in_skipped_i,
  input  logic [NT*PE*ACC_BITS-1:0]                in_data_i,
  output logic                                     out_valid_o,
  input  logic                                     out_ready_i,
  output logic [CLASS_BITS+OUTPUTS*LOGIT_BITS-1:0] out_data_o,
  input  logic                                     write_en_i,
  input  logic [ADDR_BITS-1:0]                     write_addr_i,
  input  logic [PE*BIAS_BITS-1:0]                  write_data_i
);
  localparam int CHUNKS     = TIMESTEPS / NT;  // tokens of one group of PE channels
  localparam int CHUNK_BITS = CHUNKS > 1 ? $clog2(CHUNKS) : 1;
  localparam int PADDED     = GROUPS * PE;

  if (TIMESTEPS % NT != 0) begin : g_bad_time
    $error("readout: NT must divide TIMESTEPS");
  end

  logic accept, unused_skipped;
  assign accept         = in_valid_i && in_ready_o;
  assign unused_skipped = in_skipped_i;  // marks activity; no value may depend on it

  // ---- Which token comes next ----
  logic [CHUNK_BITS-1:0] chunk_q;
  logic [ADDR_BITS-1:0]  group_q;
  logic                  chunk_first, chunk_last, group_last;
  logic                  sum_valid_q;     // the sums of one channel group are complete
  logic                  sample_last_q;   // and it is the last of the sample

  assign chunk_first = chunk_q == '0;
  assign chunk_last  = chunk_q == CHUNK_BITS'(CHUNKS - 1);
  assign group_last  = group_q == ADDR_BITS'(GROUPS - 1);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      chunk_q     <= '0;
      group_q     <= '0;
      sum_valid_q <= 1'b0;
    end else begin
      sum_valid_q <= accept && chunk_last;
      if (accept) begin
        chunk_q <= chunk_last ? '0 : chunk_q + 1'b1;
        if (chunk_last) group_q <= group_last ? '0 : group_q + 1'b1;
      end
    end
    if (accept) sample_last_q <= group_last;
  end

  // ---- Biases: one word for each group of PE channels ----
  logic [PE*BIAS_BITS-1:0] word_q;

  weight_memory #(
    .WIDTH(PE*BIAS_BITS), .DEPTH(GROUPS), .INIT(INIT)
  ) i_memory (
    .clk_i,
    .read_en_i(accept), .read_addr_i(group_q), .read_data_o(word_q),
    .write_en_i, .write_addr_i, .write_data_i
  );

  // ---- Stage 1: sum over time ----
  logic [PE-1:0][LOGIT_BITS-1:0] sum_q;

  for (genvar p = 0; p < PE; p++) begin : g_sum
    logic signed [LOGIT_BITS-1:0] sum;
    always_comb begin
      sum = chunk_first ? '0 : signed'(sum_q[p]);
      for (int t = 0; t < NT; t++) sum += LOGIT_BITS'(signed'(in_data_i[(t*PE+p)*ACC_BITS+:ACC_BITS]));
    end
    always_ff @(posedge clk_i) begin
      if (accept) sum_q[p] <= sum;
    end
  end

  // ---- Stage 2: logits, collected by shifting in whole groups ----
  logic [PADDED*LOGIT_BITS-1:0] logits_q;
  logic [PE*LOGIT_BITS-1:0]     group_logits;

  for (genvar p = 0; p < PE; p++) begin : g_logit
    logic signed [BIAS_BITS-1:0] bias;
    assign bias = word_q[p*BIAS_BITS+:BIAS_BITS];
    assign group_logits[p*LOGIT_BITS+:LOGIT_BITS] =
        (sum_q[p] << FRACTION) + LOGIT_BITS'(bias) * LOGIT_BITS'(TIMESTEPS);
  end

  if (GROUPS == 1) begin : g_one_group
    always_ff @(posedge clk_i) begin
      if (sum_valid_q) logits_q <= group_logits;
    end
  end else begin : g_groups
    always_ff @(posedge clk_i) begin
      if (sum_valid_q) logits_q <= {group_logits, logits_q[PADDED*LOGIT_BITS-1:PE*LOGIT_BITS]};
    end
  end

  // ---- Argmax: one logit a cycle is chosen, and compared in the next; then the token leaves ----
  logic                         scanning_q, comparing_q, found_q, emit_ready;
  logic [CLASS_BITS-1:0]        index_q, candidate_q, class_q;
  logic signed [LOGIT_BITS-1:0] largest_q, logit_q;

  // The logits must stay until they have left, so the next sample waits from its predecessor's
  // last token on.
  assign in_ready_o = !(sum_valid_q && sample_last_q) && !scanning_q && !comparing_q && !found_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      scanning_q  <= 1'b0;
      comparing_q <= 1'b0;
      found_q     <= 1'b0;
    end else begin
      if (sum_valid_q && sample_last_q) scanning_q <= 1'b1;
      else if (index_q == CLASS_BITS'(OUTPUTS - 1)) scanning_q <= 1'b0;

      comparing_q <= scanning_q;

      if (comparing_q) found_q <= candidate_q == CLASS_BITS'(OUTPUTS - 1);
      else if (emit_ready) found_q <= 1'b0;
    end

    index_q     <= scanning_q ? index_q + 1'b1 : '0;
    candidate_q <= index_q;
    logit_q     <= logits_q[index_q*LOGIT_BITS+:LOGIT_BITS];
    if (comparing_q && (candidate_q == '0 || logit_q > largest_q)) begin
      largest_q <= logit_q;
      class_q   <= candidate_q;
    end
  end

  stream_register #(
    .WIDTH(CLASS_BITS + OUTPUTS * LOGIT_BITS)
  ) i_output (
    .clk_i,
    .rst_i,
    .in_valid_i (found_q),
    .in_ready_o (emit_ready),
    .in_data_i  ({class_q, logits_q[OUTPUTS*LOGIT_BITS-1:0]}),
    .out_valid_o,
    .out_ready_i,
    .out_data_o
  );
endmodule
