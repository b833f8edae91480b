// Gives every beat of a reader its weight word out of a stream of all words.
//
// Words come in loop order: for every PE group, once for each plane group, its FOLDS words. The
// beats of a timestep group come in the same order, some left out; their words are passed over. A
// beat with beat_skip_i stands for a whole timestep group and leaves with that group's last word,
// whose value does not count. Word and beat leave together, through out_ready_i alone.
module weight_aligner #(
  parameter int FOLDS        = 9,
  parameter int PLANES       = 2,
  parameter int ACT_BITS     = 1,
  parameter int TP           = 1,
  parameter int PE_GROUPS    = 2,
  parameter int ADDRESS_BITS = (FOLDS * PE_GROUPS > 1) ? $clog2(FOLDS * PE_GROUPS) : 1,   // derived
  parameter int SHIFT_BITS   = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1                      // derived
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    beat_valid_i,
  output logic                    beat_ready_o,
  input  logic [ADDRESS_BITS-1:0] beat_address_i,
  input  logic [SHIFT_BITS-1:0]   beat_shift_i,
  input  logic                    beat_last_i,
  input  logic                    beat_skip_i,
  input  logic                    word_valid_i,
  output logic                    word_ready_o,
  output logic                    out_valid_o,      // beat and word are a pair
  input  logic                    out_ready_i
);

  localparam int BIT_GROUPS = (ACT_BITS > TP) ? ACT_BITS / TP : 1;   // of one timestep group
  localparam int TIMES      = PLANES / TP / BIT_GROUPS;              // timestep groups
  localparam int FOLD_BITS  = (FOLDS > 1) ? $clog2(FOLDS) : 1;
  localparam int GROUP_BITS = (BIT_GROUPS > 1) ? $clog2(BIT_GROUPS) : 1;
  localparam int TIME_BITS  = (TIMES > 1) ? $clog2(TIMES) : 1;

  if (FOLDS < 1 || PE_GROUPS < 1) begin : g_bad_sizes
    $error("weight_aligner: FOLDS and PE_GROUPS must be at least 1");
  end
  if ((ACT_BITS % TP != 0 && TP % ACT_BITS != 0) || PLANES % TP != 0 || PLANES % ACT_BITS != 0)
  begin : g_bad_planes
    $error("weight_aligner: TP must divide ACT_BITS or be a multiple of it, both must divide PLANES");
  end

  // The word on offer.
  logic [FOLD_BITS-1:0]    fold_q;
  logic [GROUP_BITS-1:0]   group_q;
  logic [TIME_BITS-1:0]    time_q;
  logic [ADDRESS_BITS-1:0] address_q;
  logic                    folds_end, groups_end, times_end, word_take;
  logic                    rest_q;      // the timestep group has had its last beat, not its last word
  logic                    pair;

  assign folds_end  = fold_q == FOLD_BITS'(FOLDS - 1);
  assign groups_end = folds_end && group_q == GROUP_BITS'(BIT_GROUPS - 1);
  assign times_end  = groups_end && time_q == TIME_BITS'(TIMES - 1);

  assign pair = beat_skip_i ? groups_end
              : beat_address_i == address_q && beat_shift_i == SHIFT_BITS'(int'(group_q) * TP);

  assign out_valid_o  = !rest_q && beat_valid_i && word_valid_i && pair;
  assign beat_ready_o = !rest_q && word_valid_i && pair && out_ready_i;
  assign word_ready_o = rest_q || (beat_valid_i && (!pair || out_ready_i));
  assign word_take    = word_valid_i && word_ready_o;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {fold_q, group_q, time_q, address_q} <= '0;
      rest_q <= 1'b0;
    end else if (word_take) begin
      fold_q <= folds_end ? '0 : fold_q + 1'b1;
      if (folds_end) group_q <= groups_end ? '0 : group_q + 1'b1;
      if (groups_end) time_q <= times_end ? '0 : time_q + 1'b1;
      // Every plane group of a PE group has the same words.
      if (!folds_end) address_q <= address_q + 1'b1;
      else if (!times_end) address_q <= address_q - ADDRESS_BITS'(FOLDS - 1);
      else address_q <= (int'(address_q) == FOLDS * PE_GROUPS - 1) ? '0 : address_q + 1'b1;
      rest_q <= !groups_end && (rest_q || (out_valid_o && beat_last_i));
    end
  end

endmodule
