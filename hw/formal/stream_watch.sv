// One stream of a module with several: valid and data stay while they wait, and the beat of a
// number of the solver's choice is remembered, so that a harness can say what it must become.
//
// Numbers count modulo 2^NUMBER_BITS, so the beat watched comes again and again; a module must
// hold fewer. watch_i is one number for all time. ASSUMED = 1: the stream is the world's, and
// keeps its promise; 0: it is the module's, and must.
module stream_watch #(
  parameter int WIDTH       = 2,
  parameter int NUMBER_BITS = 4,
  parameter bit ASSUMED     = 1'b0
) (
  input  logic                   clk_i,
  input  logic                   rst_i,
  input  logic                   valid_i,
  input  logic                   ready_i,
  input  logic [WIDTH-1:0]       data_i,
  input  logic [NUMBER_BITS-1:0] watch_i,
  output logic [NUMBER_BITS-1:0] number_o,    // of the next beat
  output logic [WIDTH-1:0]       watched_o    // the beat watched, from the cycle on in which it is taken
);
  logic began = 1'b0, stalled_q;
  logic [NUMBER_BITS-1:0] watch_q;
  logic [WIDTH-1:0]       last_q, watched_q;

  assign watched_o = (valid_i && ready_i && number_o == watch_i) ? data_i : watched_q;

  always_ff @(posedge clk_i) begin
    began     <= 1'b1;
    watch_q   <= watch_i;
    last_q    <= data_i;
    watched_q <= watched_o;
    stalled_q <= !rst_i && valid_i && !ready_i;
    if (rst_i) number_o <= '0;
    else if (valid_i && ready_i) number_o <= number_o + 1'b1;
  end

  always_comb begin
    assume (began || rst_i);
    if (began) assume (watch_i == watch_q);
    if (began && !rst_i && stalled_q) begin
      if (ASSUMED) assume (valid_i && data_i == last_q);
      else begin
        valid_stays: assert (valid_i);
        data_stays:  assert (data_i == last_q);
      end
    end
  end
endmodule
