// event_filter: what lies on the sensor and not back in time goes on, unchanged and in order; nothing else
// does, and each word is counted once, as what it is.
module event_filter_proof (
  input logic        clk_i, rst_i, in_valid_i, out_ready_i, mark_i,
  input logic [63:0] in_data_i
);
  localparam int ROWS = 3, COLUMNS = 5, TIMES = 16;
  localparam logic [1:0] EVENT = 2'd0, END = 2'd2, REFUSED = 2'd3;

  logic        in_ready, out_valid, out_p;
  logic [1:0]  out_kind, out_y, accepted, outside, backwards;
  logic [2:0]  out_x;
  logic [3:0]  out_t;
  logic [11:0] expected, marked;
  logic [1:0]  held, ahead;

  event_filter #(
    .SENSOR_HEIGHT(ROWS), .SENSOR_WIDTH(COLUMNS), .TIME_BITS($clog2(TIMES)), .COUNT_BITS(2)
  ) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i,
    .out_kind_o(out_kind), .out_x_o(out_x), .out_y_o(out_y), .out_p_o(out_p), .out_t_o(out_t),
    .accepted_o(accepted), .outside_o(outside), .backwards_o(backwards)
  );

  // ---- What has been so far: a recording has begun, its latest time, and three counts that stop at 3 ----
  logic        began = 1'b0, begun, waited;
  logic [3:0]  latest;
  logic [1:0]  good_events, strangers, latecomers;
  logic [63:0] last_word;

  // ---- What the word on offer means ----
  logic [1:0] kind;
  int         x, y, t, since;
  logic       strange, late, good, taken;
  assign kind     = in_data_i[63:62];
  assign y        = int'(in_data_i[61:48]);
  assign x        = int'(in_data_i[46:32]);
  assign t        = int'(in_data_i[3:0]);
  assign since    = (t - int'(latest) + TIMES) % TIMES;
  assign strange  = kind == REFUSED || (kind == EVENT && !(x < COLUMNS && y < ROWS));
  assign late     = !strange && kind != END && begun && since >= TIMES / 2;
  assign good     = !strange && !late;
  assign taken    = in_valid_i && in_ready;
  assign expected = {kind, 3'(x), 2'(y), in_data_i[47], 4'(t)};


  always_ff @(posedge clk_i) begin
    began     <= 1'b1;
    waited    <= !rst_i && in_valid_i && !in_ready;
    last_word <= in_data_i;
    if (rst_i) begin
      begun <= 1'b0;
      {good_events, strangers, latecomers} <= '0;
    end else if (taken) begin
      if (good) begun <= kind != END;
      if (good && kind != END) latest <= 4'(t);
      if (good && kind == EVENT && good_events < 2'd3) good_events <= good_events + 2'd1;
      if (strange && strangers < 2'd3) strangers <= strangers + 2'd1;
      if (late && latecomers < 2'd3) latecomers <= latecomers + 2'd1;
    end
  end

  stream_properties #(.IN_BITS(64), .OUT_BITS(12), .CAPACITY(2)) i_properties (
    .clk_i, .rst_i, .in_valid_i(in_valid_i && good), .in_ready_i(in_ready), .in_data_i,
    .out_valid_i(out_valid), .out_ready_i, .out_data_i({out_kind, out_x, out_y, out_p, out_t}),
    .mark_i, .expected_i(expected), .held_o(held), .ahead_o(ahead), .marked_o(marked)
  );

  always_comb if (began && !rst_i) begin
    if (waited) assume (in_valid_i && in_data_i == last_word);
    counts_events:    assert (accepted == good_events);
    counts_strangers: assert (outside == strangers);
    counts_late:      assert (backwards == latecomers);
    // the module's registers, for the induction
    assert (begun == i_dut.started_q);
    if (begun) assert (latest == i_dut.last_q);
    assert (held == 2'(out_valid) + 2'(i_dut.i_output.spare_valid_q));
    assert (!i_dut.i_output.spare_valid_q || out_valid);
    if (ahead == 2'd1) assert ({out_kind, out_x, out_y, out_p, out_t} == marked);
    if (ahead == 2'd2) assert (i_dut.i_output.spare_q == marked);
  end
endmodule
