// axi_writer: the beats that come are written to the stretch once, in order, in bursts that stay on their
// page, have as many beats as they say and `last` at the final one, and never wait for a beat once they
// have begun; a halt begins no further burst and completes the one under way; idle means that the bus
// owes nothing; errors are told; by induction. Address and length of the stretch are the solver's.
module axi_writer_proof #(
  parameter int DATA_BITS = 8,
  parameter int MAX_BURST = 2
) (
  input logic clk_i, rst_i, start_i, halt_i, in_valid_i, aw_ready_i, w_ready_i, b_valid_i,
  input logic [12:0] address_i,
  input logic [31:0] beats_i,
  input logic [DATA_BITS-1:0] in_data_i,
  input logic [1:0] b_resp_i,
  input logic [3:0] watch_i              // a beat
);
  localparam int BYTES = DATA_BITS / 8;
  localparam int ROOM  = 2 * MAX_BURST;
  logic idle, error, in_ready, aw_valid, w_valid, w_last, b_ready, drop;
  logic [DATA_BITS-1:0] w_data, beat;
  logic [12:0] aw_addr;
  logic [7:0] aw_len;
  logic [3:0] in_number, w_number, ahead;

  axi_writer #(.ADDRESS_BITS(13), .DATA_BITS(DATA_BITS), .MAX_BURST(MAX_BURST)) i_dut (
    .clk_i, .rst_i, .start_i, .address_i, .beats_i, .halt_i, .idle_o(idle), .error_o(error),
    .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .aw_valid_o(aw_valid), .aw_ready_i, .aw_addr_o(aw_addr), .aw_len_o(aw_len),
    .w_valid_o(w_valid), .w_ready_i, .w_data_o(w_data), .w_last_o(w_last),
    .b_valid_i, .b_ready_o(b_ready), .b_resp_i
  );
  stream_watch #(.WIDTH(21)) i_aw (
    .clk_i, .rst_i, .valid_i(aw_valid), .ready_i(aw_ready_i), .data_i({aw_addr, aw_len}),
    .watch_i('0), .number_o(), .watched_o()
  );
  stream_watch #(.WIDTH(DATA_BITS), .ASSUMED(1)) i_in (
    .clk_i, .rst_i(drop), .valid_i(in_valid_i), .ready_i(in_ready), .data_i(in_data_i),
    .watch_i, .number_o(in_number), .watched_o(beat)
  );
  stream_watch #(.WIDTH(DATA_BITS + 1)) i_w (
    .clk_i, .rst_i(drop), .valid_i(w_valid), .ready_i(w_ready_i), .data_i({w_data, w_last}),
    .watch_i('0), .number_o(w_number), .watched_o()
  );

  logic began = 1'b0, halted, was_halting, was_idle, was_offered, was_dropped, begins, sent;
  logic [12:0] next;                     // address of the next burst that begins
  logic [31:0] remaining;                // beats of the stretch that no burst has that has begun
  logic [9:0] length, due_q, due;        // of the burst on offer; beats that the data channel has to bring
  logic [4:0] unanswered, addresses, datas;   // bursts: begun; of them address taken; of them data taken
  logic [1:0] waiting;                   // clocks in which a burst could have begun
  assign length = 10'(aw_len) + 1'b1;
  assign begins = aw_valid && !was_offered;          // first seen in this clock
  assign due    = begins ? length : due_q;
  assign sent   = w_valid && w_ready_i;
  assign ahead  = watch_i - w_number;
  // What waits is dropped by a halt, but not what a burst under way needs.
  assign drop   = rst_i || (halt_i && due == '0);

  always_ff @(posedge clk_i) begin
    began       <= 1'b1;
    was_halting <= halt_i;
    was_idle    <= idle;
    was_offered <= aw_valid && !aw_ready_i;
    was_dropped <= drop;
    if (rst_i) {remaining, due_q, unanswered, addresses, datas, waiting, was_halting, was_offered, halted} <= '0;
    else begin
      due_q      <= due - 10'(sent);
      unanswered <= unanswered + 5'(begins) - 5'(b_valid_i);
      addresses  <= addresses + 5'(aw_valid && aw_ready_i) - 5'(b_valid_i);
      datas      <= datas + 5'(sent && w_last) - 5'(b_valid_i);
      if (start_i) begin
        {next, remaining} <= {address_i, beats_i};
        halted            <= 1'b0;
      end else if (begins) begin
        next      <= next + 13'(32'(length) * BYTES);
        remaining <= remaining - 32'(length);
      end
      if (halt_i) halted <= 1'b1;
      waiting <= (start_i || halt_i || halted || aw_valid || due != '0 || remaining == '0
                  || int'(unanswered) >= 15
                  || (int'(4'(in_number - w_number)) < MAX_BURST && 32'(4'(in_number - w_number)) < remaining))
                 ? '0 : waiting + 1'b1;
    end
  end
  always_comb begin
    assume (began || rst_i);
    if (b_valid_i) assume (addresses != '0 && datas != '0);   // an answer comes behind address and data
    if (start_i) assume (idle && !halt_i && address_i % BYTES == 0);
    if (was_halting && !was_idle) assume (halt_i);            // a halt lasts until the bus owes nothing
    if (began && !rst_i) begin
      burst_length:     assert (!aw_valid || int'(aw_len) < MAX_BURST);
      within_a_page:    assert (!aw_valid || int'(aw_addr[11:0]) + int'(length) * BYTES <= 4096);
      always_ready:     assert (b_ready);
      errors_are_told:  assert (error == (b_valid_i && (b_resp_i == 2'b10 || b_resp_i == 2'b11)));
      idle_owes_nothing: assert (!idle || (!aw_valid && due == '0));
      idle_if_all_is_answered: assert (idle == (unanswered == '0 && !begins && (halted || remaining == '0)));
      none_new_while_halting: assert (!begins || !was_halting);
      one_after_another: assert (!begins || due_q == '0);
      answers_counted:  assert (unanswered <= 5'd15);
      data_with_its_burst: assert (w_valid == (due != '0));
      last_ends_it:     assert (!w_valid || w_last == (due == 10'd1));
      if (begins) begin
        in_order:       assert (aw_addr == next && 32'(length) <= remaining && !halted);
      end
      if (w_valid && ahead == '0) arrives_unchanged: assert (w_data == beat);
      none_from_nothing: assert (!w_valid || in_number != w_number);
      room_is_used:     assert (halt_i || in_ready || int'(4'(in_number - w_number)) >= ROOM);
      goes_on:          assert (waiting < 2'd3);
    end
  end

  // ---- What the registers hold ----
  int fifo_held;
  assign fifo_held = int'(i_dut.fifo_valid) + int'(i_dut.i_beats.count_q);
  always_comb if (began && !rst_i) begin
    assert (int'(i_dut.to_send_q) == int'(due) && int'(due) <= MAX_BURST);
    assert (int'(i_dut.owed_q) == int'(unanswered) + int'(begins));
    assert (int'(i_dut.owed_q) == int'(addresses) + int'(aw_valid) && int'(i_dut.owed_q) == int'(datas) + int'(due != '0));
    assert (!was_offered || aw_valid);
    if (aw_valid && !begins) assert (due <= length);
    if (i_dut.cut_q != '0) assert (i_dut.cut_q == i_dut.length && !halted);
    assert (!was_halting || halted);
    if (!halted) begin
      assert (i_dut.left_q == remaining - (begins ? 32'(length) : '0) && (!begins || remaining >= 32'(length)));
      if (remaining != '0)
        assert (i_dut.address_q == next + (begins ? 13'(32'(length) * BYTES) : '0) && int'(next) % BYTES == 0);
      if (waiting >= 2'd2) assert (begins || i_dut.cut_q != '0);
    end else assert (i_dut.left_q == '0);
    if (!halt_i) assert (fifo_held == int'(due) + int'(i_dut.stored_q));
    if (was_halting) assert (i_dut.stored_q == '0);
    if (was_dropped) assert (fifo_held == 0);
    if (was_halting && was_idle) assert (was_dropped);
    assert (fifo_held >= int'(due));
    assert (int'(4'(in_number - w_number)) == fifo_held && fifo_held <= ROOM + 1);
    assert (int'(i_dut.i_beats.count_q) <= ROOM && int'(i_dut.i_beats.read_q) < ROOM);
    assert (int'(i_dut.i_beats.write_q) == (int'(i_dut.i_beats.read_q) + int'(i_dut.i_beats.count_q)) % ROOM);
    // A beat that is counted as stored is on offer by the time that a burst has begun.
    if (!i_dut.fifo_valid) assert (due == '0);
    if (i_dut.fifo_valid && ahead == '0) assert (w_data == beat);
    for (int n = 0; n < ROOM; n++)
      if (n < int'(i_dut.i_beats.count_q) && int'(ahead) == int'(i_dut.fifo_valid) + n)
        assert (i_dut.i_beats.i_memory.g_distributed.memory[(int'(i_dut.i_beats.read_q) + n) % ROOM] == beat);
  end
endmodule
