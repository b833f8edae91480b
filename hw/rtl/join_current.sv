// Joins the accumulators of two layers into the current of one neuron:
//
//   out = (first << FRACTION) + gain[o] * second
//
// (docs/arithmetic.md.) Both inputs and the output are accumulator tokens of PE channels and NT
// timesteps; the output is skipped where both inputs are. A memory word holds the gains of PE
// channels, offset p*GAIN_BITS, address = PE group. One token a cycle; every signal at the
// boundary comes from a register.
module join_current #(
  parameter int    CHANNELS    = 4,
  parameter int    PE          = 4,
  parameter int    TIMESTEPS   = 4,
  parameter int    NT          = 4,
  parameter int    FIRST_BITS  = 8,
  parameter int    SECOND_BITS = 8,
  parameter int    GAIN_BITS   = 8,
  parameter int    OUT_BITS    = 17,
  parameter int    FRACTION    = 4,
  parameter string INIT        = "",
  localparam int   GROUPS      = (CHANNELS + PE - 1) / PE,
  localparam int   ADDR_BITS   = GROUPS > 1 ? $clog2(GROUPS) : 1,
  localparam int   LANES       = NT * PE
) (
  input  logic                         clk_i,
  input  logic                         rst_i,
  input  logic                         first_valid_i,
  output logic                         first_ready_o,
  input  logic                         first_skipped_i,
  input  logic [LANES*FIRST_BITS-1:0]  first_data_i,
  input  logic                         second_valid_i,
  output logic                         second_ready_o,
  input  logic                         second_skipped_i,
  input  logic [LANES*SECOND_BITS-1:0] second_data_i,
  output logic                         out_valid_o,
  input  logic                         out_ready_i,
  output logic                         out_skipped_o,
  output logic [LANES*OUT_BITS-1:0]    out_data_o,
  input  logic                         write_en_i,
  input  logic [ADDR_BITS-1:0]         write_addr_i,
  input  logic [PE*GAIN_BITS-1:0]      write_data_i
);
  localparam int CHUNKS     = TIMESTEPS / NT;  // tokens of one pixel and channel group
  localparam int CHUNK_BITS = CHUNKS > 1 ? $clog2(CHUNKS) : 1;

  if (TIMESTEPS % NT != 0) begin : g_bad_time
    $error("join_current: NT must divide TIMESTEPS");
  end
  if (FRACTION < 0) begin : g_bad_fraction
    $error("join_current: FRACTION must be at least 0");
  end

  logic first_valid, second_valid, first_skipped, second_skipped, both, advance;
  logic [LANES*FIRST_BITS-1:0]  first;
  logic [LANES*SECOND_BITS-1:0] second;

  stream_register #(.WIDTH(1 + LANES*FIRST_BITS)) i_first (
    .clk_i, .rst_i,
    .in_valid_i(first_valid_i), .in_ready_o(first_ready_o), .in_data_i({first_skipped_i, first_data_i}),
    .out_valid_o(first_valid), .out_ready_i(both), .out_data_o({first_skipped, first})
  );

  stream_register #(.WIDTH(1 + LANES*SECOND_BITS)) i_second (
    .clk_i, .rst_i,
    .in_valid_i(second_valid_i), .in_ready_o(second_ready_o), .in_data_i({second_skipped_i, second_data_i}),
    .out_valid_o(second_valid), .out_ready_i(both), .out_data_o({second_skipped, second})
  );

  assign advance = !out_valid_o || out_ready_i;
  assign both    = first_valid && second_valid && advance;

  // ---- Gains: one word for each group of PE channels ----
  logic [CHUNK_BITS-1:0]   chunk_q;
  logic [ADDR_BITS-1:0]    group_q;
  logic [PE*GAIN_BITS-1:0] word_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      chunk_q <= '0;
      group_q <= '0;
    end else if (both) begin
      chunk_q <= chunk_q == CHUNK_BITS'(CHUNKS - 1) ? '0 : chunk_q + 1'b1;
      if (chunk_q == CHUNK_BITS'(CHUNKS - 1))
        group_q <= group_q == ADDR_BITS'(GROUPS - 1) ? '0 : group_q + 1'b1;
    end
  end

  weight_memory #(
    .WIDTH(PE*GAIN_BITS), .DEPTH(GROUPS), .INIT(INIT)
  ) i_memory (
    .clk_i,
    .read_en_i(both), .read_addr_i(group_q), .read_data_o(word_q),
    .write_en_i, .write_addr_i, .write_data_i
  );

  // ---- Three stages that move together: pair, product, sum ----
  logic                         pair_valid_q, product_valid_q, pair_skipped_q, product_skipped_q;
  logic [LANES*FIRST_BITS-1:0]  pair_first_q, product_first_q;
  logic [LANES*SECOND_BITS-1:0] pair_second_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      pair_valid_q    <= 1'b0;
      product_valid_q <= 1'b0;
      out_valid_o     <= 1'b0;
    end else if (advance) begin
      pair_valid_q    <= both;
      product_valid_q <= pair_valid_q;
      out_valid_o     <= product_valid_q;
    end
    if (advance) begin
      pair_first_q      <= first;
      pair_second_q     <= second;
      pair_skipped_q    <= first_skipped && second_skipped;
      product_first_q   <= pair_first_q;
      product_skipped_q <= pair_skipped_q;
      out_skipped_o     <= product_skipped_q;
    end
  end

  for (genvar i = 0; i < LANES; i++) begin : g_lane
    logic signed [OUT_BITS-1:0] product_q;

    always_ff @(posedge clk_i) begin
      if (advance) begin
        product_q <= OUT_BITS'(signed'(pair_second_q[i*SECOND_BITS+:SECOND_BITS]))
                   * OUT_BITS'(signed'(word_q[(i%PE)*GAIN_BITS+:GAIN_BITS]));
        out_data_o[i*OUT_BITS+:OUT_BITS] <=
            (OUT_BITS'(signed'(product_first_q[i*FIRST_BITS+:FIRST_BITS])) <<< FRACTION) + product_q;
      end
    end
  end

endmodule
