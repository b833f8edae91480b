// Lets frames into the accelerator, at most SAMPLES of them at once, and remembers when each began.
//
// A frame that has entered in part goes on; the next one waits for a result where SAMPLES are inside.
// latency_o is the oldest frame's age, from its first token's leaving for the accelerator.
module frame_admission #(
  parameter int TOKEN_BITS   = 24,
  parameter int FRAME_TOKENS = 16,
  parameter int SAMPLES      = 64,
  parameter int INSIDE_BITS  = $clog2(SAMPLES + 1)   // derived
) (
  input  logic                   clk_i,
  input  logic                   rst_i,
  input  logic [31:0]            cycle_i,            // clocks, counted on through resets
  input  logic                   in_valid_i,
  output logic                   in_ready_o,
  input  logic [TOKEN_BITS-1:0]  in_data_i,
  output logic                   out_valid_o,
  input  logic                   out_ready_i,
  output logic [TOKEN_BITS-1:0]  out_data_o,
  input  logic                   result_i,           // a result leaves: only while begun_o
  output logic                   begun_o,            // a frame whose result is due has begun
  output logic [31:0]            latency_o,
  output logic [INSIDE_BITS-1:0] inside_o,           // frames that have entered and given no result
  output logic                   between_o           // the next token to enter begins a frame
);
  localparam int PLACE_BITS = FRAME_TOKENS > 1 ? $clog2(FRAME_TOKENS) : 1;

  if (FRAME_TOKENS < 1 || TOKEN_BITS < 1 || SAMPLES < 1) begin : g_bad_sizes
    $error("frame_admission: TOKEN_BITS, FRAME_TOKENS and SAMPLES must be at least 1");
  end

  logic [PLACE_BITS-1:0] entry_place_q, place_q;     // in its frame, of the next token to enter, to leave
  logic [31:0] began;
  logic admitted, entry_ready, enters, leaves, stamps_ready;

  assign between_o  = entry_place_q == '0;
  assign admitted   = !between_o || inside_o != INSIDE_BITS'(SAMPLES);
  assign in_ready_o = entry_ready && admitted;
  assign enters     = in_valid_i && in_ready_o;
  assign leaves     = out_valid_o && out_ready_i;
  assign latency_o  = cycle_i - began;

  stream_register #(
      .WIDTH(TOKEN_BITS)
  ) i_entry (
      .clk_i,
      .rst_i,
      .in_valid_i (in_valid_i && admitted),
      .in_ready_o (entry_ready),
      .in_data_i,
      .out_valid_o,
      .out_ready_i,
      .out_data_o
  );

  stream_fifo #(
      .WIDTH(32),
      .DEPTH(SAMPLES)
  ) i_stamps (
      .clk_i,
      .rst_i,
      .in_valid_i (leaves && place_q == '0),
      .in_ready_o (stamps_ready),
      .in_data_i  (cycle_i),
      .out_valid_o(begun_o),
      .out_ready_i(result_i),
      .out_data_o (began)
  );

  function automatic logic [PLACE_BITS-1:0] next_place(input logic [PLACE_BITS-1:0] place);
    return place == PLACE_BITS'(FRAME_TOKENS - 1) ? '0 : place + 1'b1;
  endfunction

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      entry_place_q <= '0;
      place_q       <= '0;
      inside_o      <= '0;
    end else begin
      if (enters) entry_place_q <= next_place(entry_place_q);
      if (leaves) place_q <= next_place(place_q);
      inside_o <= inside_o + INSIDE_BITS'(enters && between_o) - INSIDE_BITS'(result_i);
    end
  end

  logic unused;
  assign unused = stamps_ready;                      // no more frames are inside than it has room for
endmodule
