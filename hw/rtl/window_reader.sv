// Turns raster tokens into the kernel's beats: line buffer, window registers, loop order.
//
// KERNEL columns of all channels sit in a shift register. The columns that the next window adds
// are collected beside it while the kernel works on the present one, and move in at the edge at
// which the last beat of the present window is taken. At the start of an output row all KERNEL
// columns have to be collected. A window of zeros needs one beat per PE group and timestep
// group, with beat_skip_o. In a grouped layer a PE group sees the channels of its group only; in
// a depthwise one (X_SETS = PE) every PE sees the taps of its own channel.
module window_reader #(
  parameter int HEIGHT    = 8,
  parameter int WIDTH     = 8,
  parameter int CHANNELS  = 4,
  parameter int GROUP     = 2,
  parameter int PLANES    = 2,
  parameter int KERNEL    = 3,
  parameter int STRIDE    = 1,
  parameter int PADDING   = 1,
  parameter int ACT_BITS  = 1,
  parameter int SIMD      = 9,
  parameter int TP        = 1,
  parameter int PE_GROUPS = 2,
  parameter int CONV_GROUPS = 1,
  parameter int X_SETS    = 1,    // PE in a depthwise layer: every PE sees its own channel
  parameter int FOLDS        = (KERNEL * KERNEL * (CHANNELS / CONV_GROUPS) + SIMD - 1) / SIMD,   // derived
  parameter int ADDRESS_BITS = (FOLDS * PE_GROUPS > 1) ? $clog2(FOLDS * PE_GROUPS) : 1,   // derived
  parameter int SHIFT_BITS   = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1                      // derived
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    in_valid_i,
  output logic                    in_ready_o,
  input  logic [GROUP*PLANES-1:0] in_data_i,
  output logic                    beat_valid_o,
  input  logic                    beat_ready_i,
  output logic [X_SETS*TP*SIMD-1:0] beat_x_o,
  output logic [ADDRESS_BITS-1:0] beat_address_o,
  output logic [SHIFT_BITS-1:0]   beat_shift_o,
  output logic                    beat_first_o,
  output logic                    beat_last_o,
  output logic                    beat_skip_o
);

  localparam int INPUTS = KERNEL * KERNEL * (CHANNELS / CONV_GROUPS);   // that one PE sees
  localparam int SLICES = (X_SETS > 1) ? PE_GROUPS : CONV_GROUPS;

  if (CHANNELS % CONV_GROUPS != 0) begin : g_bad_conv_groups
    $error("window_reader: CONV_GROUPS must divide CHANNELS");
  end
  if (SIMD > INPUTS) begin : g_bad_simd
    $error("window_reader: SIMD must not exceed the inputs of a window");
  end
  if (X_SETS > 1 && (CONV_GROUPS != CHANNELS || PE_GROUPS * X_SETS != CHANNELS)) begin : g_bad_sets
    $error("window_reader: X_SETS is for depthwise layers");
  end

  localparam int TOKEN       = KERNEL * GROUP * PLANES;                  // column of one group
  localparam int GROUPS      = CHANNELS / GROUP;
  localparam int COLUMN      = TOKEN * GROUPS;
  localparam int OUT_COLUMNS = (WIDTH + 2 * PADDING - KERNEL) / STRIDE + 1;
  localparam int NEW         = (STRIDE < KERNEL) ? STRIDE : KERNEL;      // columns a window adds
  localparam int LOADS       = (KERNEL + NEW - 1) / NEW;                 // loads that fill a window
  localparam int ABSENT      = (LOADS * NEW - KERNEL) * GROUPS;          // tokens the first load lacks

  logic             line_valid, line_ready, column_valid, column_ready;
  logic [TOKEN-1:0] line, column;

  line_buffer #(
    .HEIGHT(HEIGHT), .WIDTH(WIDTH), .CHANNELS(CHANNELS), .GROUP(GROUP), .PLANES(PLANES),
    .KERNEL(KERNEL), .STRIDE(STRIDE), .PADDING(PADDING)
  ) i_lines (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i,
    .out_valid_o(line_valid),
    .out_ready_i(line_ready),
    .out_data_o (line)
  );

  // A stall comes from behind the kernel and reaches the window; here it ends, or it would go on
  // into the line buffer's row counting, the longest path of the whole layer.
  stream_register #(.WIDTH(TOKEN)) i_column (
    .clk_i, .rst_i,
    .in_valid_i (line_valid),
    .in_ready_o (line_ready),
    .in_data_i  (line),
    .out_valid_o(column_valid),
    .out_ready_i(column_ready),
    .out_data_o (column)
  );

  // -------------------------------------------------------------------------------------------
  // Columns being collected; tokens shift in from the top
  // -------------------------------------------------------------------------------------------

  localparam int COUNT_BITS = $clog2(NEW * GROUPS + 1);
  logic [NEW*COLUMN-1:0] next_q;
  logic [COUNT_BITS-1:0] count_q;
  logic                  full, load, collect, row_first;

  assign full         = count_q == COUNT_BITS'(NEW * GROUPS);
  assign column_ready = !full || load;
  assign collect      = column_valid && column_ready;

  always_ff @(posedge clk_i) begin
    if (collect) next_q <= (NEW*COLUMN)'({column, next_q} >> TOKEN);
    if (rst_i) count_q <= COUNT_BITS'(ABSENT);
    else if (load) count_q <= (row_first ? COUNT_BITS'(ABSENT) : '0) + COUNT_BITS'(collect);
    else if (collect) count_q <= count_q + 1'b1;
  end

  // -------------------------------------------------------------------------------------------
  // The window, with a flag for each column that has any bit set
  // -------------------------------------------------------------------------------------------

  localparam int LOAD_BITS = $clog2(LOADS + 1);
  localparam int WIDE_BITS = (OUT_COLUMNS > 1) ? $clog2(OUT_COLUMNS) : 1;
  logic [KERNEL*COLUMN-1:0] window_q;
  logic [KERNEL-1:0]        any_q, any_d;
  logic [NEW-1:0]           next_any;
  logic                     zero_q, window_valid_q, complete, pixel_done;
  logic [LOAD_BITS-1:0]     missing_q;     // loads until the window is complete
  logic [WIDE_BITS-1:0]     place_q;       // output column of the window that is being completed

  for (genvar n = 0; n < NEW; n++) begin : g_any
    assign next_any[n] = |next_q[n*COLUMN +: COLUMN];
  end

  assign any_d     = KERNEL'({next_any, any_q} >> NEW);
  assign load      = full && (!window_valid_q || pixel_done);
  assign complete  = load && missing_q == LOAD_BITS'(1);
  assign row_first = complete && place_q == WIDE_BITS'(OUT_COLUMNS - 1);

  always_ff @(posedge clk_i) begin
    if (load) begin
      window_q <= (KERNEL*COLUMN)'({next_q, window_q} >> (NEW*COLUMN));
      any_q    <= any_d;
      zero_q   <= any_d == '0;
    end
    if (rst_i) begin
      window_valid_q <= 1'b0;
      missing_q      <= LOAD_BITS'(LOADS);
      place_q        <= '0;
    end else begin
      if (load) window_valid_q <= complete;
      else if (pixel_done) window_valid_q <= 1'b0;
      if (complete) place_q <= row_first ? '0 : place_q + 1'b1;
      if (load) missing_q <= !complete ? missing_q - 1'b1 : row_first ? LOAD_BITS'(LOADS) : LOAD_BITS'(1);
    end
  end

  // -------------------------------------------------------------------------------------------
  // Beats
  // -------------------------------------------------------------------------------------------

  localparam int PLANE_GROUPS = PLANES / TP;
  localparam int FOLD_BITS    = (FOLDS > 1) ? $clog2(FOLDS) : 1;
  localparam int GROUP_BITS   = (PLANE_GROUPS > 1) ? $clog2(PLANE_GROUPS) : 1;
  localparam int SLICE_BITS   = (SLICES > 1) ? $clog2(SLICES) : 1;

  logic [SLICE_BITS-1:0] slice;
  logic [FOLD_BITS-1:0]  fold;
  logic [GROUP_BITS-1:0] plane_group;
  logic                  pixel_last;

  beat_order #(
    .FOLDS(FOLDS), .PLANES(PLANES), .ACT_BITS(ACT_BITS), .TP(TP), .PE_GROUPS(PE_GROUPS), .SLICES(SLICES)
  ) i_order (
    .clk_i, .rst_i,
    .advance_i    (beat_valid_o && beat_ready_i),
    .skip_i       (zero_q),
    .fold_o       (fold),
    .plane_group_o(plane_group),
    .slice_o      (slice),
    .address_o    (beat_address_o),
    .shift_o      (beat_shift_o),
    .first_o      (beat_first_o),
    .last_o       (beat_last_o),
    .final_o      (pixel_last)
  );

  assign beat_valid_o = window_valid_q;
  assign beat_skip_o  = zero_q;
  assign pixel_done   = beat_valid_o && beat_ready_i && pixel_last;

  // choice[s][q][f]: what the kernel sees of slice s for plane group q and fold f
  logic [SLICES-1:0][PLANE_GROUPS-1:0][FOLDS-1:0][X_SETS-1:0][TP-1:0][SIMD-1:0] choice;

  for (genvar s = 0; s < SLICES; s++) begin : g_slice
    for (genvar x = 0; x < X_SETS; x++) begin : g_set
      for (genvar p = 0; p < PLANES; p++) begin : g_plane
        for (genvar i = 0; i < FOLDS*SIMD; i++) begin : g_input
          if (i < INPUTS) begin : g_real
            localparam int SHARE = CHANNELS / CONV_GROUPS;
            localparam int KY    = i / SHARE / KERNEL;
            localparam int KX    = i / SHARE % KERNEL;
            localparam int C     = (s * X_SETS + x) * SHARE + i % SHARE;
            assign choice[s][p/TP][i/SIMD][x][p%TP][i%SIMD] =
              window_q[KX*COLUMN + (C/GROUP)*TOKEN + (KY*PLANES + p)*GROUP + C%GROUP];
          end else begin : g_none
            assign choice[s][p/TP][i/SIMD][x][p%TP][i%SIMD] = 1'b0;
          end
        end
      end
    end
  end

  assign beat_x_o = choice[slice][plane_group][fold];

endmodule
