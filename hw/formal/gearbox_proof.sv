// gearbox: parts in order, none lost or doubled, against a plain queue of the narrower tokens; by
// induction over where the queue's parts are.
module gearbox_proof #(
  parameter int IN_GROUP  = 1,
  parameter int OUT_GROUP = 2
) (
  input logic clk_i, rst_i, in_valid_i, out_ready_i,
  input logic [2*IN_GROUP-1:0] in_data_i
);
  localparam int PUSHED = (IN_GROUP > OUT_GROUP) ? IN_GROUP / OUT_GROUP : 1;   // parts a beat brings
  localparam int POPPED = (OUT_GROUP > IN_GROUP) ? OUT_GROUP / IN_GROUP : 1;   // parts a beat takes
  localparam int MOST   = (OUT_GROUP > IN_GROUP) ? 2 * POPPED - 1 : 2 * PUSHED;
  localparam int PLACES = 8;
  logic in_ready, out_valid, push, pop, right;
  logic [2*OUT_GROUP-1:0] out_data;
  logic [PLACES-1:0][1:0] queue, queue_d;    // channel c of both planes; 0 is the oldest
  logic signed [5:0] count, count_d;

  gearbox #(.PLANES(2), .IN_GROUP(IN_GROUP), .OUT_GROUP(OUT_GROUP)) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );
  stream_watch #(.WIDTH(2*IN_GROUP), .ASSUMED(1)) i_in (
    .clk_i, .rst_i, .valid_i(in_valid_i), .ready_i(in_ready), .data_i(in_data_i),
    .watch_i('0), .number_o(), .watched_o()
  );
  stream_watch #(.WIDTH(2*OUT_GROUP)) i_out (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i('0), .number_o(), .watched_o()
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
    right = 1'b1;
    for (int part = 0; part < POPPED; part++)
      if ({out_data[OUT_GROUP+part], out_data[part]} != queue[part]) right = 1'b0;
  end

  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    queue <= rst_i ? '0 : queue_d;
    count <= rst_i ? 0 : count_d;
  end
  always_comb if (began && !rst_i) begin
    never_too_many:     assert (count >= 0 && count <= MOST);
    none_from_nothing:  assert (!out_valid || count >= POPPED);
    whole_tokens_leave: assert (out_valid || count < POPPED);
    room_is_offered:    assert (in_ready || count + PUSHED > MOST);
    if (out_valid) parts_in_order: assert (right);
  end

  // Where the parts are.
  if (IN_GROUP < OUT_GROUP) begin : g_widen
    always_comb if (began && !rst_i) begin
      assert (int'(count) == (out_valid ? POPPED : 0) + int'(i_dut.g_regroup.step_q));
      assert (int'(i_dut.g_regroup.step_q) < POPPED);
      for (int part = 0; part < POPPED - 1; part++)
        if (part < int'(i_dut.g_regroup.step_q))
          assert (i_dut.g_regroup.g_widen.part_q[part+1] == queue[part + (out_valid ? POPPED : 0)]);
    end
  end else if (IN_GROUP > OUT_GROUP) begin : g_narrow
    logic [PUSHED-1:0][1:0] spare;
    for (genvar part = 0; part < PUSHED; part++) begin : g_part
      assign spare[part] = {i_dut.g_regroup.g_narrow.i_register.spare_q[IN_GROUP+part],
                            i_dut.g_regroup.g_narrow.i_register.spare_q[part]};
    end
    int gone;
    assign gone = int'(i_dut.g_regroup.step_q);
    always_comb if (began && !rst_i) begin
      assert (int'(count) == PUSHED * (int'(out_valid) + int'(i_dut.g_regroup.g_narrow.i_register.spare_valid_q)) - gone);
      assert (gone < PUSHED && (out_valid || gone == 0));
      assert (!i_dut.g_regroup.g_narrow.i_register.spare_valid_q || out_valid);
      for (int part = 0; part < PUSHED; part++) begin
        if (out_valid && part >= gone) assert (i_dut.g_regroup.g_narrow.part[part] == queue[part - gone]);
        if (i_dut.g_regroup.g_narrow.i_register.spare_valid_q) assert (spare[part] == queue[PUSHED - gone + part]);
      end
    end
  end else begin : g_equal
    always_comb if (began && !rst_i) begin
      assert (int'(count) == PUSHED * (int'(out_valid) + int'(i_dut.g_equal.i_register.spare_valid_q)));
      assert (!i_dut.g_equal.i_register.spare_valid_q || out_valid);
      if (i_dut.g_equal.i_register.spare_valid_q) assert (i_dut.g_equal.i_register.spare_q == queue[1]);
    end
  end
endmodule
