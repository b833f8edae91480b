// Counters of one bin after another, and windows of the last TIMESTEPS of them as tokens.
//
// One word a pixel holds a ring of TIMESTEPS + STEP bins. While a complete window is read out, one
// token a pixel in raster order, events go on into the STEP bins behind it, and each pixel that is
// read gets its STEP oldest bins cleared, which the next ones but STEP will need: no other clearing
// takes place. Windows begin every STEP bins; STEP = TIMESTEPS is plain double buffering. The end of the recording completes the
// window of the open bin, and its readout clears all of it. An input waits only while the bins
// that it needs are still being read; full_o says so. Events and pixels take turns at the memory
// when both want it, so a window takes at most 2 x PIXELS cycles that the output is ready.
//
// A sum saturates at (2^ACT_BITS - 1) << FRACTION; a token rounds it, halves upwards.
module bin_ring #(
  parameter int PIXELS      = 1156,
  parameter int TIMESTEPS   = 4,
  parameter int STEP        = 4,
  parameter int ACT_BITS    = 3,
  parameter int FRACTION    = 0,
  parameter int WEIGHT_BITS = 1,
  parameter int PIXEL_BITS  = (PIXELS > 1) ? $clog2(PIXELS) : 1     // derived
) (
  input  logic                              clk_i,
  input  logic                              rst_i,
  input  logic                              in_valid_i,
  output logic                              in_ready_o,
  input  logic [1:0]                        in_kind_i,       // 0 add, 1 the bin ends, 2 the recording ends
  input  logic [PIXEL_BITS-1:0]             in_pixel_i,
  input  logic                              in_p_i,
  input  logic [WEIGHT_BITS-1:0]            in_weight_i,
  output logic                              out_valid_o,
  input  logic                              out_ready_i,
  output logic [TIMESTEPS*ACT_BITS*2-1:0]   out_data_o,
  output logic                              full_o           // events wait for a readout
);

  if (PIXELS < 1 || TIMESTEPS < 1 || ACT_BITS < 1 || ACT_BITS > 8 || FRACTION < 0 || WEIGHT_BITS < 1) begin : g_bad_sizes
    $error("bin_ring: PIXELS, TIMESTEPS, WEIGHT_BITS must be at least 1, ACT_BITS 1 to 8");
  end
  if (STEP < 1 || TIMESTEPS % STEP != 0) begin : g_bad_step
    $error("bin_ring: STEP must divide TIMESTEPS");
  end

  localparam int SLOTS       = TIMESTEPS + STEP;
  localparam int CELL_BITS   = ACT_BITS + FRACTION;
  localparam int SUM_BITS    = ((CELL_BITS > WEIGHT_BITS) ? CELL_BITS : WEIGHT_BITS) + 1;
  localparam int SLOT_BITS   = $clog2(SLOTS);
  localparam int BLOCKS      = SLOTS / STEP;                  // a window begins at a whole block
  localparam int BLOCK_BITS  = $clog2(BLOCKS);
  localparam int BIN_BITS    = (TIMESTEPS > 1) ? $clog2(TIMESTEPS) : 1;
  localparam int CREDIT_BITS = 3;
  localparam int ROOM        = 4;                             // tokens between memory and output
  localparam logic [CELL_BITS-1:0] MOST = CELL_BITS'(((1 << ACT_BITS) - 1) << FRACTION);
  localparam logic [1:0] ADD = 2'd0, ALL_ENDS = 2'd2;

  typedef logic [SLOTS-1:0][1:0][CELL_BITS-1:0] word_t;       // [slot][polarity]

  // -------------------------------------------------------------------------------------------
  // The window that fills, and the one that is read
  // -------------------------------------------------------------------------------------------

  logic [BLOCK_BITS-1:0] start_q, read_start_q;   // first block of either window
  logic [SLOT_BITS-1:0]  slot_q;                  // the open bin's place in the ring
  logic [BIN_BITS-1:0]   bin_q;                   // the open bin's place in its window
  logic                  reading_q, clearing_q;   // a pass is under way; it clears every bin of the window
  logic                  emit_q;                  // it makes tokens (not the first one after reset)
  logic [PIXEL_BITS-1:0] next_q;                  // pixel that it reads next
  logic                  accept, add, close, finish, complete, wait_for_pass, pass_read, pass_done;

  assign complete      = in_kind_i == ALL_ENDS || bin_q == BIN_BITS'(TIMESTEPS - 1);
  // A window can be handed over when the one before is done, and a bin next to one that is being
  // cleared can be opened only then; the very first pass clears all bins.
  assign wait_for_pass = reading_q && (!emit_q || (in_kind_i != ADD && (complete || (clearing_q && STEP < TIMESTEPS))));
  assign accept        = in_valid_i && in_ready_o;
  assign add           = accept && in_kind_i == ADD;
  assign close         = accept && in_kind_i != ADD;
  assign finish        = close && complete;
  assign full_o        = in_valid_i && wait_for_pass;

  function automatic logic [BLOCK_BITS-1:0] block_after(logic [BLOCK_BITS-1:0] block, int distance);
    return BLOCK_BITS'((int'(block) + distance >= BLOCKS) ? int'(block) + distance - BLOCKS : int'(block) + distance);
  endfunction

  logic [BLOCK_BITS-1:0] next_start;
  assign next_start = block_after(start_q, (in_kind_i == ALL_ENDS) ? BLOCKS - 1 : 1);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {start_q, slot_q, bin_q} <= '0;
    end else if (close) begin
      if (finish) start_q <= next_start;
      if (in_kind_i == ALL_ENDS) begin
        slot_q <= SLOT_BITS'(int'(next_start) * STEP);
        bin_q  <= '0;
      end else begin
        slot_q <= (slot_q == SLOT_BITS'(SLOTS - 1)) ? '0 : slot_q + 1'b1;
        bin_q  <= complete ? BIN_BITS'(TIMESTEPS - STEP) : bin_q + 1'b1;
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {reading_q, clearing_q, emit_q, next_q, read_start_q} <= {1'b1, 1'b1, 1'b0, PIXEL_BITS'(0), BLOCK_BITS'(0)};
    end else if (finish) begin
      reading_q    <= 1'b1;
      clearing_q   <= in_kind_i == ALL_ENDS;
      emit_q       <= 1'b1;
      next_q       <= '0;
      read_start_q <= start_q;
    end else if (pass_read) begin
      reading_q <= !pass_done;
      next_q    <= next_q + 1'b1;
    end
  end
  assign pass_done = next_q == PIXEL_BITS'(PIXELS - 1);

  // -------------------------------------------------------------------------------------------
  // A read a cycle, and two cycles later the changed word is written: first it leaves the memory, then it is
  // changed. An event and a pixel of the pass take turns.
  // -------------------------------------------------------------------------------------------

  logic                   turn_q, pass_wants;
  logic [CREDIT_BITS-1:0] credit_q;               // tokens that still find room behind the memory

  assign pass_wants = reading_q && (!emit_q || credit_q != '0);
  assign in_ready_o = !wait_for_pass && !(pass_wants && turn_q && in_kind_i == ADD);
  assign pass_read  = pass_wants && !add;

  always_ff @(posedge clk_i) begin
    if (rst_i) turn_q <= 1'b0;
    else if (add || pass_read) turn_q <= add;
  end

  // What is known of a word while it leaves the memory
  logic                   read_q, read_add_q, read_token_q, read_p_q, read_forward_q;
  logic [PIXEL_BITS-1:0]  pixel, read_pixel_q;
  logic [SLOT_BITS-1:0]   read_slot_q;
  logic [WEIGHT_BITS-1:0] read_weight_q;
  logic [SLOTS-1:0]       read_clear_q;
  logic [BLOCK_BITS-1:0]  read_window_q;
  // and while it is changed
  logic                   change_q, add_q, token_q, p_q, forward_q;
  logic [PIXEL_BITS-1:0]  pixel_q;
  logic [SLOT_BITS-1:0]   slot_now_q;
  logic [WEIGHT_BITS-1:0] weight_q;
  logic [SLOTS-1:0]       clear_q;
  logic [BLOCK_BITS-1:0]  window_q;
  word_t                  stored, word_q, written_q, current, changed;

  assign pixel = add ? in_pixel_i : next_q;

  weight_memory #(.WIDTH($bits(word_t)), .DEPTH(PIXELS)) i_counts (
    .clk_i,
    .read_en_i   (add || pass_read),
    .read_addr_i (pixel),
    .read_data_o (stored),
    .write_en_i  (change_q),
    .write_addr_i(pixel_q),
    .write_data_i(changed)
  );

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {read_q, read_add_q, read_token_q, change_q, add_q, token_q} <= '0;
    end else begin
      read_q       <= add || pass_read;
      read_add_q   <= add;
      read_token_q <= pass_read && emit_q;
      change_q     <= read_q;
      add_q        <= read_add_q;
      token_q      <= read_token_q;
    end
    read_pixel_q  <= pixel;
    read_p_q      <= in_p_i;
    read_weight_q <= in_weight_i;
    read_slot_q   <= slot_q;
    read_window_q <= read_start_q;
    for (int s = 0; s < SLOTS; s++) begin
      // Slots of the window that is read: the first block always goes, all but the one behind with clearing.
      if (!emit_q) read_clear_q[s] <= 1'b1;
      else if (clearing_q) read_clear_q[s] <= s / STEP != int'(block_after(read_start_q, BLOCKS - 1));
      else read_clear_q[s] <= s / STEP == int'(read_start_q);
    end

    pixel_q    <= read_pixel_q;
    p_q        <= read_p_q;
    weight_q   <= read_weight_q;
    slot_now_q <= read_slot_q;
    window_q   <= read_window_q;
    clear_q    <= read_clear_q;
    written_q  <= changed;
    // The memory does not return the word that is written at the edge of the read, nor a later one: the
    // first is at hand when the word has left the memory, the second when it is changed.
    read_forward_q <= change_q && pixel_q == pixel;
    word_q      <= read_forward_q ? written_q : stored;
    forward_q <= change_q && pixel_q == read_pixel_q;
  end

  assign current = forward_q ? written_q : word_q;

  logic [CELL_BITS-1:0] cell_now;
  logic [SUM_BITS-1:0]  sum;
  assign cell_now = current[slot_now_q][p_q];
  assign sum         = SUM_BITS'(cell_now) + SUM_BITS'(weight_q);

  always_comb begin
    changed = current;
    if (add_q) changed[slot_now_q][p_q] = (sum > SUM_BITS'(MOST)) ? MOST : CELL_BITS'(sum);
    else
      for (int s = 0; s < SLOTS; s++)
        if (clear_q[s]) changed[s] = '0;
  end

  // -------------------------------------------------------------------------------------------
  // Tokens: the window's bins in order, rounded
  // -------------------------------------------------------------------------------------------

  logic [TIMESTEPS*ACT_BITS*2-1:0]   token;
  logic                              unused;

  for (genvar t = 0; t < TIMESTEPS; t++) begin : g_timestep
    logic [1:0][CELL_BITS-1:0] cells;
    assign cells = current[SLOT_BITS'(int'(block_after(window_q, t / STEP)) * STEP + t % STEP)];
    for (genvar c = 0; c < 2; c++) begin : g_polarity
      logic [ACT_BITS-1:0] value;
      if (FRACTION > 0) begin : g_round
        assign value = ACT_BITS'(((CELL_BITS+1)'(cells[c]) + (CELL_BITS+1)'(1 << (FRACTION - 1))) >> FRACTION);
      end else begin : g_whole
        assign value = cells[c];
      end
      for (genvar b = 0; b < ACT_BITS; b++) begin : g_bit
        assign token[(t*ACT_BITS + b)*2 + c] = value[b];
      end
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) credit_q <= CREDIT_BITS'(ROOM);
    else credit_q <= credit_q - CREDIT_BITS'(pass_read && emit_q) + CREDIT_BITS'(out_valid_o && out_ready_i);
  end

  stream_fifo #(.WIDTH(TIMESTEPS*ACT_BITS*2), .DEPTH(ROOM)) i_tokens (
    .clk_i, .rst_i,
    .in_valid_i(token_q),
    .in_ready_o(unused),
    .in_data_i (token),
    .out_valid_o, .out_ready_i, .out_data_o
  );

endmodule
