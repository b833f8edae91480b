// Takes a sample's early logits where they are sure, and its final ones where they are not.
//
// Sure means that the largest early logit is at least MARGIN above every other one; they are
// compared one a cycle. A sure sample's token leaves at once, and its final token is dropped when
// it comes: up to DEPTH samples may be owed that way before the early stream waits. The order
// of the samples stays. Tokens are those of `readout`, logits sign-extended to OUT_BITS;
// out_exited_o marks the early ones. in_ready of both streams comes from registers.
module early_exit #(
  parameter int  OUTPUTS    = 10,
  parameter int  EARLY_BITS = 16,
  parameter int  FINAL_BITS = 16,
  parameter int  OUT_BITS   = 16,
  parameter int  MARGIN     = 1,
  parameter int  DEPTH      = 4,
  localparam int CLASS_BITS = OUTPUTS > 1 ? $clog2(OUTPUTS) : 1
) (
  input  logic                                     clk_i,
  input  logic                                     rst_i,
  input  logic                                     early_valid_i,
  output logic                                     early_ready_o,
  input  logic [CLASS_BITS+OUTPUTS*EARLY_BITS-1:0] early_data_i,
  input  logic                                     final_valid_i,
  output logic                                     final_ready_o,
  input  logic [CLASS_BITS+OUTPUTS*FINAL_BITS-1:0] final_data_i,
  output logic                                     out_valid_o,
  input  logic                                     out_ready_i,
  output logic                                     out_exited_o,
  output logic [CLASS_BITS+OUTPUTS*OUT_BITS-1:0]   out_data_o
);
  localparam int OWED_BITS   = $clog2(DEPTH + 1);
  localparam int MARGIN_BITS = (EARLY_BITS > 32 ? EARLY_BITS : 32) + 1;

  if (OUTPUTS < 2) begin : g_bad_outputs
    $error("early_exit: OUTPUTS must be at least 2");
  end
  if (OUT_BITS < EARLY_BITS || OUT_BITS < FINAL_BITS) begin : g_bad_width
    $error("early_exit: OUT_BITS must be at least EARLY_BITS and FINAL_BITS");
  end
  if (DEPTH < 1) begin : g_bad_depth
    $error("early_exit: DEPTH must be at least 1");
  end

  logic                               early_valid, final_valid, early_take, final_take;
  logic [CLASS_BITS-1:0]              early_class, final_class;
  logic [OUTPUTS-1:0][EARLY_BITS-1:0] early_logits;
  logic [OUTPUTS-1:0][FINAL_BITS-1:0] final_logits;

  stream_register #(.WIDTH(CLASS_BITS + OUTPUTS*EARLY_BITS)) i_early (
    .clk_i, .rst_i,
    .in_valid_i(early_valid_i), .in_ready_o(early_ready_o), .in_data_i(early_data_i),
    .out_valid_o(early_valid), .out_ready_i(early_take), .out_data_o({early_class, early_logits})
  );

  stream_register #(.WIDTH(CLASS_BITS + OUTPUTS*FINAL_BITS)) i_final (
    .clk_i, .rst_i,
    .in_valid_i(final_valid_i), .in_ready_o(final_ready_o), .in_data_i(final_data_i),
    .out_valid_o(final_valid), .out_ready_i(final_take), .out_data_o({final_class, final_logits})
  );

  // ---- Is the early token sure? Its class says which logit is the largest ----
  logic [CLASS_BITS-1:0]        index_q;
  logic                         begun_q, known_q, sure_q;
  logic signed [EARLY_BITS-1:0] largest_q, logit;

  assign logit = early_logits[index_q];

  always_ff @(posedge clk_i) begin
    if (rst_i || early_take) begin
      begun_q <= 1'b0;
      known_q <= 1'b0;
    end else if (early_valid) begin
      begun_q <= 1'b1;
      known_q <= known_q || (begun_q && index_q == CLASS_BITS'(OUTPUTS - 1));
    end

    if (!begun_q) begin
      largest_q <= early_logits[early_class];
      index_q   <= '0;
      sure_q    <= 1'b1;
    end else if (!known_q) begin
      index_q <= index_q + 1'b1;
      if (index_q != early_class && MARGIN_BITS'(largest_q) - MARGIN_BITS'(logit) < MARGIN_BITS'(MARGIN))
        sure_q <= 1'b0;
    end
  end

  // ---- What leaves, and what is dropped ----
  logic [OWED_BITS-1:0] owed_q;   // final tokens still to come of samples that have left early
  logic                 exit_now, pass_now, drop_now, emit_ready;

  assign exit_now   = known_q && sure_q && owed_q != OWED_BITS'(DEPTH);
  assign pass_now   = known_q && !sure_q && owed_q == '0 && final_valid;
  assign drop_now   = owed_q != '0 && final_valid;
  assign early_take = (exit_now || pass_now) && emit_ready;
  assign final_take = drop_now || (pass_now && emit_ready);

  always_ff @(posedge clk_i) begin
    if (rst_i) owed_q <= '0;
    else owed_q <= owed_q + OWED_BITS'(exit_now && emit_ready) - OWED_BITS'(drop_now);
  end

  logic [OUTPUTS-1:0][OUT_BITS-1:0] logits;
  for (genvar o = 0; o < OUTPUTS; o++) begin : g_logit
    assign logits[o] = sure_q ? OUT_BITS'(signed'(early_logits[o])) : OUT_BITS'(signed'(final_logits[o]));
  end

  stream_register #(.WIDTH(1 + CLASS_BITS + OUTPUTS*OUT_BITS)) i_output (
    .clk_i, .rst_i,
    .in_valid_i(exit_now || pass_now),
    .in_ready_o(emit_ready),
    .in_data_i ({sure_q, sure_q ? early_class : final_class, logits}),
    .out_valid_o, .out_ready_i,
    .out_data_o({out_exited_o, out_data_o})
  );

endmodule
