// gearbox: parts in order, none lost or doubled, against a plain queue of the narrower tokens.
module gearbox_proof #(
  parameter int IN_GROUP  = 1,
  parameter int OUT_GROUP = 2
) (
  input logic clk_i, rst_i, in_valid_i, out_ready_i,
  input logic [2*IN_GROUP-1:0] in_data_i
);
  localparam int PUSHED = (IN_GROUP > OUT_GROUP) ? IN_GROUP / OUT_GROUP : 1;   // parts a beat brings
  localparam int POPPED = (OUT_GROUP > IN_GROUP) ? OUT_GROUP / IN_GROUP : 1;   // parts a beat takes
  localparam int PLACES = 8;
  logic in_ready, out_valid, push, pop, stalled_in, stalled_out;
  logic [2*OUT_GROUP-1:0] out_data, last_out;
  logic [2*IN_GROUP-1:0] last_in;
  logic [PLACES-1:0][1:0] queue, queue_d;    // channel c of both planes; 0 is the oldest
  logic signed [5:0] count, count_d;

  gearbox #(.PLANES(2), .IN_GROUP(IN_GROUP), .OUT_GROUP(OUT_GROUP)) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );

  assign push = in_valid_i && in_ready;
  assign pop  = out_valid && out_ready_i;
  always_comb begin
    queue_d = queue;
    count_d = count;
    if (pop) begin
      queue_d = queue_d >> (2 * POPPED);
      count_d = count_d - POPPED;
    end
    if (push) begin
      for (int part = 0; part < PUSHED; part++)
        for (int place = 0; place < PLACES; place++)
          if (place == count_d + part) queue_d[place] = {in_data_i[IN_GROUP+part], in_data_i[part]};
      count_d = count_d + PUSHED;
    end
  end

  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began       <= 1'b1;
    queue       <= rst_i ? '0 : queue_d;
    count       <= rst_i ? 0 : count_d;
    stalled_in  <= !rst_i && in_valid_i && !in_ready;
    stalled_out <= !rst_i && out_valid && !out_ready_i;
    last_in     <= in_data_i;
    last_out    <= out_data;
  end
  always_comb begin
    assume (began || rst_i);
    if (began && !rst_i) begin
      if (stalled_in) assume (in_valid_i && in_data_i == last_in);
      if (stalled_out) valid_stays: assert (out_valid);
      if (stalled_out) data_stays: assert (out_data == last_out);
      never_too_many: assert (count >= 0 && count <= PLACES - PUSHED);
      if (out_valid) begin
        none_from_nothing: assert (count >= POPPED);
        for (int part = 0; part < POPPED; part++)
          assert ({out_data[OUT_GROUP+part], out_data[part]} == queue[part]);
      end
      whole_tokens_leave: assert (out_valid || count < POPPED);
    end
  end
endmodule
