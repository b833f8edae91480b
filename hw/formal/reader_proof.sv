// The three readers: the beats of every window (of a dense layer: of every frame) in loop order,
// with their inputs, stable, none before its tokens came. READER 0: window_reader, which leaves
// out whole windows of zeros; 1: tap_reader, and 2: frame_reader, which leave out every beat of zeros.
// Two frames from reset on, any tokens, any stalls.
module reader_proof #(
  parameter int READER    = 0,
  parameter int HEIGHT    = 2,
  parameter int WIDTH     = 3,           // of a dense layer: HEIGHT * WIDTH tokens of SIMD inputs
  parameter int CHANNELS  = 1,
  parameter int KERNEL    = 2,
  parameter int STRIDE    = 1,
  parameter int PADDING   = 0,
  parameter int PLANES    = 1,
  parameter int ACT_BITS  = 1,
  parameter int SIMD      = 1,
  parameter int TP        = 1,
  parameter int PE_GROUPS = 1,
  localparam bit DENSE    = READER == 2,
  localparam int INPUTS   = DENSE ? HEIGHT * WIDTH * SIMD : KERNEL * KERNEL * CHANNELS,
  localparam int FOLDS    = (INPUTS + SIMD - 1) / SIMD,
  localparam int TOKEN    = PLANES * (DENSE ? SIMD : 1),
  localparam int FRAME    = HEIGHT * WIDTH * (DENSE ? 1 : CHANNELS),
  localparam int GROUPS   = PLANES / TP,
  localparam int BITS     = (ACT_BITS > TP) ? ACT_BITS / TP : 1,
  localparam int ADDRESS  = (FOLDS * PE_GROUPS > 1) ? $clog2(FOLDS * PE_GROUPS) : 1,
  localparam int SHIFT    = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1
) (
  input logic clk_i, rst_i, in_valid_i, beat_ready_i,
  input logic [TOKEN-1:0] in_data_i
);
  localparam int LAST_ROW    = DENSE ? 0 : (HEIGHT + 2 * PADDING - KERNEL) / STRIDE * STRIDE - PADDING;
  localparam int LAST_COLUMN = DENSE ? 0 : (WIDTH + 2 * PADDING - KERNEL) / STRIDE * STRIDE - PADDING;
  localparam int FIRST       = DENSE ? 0 : -PADDING;
  logic in_ready, valid, first, last, skip, took;
  logic [TP*SIMD-1:0] x;
  logic [ADDRESS-1:0] address;
  logic [SHIFT-1:0] shift;

  if (READER == 0) begin : g_window
    window_reader #(
      .HEIGHT(HEIGHT), .WIDTH(WIDTH), .CHANNELS(CHANNELS), .GROUP(1), .PLANES(PLANES), .KERNEL(KERNEL), .STRIDE(STRIDE),
      .PADDING(PADDING), .ACT_BITS(ACT_BITS), .SIMD(SIMD), .TP(TP), .PE_GROUPS(PE_GROUPS)
    ) i_dut (
      .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i, .beat_valid_o(valid), .beat_ready_i,
      .beat_x_o(x), .beat_address_o(address), .beat_shift_o(shift), .beat_first_o(first), .beat_last_o(last),
      .beat_skip_o(skip)
    );
  end else if (READER == 1) begin : g_tap
    tap_reader #(
      .HEIGHT(HEIGHT), .WIDTH(WIDTH), .CHANNELS(CHANNELS), .GROUP(1), .PLANES(PLANES), .KERNEL(KERNEL), .STRIDE(STRIDE),
      .PADDING(PADDING), .ACT_BITS(ACT_BITS), .SIMD(SIMD), .TP(TP), .PE_GROUPS(PE_GROUPS)
    ) i_dut (
      .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i, .beat_valid_o(valid), .beat_ready_i,
      .beat_x_o(x), .beat_address_o(address), .beat_shift_o(shift), .beat_first_o(first), .beat_last_o(last),
      .beat_skip_o(skip)
    );
  end else begin : g_frame
    frame_reader #(
      .TOKENS(FRAME), .PLANES(PLANES), .ACT_BITS(ACT_BITS), .SIMD(SIMD), .TP(TP), .PE_GROUPS(PE_GROUPS)
    ) i_dut (
      .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i, .beat_valid_o(valid), .beat_ready_i,
      .beat_x_o(x), .beat_address_o(address), .beat_shift_o(shift), .beat_first_o(first), .beat_last_o(last),
      .beat_skip_o(skip)
    );
  end

  logic [5:0] number;
  stream_watch #(.WIDTH(TOKEN), .NUMBER_BITS(6), .ASSUMED(1)) i_in (
    .clk_i, .rst_i, .valid_i(in_valid_i), .ready_i(in_ready), .data_i(in_data_i),
    .watch_i('0), .number_o(number), .watched_o()
  );
  // What a beat that skips shows beside its marks means nothing.
  stream_watch #(.WIDTH(TP*SIMD + ADDRESS + SHIFT + 3)) i_beats (
    .clk_i, .rst_i, .valid_i(valid), .ready_i(beat_ready_i), .data_i({x, address, shift, first, last, skip}),
    .watch_i('0), .number_o(), .watched_o()
  );

  // ---- Both frames, and the window that is due ----
  logic began = 1'b0, walk_final;
  logic [1:0][FRAME-1:0][TOKEN-1:0] tokens;
  logic frame;
  logic signed [3:0] row, column;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (in_valid_i && in_ready) tokens[number >= 6'(FRAME)][number % FRAME] <= in_data_i;
    if (rst_i) begin
      frame  <= 1'b0;
      row    <= 4'(FIRST);
      column <= 4'(FIRST);
    end else if (valid && beat_ready_i && walk_final) begin
      column <= (column == 4'(LAST_COLUMN)) ? 4'(FIRST) : column + 4'(STRIDE);
      if (column == 4'(LAST_COLUMN)) row <= (row == 4'(LAST_ROW)) ? 4'(FIRST) : row + 4'(STRIDE);
      if (column == 4'(LAST_COLUMN) && row == 4'(LAST_ROW)) frame <= 1'b1;
    end
  end

  logic [GROUPS-1:0][FOLDS-1:0][TP-1:0][SIMD-1:0] window;
  logic [GROUPS-1:0][FOLDS-1:0] work;
  logic came;
  always_comb begin
    window = '0;
    came   = 1'b1;
    for (int i = 0; i < INPUTS; i++) begin
      automatic int y, z, place;
      y = int'(row) + i / CHANNELS / KERNEL;
      z = int'(column) + i / CHANNELS % KERNEL;
      place = DENSE ? i / SIMD : (y * WIDTH + z) * CHANNELS + i % CHANNELS;
      if (DENSE || (y >= 0 && y < HEIGHT && z >= 0 && z < WIDTH)) begin
        came = came && place + (frame ? FRAME : 0) < int'(number);
        for (int p = 0; p < PLANES; p++)
          window[p/TP][i/SIMD][p%TP][i%SIMD] = tokens[frame][place][DENSE ? p*SIMD + i%SIMD : p];
      end
    end
    for (int g = 0; g < GROUPS; g++)
      for (int f = 0; f < FOLDS; f++) work[g][f] = (READER == 0) ? window != '0 : window[g][f] != '0;
  end

  logic walk_first, walk_last, walk_skip;
  logic [7:0] fold, group, walk_address, walk_shift;
  beat_walk #(.FOLDS(FOLDS), .BIT_GROUPS(BITS), .TIMES(GROUPS / BITS), .PE_GROUPS(PE_GROUPS), .TP(TP)) i_walk (
    .clk_i, .rst_i, .advance_i(valid && beat_ready_i), .work_i(work), .fold_o(fold), .plane_group_o(group),
    .slice_o(), .address_o(walk_address), .shift_o(walk_shift), .first_o(walk_first), .last_o(walk_last),
    .skip_o(walk_skip), .final_o(walk_final), .pe_o(), .time_o(), .left_o()
  );
  logic ended;                           // both frames have been read
  always_ff @(posedge clk_i)
    ended <= !rst_i && (ended || (frame && valid && beat_ready_i && walk_final && column == 4'(LAST_COLUMN) && row == 4'(LAST_ROW)));
  always_comb begin
    assume (rst_i == !began);
    if (began && int'(number) == 2 * FRAME) assume (!in_valid_i);
    if (began && !rst_i) begin
      none_from_nothing: assert (!valid || !ended);
      if (valid) begin
        none_before_it_came: assert (came);
        inputs_match:  assert (skip || x == window[group][fold]);
        word_matches:  assert (skip || int'(address) == int'(walk_address));
        shift_matches: assert (skip || int'(shift) == int'(walk_shift));
        marks_match:   assert ({first, last, skip} == {walk_first, walk_last, walk_skip});
      end
    end
  end
endmodule
