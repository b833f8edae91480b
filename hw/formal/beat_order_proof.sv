// beat_order against the nest of loops of docs/hardware.md, pixel after pixel, skipped or not, by
// induction: four loop counters, counted as the nest says.
module beat_order_proof #(
  parameter int FOLDS     = 3,
  parameter int PLANES    = 4,
  parameter int ACT_BITS  = 2,
  parameter int TP        = 1,
  parameter int PE_GROUPS = 2,
  parameter int SLICES    = 1,
  localparam int BITS     = (ACT_BITS > TP) ? ACT_BITS / TP : 1,
  localparam int TIMES    = PLANES / TP / BITS,
  localparam int SHARERS  = PE_GROUPS / SLICES
) (
  input logic clk_i, rst_i, advance_i, skip_i
);
  logic [7:0] fold, group, slice, address, shift;
  logic first, last, final_beat;
  int pe, timestep, bits, f;

  beat_order #(
    .FOLDS(FOLDS), .PLANES(PLANES), .ACT_BITS(ACT_BITS), .TP(TP), .PE_GROUPS(PE_GROUPS), .SLICES(SLICES),
    .FOLD_BITS(8), .GROUP_BITS(8), .SLICE_BITS(8), .ADDRESS_BITS(8), .SHIFT_BITS(8)
  ) i_dut (
    .clk_i, .rst_i, .advance_i, .skip_i, .fold_o(fold), .plane_group_o(group), .slice_o(slice),
    .address_o(address), .shift_o(shift), .first_o(first), .last_o(last), .final_o(final_beat)
  );

  logic began = 1'b0, started, skip_q;
  always_ff @(posedge clk_i) begin
    began  <= 1'b1;
    skip_q <= skip_i;
    if (rst_i) begin
      {pe, timestep, bits, f} <= '0;
      started <= 1'b0;
    end else if (advance_i) begin
      started <= !final_beat;
      if (!skip_i && f != FOLDS - 1) f <= f + 1;
      else begin
        f <= 0;
        if (!skip_i && bits != BITS - 1) bits <= bits + 1;
        else begin
          bits <= 0;
          if (timestep != TIMES - 1) timestep <= timestep + 1;
          else begin
            timestep <= 0;
            pe <= (pe == PE_GROUPS - 1) ? 0 : pe + 1;
          end
        end
      end
    end
  end

  always_comb begin
    assume (began || rst_i);
    if (began && started) assume (skip_i == skip_q);   // fixed for a pixel
    if (began && !rst_i) begin
      assert (f >= 0 && f < FOLDS && bits >= 0 && bits < BITS && timestep >= 0 && timestep < TIMES);
      assert (pe >= 0 && pe < PE_GROUPS);
      if (skip_q && started) assert (f == 0 && bits == 0);
      if (!started) assert (f == 0 && bits == 0 && timestep == 0 && pe == 0);
      assert (int'(i_dut.base_q) == pe * FOLDS && int'(i_dut.slice_q) == pe / SHARERS);
      assert (int'(i_dut.share_q) == pe % SHARERS);
      fold_matches: assert (int'(fold) == f);
      planes_match: assert (int'(group) == timestep * BITS + bits);
      slice_matches: assert (int'(slice) == pe / SHARERS);
      word_matches: assert (int'(address) == pe * FOLDS + f);
      shift_matches: assert (int'(shift) == bits * TP);
      first_matches: assert (first == (f == 0 && bits == 0));
      last_matches: assert (last == (skip_i || (f == FOLDS - 1 && bits == BITS - 1)));
      final_matches: assert (final_beat == (last && timestep == TIMES - 1 && pe == PE_GROUPS - 1));
    end
  end
endmodule
