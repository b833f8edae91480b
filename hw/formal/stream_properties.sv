// What every stream promises, and that no token is lost, doubled, changed or overtaken.
//
// Sits beside a module with one stream in and one out whose k-th output beat is a function of one
// input beat. One input beat, of the solver's choice, is marked: `expected_i` is what it must
// come out as. The module may hold CAPACITY beats at most.
//
// in_*: assumed of the world around. out_*: asserted. `ahead_o` counts the beats in flight up to
// the marked one, itself included (0: it is not in flight), and `held_o` all of them: a harness
// ties them to the module's registers, which is what makes the proof inductive.
module stream_properties #(
  parameter int IN_BITS  = 4,
  parameter int OUT_BITS = 4,
  parameter int CAPACITY = 2,
  localparam int COUNT   = $clog2(CAPACITY + 2)
) (
  input logic                clk_i,
  input logic                rst_i,
  input logic                in_valid_i,
  input logic                in_ready_i,
  input logic [IN_BITS-1:0]  in_data_i,
  input logic                out_valid_i,
  input logic                out_ready_i,
  input logic [OUT_BITS-1:0] out_data_i,
  input logic                mark_i,       // free: mark the beat that goes in now
  input logic [OUT_BITS-1:0] expected_i,
  output logic [COUNT-1:0]    held_o,
  output logic [COUNT-1:0]    ahead_o,
  output logic [OUT_BITS-1:0] marked_o
);
  logic began = 1'b0;
  logic push, pop, marked_q, stalled_in, stalled_out;
  logic [IN_BITS-1:0]  last_in;
  logic [OUT_BITS-1:0] last_out;
  assign push = in_valid_i && in_ready_i;
  assign pop  = out_valid_i && out_ready_i;

  always_ff @(posedge clk_i) begin
    began       <= 1'b1;
    stalled_in  <= !rst_i && in_valid_i && !in_ready_i;
    stalled_out <= !rst_i && out_valid_i && !out_ready_i;
    last_in     <= in_data_i;
    last_out    <= out_data_i;
    if (rst_i) begin
      held_o   <= '0;
      ahead_o  <= '0;
      marked_q <= 1'b0;
    end else begin
      held_o <= held_o + COUNT'(push) - COUNT'(pop);
      if (push && mark_i && !marked_q) begin
        marked_q <= 1'b1;
        marked_o <= expected_i;
        ahead_o  <= held_o + 1'b1 - COUNT'(pop);
      end else if (pop && ahead_o != '0) begin
        ahead_o <= ahead_o - 1'b1;
      end
    end
  end

  always_comb begin
    assume (began || rst_i);
    if (began && !rst_i) begin
      if (stalled_in) assume (in_valid_i && in_data_i == last_in);
      if (stalled_out) begin
        valid_stays: assert (out_valid_i);
        data_stays:  assert (out_data_i == last_out);
      end
      nothing_from_nothing: assert (!out_valid_i || held_o != '0);
      nothing_beyond_capacity: assert (held_o <= COUNT'(CAPACITY));
      if (ahead_o == COUNT'(1) && out_valid_i) arrives_unchanged: assert (out_data_i == marked_o);
      ahead_is_held: assert (ahead_o <= held_o);
    end
  end
endmodule
