// The one loop order of the kernel: PE group, timestep group, bit group, fold (innermost).
//
// Presents the beat that is due and moves on at an edge with advance_i. While skip_i is high a
// beat stands for a whole timestep group, so bit groups and folds are not walked; skip_i may
// change only between pixels. final_o marks the last beat of a pixel. slice_o is the slice of the
// inputs that the PE group sees: PE groups are shared out evenly among SLICES.
module beat_order #(
  parameter int FOLDS        = 1,
  parameter int PLANES       = 1,
  parameter int ACT_BITS     = 1,
  parameter int TP           = 1,
  parameter int PE_GROUPS    = 1,
  parameter int SLICES       = 1,
  parameter int FOLD_BITS    = (FOLDS > 1) ? $clog2(FOLDS) : 1,                           // derived
  parameter int GROUP_BITS   = (PLANES > TP) ? $clog2(PLANES / TP) : 1,                   // derived
  parameter int SLICE_BITS   = (SLICES > 1) ? $clog2(SLICES) : 1,                         // derived
  parameter int ADDRESS_BITS = (FOLDS * PE_GROUPS > 1) ? $clog2(FOLDS * PE_GROUPS) : 1,   // derived
  parameter int SHIFT_BITS   = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1                      // derived
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    advance_i,
  input  logic                    skip_i,
  output logic [FOLD_BITS-1:0]    fold_o,
  output logic [GROUP_BITS-1:0]   plane_group_o,   // planes plane_group*TP and up are resident
  output logic [SLICE_BITS-1:0]   slice_o,
  output logic [ADDRESS_BITS-1:0] address_o,
  output logic [SHIFT_BITS-1:0]   shift_o,
  output logic                    first_o,
  output logic                    last_o,
  output logic                    final_o
);

  if (ACT_BITS % TP != 0 && TP % ACT_BITS != 0) begin : g_bad_planes
    $error("beat_order: TP must divide ACT_BITS or be a multiple of it");
  end
  if (PLANES % TP != 0 || PLANES % ACT_BITS != 0) begin : g_bad_timesteps
    $error("beat_order: TP and ACT_BITS must divide PLANES (timesteps x ACT_BITS)");
  end

  if (PE_GROUPS % SLICES != 0) begin : g_bad_slices
    $error("beat_order: SLICES must divide PE_GROUPS");
  end

  localparam int PLANE_GROUPS = PLANES / TP;
  localparam int BIT_GROUPS   = (ACT_BITS > TP) ? ACT_BITS / TP : 1;   // of one timestep group
  localparam int SHARERS      = PE_GROUPS / SLICES;                    // PE groups of one slice
  localparam int SHARE_BITS   = (SHARERS > 1) ? $clog2(SHARERS) : 1;

  logic [FOLD_BITS-1:0]    fold_q;
  logic [GROUP_BITS-1:0]   group_q;
  logic [SHARE_BITS-1:0]   share_q;
  logic [SLICE_BITS-1:0]   slice_q;
  logic [ADDRESS_BITS-1:0] base_q;        // first weight word of the PE group
  logic [SHIFT_BITS-1:0]   shift_q;       // planes of this timestep in earlier bit groups
  logic                    folds_done, bits_done, groups_done, shares_done, pes_done;

  assign folds_done  = skip_i || fold_q == FOLD_BITS'(FOLDS - 1);
  assign bits_done   = skip_i || int'(shift_q) == (BIT_GROUPS - 1) * TP;
  assign groups_done = int'(group_q) + (skip_i ? BIT_GROUPS : 1) == PLANE_GROUPS;
  assign shares_done = share_q == SHARE_BITS'(SHARERS - 1);
  assign pes_done    = shares_done && slice_q == SLICE_BITS'(SLICES - 1);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {fold_q, shift_q, group_q, share_q, slice_q, base_q} <= '0;
    end else if (advance_i) begin
      fold_q <= folds_done ? '0 : fold_q + 1'b1;
      if (folds_done) begin
        shift_q <= bits_done ? '0 : SHIFT_BITS'(int'(shift_q) + TP);
        group_q <= groups_done ? '0 : GROUP_BITS'(int'(group_q) + (skip_i ? BIT_GROUPS : 1));
        if (groups_done) begin
          share_q <= shares_done ? '0 : share_q + 1'b1;
          base_q  <= pes_done ? '0 : ADDRESS_BITS'(int'(base_q) + FOLDS);
          if (shares_done) slice_q <= pes_done ? '0 : slice_q + 1'b1;
        end
      end
    end
  end

  assign fold_o        = fold_q;
  assign plane_group_o = group_q;
  assign slice_o       = slice_q;
  assign address_o     = ADDRESS_BITS'(int'(base_q) + int'(fold_q));
  assign shift_o       = shift_q;
  assign first_o       = fold_q == '0 && shift_q == '0;
  assign last_o        = folds_done && bits_done;
  assign final_o       = last_o && groups_done && pes_done;

endmodule
