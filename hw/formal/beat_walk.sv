// The beats that a window stands for, one after the other: the nest of loops of docs/hardware.md
// (PE group, timestep group, bit group, fold), of which only the beats marked in work_i are
// presented, or one with skip_o where a timestep group has none. With all beats marked it is the
// plain nest. The reference of the proofs of every module that presents beats.
module beat_walk #(
  parameter int FOLDS      = 2,
  parameter int BIT_GROUPS = 1,
  parameter int TIMES      = 1,          // timestep groups
  parameter int PE_GROUPS  = 1,
  parameter int SLICES     = 1,
  parameter int TP         = 1,
  localparam int BEATS     = BIT_GROUPS * FOLDS
) (
  input  logic clk_i, rst_i, advance_i,
  input  logic [SLICES*TIMES*BEATS-1:0] work_i,     // bit (slice, timestep group, bit group, fold)
  output logic [7:0] fold_o, plane_group_o, slice_o, address_o, shift_o,
  output logic first_o, last_o, skip_o, final_o,
  // for the invariants of an induction: the place in the two outer loops, and the beats of the
  // timestep group that are left
  output logic [7:0] pe_o, time_o,
  output logic [BEATS-1:0] left_o
);
  logic [7:0] begun_q, beat;              // beats passed of the timestep group
  logic [BEATS-1:0] group;

  assign slice_o = 8'(int'(pe_o) / (PE_GROUPS / SLICES));
  assign group   = BEATS'(work_i >> ((int'(slice_o) * TIMES + int'(time_o)) * BEATS));
  assign left_o  = group & BEATS'('1 << begun_q);

  always_comb begin
    beat = '0;
    for (int n = BEATS - 1; n >= 0; n--) if (left_o[n]) beat = 8'(n);
  end
  assign last_o        = (left_o & ~BEATS'(1 << beat)) == '0;
  assign skip_o        = group == '0;
  assign first_o       = begun_q == '0;
  assign fold_o        = 8'(int'(beat) % FOLDS);
  assign plane_group_o = 8'(int'(time_o) * BIT_GROUPS + int'(beat) / FOLDS);
  assign address_o     = 8'(int'(pe_o) * FOLDS + int'(fold_o));
  assign shift_o       = 8'(int'(beat) / FOLDS * TP);
  assign final_o       = last_o && int'(time_o) == TIMES - 1 && int'(pe_o) == PE_GROUPS - 1;

  always_ff @(posedge clk_i)
    if (rst_i) {pe_o, time_o, begun_q} <= '0;
    else if (advance_i) begin
      begun_q <= last_o ? '0 : beat + 1'b1;
      if (last_o) begin
        time_o <= (int'(time_o) == TIMES - 1) ? '0 : time_o + 1'b1;
        if (int'(time_o) == TIMES - 1) pe_o <= final_o ? '0 : pe_o + 1'b1;
      end
    end
endmodule
