// The loop order of beat_order, with the beats left out that would bring only zeros.
//
// A window comes as a bitmap of its beats that are not zero. Each PE group reads one slice of
// the bitmap (all read the same one when SLICES is 1). Of every timestep group the beats
// marked in it are presented, lowest bit group and fold first, one an enabled cycle and without
// a gap between timestep groups, PE groups or windows; a timestep group with none has a single
// beat with skip_o, because the neuron has to run on its bias. tag_i travels with the window.
module beat_picker #(
  parameter int FOLDS        = 9,
  parameter int PLANES       = 2,
  parameter int ACT_BITS     = 1,
  parameter int TP           = 1,
  parameter int PE_GROUPS    = 2,
  parameter int SLICES       = 1,
  parameter int TAG_BITS     = 1,
  parameter int FOLD_BITS    = (FOLDS > 1) ? $clog2(FOLDS) : 1,                           // derived
  parameter int GROUP_BITS   = (PLANES > TP) ? $clog2(PLANES / TP) : 1,                   // derived
  parameter int SLICE_BITS   = (SLICES > 1) ? $clog2(SLICES) : 1,                         // derived
  parameter int ADDRESS_BITS = (FOLDS * PE_GROUPS > 1) ? $clog2(FOLDS * PE_GROUPS) : 1,   // derived
  parameter int SHIFT_BITS   = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1                      // derived
) (
  input  logic                                clk_i,
  input  logic                                rst_i,
  input  logic                                enable_i,
  input  logic                                window_valid_i,
  output logic                                window_ready_o,
  input  logic [SLICES*(PLANES/TP)*FOLDS-1:0] work_i,     // bit (slice, plane group, fold)
  input  logic [TAG_BITS-1:0]                 tag_i,
  output logic                                pick_valid_o,
  output logic [FOLD_BITS-1:0]                fold_o,
  output logic [GROUP_BITS-1:0]               plane_group_o,
  output logic [SLICE_BITS-1:0]               slice_o,
  output logic [ADDRESS_BITS-1:0]             address_o,
  output logic [SHIFT_BITS-1:0]               shift_o,
  output logic                                first_o,
  output logic                                last_o,
  output logic                                skip_o,
  output logic                                final_o,
  output logic [TAG_BITS-1:0]                 tag_o
);

  if (ACT_BITS % TP != 0 && TP % ACT_BITS != 0) begin : g_bad_planes
    $error("beat_picker: TP must divide ACT_BITS or be a multiple of it");
  end
  if (PLANES % TP != 0 || PLANES % ACT_BITS != 0) begin : g_bad_timesteps
    $error("beat_picker: TP and ACT_BITS must divide PLANES (timesteps x ACT_BITS)");
  end
  if (PE_GROUPS % SLICES != 0) begin : g_bad_slices
    $error("beat_picker: SLICES must divide PE_GROUPS");
  end

  localparam int BIT_GROUPS = (ACT_BITS > TP) ? ACT_BITS / TP : 1;   // of one timestep group
  localparam int TIMES      = PLANES / TP / BIT_GROUPS;              // timestep groups
  localparam int SHARERS    = PE_GROUPS / SLICES;                    // PE groups of one slice
  localparam int BEATS      = BIT_GROUPS * FOLDS;
  localparam int TIME_BITS  = (TIMES > 1) ? $clog2(TIMES) : 1;
  localparam int SHARE_BITS = (SHARERS > 1) ? $clog2(SHARERS) : 1;

  // -------------------------------------------------------------------------------------------
  // The timestep group that is due next
  // -------------------------------------------------------------------------------------------

  logic [SLICES-1:0][TIMES-1:0][BEATS-1:0] work;
  logic [TIME_BITS-1:0]    time_q;
  logic [SHARE_BITS-1:0]   share_q;
  logic [SLICE_BITS-1:0]   slice_q;
  logic [ADDRESS_BITS-1:0] base_q;       // first weight word of the PE group
  logic                    take, times_done, shares_done, window_done;

  assign work           = work_i;
  assign times_done     = time_q == TIME_BITS'(TIMES - 1);
  assign shares_done    = share_q == SHARE_BITS'(SHARERS - 1);
  assign window_done    = times_done && shares_done && slice_q == SLICE_BITS'(SLICES - 1);
  assign window_ready_o = take && window_done;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {time_q, share_q, slice_q, base_q} <= '0;
    end else if (take) begin
      time_q <= times_done ? '0 : time_q + 1'b1;
      if (times_done) begin
        share_q <= shares_done ? '0 : share_q + 1'b1;
        base_q  <= window_done ? '0 : ADDRESS_BITS'(int'(base_q) + FOLDS);
        if (shares_done) slice_q <= window_done ? '0 : slice_q + 1'b1;
      end
    end
  end

  // -------------------------------------------------------------------------------------------
  // Its beats: the lowest one left is presented, then taken away
  // -------------------------------------------------------------------------------------------

  logic [BEATS-1:0]        left_q, lowest, rest;
  logic                    valid_q, fresh_q, final_q;
  logic [TIME_BITS-1:0]    left_time_q;
  logic [SLICE_BITS-1:0]   left_slice_q;
  logic [ADDRESS_BITS-1:0] left_base_q;
  logic [TAG_BITS-1:0]     left_tag_q;

  assign rest   = left_q & (left_q - 1'b1);
  assign lowest = left_q & ~rest;
  assign take   = window_valid_i && enable_i && (!valid_q || rest == '0);

  always_ff @(posedge clk_i) begin
    if (take) begin
      left_q       <= work[slice_q][time_q];
      left_time_q  <= time_q;
      left_slice_q <= slice_q;
      left_base_q  <= base_q;
      left_tag_q   <= tag_i;
      final_q      <= window_done;
    end else if (enable_i) begin
      left_q <= rest;
    end
    if (enable_i) fresh_q <= take;
    if (rst_i) valid_q <= 1'b0;
    else if (enable_i) valid_q <= take || (valid_q && rest != '0);
  end

  logic [FOLD_BITS-1:0]  fold;
  logic [GROUP_BITS-1:0] bit_group;

  always_comb begin
    fold      = '0;
    bit_group = '0;
    for (int n = 0; n < BEATS; n++) begin
      fold      |= FOLD_BITS'(n % FOLDS) & {FOLD_BITS{lowest[n]}};
      bit_group |= GROUP_BITS'(n / FOLDS) & {GROUP_BITS{lowest[n]}};
    end
  end

  assign pick_valid_o  = valid_q;
  assign fold_o        = fold;
  assign plane_group_o = GROUP_BITS'(int'(left_time_q) * BIT_GROUPS + int'(bit_group));
  assign slice_o       = left_slice_q;
  assign address_o     = ADDRESS_BITS'(int'(left_base_q) + int'(fold));
  assign shift_o       = SHIFT_BITS'(int'(bit_group) * TP);
  assign first_o       = fresh_q;
  assign last_o        = rest == '0;
  assign skip_o        = left_q == '0;
  assign final_o       = final_q && last_o;
  assign tag_o         = left_tag_q;

endmodule
