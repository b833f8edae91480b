// Turns raster tokens into the kernel's beats, one tap of the window at a time, zero beats left out.
//
// The narrow counterpart of window_reader, behind the same ports: a fold is one word (SIMD
// channels of one pixel, or one channel of X_SETS in a depthwise layer), and lies in the single
// memory that holds the rows, so that no window stands in registers and no multiplexer chooses
// from one. Beside the rows stands a bit for each word and plane group that is not all zero.
// Those bits alone form the window; beat_picker walks them, and what it picks is fetched by
// address. A timestep group of zeros still has one beat, with beat_skip_o.
//
// KERNEL + STRIDE rows are held: a row goes with the last beat of the last output row that needs
// it, while all that the next output row needs arrives.
module tap_reader #(
  parameter int HEIGHT      = 8,
  parameter int WIDTH       = 8,
  parameter int CHANNELS    = 4,
  parameter int GROUP       = 2,
  parameter int PLANES      = 2,
  parameter int KERNEL      = 3,
  parameter int STRIDE      = 1,
  parameter int PADDING     = 1,
  parameter int ACT_BITS    = 1,
  parameter int SIMD        = 2,
  parameter int TP          = 1,
  parameter int PE_GROUPS   = 2,
  parameter int CONV_GROUPS = 1,
  parameter int X_SETS      = 1,    // PE in a depthwise layer: every PE sees its own channel
  parameter int FOLDS        = (KERNEL * KERNEL * (CHANNELS / CONV_GROUPS) + SIMD - 1) / SIMD,   // derived
  parameter int ADDRESS_BITS = (FOLDS * PE_GROUPS > 1) ? $clog2(FOLDS * PE_GROUPS) : 1,   // derived
  parameter int SHIFT_BITS   = (ACT_BITS > 1) ? $clog2(ACT_BITS) : 1                      // derived
) (
  input  logic                      clk_i,
  input  logic                      rst_i,
  input  logic                      in_valid_i,
  output logic                      in_ready_o,
  input  logic [GROUP*PLANES-1:0]   in_data_i,
  output logic                      beat_valid_o,
  input  logic                      beat_ready_i,
  output logic [X_SETS*TP*SIMD-1:0] beat_x_o,
  output logic [ADDRESS_BITS-1:0]   beat_address_o,
  output logic [SHIFT_BITS-1:0]     beat_shift_o,
  output logic                      beat_first_o,
  output logic                      beat_last_o,
  output logic                      beat_skip_o
);

  localparam int LANES   = X_SETS * SIMD;         // channels of a word
  localparam int WORDS   = CHANNELS / LANES;      // of a pixel
  localparam int SLICES  = (X_SETS > 1) ? WORDS : CONV_GROUPS;
  localparam int STRIP   = WORDS / SLICES;        // words of a pixel that one PE group reads

  if (CHANNELS % CONV_GROUPS != 0 || (CHANNELS / CONV_GROUPS) % SIMD != 0 || CHANNELS % LANES != 0)
  begin : g_bad_simd
    $error("tap_reader: SIMD must divide the input channels of a group");
  end
  if (X_SETS > 1 && (CONV_GROUPS != CHANNELS || SIMD != 1 || PE_GROUPS != WORDS)) begin : g_bad_sets
    $error("tap_reader: X_SETS is for depthwise layers, with SIMD 1");
  end
  if (KERNEL < 1 || STRIDE < 1 || PADDING < 0 || 2 * PADDING > KERNEL) begin : g_bad_window
    $error("tap_reader: KERNEL and STRIDE must be at least 1, PADDING at most KERNEL/2");
  end
  if (HEIGHT + 2 * PADDING < KERNEL || WIDTH + 2 * PADDING < KERNEL) begin : g_bad_frame
    $error("tap_reader: the padded frame is smaller than the window");
  end

  localparam int PLANE_GROUPS = PLANES / TP;
  localparam int FLAGS        = WORDS * PLANE_GROUPS;     // of a pixel
  localparam int ROWS         = KERNEL + STRIDE;
  localparam int OUT_ROWS     = (HEIGHT + 2 * PADDING - KERNEL) / STRIDE + 1;
  localparam int OUT_COLUMNS  = (WIDTH + 2 * PADDING - KERNEL) / STRIDE + 1;
  localparam int NEW          = (STRIDE < KERNEL) ? STRIDE : KERNEL;   // columns a window adds
  localparam int FIRST_TOP    = -PADDING;
  localparam int LAST_TOP     = (OUT_ROWS - 1) * STRIDE - PADDING;

  localparam int BANK_BITS   = $clog2(ROWS);
  localparam int HELD_BITS   = $clog2(2 * HEIGHT + ROWS + 1) + 1;      // signed: rows may be owed
  localparam int COLUMN_BITS = (WIDTH > 1) ? $clog2(WIDTH) : 1;
  localparam int WORD_BITS   = (WORDS > 1) ? $clog2(WORDS) : 1;
  localparam int DEPTH       = ROWS * WIDTH * WORDS;
  localparam int PLACE_BITS  = $clog2(DEPTH);

  function automatic logic [BANK_BITS-1:0] bank_after(logic [BANK_BITS-1:0] bank, int rows);
    return BANK_BITS'((int'(bank) + rows) % ROWS);
  endfunction

  // -------------------------------------------------------------------------------------------
  // Tokens as words
  // -------------------------------------------------------------------------------------------

  logic                    word_valid, word_ready;
  logic [LANES*PLANES-1:0] word;

  if (GROUP == LANES) begin : g_words
    assign word_valid = in_valid_i;
    assign in_ready_o = word_ready;
    assign word       = in_data_i;
  end else begin : g_regroup
    gearbox #(.PLANES(PLANES), .IN_GROUP(GROUP), .OUT_GROUP(LANES)) i_gearbox (
      .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i,
      .out_valid_o(word_valid),
      .out_ready_i(word_ready),
      .out_data_o (word)
    );
  end

  // -------------------------------------------------------------------------------------------
  // Rows held. A count below zero stands for rows that no window needs and that are still to come.
  // -------------------------------------------------------------------------------------------

  logic signed [HELD_BITS-1:0] held_q;      // written, and not yet read to the end by the beats
  logic signed [HELD_BITS-1:0] fresh_q;     // written, and not yet passed by the windows
  logic signed [HELD_BITS-1:0] needed_q, freed_q;   // by the row of windows being formed
  logic                        row_written, row_formed, row_read;
  logic        [HELD_BITS-1:0] read_freed;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      held_q  <= '0;
      fresh_q <= '0;
    end else begin
      held_q  <= held_q + HELD_BITS'(row_written) - (row_read ? read_freed : '0);
      fresh_q <= fresh_q + HELD_BITS'(row_written) - (row_formed ? freed_q : '0);
    end
  end

  // -------------------------------------------------------------------------------------------
  // Writing
  // -------------------------------------------------------------------------------------------

  logic [BANK_BITS-1:0]   write_bank_q;
  logic [COLUMN_BITS-1:0] write_column_q;
  logic [WORD_BITS-1:0]   write_word_q;
  logic [PLACE_BITS-1:0]  write_place_q;
  logic                   write, pixel_written;
  logic [PLANE_GROUPS-1:0]         word_flags;
  logic [WORDS*PLANE_GROUPS-1:0]   pixel_flags;

  assign word_ready    = int'(held_q) < ROWS;
  assign write         = word_valid && word_ready;
  assign pixel_written = write && write_word_q == WORD_BITS'(WORDS - 1);
  assign row_written   = pixel_written && write_column_q == COLUMN_BITS'(WIDTH - 1);

  for (genvar g = 0; g < PLANE_GROUPS; g++) begin : g_flag
    assign word_flags[g] = |word[g*TP*LANES +: TP*LANES];
  end

  if (WORDS > 1) begin : g_flags
    logic [(WORDS-1)*PLANE_GROUPS-1:0] flags_q;
    assign pixel_flags = {word_flags, flags_q};
    always_ff @(posedge clk_i)
      if (write) flags_q <= ((WORDS-1)*PLANE_GROUPS)'({word_flags, flags_q} >> PLANE_GROUPS);
  end else begin : g_flags
    assign pixel_flags = word_flags;
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {write_bank_q, write_column_q, write_word_q, write_place_q} <= '0;
    end else if (write) begin
      write_place_q <= (int'(write_place_q) == DEPTH - 1) ? '0 : write_place_q + 1'b1;
      write_word_q  <= pixel_written ? '0 : write_word_q + 1'b1;
      if (pixel_written) write_column_q <= row_written ? '0 : write_column_q + 1'b1;
      if (row_written) write_bank_q <= bank_after(write_bank_q, 1);
    end
  end

  // -------------------------------------------------------------------------------------------
  // Columns of flags, one a cycle; column_q is the frame column, below 0 in the padding
  // -------------------------------------------------------------------------------------------

  localparam int TOP_BITS   = $clog2(HEIGHT + KERNEL + STRIDE) + 1;
  localparam int PLACES     = $clog2(WIDTH + KERNEL + STRIDE + 1) + 1;
  localparam int COUNT_BITS = $clog2(KERNEL + 1);
  localparam int OUT_BITS   = (OUT_COLUMNS > 1) ? $clog2(OUT_COLUMNS) : 1;

  logic signed [TOP_BITS-1:0]  top_q, next_top_q;
  logic signed [PLACES-1:0]    column_q;
  logic [BANK_BITS-1:0]        top_bank_q;
  logic [COUNT_BITS-1:0]       missing_q;       // columns until the window is complete
  logic [OUT_BITS-1:0]         place_q;         // output column of the window being formed
  logic                        collect, complete_q, load, row_last, free;
  logic [ROWS-1:0][FLAGS-1:0]  bank_flags;
  logic [KERNEL-1:0][FLAGS-1:0] column_flags;
  logic [KERNEL-1:0][KERNEL-1:0][FLAGS-1:0] forming_q;   // [kx][ky]

  function automatic int first_row(logic signed [TOP_BITS-1:0] top);
    return (top < 0) ? 0 : int'(top);
  endfunction

  function automatic logic signed [HELD_BITS-1:0] rows_needed(logic signed [TOP_BITS-1:0] top);
    int last;
    last = int'(top) + KERNEL - 1;
    return HELD_BITS'(((last < HEIGHT) ? last : HEIGHT - 1) - first_row(top) + 1);
  endfunction

  function automatic logic signed [HELD_BITS-1:0] rows_freed(logic signed [TOP_BITS-1:0] top);
    int next;
    next = (int'(top) == LAST_TOP) ? HEIGHT : first_row(TOP_BITS'(int'(top) + STRIDE));
    return HELD_BITS'(next - first_row(top));
  endfunction

  function automatic logic signed [TOP_BITS-1:0] top_after(logic signed [TOP_BITS-1:0] top);
    return (int'(top) == LAST_TOP) ? TOP_BITS'(FIRST_TOP) : TOP_BITS'(int'(top) + STRIDE);
  endfunction

  for (genvar b = 0; b < ROWS; b++) begin : g_bank
    // Read in the cycle of its use: flags are few, and a column late would cost every window.
    (* ram_style = "distributed" *)
    logic [FLAGS-1:0] flags [WIDTH];
    always_ff @(posedge clk_i)
      if (pixel_written && write_bank_q == BANK_BITS'(b)) flags[write_column_q] <= pixel_flags;
    assign bank_flags[b] = flags[COLUMN_BITS'(column_q)];
  end

  for (genvar k = 0; k < KERNEL; k++) begin : g_row
    logic in_frame;
    assign in_frame = column_q >= 0 && int'(column_q) < WIDTH && int'(top_q) + k >= 0
                    && int'(top_q) + k < HEIGHT;
    assign column_flags[k] = in_frame ? bank_flags[bank_after(top_bank_q, k)] : '0;
  end

  assign collect    = (!complete_q || load) && fresh_q >= needed_q;
  assign row_last   = place_q == OUT_BITS'(OUT_COLUMNS - 1);
  assign row_formed = collect && missing_q == COUNT_BITS'(1) && row_last;

  // A complete window waits in forming_q until the one before it is done. The count of the next
  // one is set as this one completes, so that its columns enter at the very edge it is passed on.
  always_ff @(posedge clk_i) begin
    if (collect) forming_q <= (KERNEL*KERNEL*FLAGS)'({column_flags, forming_q} >> (KERNEL*FLAGS));
    if (rst_i) begin
      top_q      <= TOP_BITS'(FIRST_TOP);
      next_top_q <= top_after(TOP_BITS'(FIRST_TOP));
      needed_q   <= rows_needed(TOP_BITS'(FIRST_TOP));
      freed_q    <= rows_freed(TOP_BITS'(FIRST_TOP));
      column_q   <= PLACES'(-PADDING);
      top_bank_q <= BANK_BITS'((ROWS - PADDING) % ROWS);
      missing_q  <= COUNT_BITS'(KERNEL);
      place_q    <= '0;
      complete_q <= 1'b0;
    end else begin
      complete_q <= (collect && missing_q == COUNT_BITS'(1)) || (complete_q && !load);
      if (row_formed) begin
        top_q      <= next_top_q;
        next_top_q <= top_after(next_top_q);
        needed_q   <= rows_needed(next_top_q);
        freed_q    <= rows_freed(next_top_q);
        column_q   <= PLACES'(-PADDING);
        top_bank_q <= bank_after(top_bank_q,
                                 (int'(top_q) == LAST_TOP) ? HEIGHT - (OUT_ROWS - 1) * STRIDE : STRIDE);
        missing_q  <= COUNT_BITS'(KERNEL);
        place_q    <= '0;
      end else if (collect) begin
        if (missing_q == COUNT_BITS'(1)) begin
          column_q  <= column_q + PLACES'(1 + ((STRIDE > KERNEL) ? STRIDE - KERNEL : 0));
          missing_q <= COUNT_BITS'(NEW);
          place_q   <= place_q + 1'b1;
        end else begin
          column_q  <= column_q + 1'b1;
          missing_q <= missing_q - 1'b1;
        end
      end
    end
  end

  // -------------------------------------------------------------------------------------------
  // The window being walked, and where in the memory it lies
  // -------------------------------------------------------------------------------------------

  localparam int TAG_BITS = 1 + HELD_BITS + BANK_BITS + PLACES;

  logic [TAG_BITS-1:0] formed_tag_q, window_tag_q, pick_tag;
  logic [KERNEL-1:0][KERNEL-1:0][FLAGS-1:0] window_q;
  logic                window_valid_q, window_ready;
  logic [SLICES*PLANE_GROUPS*FOLDS-1:0] work;

  assign free = !window_valid_q || window_ready;
  assign load = complete_q && free;

  always_ff @(posedge clk_i) begin
    if (collect && missing_q == COUNT_BITS'(1))
      formed_tag_q <= {row_last, freed_q, top_bank_q, column_q - PLACES'(KERNEL - 1)};
    if (load) {window_tag_q, window_q} <= {formed_tag_q, forming_q};
    if (rst_i) window_valid_q <= 1'b0;
    else if (free) window_valid_q <= load;
  end

  // Which tap and which word of its pixel a fold is; a slice reads STRIP words of every pixel.
  localparam int FOLD_BITS  = (FOLDS > 1) ? $clog2(FOLDS) : 1;
  localparam int GROUP_BITS = (PLANE_GROUPS > 1) ? $clog2(PLANE_GROUPS) : 1;
  localparam int SLICE_BITS = (SLICES > 1) ? $clog2(SLICES) : 1;
  localparam int TAP_BITS   = (KERNEL > 1) ? $clog2(KERNEL) : 1;
  localparam int STEP_BITS  = $clog2(KERNEL * WORDS + 1);
  logic [FOLDS-1:0][TAP_BITS-1:0]  row_of;
  logic [FOLDS-1:0][STEP_BITS-1:0] step_of;      // words from the window's first one in its row

  for (genvar f = 0; f < FOLDS; f++) begin : g_fold
    localparam int KY = f / STRIP / KERNEL;
    localparam int KX = f / STRIP % KERNEL;
    assign row_of[f]  = TAP_BITS'(KY);
    assign step_of[f] = STEP_BITS'(KX * WORDS + f % STRIP);
    for (genvar s = 0; s < SLICES; s++) begin : g_slice
      for (genvar g = 0; g < PLANE_GROUPS; g++) begin : g_plane
        assign work[(s*PLANE_GROUPS + g)*FOLDS + f] =
          window_q[KX][KY][(s*STRIP + f % STRIP)*PLANE_GROUPS + g];
      end
    end
  end

  logic                    pick_valid, pick_first, pick_last, pick_skip, pick_final, enable;
  logic [FOLD_BITS-1:0]    pick_fold;
  logic [GROUP_BITS-1:0]   pick_group;
  logic [SLICE_BITS-1:0]   pick_slice;
  logic [ADDRESS_BITS-1:0] pick_address;
  logic [SHIFT_BITS-1:0]   pick_shift;

  assign enable = !beat_valid_o || beat_ready_i;

  beat_picker #(
    .FOLDS(FOLDS), .PLANES(PLANES), .ACT_BITS(ACT_BITS), .TP(TP), .PE_GROUPS(PE_GROUPS), .SLICES(SLICES),
    .TAG_BITS(TAG_BITS)
  ) i_picker (
    .clk_i, .rst_i,
    .enable_i      (enable),
    .window_valid_i(window_valid_q),
    .window_ready_o(window_ready),
    .work_i        (work),
    .tag_i         (window_tag_q),
    .pick_valid_o  (pick_valid),
    .fold_o        (pick_fold),
    .plane_group_o (pick_group),
    .slice_o       (pick_slice),
    .address_o     (pick_address),
    .shift_o       (pick_shift),
    .first_o       (pick_first),
    .last_o        (pick_last),
    .skip_o        (pick_skip),
    .final_o       (pick_final),
    .tag_o         (pick_tag)
  );

  // -------------------------------------------------------------------------------------------
  // From the picked beat to its place in the memory, and to its word: a cycle each
  // -------------------------------------------------------------------------------------------

  logic                    fold_valid_q, fold_row_last_q;
  logic [FOLD_BITS-1:0]    fold_q;
  logic [SLICE_BITS-1:0]   fold_slice_q;
  logic [HELD_BITS-1:0]    fold_freed_q;
  logic [BANK_BITS-1:0]    fold_bank_q;
  logic signed [PLACES-1:0] fold_column_q;
  logic                    place_valid_q, place_row_last_q;
  logic [PLACE_BITS-1:0]   place_word_q, place_word;
  logic [HELD_BITS-1:0]    place_freed_q;

  localparam int SIDE = GROUP_BITS + ADDRESS_BITS + SHIFT_BITS + 3;
  logic [SIDE-1:0]         fold_side_q, place_side_q, beat_side_q;
  logic [GROUP_BITS-1:0]   beat_group;
  logic [PLANE_GROUPS-1:0][TP*LANES-1:0] read_word;

  assign place_word = PLACE_BITS'(int'(bank_after(fold_bank_q, int'(row_of[fold_q]))) * (WIDTH * WORDS)
                                  + int'(fold_column_q) * WORDS + int'(step_of[fold_q])
                                  + int'(fold_slice_q) * STRIP);

  always_ff @(posedge clk_i) begin
    if (enable) begin
      {fold_row_last_q, fold_freed_q, fold_bank_q, fold_column_q} <= pick_tag;
      if (!pick_final) fold_row_last_q <= 1'b0;
      fold_q       <= pick_fold;
      fold_slice_q <= pick_slice;
      fold_side_q  <= {pick_group, pick_address, pick_shift, pick_first, pick_last, pick_skip};
      place_word_q <= place_word;
      {place_side_q, place_freed_q, place_row_last_q} <= {fold_side_q, fold_freed_q, fold_row_last_q};
      beat_side_q  <= place_side_q;
    end
    if (rst_i) {beat_valid_o, place_valid_q, fold_valid_q} <= '0;
    else if (enable) {beat_valid_o, place_valid_q, fold_valid_q} <= {place_valid_q, fold_valid_q, pick_valid};
  end

  assign row_read   = enable && place_valid_q && place_row_last_q;
  assign read_freed = place_freed_q;

  weight_memory #(.WIDTH(LANES*PLANES), .DEPTH(DEPTH)) i_rows (
    .clk_i,
    .read_en_i   (enable),
    .read_addr_i (place_word_q),
    .read_data_o (read_word),
    .write_en_i  (write),
    .write_addr_i(write_place_q),
    .write_data_i(word)
  );

  assign {beat_group, beat_address_o, beat_shift_o, beat_first_o, beat_last_o, beat_skip_o} = beat_side_q;

  for (genvar s = 0; s < X_SETS; s++) begin : g_set
    for (genvar p = 0; p < TP; p++) begin : g_plane
      assign beat_x_o[(s*TP + p)*SIMD +: SIMD] = read_word[beat_group][p*LANES + s*SIMD +: SIMD];
    end
  end

endmodule
