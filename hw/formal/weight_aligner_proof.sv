// weight_aligner: every beat leaves with its own word, one that stands for a timestep group with the
// group's last one, and no word is passed over that a beat still needs; whatever beats a reader
// leaves out of every window, by induction. The words walk the whole nest of loops.
module weight_aligner_proof #(
  parameter int FOLDS     = 2,
  parameter int PLANES    = 2,
  parameter int ACT_BITS  = 1,
  parameter int TP        = 1,
  parameter int PE_GROUPS = 2,
  localparam int BIT_GROUPS   = (ACT_BITS > TP) ? ACT_BITS / TP : 1,
  localparam int TIMES        = PLANES / TP / BIT_GROUPS,
  localparam int BEATS        = BIT_GROUPS * FOLDS,
  localparam int ADDRESS_BITS = (FOLDS * PE_GROUPS > 1) ? $clog2(FOLDS * PE_GROUPS) : 1,
  localparam int SHIFT_BITS   = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1
) (
  input logic clk_i, rst_i, beat_valid_i, word_valid_i, out_ready_i,
  input logic [TIMES*BEATS-1:0] work_i     // of a window: the beats that are not left out
);
  logic beat_ready, word_ready, out_valid, beat_take, word_take;
  logic [7:0] beat_pe, beat_time, beat_address, beat_shift, word_pe, word_time, word_address, word_shift;
  logic [BEATS-1:0] beat_left, word_left;
  logic beat_first, beat_last, beat_skip, beat_final, word_last;

  beat_walk #(
    .FOLDS(FOLDS), .BIT_GROUPS(BIT_GROUPS), .TIMES(TIMES), .PE_GROUPS(PE_GROUPS), .TP(TP)
  ) i_beats (
    .clk_i, .rst_i, .advance_i(beat_take), .work_i,
    .fold_o(), .plane_group_o(), .slice_o(), .address_o(beat_address), .shift_o(beat_shift),
    .first_o(beat_first), .last_o(beat_last), .skip_o(beat_skip), .final_o(beat_final),
    .pe_o(beat_pe), .time_o(beat_time), .left_o(beat_left)
  );
  beat_walk #(
    .FOLDS(FOLDS), .BIT_GROUPS(BIT_GROUPS), .TIMES(TIMES), .PE_GROUPS(PE_GROUPS), .TP(TP)
  ) i_words (
    .clk_i, .rst_i, .advance_i(word_take), .work_i('1),
    .fold_o(), .plane_group_o(), .slice_o(), .address_o(word_address), .shift_o(word_shift),
    .first_o(), .last_o(word_last), .skip_o(), .final_o(),
    .pe_o(word_pe), .time_o(word_time), .left_o(word_left)
  );

  weight_aligner #(
    .FOLDS(FOLDS), .PLANES(PLANES), .ACT_BITS(ACT_BITS), .TP(TP), .PE_GROUPS(PE_GROUPS)
  ) i_dut (
    .clk_i, .rst_i, .beat_valid_i, .beat_ready_o(beat_ready),
    .beat_address_i(ADDRESS_BITS'(beat_address)), .beat_shift_i(SHIFT_BITS'(beat_shift)),
    .beat_last_i(beat_last), .beat_skip_i(beat_skip),
    .word_valid_i, .word_ready_o(word_ready), .out_valid_o(out_valid), .out_ready_i
  );

  assign beat_take = beat_valid_i && beat_ready;
  assign word_take = word_valid_i && word_ready;

  logic began = 1'b0, window_q;
  logic [TIMES*BEATS-1:0] work_q;
  logic [7:0] next_time, next_pe;         // of the timestep group behind that of the word
  assign next_time = (int'(word_time) == TIMES - 1) ? '0 : word_time + 1'b1;
  assign next_pe   = (next_time != '0) ? word_pe : (int'(word_pe) == PE_GROUPS - 1) ? '0 : word_pe + 1'b1;

  always_ff @(posedge clk_i) begin
    began    <= 1'b1;
    work_q   <= work_i;
    window_q <= !rst_i && !(beat_take && beat_final);
  end
  always_comb begin
    assume (began || rst_i);
    if (began && window_q) assume (work_i == work_q);
    if (began && !rst_i) begin
      together: assert (beat_take == (out_valid && out_ready_i) && (!beat_take || word_take));
      if (out_valid) begin
        its_group: assert (word_pe == beat_pe && word_time == beat_time);
        if (beat_skip) the_last_word: assert (word_last);
        else its_word: assert (word_address == beat_address && word_shift == beat_shift);
      end
      if (!i_dut.rest_q)
        none_missed: assert (word_pe == beat_pe && word_time == beat_time && (beat_left & ~word_left) == '0);
      // The module's counters are the walk's.
      assert (int'(i_dut.address_q) == int'(word_address) && int'(i_dut.group_q) * TP == int'(word_shift));
      assert (int'(i_dut.fold_q) == int'(word_address) - int'(word_pe) * FOLDS);
      assert (int'(i_dut.time_q) == int'(word_time) && int'(word_time) < TIMES && int'(word_pe) < PE_GROUPS);
      assert (word_left != '0 && (beat_left != '0 || beat_skip));
      if (i_dut.rest_q) assert (beat_first && beat_pe == next_pe && beat_time == next_time);
    end
  end
endmodule
