// Results to beats of memory: a beat with the clocks of the inference below and the result's number in
// the run above, then the result token, lowest bits first, in whole beats.
//
// Takes no more results than the run asks for, and none whose frame has not begun.
module result_packer #(
  parameter int RESULT_BITS = 24,                    // of the number of results in a run
  parameter int TOKEN_BITS  = 84
) (
  input  logic                   clk_i,
  input  logic                   rst_i,
  input  logic                   begin_i,            // a run begins: the next result is number 0
  input  logic                   running_i,
  input  logic [RESULT_BITS-1:0] results_i,          // of the run
  input  logic                   begun_i,
  input  logic [31:0]            latency_i,
  input  logic                   in_valid_i,
  output logic                   in_ready_o,
  input  logic [TOKEN_BITS-1:0]  in_data_i,
  output logic                   taken_o,            // a result, in this cycle
  output logic                   all_given_o,        // one clock after the last result
  output logic                   out_valid_o,
  input  logic                   out_ready_i,
  output logic [63:0]            out_data_o
);
  localparam int TOKEN_BEATS = (TOKEN_BITS + 63) / 64;
  localparam int BEATS       = 1 + TOKEN_BEATS;      // of a result
  localparam int BEAT_BITS   = $clog2(BEATS + 1);

  if (TOKEN_BITS < 1) begin : g_bad_width
    $error("result_packer: TOKEN_BITS must be at least 1");
  end

  logic [64*BEATS-1:0] record_q;
  logic [BEAT_BITS-1:0] left_q;                      // beats of the record that have not left
  logic [RESULT_BITS-1:0] given_q;

  // A result leaves in two beats or more, so all_given_o is right before the next one could be taken.
  assign in_ready_o  = running_i && left_q == '0 && begun_i && !all_given_o;
  assign taken_o     = in_valid_i && in_ready_o;
  assign out_valid_o = left_q != '0;
  assign out_data_o  = record_q[63:0];

  always_ff @(posedge clk_i) begin
    if (taken_o) record_q <= {(64*TOKEN_BEATS)'(in_data_i), 32'(given_q), latency_i};
    else if (out_valid_o && out_ready_i) record_q <= record_q >> 64;
    if (rst_i) left_q <= '0;
    else if (taken_o) left_q <= BEAT_BITS'(BEATS);
    else if (out_valid_o && out_ready_i) left_q <= left_q - 1'b1;
    if (begin_i) given_q <= '0;
    else if (taken_o) given_q <= given_q + 1'b1;
    all_given_o <= results_i == (begin_i ? '0 : given_q);
  end
endmodule
