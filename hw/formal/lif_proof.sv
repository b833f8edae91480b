// lif against the contract's neuron (docs/arithmetic.md), for all accumulators, thresholds and
// biases of small widths. The reference is written from the equations, in integers wide enough
// for everything, over whole tokens; the module walks through time.
module lif_proof #(
  parameter int TIMESTEPS  = 2,
  parameter int TL         = 1,
  parameter int LEAK_MULT  = 1,
  parameter int LEAK_SHIFT = 1,
  parameter int LEVELS     = 1,
  parameter int STRICT     = 0,
  parameter int RESET_ZERO = 0,
  parameter int FRACTION   = 1,
  localparam int AW        = 3,
  localparam int TW        = 3,
  localparam int BW        = 3,
  localparam int A         = $clog2(LEVELS + 1)
) (
  input logic clk_i, rst_i, in_valid_i, in_skipped_i, out_ready_i, mark_i,
  input logic [TIMESTEPS*AW-1:0] in_data_i
);
  logic in_ready, out_valid;
  logic [TIMESTEPS*A-1:0] out_data, expected, unused_marked;
  logic [2:0] unused_held, unused_ahead;
  logic [TW-1:0] theta;
  logic signed [BW-1:0] bias;

  lif #(
    .CHANNELS(1), .PE(1), .TIMESTEPS(TIMESTEPS), .NT(TIMESTEPS), .TL(TL), .ACC_BITS(AW), .MEM_BITS(10),
    .THETA_BITS(TW), .BIAS_BITS(BW), .FRACTION(FRACTION), .LEAK_MULT(LEAK_MULT), .LEAK_SHIFT(LEAK_SHIFT),
    .LEVELS(LEVELS), .STRICT(STRICT), .RESET_ZERO(RESET_ZERO)
  ) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_skipped_i, .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data),
    .write_en_i(1'b0), .write_addr_i('0), .write_data_i('0)
  );

  // The memory is never written: whatever it holds is the solver's choice.
  assign {bias, theta} = i_dut.i_memory.g_distributed.memory[0];

  // One token by the equations.
  always_comb begin
    automatic logic signed [15:0] v, u, c, leaked, product;
    automatic logic [15:0] spikes;
    v = 16'sd0;
    expected = '0;
    for (int t = 0; t < TIMESTEPS; t++) begin
      c = 16'(signed'(in_data_i[t*AW +: AW])) * 16'sd1;
      for (int f = 0; f < FRACTION; f++) c = c + c;
      c = c + 16'(bias);
      product = v * 16'(LEAK_MULT);
      leaked = product;
      for (int k = 0; k < LEAK_SHIFT; k++)   // towards minus infinity, bit by bit
        leaked = (leaked[0] ? leaked - 16'sd1 : leaked) / 16'sd2;
      u = leaked + c;
      spikes = '0;
      for (int l = 1; l <= LEVELS; l++)
        if (STRICT != 0 ? u > 16'(l) * signed'({13'b0, theta}) : u >= 16'(l) * signed'({13'b0, theta}))
          spikes = spikes + 16'd1;
      expected[t*A +: A] = A'(spikes);
      if (RESET_ZERO != 0) v = (spikes == '0) ? u : 16'sd0;
      else v = u - signed'(spikes) * signed'({13'b0, theta});
    end
  end

  localparam int CAPACITY = TL == TIMESTEPS && TL > 1 ? TL + 3 : 4;  // a stage a timestep
  stream_properties #(.IN_BITS(TIMESTEPS*AW), .OUT_BITS(TIMESTEPS*A), .CAPACITY(CAPACITY)) i_properties (
    .clk_i, .rst_i, .in_valid_i, .in_ready_i(in_ready), .in_data_i,
    .out_valid_i(out_valid), .out_ready_i, .out_data_i(out_data),
    .mark_i, .expected_i(expected), .held_o(unused_held), .ahead_o(unused_ahead), .marked_o(unused_marked)
  );
  always_comb assume (theta != '0);
endmodule
