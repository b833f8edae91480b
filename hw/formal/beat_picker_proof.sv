// beat_picker: the picks of a window, of the solver's choice with any beats in it, are those of the
// nest of loops without the others, none lost, doubled or late; by induction.
module beat_picker_proof #(
  parameter int FOLDS     = 2,
  parameter int PLANES    = 4,
  parameter int ACT_BITS  = 2,
  parameter int TP        = 1,
  parameter int PE_GROUPS = 2,
  parameter int SLICES    = 1,
  localparam int BITS     = (ACT_BITS > TP) ? ACT_BITS / TP : 1,
  localparam int TIMES    = PLANES / TP / BITS,
  localparam int WORK     = SLICES * (PLANES / TP) * FOLDS
) (
  input logic clk_i, rst_i, enable_i, window_valid_i, tag_i,
  input logic [WORK-1:0] work_i,
  input logic [1:0] watch_i
);
  localparam int SHARERS = PE_GROUPS / SLICES;
  logic ready, valid, first, last, skip, final_pick, tag;
  logic [7:0] fold, group, slice, address, shift;
  logic walk_first, walk_last, walk_skip, walk_final, walk_tag, now;
  logic [7:0] walk_fold, walk_group, walk_slice, walk_address, walk_shift, pe, timestep;
  logic [BITS*FOLDS-1:0] left;
  logic [WORK:0] taken;
  logic [WORK-1:0] walk_work;
  logic [1:0] in_number, out_number;

  beat_picker #(
    .FOLDS(FOLDS), .PLANES(PLANES), .ACT_BITS(ACT_BITS), .TP(TP), .PE_GROUPS(PE_GROUPS), .SLICES(SLICES),
    .FOLD_BITS(8), .GROUP_BITS(8), .SLICE_BITS(8), .ADDRESS_BITS(8), .SHIFT_BITS(8)
  ) i_dut (
    .clk_i, .rst_i, .enable_i, .window_valid_i, .window_ready_o(ready), .work_i, .tag_i,
    .pick_valid_o(valid), .fold_o(fold), .plane_group_o(group), .slice_o(slice), .address_o(address),
    .shift_o(shift), .first_o(first), .last_o(last), .skip_o(skip), .final_o(final_pick), .tag_o(tag)
  );
  stream_watch #(.WIDTH(WORK + 1), .NUMBER_BITS(2), .ASSUMED(1)) i_windows (
    .clk_i, .rst_i, .valid_i(window_valid_i), .ready_i(ready), .data_i({work_i, tag_i}),
    .watch_i, .number_o(in_number), .watched_o(taken)
  );
  // Picks begin while their window still waits.
  assign {walk_work, walk_tag} = (in_number == watch_i) ? {work_i, tag_i} : taken;
  assign now = out_number == watch_i;
  beat_walk #(
    .FOLDS(FOLDS), .BIT_GROUPS(BITS), .TIMES(TIMES), .PE_GROUPS(PE_GROUPS), .SLICES(SLICES), .TP(TP)
  ) i_walk (
    .clk_i, .rst_i(rst_i || !now), .advance_i(valid && enable_i), .work_i(walk_work),
    .fold_o(walk_fold), .plane_group_o(walk_group), .slice_o(walk_slice), .address_o(walk_address),
    .shift_o(walk_shift), .first_o(walk_first), .last_o(walk_last), .skip_o(walk_skip), .final_o(walk_final),
    .pe_o(pe), .time_o(timestep), .left_o(left)
  );

  logic began = 1'b0, due_q, held_q;
  always_ff @(posedge clk_i) begin
    began  <= 1'b1;
    due_q  <= !rst_i && window_valid_i && enable_i;
    held_q <= !rst_i && valid && !enable_i;
    if (rst_i) out_number <= '0;
    else if (valid && enable_i && final_pick) out_number <= out_number + 1'b1;
  end
  always_comb if (began && !rst_i) begin
    without_a_gap: assert (valid || !due_q);
    held_while_disabled: assert (valid || !held_q);
    at_most_one_window_ahead: assert (2'(in_number - out_number) <= 2'd1);
    if (valid && now) begin
      of_a_window:     assert (in_number != out_number || window_valid_i);
      fold_matches:    assert (skip || fold == walk_fold);
      planes_match:    assert (skip || group == walk_group);
      slice_matches:   assert (slice == walk_slice);
      word_matches:    assert (skip || address == walk_address);
      shift_matches:   assert (skip || shift == walk_shift);
      first_matches:   assert (first == walk_first);
      last_matches:    assert (last == walk_last);
      skip_matches:    assert (skip == walk_skip);
      final_matches:   assert (final_pick == walk_final);
      tag_matches:     assert (tag == walk_tag);
    end
  end

  // Where the two outer loops are: the timestep group that is due follows the one that is left.
  int left_pe, due;
  assign left_pe = int'(i_dut.left_base_q) / FOLDS;
  assign due = (int'(i_dut.slice_q) * SHARERS + int'(i_dut.share_q)) * TIMES + int'(i_dut.time_q);
  always_comb if (began && !rst_i) begin
    assert (int'(i_dut.time_q) < TIMES && int'(i_dut.share_q) < SHARERS && int'(i_dut.slice_q) < SLICES);
    assert (int'(i_dut.base_q) == (int'(i_dut.slice_q) * SHARERS + int'(i_dut.share_q)) * FOLDS);
    assert (valid || due == 0);
    assert (2'(in_number - out_number) == 2'(valid && i_dut.final_q));
    if (valid) begin
      assert (int'(i_dut.left_base_q) % FOLDS == 0 && left_pe < PE_GROUPS && int'(i_dut.left_time_q) < TIMES);
      assert (int'(i_dut.left_slice_q) == left_pe / SHARERS);
      assert (i_dut.final_q == (left_pe * TIMES + int'(i_dut.left_time_q) == PE_GROUPS * TIMES - 1));
      assert (due == (i_dut.final_q ? 0 : left_pe * TIMES + int'(i_dut.left_time_q) + 1));
      assert (i_dut.final_q || window_valid_i);
      if (now) begin
        assert (int'(pe) == left_pe && timestep == 8'(i_dut.left_time_q) && left == i_dut.left_q);
        assert (walk_first == i_dut.fresh_q && walk_tag == tag && walk_skip == (i_dut.left_q == '0));
      end
    end else if (now) assert (pe == '0 && timestep == '0 && walk_first);
    assert (now || (pe == '0 && timestep == '0 && walk_first));
  end
endmodule
