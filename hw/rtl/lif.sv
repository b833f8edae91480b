// Leaky integrate-and-fire neurons with LEVELS thresholds; time lies inside the token.
//
//   c = c' - (c' >>> FILTER_SHIFT) + (a << FRACTION) + b     without a filter: (a << FRACTION) + b
//   U = leak(V) + c                                          leak(V) = (V * LEAK_MULT) >>> LEAK_SHIFT
//   s = how many l in 1..LEVELS have U >= l*theta            STRICT = 1: U > l*theta
//   V = U - s*theta                                          RESET_ZERO = 1: 0 where s > 0
//
// (docs/arithmetic.md; c' is the timestep before.) PE neurons walk through TL timesteps a cycle,
// in registers: there is no membrane memory, for all timesteps of a pixel's channel group come
// together. A pixel whose window was skipped comes with a = 0 and takes part like any other:
// bias and leak act.
//
// s is found bit by bit, as a restoring division finds a quotient: the remainder is V. The leak
// joins the current in one sum of shifted V, so that no multiplier lies in the loop over time.
//
// TL timesteps in one cycle are TL comparisons one behind the other. Where a token's timesteps all
// go at once (TL = TIMESTEPS), nothing returns to the next token, and each timestep becomes a
// pipeline stage of its own: a token a cycle, and the path of a single timestep.
//
// Back to back, a token of NT timesteps takes NT/TL cycles. in_ready_o comes from registers.
module lif #(
  parameter int    CHANNELS     = 4,
  parameter int    PE           = 4,
  parameter int    TIMESTEPS    = 4,
  parameter int    NT           = 4,
  parameter int    TL           = 1,
  parameter int    ACC_BITS     = 8,
  parameter int    MEM_BITS     = 16,
  parameter int    THETA_BITS   = 10,
  parameter int    BIAS_BITS    = 10,
  parameter int    FRACTION     = 4,
  parameter int    LEAK_MULT    = 1,
  parameter int    LEAK_SHIFT   = 1,
  parameter int    FILTER_SHIFT = 0,
  parameter int    CURRENT_BITS = MEM_BITS,
  parameter int    LEVELS       = 1,
  parameter int    STRICT       = 0,
  parameter int    RESET_ZERO   = 0,
  parameter string INIT         = "",
  localparam int   GROUPS       = (CHANNELS + PE - 1) / PE,
  localparam int   ADDR_BITS    = GROUPS > 1 ? $clog2(GROUPS) : 1,
  localparam int   FIELD        = THETA_BITS + BIAS_BITS,
  localparam int   ACT_BITS     = $clog2(LEVELS + 1)
) (
  input  logic                             clk_i,
  input  logic                             rst_i,
  input  logic                             in_valid_i,
  output logic                             in_ready_o,
  input  logic                             in_skipped_i,
  input  logic [NT*PE*ACC_BITS-1:0]        in_data_i,
  output logic                             out_valid_o,
  input  logic                             out_ready_i,
  output logic [TIMESTEPS*ACT_BITS*PE-1:0] out_data_o,
  input  logic                             write_en_i,
  input  logic [ADDR_BITS-1:0]             write_addr_i,
  input  logic [PE*FIELD-1:0]              write_data_i
);
  localparam int CHUNKS     = TIMESTEPS / NT;  // tokens of one pixel and channel group
  localparam int STEPS      = NT / TL;         // cycles of one token
  localparam int CHUNK_BITS = CHUNKS > 1 ? $clog2(CHUNKS) : 1;
  localparam int STEP_BITS  = STEPS > 1 ? $clog2(STEPS) : 1;
  localparam int STEP_OUT   = TL * ACT_BITS * PE;
  localparam int TOKEN_OUT  = TIMESTEPS * ACT_BITS * PE;

  // U - l*theta never wraps, not even for thresholds that U cannot reach.
  localparam int STEEP_BITS = THETA_BITS + ACT_BITS;
  localparam int DIFF_BITS  = (MEM_BITS > STEEP_BITS ? MEM_BITS : STEEP_BITS) + 1;
  localparam int SUM_BITS   = MEM_BITS + LEAK_SHIFT;  // U before the leak's shift
  localparam int C_BITS     = FILTER_SHIFT > 0 ? CURRENT_BITS : MEM_BITS;

  if (TIMESTEPS % NT != 0 || NT % TL != 0) begin : g_bad_time
    $error("lif: NT must divide TIMESTEPS, and TL must divide NT");
  end
  if (LEVELS < 1 || FRACTION < 0) begin : g_bad_levels
    $error("lif: LEVELS must be at least 1, and FRACTION at least 0");
  end
  if (FILTER_SHIFT < 0 || FILTER_SHIFT > 30) begin : g_bad_filter
    $error("lif: FILTER_SHIFT must lie between 0 and 30");
  end
  if (LEAK_MULT < 0 || LEAK_SHIFT < 0 || LEAK_SHIFT > 30 || LEAK_MULT > (1 << LEAK_SHIFT)) begin : g_bad_leak
    $error("lif: the leak LEAK_MULT / 2**LEAK_SHIFT must lie between 0 and 1");
  end

  logic accept, unused_skipped;
  assign accept         = in_valid_i && in_ready_o;
  assign unused_skipped = in_skipped_i;  // marks activity; no value may depend on it

  // ---- Which token comes next ----
  logic [CHUNK_BITS-1:0] chunk_q;
  logic [ADDR_BITS-1:0]  group_q;
  logic                  chunk_first, chunk_last;
  assign chunk_first = chunk_q == '0;
  assign chunk_last  = chunk_q == CHUNK_BITS'(CHUNKS - 1);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      chunk_q <= '0;
      group_q <= '0;
    end else if (accept) begin
      chunk_q <= chunk_last ? '0 : chunk_q + 1'b1;
      if (chunk_last) group_q <= group_q == ADDR_BITS'(GROUPS - 1) ? '0 : group_q + 1'b1;
    end
  end

  // ---- Thresholds and biases: one word for each group of PE channels ----
  logic [PE*FIELD-1:0] word_q;

  weight_memory #(
    .WIDTH(PE*FIELD), .DEPTH(GROUPS), .INIT(INIT)
  ) i_memory (
    .clk_i,
    .read_en_i(accept), .read_addr_i(group_q), .read_data_o(word_q),
    .write_en_i, .write_addr_i, .write_data_i
  );

  // ---- One timestep of one neuron ----
  // V as the two outcomes of its last comparison and which of them it is: the look-up tables of
  // the sum that follows have room for that choice.
  typedef struct packed {
    logic                       reduce;
    logic signed [MEM_BITS-1:0] reduced;
    logic signed [MEM_BITS-1:0] kept;
  } membrane_t;
  typedef struct packed {
    logic [ACT_BITS-1:0] spiked;
    membrane_t           membrane;
  } step_t;

  // LEAK_MULT * V as few shifted V: each run of ones is 2**(its end) - 2**(its begin).
  function automatic logic signed [SUM_BITS-1:0] scaled(logic signed [SUM_BITS-1:0] v);
    int rest, digit;
    scaled = '0;
    rest   = LEAK_MULT;
    for (int i = 0; i <= LEAK_SHIFT; i++) begin
      digit = rest % 4 == 3 ? -1 : rest % 2;
      if (digit == 1) scaled += v <<< i;
      if (digit == -1) scaled -= v <<< i;
      rest = (rest - digit) / 2;
    end
  endfunction

  function automatic logic signed [C_BITS-1:0] filtered(
    logic signed [C_BITS-1:0] former, logic signed [ACC_BITS-1:0] a, logic signed [BIAS_BITS-1:0] bias
  );
    filtered = (C_BITS'(a) <<< FRACTION) + C_BITS'(bias);
    if (FILTER_SHIFT > 0) filtered += former - (former >>> FILTER_SHIFT);
  endfunction

  function automatic logic signed [MEM_BITS-1:0] chosen(membrane_t membrane);
    return membrane.reduce ? membrane.reduced : membrane.kept;
  endfunction

  function automatic step_t stepped(
    logic signed [MEM_BITS-1:0] former, logic signed [C_BITS-1:0] current, logic [THETA_BITS-1:0] theta
  );
    step_t                       result;
    logic signed [SUM_BITS-1:0]  sum;
    logic signed [MEM_BITS-1:0]  membrane;
    logic signed [MEM_BITS-1:0]  rest;    // U - s*theta, for the bits of s found so far
    logic signed [DIFF_BITS-1:0] margin;

    // c may come under the shift: a multiple of 2**LEAK_SHIFT loses nothing there.
    sum      = (SUM_BITS'(current) <<< LEAK_SHIFT) + scaled(SUM_BITS'(former));
    membrane = MEM_BITS'(sum >>> LEAK_SHIFT);
    rest     = membrane;
    result   = '0;
    for (int b = ACT_BITS - 1; b >= 0; b--) begin
      margin               = DIFF_BITS'(rest) - (DIFF_BITS'(theta) << b);
      result.membrane.kept = rest;
      if (int'(result.spiked) + (1 << b) <= LEVELS && (STRICT != 0 ? margin > 0 : margin >= 0)) begin
        rest             = MEM_BITS'(margin);
        result.spiked[b] = 1'b1;
      end
    end
    result.membrane.reduced = MEM_BITS'(margin);
    result.membrane.reduce  = result.spiked[0];
    if (RESET_ZERO != 0) begin
      result.membrane.kept    = membrane;
      result.membrane.reduced = '0;
      result.membrane.reduce  = result.spiked != '0;
    end
    return result;
  endfunction

  // ---- Stage 1: the token, its thresholds and biases beside it ----
  logic [NT*PE-1:0][ACC_BITS-1:0] token_q;
  logic                           token_valid_q, emit_valid, emit_ready;
  logic [TOKEN_OUT-1:0]           token_out;

  always_ff @(posedge clk_i) begin
    if (rst_i) token_valid_q <= 1'b0;
    else if (in_ready_o) token_valid_q <= in_valid_i;

    if (accept) token_q <= in_data_i;
  end

  if (TL == TIMESTEPS && TL > 1) begin : g_unrolled
    // ---- A stage a timestep; they all move, or none does ----
    logic move;
    assign move       = !emit_valid || emit_ready;
    assign in_ready_o = !token_valid_q || move;

    for (genvar t = 0; t < TL; t++) begin : g_stage
      logic                          valid_q;
      logic [PE-1:0][THETA_BITS-1:0] theta_q;
      logic [PE-1:0][C_BITS-1:0]     current_q;
      logic [(t+1)*ACT_BITS*PE-1:0]  spikes;
      step_t                         step [PE];

      // What comes from the stage before; the last stage has no timestep to pass on.
      logic                              valid;
      logic [PE-1:0][THETA_BITS-1:0]     theta;
      logic [PE-1:0][BIAS_BITS-1:0]      bias;
      logic [(TL-t)*PE-1:0][ACC_BITS-1:0] timesteps;

      if (t == 0) begin : g_first
        assign valid     = token_valid_q;
        assign timesteps = token_q;
        for (genvar p = 0; p < PE; p++) begin : g_neuron
          assign {bias[p], theta[p]} = word_q[p*FIELD+:FIELD];
        end
      end else begin : g_later
        assign valid     = g_stage[t-1].valid_q;
        assign timesteps = g_stage[t-1].g_pass.timesteps_q;
        assign bias      = g_stage[t-1].g_pass.bias_q;
        assign theta     = g_stage[t-1].theta_q;
      end

      always_ff @(posedge clk_i) begin
        if (rst_i) valid_q <= 1'b0;
        else if (move) valid_q <= valid;

        if (move) theta_q <= theta;
      end

      if (t < TL - 1) begin : g_pass
        logic [PE-1:0][BIAS_BITS-1:0]         bias_q;
        logic [(TL-1-t)*PE-1:0][ACC_BITS-1:0] timesteps_q;
        always_ff @(posedge clk_i) begin
          if (move) begin
            bias_q      <= bias;
            timesteps_q <= timesteps[(TL-t)*PE-1:PE];
          end
        end
      end

      for (genvar p = 0; p < PE; p++) begin : g_neuron
        logic signed [C_BITS-1:0]   former;
        logic signed [MEM_BITS-1:0] membrane;

        if (t == 0) begin : g_rest
          assign former   = '0;
          assign membrane = '0;
        end else begin : g_state
          membrane_t membrane_q;
          always_ff @(posedge clk_i) if (move) membrane_q <= g_stage[t-1].step[p].membrane;
          assign former   = signed'(g_stage[t-1].current_q[p]);
          assign membrane = chosen(membrane_q);
        end

        always_ff @(posedge clk_i) begin
          if (move) current_q[p] <= filtered(former, signed'(timesteps[p]), signed'(bias[p]));
        end

        assign step[p] = stepped(membrane, signed'(current_q[p]), theta_q[p]);
        for (genvar i = 0; i < ACT_BITS; i++) begin : g_plane
          assign spikes[(t*ACT_BITS+i)*PE+p] = step[p].spiked[i];
        end
      end

      if (t > 0) begin : g_earlier
        logic [t*ACT_BITS*PE-1:0] earlier_q;
        assign spikes[t*ACT_BITS*PE-1:0] = earlier_q;
        always_ff @(posedge clk_i) if (move) earlier_q <= g_stage[t-1].spikes;
      end
    end

    assign emit_valid = g_stage[TL-1].valid_q;
    assign token_out  = g_stage[TL-1].spikes;

    logic unused_chunk;
    assign unused_chunk = chunk_first;
  end else begin : g_walk
    logic [TL*PE-1:0][ACC_BITS-1:0] timesteps;
    logic [STEP_BITS-1:0]           step_q;
    logic                           token_first_q, token_last_q, step_last;
    logic                           drive_valid_q, drive_first_q, drive_last_q;
    logic                           drive_free, take, drive_take;

    assign step_last  = step_q == STEP_BITS'(STEPS - 1);
    assign drive_free = !drive_valid_q || !drive_last_q || emit_ready;
    assign take       = token_valid_q && drive_free;
    assign in_ready_o = !token_valid_q || (drive_free && step_last);
    assign drive_take = drive_valid_q && drive_free;
    assign emit_valid = drive_valid_q && drive_last_q;

    always_ff @(posedge clk_i) begin
      if (rst_i) step_q <= '0;
      else if (take) step_q <= step_last ? '0 : step_q + 1'b1;

      if (accept) begin
        token_first_q <= chunk_first;
        token_last_q  <= chunk_last;
      end
    end

    always_comb begin
      timesteps = token_q[TL*PE-1:0];
      for (int s = 1; s < STEPS; s++) if (step_q == STEP_BITS'(s)) timesteps = token_q[s*TL*PE+:TL*PE];
    end

    // ---- Stage 2: the currents, and the thresholds beside them ----
    logic [TL*PE-1:0][C_BITS-1:0]  current_q;
    logic [PE-1:0][THETA_BITS-1:0] theta_q;

    always_ff @(posedge clk_i) begin
      if (rst_i) drive_valid_q <= 1'b0;
      else if (drive_free) drive_valid_q <= token_valid_q;

      if (take) begin
        drive_first_q <= token_first_q && step_q == '0;
        drive_last_q  <= token_last_q && step_last;
      end
    end

    // ---- Stage 3: the membrane, TL timesteps in a chain ----
    logic [STEP_OUT-1:0] spikes;

    for (genvar p = 0; p < PE; p++) begin : g_neuron
      logic [TL-1:0][C_BITS-1:0] current;
      logic [TL*ACT_BITS-1:0]    counts;
      step_t                     step;
      membrane_t                 membrane_q;

      always_comb begin
        automatic logic signed [C_BITS-1:0] c;
        c = token_first_q && step_q == '0 ? '0 : current_q[(TL-1)*PE+p];  // of the timestep before
        for (int t = 0; t < TL; t++) begin
          c = filtered(
            c, signed'(timesteps[t*PE+p]), signed'(word_q[p*FIELD+THETA_BITS+:BIAS_BITS])
          );
          current[t] = c;
        end
      end

      always_comb begin
        automatic logic signed [MEM_BITS-1:0] membrane;
        membrane = drive_first_q ? '0 : chosen(membrane_q);
        counts   = '0;
        for (int t = 0; t < TL; t++) begin
          step     = stepped(membrane, signed'(current_q[t*PE+p]), theta_q[p]);
          membrane = chosen(step.membrane);
          counts[t*ACT_BITS+:ACT_BITS] = step.spiked;
        end
      end

      always_ff @(posedge clk_i) begin
        if (take) begin
          theta_q[p] <= word_q[p*FIELD+:THETA_BITS];
          for (int t = 0; t < TL; t++) current_q[t*PE+p] <= current[t];
        end
        if (drive_take) membrane_q <= step.membrane;
      end

      for (genvar i = 0; i < TL * ACT_BITS; i++) begin : g_plane
        assign spikes[i*PE+p] = counts[i];
      end
    end

    // ---- The token that leaves with the last timestep ----
    if (TIMESTEPS == TL) begin : g_one_step
      assign token_out = spikes;
    end else begin : g_steps
      logic [TOKEN_OUT-STEP_OUT-1:0] earlier_q;
      assign token_out = {spikes, earlier_q};
      always_ff @(posedge clk_i) begin
        if (drive_take) earlier_q <= token_out[TOKEN_OUT-1:STEP_OUT];
      end
    end
  end

  stream_register #(
    .WIDTH(TOKEN_OUT)
  ) i_output (
    .clk_i,
    .rst_i,
    .in_valid_i (emit_valid),
    .in_ready_o (emit_ready),
    .in_data_i  (token_out),
    .out_valid_o,
    .out_ready_i,
    .out_data_o
  );
endmodule
