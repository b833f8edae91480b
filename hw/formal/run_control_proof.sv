// run_control: senseless arguments are refused and nothing else is; a run begins once, with what the host
// wrote, and ends once; an error of the bus, a fault, a stop and a silence are in its status, and what is
// in its status has happened; a run that goes wrong asks for nothing more, waits until the bus owes
// nothing, and resets the accelerator before it ends; one that ends well has done all. With weights outside
// the chip none begins without their place, nor with what was read ahead from another one, and at its end
// their port owes nothing either; by induction.
module run_control_proof #(
  parameter int EVENTS   = 0,
  parameter int LOADABLE = 1,
  parameter int WEIGHTS  = 0
) (
  input logic clk_i, rst_i, start_i, abort_i,
  input logic [63:0] input_address_i, output_address_i,
  input logic [31:0] input_bytes_i, results_i, patience_i,
  input logic [1:0] kind_i,
  input logic word_taken_i, word_ends_i, moved_i, entry_valid_i, between_i, none_inside_i, all_given_i, loaded_i,
  input logic reader_idle_i, writer_idle_i, weights_idle_i, read_error_i, write_error_i,
  input logic [2:0] fault_i,
  input logic [63:0] weights_address_i,
  input logic weights_given_i
);
  localparam int ADDRESS_BITS = 13, RESULT_BITS = 8, RESULT_BEATS = 3;
  logic idle, busy, begins, running, halt, give_up, restart, finish, half_word;
  logic [7:0] errors;
  logic weights_new;
  logic [ADDRESS_BITS-1:0] input_address, output_address, weights_address;
  logic [31:0] words_left, output_beats;
  logic [RESULT_BITS-1:0] results;
  logic [1:0] kind;

  run_control #(
    .ADDRESS_BITS(ADDRESS_BITS), .RESULT_BITS(RESULT_BITS), .RESULT_BEATS(RESULT_BEATS),
    .EVENTS(EVENTS), .LOADABLE(LOADABLE), .WEIGHTS(WEIGHTS)
  ) i_dut (
    .clk_i, .rst_i, .start_i, .abort_i, .input_address_i, .output_address_i, .input_bytes_i, .results_i,
    .patience_i, .kind_i, .weights_address_i, .weights_given_i,
    .idle_o(idle), .busy_o(busy), .begin_o(begins), .running_o(running), .halt_o(halt), .give_up_o(give_up),
    .restart_o(restart), .finish_o(finish), .errors_o(errors), .input_address_o(input_address),
    .output_address_o(output_address), .words_left_o(words_left), .output_beats_o(output_beats),
    .results_o(results), .kind_o(kind), .half_word_o(half_word),
    .weights_address_o(weights_address), .weights_new_o(weights_new), .weights_idle_i,
    .word_taken_i, .word_ends_i, .moved_i, .entry_valid_i, .between_i, .none_inside_i, .all_given_i, .loaded_i,
    .reader_idle_i, .writer_idle_i, .read_error_i, .write_error_i, .fault_i
  );

  // ---- What the host asked for, and whether it makes sense ----
  logic [63:0] from, to, where;
  logic [31:0] bytes, asked, patience;
  logic [1:0] what;
  logic sense, image, placed, began = 1'b0;
  assign image = what == 2'd2;
  always_comb begin
    sense = bytes != 0 && from % 8 == 0 && to % 8 == 0 && from < 64'd8192 && to < 64'd8192 && asked < 32'd256;
    case (what)
      2'd0: sense = sense && asked != 0 && bytes % 8 == 0;
      2'd1: sense = sense && asked != 0 && bytes % 8 == 0 && EVENTS != 0;
      2'd2: sense = sense && asked == 0 && bytes % 4 == 0 && LOADABLE != 0;
      default: sense = 1'b0;
    endcase
    if (WEIGHTS != 0) sense = sense && placed && where % 4096 == 0 && where < 64'd8192;
  end

  // ---- What has happened since it began ----
  logic begun, halted, stop, ended, was_finishing, was_wrong, gave_up_q, gave_up_before;
  logic done, done_q, done_before, whole_q, whole_before;   // now; one and two clocks ago
  logic [6:0] seen;                        // causes, in the order of the status, while the run went on
  logic [31:0] words, silent, silent_q, silent_before;      // words taken; clocks in a row without a move
  logic [4:0] resets, waiting;             // clocks of reset; in which nothing holds the end up
  logic quiet, quiet_q, was_running, well, well_q;          // whether all was done when the run stopped
  assign quiet = reader_idle_i && writer_idle_i && weights_idle_i;
  assign well  = was_running ? done_before && whole_before : well_q;
  assign done = running && words_left == '0 && all_given_i && writer_idle_i && !entry_valid_i
             && (what != 2'd1 || between_i) && (!image || loaded_i);

  always_ff @(posedge clk_i) begin
    began         <= 1'b1;
    was_finishing <= finish;
    {gave_up_q, gave_up_before} <= {give_up, gave_up_q};
    was_wrong     <= running && errors != '0;
    {was_running, well_q, quiet_q} <= {running, well, quiet};
    {done_q, done_before}   <= {done, done_q};
    {whole_q, whole_before} <= {none_inside_i && between_i && ended, whole_q};
    silent        <= (!running || moved_i) ? '0 : silent + 1'b1;
    {silent_q, silent_before} <= {silent, silent_q};
    stop          <= !finish && (abort_i ? !idle : stop);
    resets        <= !restart ? '0 : (&resets) ? resets : resets + 1'b1;
    waiting       <= (!(halt && begun && quiet)) ? '0 : waiting + 1'b1;
    if (word_taken_i) ended <= what != 2'd1 || word_ends_i;
    if (idle && start_i) begin
      {from, to, bytes, asked, what} <= {input_address_i, output_address_i, input_bytes_i, results_i, kind_i};
      patience <= patience_i;
      where    <= weights_address_i;
      {begun, halted, seen, words} <= '0;
    end else begin
      if (begins) begun <= 1'b1;
      if (halt && begun) halted <= 1'b1;
      if (running && seen == '0)
        seen <= {fault_i, stop, silent_before == patience && patience != '0, write_error_i, read_error_i};
      if (running && word_taken_i) words <= words + 1'b1;
    end
    if (rst_i) {begun, halted, seen, stop, done_q, done_before, silent, silent_q, silent_before, was_finishing, was_wrong, gave_up_q, gave_up_before, waiting} <= '0;
  end

  // ---- Where the weights are, and whether something of another place may be in the accelerator ----
  logic given_q, given, given_at_start, reset_since;        // an address since the reset of the accelerator
  logic [63:0] address_q;
  logic [ADDRESS_BITS-1:0] used;
  always_ff @(posedge clk_i) begin
    {given_q, address_q} <= {weights_given_i, weights_address_i};
    if (idle) given_at_start <= given;
    if (weights_given_i) {given, placed} <= '1;
    else if (restart) given <= 1'b0;
    if (restart) reset_since <= 1'b1;
    else if (running) {reset_since, used} <= {1'b0, weights_address};
    if (rst_i) {given, placed, given_at_start, given_q, reset_since} <= 5'd1;
  end
  always_comb if (began) begin
    // An address changes when it is written, and is written while no run begins.
    assume (given_q || weights_address_i == address_q);
    assume (!(weights_given_i && (start_i || (busy && !begun))));
  end

  always_comb begin
    assume (began || rst_i);
    if (began && !rst_i) begin
      idle_or_busy:        assert (32'(idle) + 32'(finish) + 32'(busy) == 1 && (busy || (!begins && !running && !halt)));
      begins_once:         assert (!begins || (!begun && sense));
      runs_if_begun:       assert (!running || (begun && !halted));
      if (begins) begin
        with_what_was_asked: assert (64'(input_address) == from && 64'(output_address) == to && 32'(results) == asked
                                     && kind == what && output_beats == asked * RESULT_BEATS);
      end
      if (begins || running) begin
        counts_its_words:  assert (words_left == bytes / 8 + 32'(bytes % 8 != 0) - words);
        half_of_the_last:  assert (half_word == (words_left == 32'd1 && bytes % 8 == 4) || !image);
      end
      waits_for_the_bus:   assert (!give_up || (halt && quiet));
      nothing_of_another_place: assert (!begins || WEIGHTS == 0 || reset_since
                                        || (!given_at_start && weights_address == used));
      stops_if_wrong:      assert (!running || !was_wrong);
      errors_are_its_causes: assert (!begun || idle || errors[6:0] == seen);
      if (halt && begun && !halted && errors != '0) stops_for_a_reason: assert (seen != '0 || !whole_before);
      reset_when_given_up: assert (!gave_up_before || restart);
      if (finish) begin
        refuses_senselessness: assert (begun == sense && (sense || errors == 8'h80));
        reset_if_wrong:    assert (!begun || errors == '0 || (halted && resets >= 5'd15));
        ends_well_if_done: assert (!begun || errors != '0 || (well && halted == (WEIGHTS != 0)));
        whole_or_told:     assert (!begun || seen != '0 || errors[7] == !well);
        owes_no_weights:   assert (!begun || WEIGHTS == 0 || errors != '0 || quiet_q);
        ends_once:         assert (!was_finishing);
      end
      ends_when_done:      assert (!(running && done && done_q && done_before) || seen != '0);
      ends_when_given_up:  assert (waiting <= 5'd17);
    end
  end

  // ---- What the registers hold ----
  localparam logic [2:0] IDLE = 3'd0, CHECK = 3'd1, BEGIN = 3'd2, RUN = 3'd3, STOP = 3'd4, RESTART = 3'd5, FINISH = 3'd6;
  logic [2:0] state;
  assign state = i_dut.state_q;
  always_comb if (began && !rst_i) begin
    assert (state <= FINISH);
    if (state != IDLE) begin
      assert (i_dut.input_address_q == from && i_dut.output_address_q == to && i_dut.input_bytes_q == bytes);
      assert (i_dut.patience_q == patience && kind == what && {i_dut.too_many_q, results} == asked);
    end
    assert (stop == i_dut.stop_q);
    if (state == CHECK) assert (!begun && !halted && seen == '0 && errors == '0);
    if (state == CHECK || state == BEGIN) assert (words == '0);
    if (state == BEGIN) assert (!begun && !halted && seen == '0 && errors == '0 && sense);
    if (state == RUN) assert (begun && sense && !halted && !errors[7] && errors[6:0] == seen && i_dut.complete_q == done_q);
    if (state == RUN) assert (words == '0 || i_dut.tidy_q == whole_q || !done_q);
    if (state == RUN && words != '0) assert (ended == i_dut.ended_q);
    if (state == RUN && words == '0) assert (words_left != '0 && !done_q);
    if (state == STOP || (state == RESTART && WEIGHTS == 0)) assert (begun);
    if (begun && state != IDLE) assert (state > BEGIN);
    if (halt && begun) begin
      assert (sense && errors[6:0] == seen && (seen != '0 || errors[7] == !well));
      assert (errors != '0 || (WEIGHTS != 0 && state == STOP && well));
    end
    if (halt && !begun) assert (errors == '0 && seen == '0 && !halted && words == '0);
    if (WEIGHTS == 0) assert (!weights_new);
    else begin
      assert (placed == i_dut.weights_given_q);
      if (busy && !begun) assert (weights_address_i == where && i_dut.weights_address_q == where && !given_q);
      if (running || (halt && begun && state == STOP)) assert (i_dut.weights_address_q == where);
      if (given) assert (weights_new || (state == RESTART && i_dut.restart_left_q == 4'd14));
      if (state == RESTART) assert (i_dut.restart_left_q >= 4'd14 || reset_since);
      else assert (weights_new || reset_since
                   || (!given && !given_q && weights_address_i[ADDRESS_BITS-1:0] == used));
      if (running && !weights_new) assert (weights_address_i == where && !given_q);
      if (state == CHECK) assert (weights_new || reset_since || !given_at_start);
      if (state == BEGIN) assert (reset_since || !given_at_start);
    end
    if (state == CHECK || state == BEGIN) assert (i_dut.moved_q && silent == '0);
    if (state == BEGIN) assert (i_dut.quiet_q == '0 && silent_q == '0);
    if (state == RUN) begin
      assert (i_dut.quiet_q == silent_q && silent == (i_dut.moved_q ? '0 : silent_q + 1'b1));
      assert (i_dut.silent_q == (silent_before == patience && patience != '0));
    end
    if (state == STOP) assert (waiting == '0);
    if (state == RESTART && begun) assert (int'(waiting) + int'(i_dut.restart_left_q) <= 16);
    if (gave_up_q) assert (state == RESTART);
    if (state == RESTART && begun) assert (halted && int'(resets) + int'(i_dut.restart_left_q) >= 14);
    if (state == RUN || state == BEGIN || state == CHECK) assert (waiting == '0);
  end
endmodule
