// Temporal transformer: T_IN timesteps to T_OUT, each a weighted sum over time.
//
//   y[t2] = ((sum over t1 of m[t2,t1] * x[t1]) << FRACTION, + half) >> SHIFT
//
// (docs/arithmetic.md.) half is 2**(SHIFT-1), or 0 without a shift; every row of m sums to
// 2**SHIFT. Entry (t2, t1) of MATRIX lies at bits (t2*T_IN + t1)*(SHIFT+1) +: SHIFT+1. The matrix
// is part of the circuit: a row that few input bits enter is a table of those bits, another a sum of
// shifted values.
//
// One token a cycle, one cycle of latency and an output register that cuts every path.
module temporal_transform #(
  parameter int GROUP    = 4,
  parameter int T_IN     = 2,
  parameter int T_OUT    = 1,
  parameter int ACT_BITS = 1,
  parameter int OUT_BITS = 2,
  parameter int SHIFT    = 4,
  parameter int FRACTION = 1,
  parameter logic [T_OUT*T_IN*(SHIFT+1)-1:0] MATRIX = {T_OUT*T_IN{(SHIFT + 1)'((1 << SHIFT) / T_IN)}}
) (
  input  logic                            clk_i,
  input  logic                            rst_i,
  input  logic                            in_valid_i,
  output logic                            in_ready_o,
  input  logic [T_IN*ACT_BITS*GROUP-1:0]  in_data_i,
  output logic                            out_valid_o,
  input  logic                            out_ready_i,
  output logic [T_OUT*OUT_BITS*GROUP-1:0] out_data_o
);
  localparam int CODE_BITS  = T_IN * ACT_BITS;           // one channel over all timesteps
  localparam int VALUE_BITS = ACT_BITS + FRACTION;       // of y, for a row that sums to 2**SHIFT
  localparam int SUM_BITS   = VALUE_BITS + SHIFT;
  localparam int TABLE_BITS = 6;                         // input bits of a table that is worth its LUTs
  localparam logic [SUM_BITS-1:0] HALF = SUM_BITS'((1 << SHIFT) >> 1);

  function automatic int row_sum(int t2);
    row_sum = 0;
    for (int t1 = 0; t1 < T_IN; t1++) row_sum += int'(MATRIX[(t2*T_IN+t1)*(SHIFT+1)+:SHIFT+1]);
  endfunction

  function automatic bit enters(int t2, int t1);
    return MATRIX[(t2*T_IN+t1)*(SHIFT+1)+:SHIFT+1] != '0;
  endfunction

  // How many timesteps enter row t2, and which of them is the k-th.
  function automatic int entering(int t2);
    entering = 0;
    for (int t1 = 0; t1 < T_IN; t1++) entering += int'(enters(t2, t1));
  endfunction

  function automatic int timestep_of(int t2, int k);
    int passed;
    passed      = 0;
    timestep_of = 0;
    for (int t1 = 0; t1 < T_IN; t1++) begin
      if (enters(t2, t1)) begin
        if (passed == k) timestep_of = t1;
        passed++;
      end
    end
  endfunction

  for (genvar t2 = 0; t2 < T_OUT; t2++) begin : g_check
    if (row_sum(t2) != 1 << SHIFT) begin : g_bad_row
      $error("temporal_transform: every row of MATRIX must sum to 2**SHIFT");
    end
  end
  if (OUT_BITS < VALUE_BITS) begin : g_bad_width
    $error("temporal_transform: OUT_BITS must be at least ACT_BITS + FRACTION");
  end

  // y[t2] of one channel; code holds x[t1] at bits t1*ACT_BITS.
  function automatic logic [OUT_BITS-1:0] transformed(int t2, logic [CODE_BITS-1:0] code);
    logic [SUM_BITS-1:0] sum;
    sum = HALF;
    for (int t1 = 0; t1 < T_IN; t1++) begin
      for (int b = 0; b <= SHIFT; b++) begin
        if (MATRIX[(t2*T_IN+t1)*(SHIFT+1)+b])
          sum += SUM_BITS'(code[t1*ACT_BITS+:ACT_BITS]) << (b + FRACTION);
      end
    end
    return OUT_BITS'(sum >> SHIFT);
  endfunction

  // The code of which row t2 sees only the timesteps that enter it, in their order.
  function automatic logic [CODE_BITS-1:0] spread(int t2, logic [CODE_BITS-1:0] seen);
    spread = '0;
    for (int k = 0; k < entering(t2); k++)
      spread[timestep_of(t2, k)*ACT_BITS+:ACT_BITS] = seen[k*ACT_BITS+:ACT_BITS];
  endfunction

  logic [T_OUT*OUT_BITS*GROUP-1:0] data;

  for (genvar c = 0; c < GROUP; c++) begin : g_channel
    logic [CODE_BITS-1:0] code;
    for (genvar i = 0; i < CODE_BITS; i++) begin : g_code
      assign code[i] = in_data_i[i*GROUP+c];
    end
    logic unused_code;
    assign unused_code = &{1'b0, code};   // no row may see a timestep

    for (genvar t2 = 0; t2 < T_OUT; t2++) begin : g_timestep
      localparam int SEEN_BITS = entering(t2) * ACT_BITS;
      logic [OUT_BITS-1:0] value;
      if (SEEN_BITS <= TABLE_BITS) begin : g_table
        logic [SEEN_BITS-1:0] seen;
        logic [OUT_BITS-1:0]  entries [2**SEEN_BITS];
        for (genvar k = 0; k < entering(t2); k++) begin : g_seen
          assign seen[k*ACT_BITS+:ACT_BITS] = code[timestep_of(t2, k)*ACT_BITS+:ACT_BITS];
        end
        for (genvar k = 0; k < 2 ** SEEN_BITS; k++) begin : g_entry
          assign entries[k] = transformed(t2, spread(t2, CODE_BITS'(k)));
        end
        assign value = entries[seen];
      end else begin : g_sum
        assign value = transformed(t2, code);
      end
      for (genvar b = 0; b < OUT_BITS; b++) begin : g_out
        assign data[(t2*OUT_BITS+b)*GROUP+c] = value[b];
      end
    end
  end

  stream_register #(
    .WIDTH(T_OUT * OUT_BITS * GROUP)
  ) i_output (
    .clk_i,
    .rst_i,
    .in_valid_i,
    .in_ready_o,
    .in_data_i  (data),
    .out_valid_o,
    .out_ready_i,
    .out_data_o
  );
endmodule
