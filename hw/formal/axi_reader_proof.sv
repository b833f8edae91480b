// axi_reader: a stretch is asked for once, in order, in bursts that stay on their page and never for
// more than there is room for; what comes leaves in order; a halt asks for nothing more and drops what
// comes; idle means that the bus owes nothing; errors are told; by induction. Address and length of
// the stretch are the solver's.
module axi_reader_proof #(
  parameter int DATA_BITS   = 8,
  parameter int MAX_BURST   = 2,
  parameter int OUTSTANDING = 2
) (
  input logic clk_i, rst_i, start_i, halt_i, ar_ready_i, r_valid_i, out_ready_i,
  input logic [12:0] address_i,
  input logic [31:0] beats_i,
  input logic [DATA_BITS-1:0] r_data_i,
  input logic [1:0] r_resp_i,
  input logic [3:0] watch_i              // a beat
);
  localparam int BYTES = DATA_BITS / 8;
  localparam int ROOM  = OUTSTANDING * MAX_BURST;
  logic idle, error, out_valid, ar_valid, r_ready, drop;
  logic [DATA_BITS-1:0] out_data, beat;
  logic [12:0] ar_addr;
  logic [7:0] ar_len;
  logic [3:0] r_number, out_number, ahead;

  axi_reader #(
    .ADDRESS_BITS(13), .DATA_BITS(DATA_BITS), .MAX_BURST(MAX_BURST), .OUTSTANDING(OUTSTANDING)
  ) i_dut (
    .clk_i, .rst_i, .start_i, .address_i, .beats_i, .halt_i, .idle_o(idle), .error_o(error),
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data),
    .ar_valid_o(ar_valid), .ar_ready_i, .ar_addr_o(ar_addr), .ar_len_o(ar_len),
    .r_valid_i, .r_ready_o(r_ready), .r_data_i, .r_resp_i
  );
  stream_watch #(.WIDTH(21)) i_ar (
    .clk_i, .rst_i, .valid_i(ar_valid), .ready_i(ar_ready_i), .data_i({ar_addr, ar_len}),
    .watch_i('0), .number_o(), .watched_o()
  );
  // A halt begins the count of beats anew: what is there is dropped.
  assign drop = rst_i || halt_i;
  stream_watch #(.WIDTH(DATA_BITS), .ASSUMED(1)) i_r (
    .clk_i, .rst_i(drop), .valid_i(r_valid_i), .ready_i(r_ready), .data_i(r_data_i),
    .watch_i, .number_o(r_number), .watched_o(beat)
  );
  stream_watch #(.WIDTH(DATA_BITS)) i_out (
    .clk_i, .rst_i(drop), .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i('0), .number_o(out_number), .watched_o()
  );

  logic began = 1'b0, asked, halted, was_halting, was_idle, was_offered;
  logic [12:0] next;                     // address of the next burst that is taken
  logic [31:0] remaining;                // beats of the stretch that no burst taken has
  logic [9:0] owed, offered;             // beats asked for that have not come; beats on offer
  logic [1:0] waiting;                   // clocks in which a burst could have been offered
  assign asked   = ar_valid && ar_ready_i;
  assign offered = ar_valid ? 10'(ar_len) + 1'b1 : '0;
  assign ahead   = watch_i - out_number;

  always_ff @(posedge clk_i) begin
    began       <= 1'b1;
    was_halting <= halt_i;
    was_idle    <= idle;
    was_offered <= ar_valid && !ar_ready_i;
    if (rst_i) {remaining, owed, waiting, was_halting, was_offered, halted} <= '0;
    else begin
      owed <= owed + (asked ? offered : '0) - 10'(r_valid_i);
      if (start_i) begin
        {next, remaining} <= {address_i, beats_i};
        halted            <= 1'b0;
      end else if (asked) begin
        next      <= next + 13'(32'(offered) * BYTES);
        remaining <= remaining - 32'(offered);
      end
      if (halt_i) halted <= 1'b1;
      waiting <= (start_i || halt_i || halted || ar_valid || remaining == '0
                  || int'(4'(r_number - out_number)) + int'(owed) + MAX_BURST > ROOM) ? '0 : waiting + 1'b1;
    end
  end
  always_comb begin
    assume (began || rst_i);
    if (r_valid_i) assume (owed != '0);                  // the memory brings what was asked for
    if (start_i) assume (idle && !halt_i && address_i % BYTES == 0);
    if (was_halting && !was_idle) assume (halt_i);       // a halt lasts until the bus owes nothing
    if (began && !rst_i) begin
      burst_length:     assert (!ar_valid || int'(ar_len) < MAX_BURST);
      within_a_page:    assert (!ar_valid || int'(ar_addr[11:0]) + int'(offered) * BYTES <= 4096);
      always_ready:     assert (r_ready);
      always_a_place:   assert (!i_dut.push || i_dut.fifo_ready);
      errors_are_told:  assert (error == (r_valid_i && (r_resp_i == 2'b10 || r_resp_i == 2'b11)));
      idle_if_nothing_is_owed: assert (idle == (owed == '0 && !ar_valid && (halted || remaining == '0)));
      nothing_new_while_halting: assert (!ar_valid || was_offered || !was_halting);
      if (!halted && ar_valid) begin
        in_order:       assert (ar_addr == next && 32'(offered) <= remaining);
      end
      if (!halt_i) begin
        none_from_nothing: assert (!out_valid || r_number != out_number);
        if (out_valid && ahead == '0) arrives_unchanged: assert (out_data == beat);
        goes_on:        assert (waiting < 2'd3);
      end
    end
  end

  // ---- What the registers hold ----
  int fifo_held;
  assign fifo_held = int'(out_valid) + int'(i_dut.i_beats.count_q);
  always_comb if (began && !rst_i) begin
    assert (int'(i_dut.owed_q) == int'(owed) + int'(offered) && int'(i_dut.owed_q) <= ROOM && (!was_offered || ar_valid));
    if (i_dut.cut_q != '0) assert (i_dut.cut_q == i_dut.length && !halted);
    assert (!was_halting || halted);
    if (!halted) begin
      assert (i_dut.left_q == remaining - 32'(offered) && remaining >= 32'(offered));
      if (remaining != '0) assert (i_dut.address_q == next + 13'(32'(offered) * BYTES) && int'(next) % BYTES == 0);
      if (waiting >= 2'd2) assert (ar_valid || i_dut.cut_q != '0);
    end else assert (i_dut.left_q == '0);
    if (!halt_i) begin
      assert (int'(i_dut.room_q) + int'(i_dut.owed_q) + fifo_held == ROOM);
      assert (int'(4'(r_number - out_number)) == fifo_held);
    end
    if (was_halting) assert (int'(i_dut.room_q) == ROOM && fifo_held == 0 && r_number == '0 && out_number == '0);
    assert (int'(i_dut.i_beats.count_q) <= ROOM && int'(i_dut.i_beats.read_q) < ROOM);
    assert (int'(i_dut.i_beats.write_q) == (int'(i_dut.i_beats.read_q) + int'(i_dut.i_beats.count_q)) % ROOM);
    for (int n = 0; n < ROOM; n++)
      if (n < int'(i_dut.i_beats.count_q) && int'(ahead) == int'(out_valid) + n && !halt_i)
        assert (i_dut.i_beats.i_memory.g_distributed.memory[(int'(i_dut.i_beats.read_q) + n) % ROOM] == beat);
  end
endmodule
