// Sum of INPUTS activation streams of one shape, value by value.
//
// Byte i of ACT_BITS is the number of bits of input i's values. in_data_i holds the tokens of all
// inputs, input 0 lowest; in_valid_i and in_ready_o have one bit an input. A sum leaves when
// every input has brought its token; OUT_BITS must hold it. One token a cycle; every signal at
// the boundary comes from a register.
module join_sum #(
  parameter int INPUTS    = 2,
  parameter int GROUP     = 4,
  parameter int TIMESTEPS = 1,
  parameter logic [INPUTS*8-1:0] ACT_BITS = {INPUTS{8'd1}},
  parameter int OUT_BITS  = 2,
  localparam int PLANE    = TIMESTEPS * GROUP,   // bits of one weight in a token
  localparam int IN_BITS  = bits_before(INPUTS)
) (
  input  logic                      clk_i,
  input  logic                      rst_i,
  input  logic [INPUTS-1:0]         in_valid_i,
  output logic [INPUTS-1:0]         in_ready_o,
  input  logic [PLANE*IN_BITS-1:0]  in_data_i,
  output logic                      out_valid_o,
  input  logic                      out_ready_i,
  output logic [PLANE*OUT_BITS-1:0] out_data_o
);

  // Bits of a value over the inputs below `input_`.
  function automatic int bits_before(int input_);
    bits_before = 0;
    for (int i = 0; i < input_; i++) bits_before += int'(ACT_BITS[i*8+:8]);
  endfunction

  for (genvar i = 0; i < INPUTS; i++) begin : g_check
    if (int'(ACT_BITS[i*8+:8]) < 1 || int'(ACT_BITS[i*8+:8]) > OUT_BITS) begin : g_bad_width
      $error("join_sum: every input must have at least 1 bit, and at most OUT_BITS");
    end
  end

  logic [INPUTS-1:0]         token_valid;
  logic [PLANE*IN_BITS-1:0]  token;
  logic [PLANE*OUT_BITS-1:0] sum;
  logic                      advance, join_all;

  assign advance  = !out_valid_o || out_ready_i;
  assign join_all = &token_valid && advance;

  for (genvar i = 0; i < INPUTS; i++) begin : g_input
    localparam int BITS  = int'(ACT_BITS[i*8+:8]);
    localparam int FIRST = PLANE * bits_before(i);
    stream_register #(.WIDTH(PLANE*BITS)) i_token (
      .clk_i, .rst_i,
      .in_valid_i (in_valid_i[i]),
      .in_ready_o (in_ready_o[i]),
      .in_data_i  (in_data_i[FIRST+:PLANE*BITS]),
      .out_valid_o(token_valid[i]),
      .out_ready_i(join_all),
      .out_data_o (token[FIRST+:PLANE*BITS])
    );
  end

  for (genvar t = 0; t < TIMESTEPS; t++) begin : g_timestep
    for (genvar c = 0; c < GROUP; c++) begin : g_channel
      always_comb begin
        automatic logic [OUT_BITS-1:0] total, value;
        total = '0;
        for (int i = 0; i < INPUTS; i++) begin
          value = '0;
          for (int b = 0; b < int'(ACT_BITS[i*8+:8]); b++)
            value[b] = token[PLANE*bits_before(i) + (t*int'(ACT_BITS[i*8+:8])+b)*GROUP + c];
          total += value;
        end
        for (int b = 0; b < OUT_BITS; b++) sum[(t*OUT_BITS+b)*GROUP+c] = total[b];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) out_valid_o <= 1'b0;
    else if (advance) out_valid_o <= &token_valid;
    if (join_all) out_data_o <= sum;
  end

endmodule
