// frame_admission: tokens pass in order, unchanged; no frame begins to enter while SAMPLES are inside,
// and one that has begun goes on; a frame's age is known from its first token's leaving to its result,
// for a frame of the solver's choice; by induction.
module frame_admission_proof #(
  parameter int FRAME_TOKENS = 3,
  parameter int SAMPLES      = 2
) (
  input logic clk_i, rst_i, in_valid_i, out_ready_i, result_i, mark_i, choose_i,
  input logic [1:0] in_data_i
);
  localparam int INSIDE_BITS = $clog2(SAMPLES + 1);
  logic in_ready, out_valid, begun, between, enters, leaves, begins, began = 1'b0;
  logic [1:0] out_data, marked, held, ahead;
  logic [31:0] latency, cycle_q, age;
  logic [INSIDE_BITS-1:0] inside_dut;
  int entered, left_place, held_frames, inside_now, started, older;   // older: 0 no frame is chosen, else its place
  logic chosen;

  frame_admission #(.TOKEN_BITS(2), .FRAME_TOKENS(FRAME_TOKENS), .SAMPLES(SAMPLES)) i_dut (
    .clk_i, .rst_i, .cycle_i(cycle_q), .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data),
    .result_i, .begun_o(begun), .latency_o(latency), .inside_o(inside_dut), .between_o(between)
  );
  stream_properties #(.IN_BITS(2), .OUT_BITS(2), .CAPACITY(2)) i_properties (
    .clk_i, .rst_i, .in_valid_i, .in_ready_i(in_ready), .in_data_i,
    .out_valid_i(out_valid), .out_ready_i, .out_data_i(out_data),
    .mark_i, .expected_i(in_data_i), .held_o(held), .ahead_o(ahead), .marked_o(marked)
  );
  assign enters = in_valid_i && in_ready;
  assign leaves = out_valid && out_ready_i;
  assign begins = leaves && left_place == 0;          // a frame, where it leaves for the accelerator

  always_ff @(posedge clk_i) begin
    began   <= 1'b1;
    cycle_q <= cycle_q + 1'b1;
    age     <= age + 1'b1;
    if (rst_i) begin
      {entered, left_place, inside_now, started, older} <= '0;
      chosen <= 1'b0;
    end else begin
      if (enters) entered <= (entered + 1) % FRAME_TOKENS;
      if (leaves) left_place <= (left_place + 1) % FRAME_TOKENS;
      inside_now <= inside_now + int'(enters && entered == 0) - int'(result_i);
      started    <= started + int'(begins) - int'(result_i);
      if (begins && choose_i && !chosen) begin
        chosen <= 1'b1;
        older  <= started + 1 - int'(result_i);
        age    <= 32'd1;
      end else if (result_i && older != 0) older <= older - 1;
    end
  end
  always_comb begin
    held_frames = 0;                                  // that have entered and not begun to leave
    for (int n = 0; n < 2; n++)
      if (n < int'(held) && (left_place + n) % FRAME_TOKENS == 0) held_frames = held_frames + 1;
    assume (began || rst_i);
    if (result_i) assume (begun);
    if (began && !rst_i) begin
      no_more_than_samples: assert (inside_now <= SAMPLES && int'(inside_dut) == inside_now);
      waits_for_a_result:   assert (!enters || entered != 0 || inside_now < SAMPLES);
      a_frame_goes_on:      assert (in_ready || held == 2'd2 || (entered == 0 && inside_now == SAMPLES));
      between_frames:       assert (between == (entered == 0));
      begun_has_begun:      assert (!begun || started != 0);
      a_place_for_each:     assert (!begins || i_dut.stamps_ready);
      if (older == 1 && begun) its_age: assert (latency == age);
      // What the registers hold.
      assert (entered >= 0 && entered < FRAME_TOKENS && left_place >= 0 && left_place < FRAME_TOKENS);
      assert (int'(i_dut.entry_place_q) == entered && int'(i_dut.place_q) == left_place);
      assert (entered == (left_place + int'(held)) % FRAME_TOKENS);
      assert (held == 2'(out_valid) + 2'(i_dut.i_entry.spare_valid_q) && (!i_dut.i_entry.spare_valid_q || out_valid));
      if (ahead == 2'd1) assert (out_data == marked);
      if (ahead == 2'd2) assert (i_dut.i_entry.spare_q == marked);
      assert (inside_now == started + held_frames && started >= 0);
      assert (started == int'(begun) + int'(i_dut.i_stamps.count_q) && int'(i_dut.i_stamps.count_q) <= SAMPLES);
      assert (int'(i_dut.i_stamps.read_q) < SAMPLES && older >= 0 && older <= started && (older == 0 || chosen));
      assert (int'(i_dut.i_stamps.write_q) == (int'(i_dut.i_stamps.read_q) + int'(i_dut.i_stamps.count_q)) % SAMPLES);
      for (int n = 0; n < SAMPLES; n++)
        if (older != 0 && older == int'(begun) + n + 1)
          assert (i_dut.i_stamps.i_memory.g_distributed.memory[(int'(i_dut.i_stamps.read_q) + n) % SAMPLES] == cycle_q - age);
    end
  end
endmodule
