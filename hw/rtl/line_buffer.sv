// Turns raster tokens into columns of KERNEL tokens, with the spatial padding made up.
//
// KERNEL + 1 rows live in one memory each (row r of the running count in bank r mod
// (KERNEL + 1)): KERNEL are read while one fills, and a row is released with the last output
// row that needs it, so rows of the next frame enter while the last ones of the present frame
// are read. For every output row, every padded column that some window needs, and every channel
// group, one column token comes out: token of window row k at bits k*GROUP*PLANES, zero where
// the window hangs over the edge.
module line_buffer #(
  parameter int HEIGHT   = 8,
  parameter int WIDTH    = 8,
  parameter int CHANNELS = 4,
  parameter int GROUP    = 2,
  parameter int PLANES   = 2,
  parameter int KERNEL   = 3,
  parameter int STRIDE   = 1,
  parameter int PADDING  = 1
) (
  input  logic                           clk_i,
  input  logic                           rst_i,
  input  logic                           in_valid_i,
  output logic                           in_ready_o,
  input  logic [GROUP*PLANES-1:0]        in_data_i,
  output logic                           out_valid_o,
  input  logic                           out_ready_i,
  output logic [KERNEL*GROUP*PLANES-1:0] out_data_o
);

  if (CHANNELS % GROUP != 0) begin : g_bad_group
    $error("line_buffer: GROUP must divide CHANNELS");
  end
  if (KERNEL < 1 || STRIDE < 1 || PADDING < 0 || 2 * PADDING > KERNEL) begin : g_bad_window
    $error("line_buffer: KERNEL and STRIDE must be at least 1, PADDING at most KERNEL/2");
  end
  if (HEIGHT + 2 * PADDING < KERNEL || WIDTH + 2 * PADDING < KERNEL) begin : g_bad_frame
    $error("line_buffer: the padded frame is smaller than the window");
  end

  localparam int TOKEN       = GROUP * PLANES;
  localparam int GROUPS      = CHANNELS / GROUP;
  localparam int ROW_TOKENS  = WIDTH * GROUPS;
  localparam int BANKS       = KERNEL + 1;
  localparam int OUT_ROWS    = (HEIGHT + 2 * PADDING - KERNEL) / STRIDE + 1;
  localparam int OUT_COLUMNS = (WIDTH + 2 * PADDING - KERNEL) / STRIDE + 1;

  localparam int BANK_BITS    = $clog2(BANKS);
  localparam int HELD_BITS    = $clog2(HEIGHT + KERNEL + STRIDE + 1);
  localparam int ADDRESS_BITS = (ROW_TOKENS > 1) ? $clog2(ROW_TOKENS) : 1;

  function automatic logic [BANK_BITS-1:0] bank_after(logic [BANK_BITS-1:0] bank, int rows);
    return BANK_BITS'((int'(bank) + rows) % BANKS);
  endfunction

  // -------------------------------------------------------------------------------------------
  // Rows held: complete and not yet released
  // -------------------------------------------------------------------------------------------

  logic [HELD_BITS-1:0] held_q, debt_q, wanted, released;
  logic [HELD_BITS-1:0] needed_q, freed_q;   // by the output row that is read: rows it needs, and frees
  logic                 row_written, row_read;

  // Rows that no window needs may still be on their way: they are owed, and go as they come.
  assign wanted   = row_read ? freed_q : debt_q;
  assign released = (wanted < held_q) ? wanted : held_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      held_q <= '0;
      debt_q <= '0;
    end else begin
      held_q <= held_q + HELD_BITS'(row_written) - released;
      debt_q <= wanted - released;
    end
  end

  // -------------------------------------------------------------------------------------------
  // Writing
  // -------------------------------------------------------------------------------------------

  logic [BANK_BITS-1:0]    write_bank_q;
  logic [ADDRESS_BITS-1:0] write_addr_q;
  logic                    write, write_last;

  assign in_ready_o  = held_q != HELD_BITS'(BANKS);
  assign write       = in_valid_i && in_ready_o;
  assign write_last  = write_addr_q == ADDRESS_BITS'(ROW_TOKENS - 1);
  assign row_written = write && write_last;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      write_bank_q <= '0;
      write_addr_q <= '0;
    end else if (write) begin
      write_addr_q <= write_last ? '0 : write_addr_q + 1'b1;
      if (write_last) write_bank_q <= bank_after(write_bank_q, 1);
    end
  end

  // -------------------------------------------------------------------------------------------
  // Reading: top_q is the frame row of the window's first row, place_q counts tokens along the
  // padded row, 0 being the first token inside the frame
  // -------------------------------------------------------------------------------------------

  localparam int FIRST_PLACE = -PADDING * GROUPS;
  localparam int LAST_PLACE  = ((OUT_COLUMNS - 1) * STRIDE + KERNEL - PADDING) * GROUPS - 1;
  localparam int FIRST_TOP   = -PADDING;
  localparam int LAST_TOP    = (OUT_ROWS - 1) * STRIDE - PADDING;
  localparam int PLACE_BITS  = $clog2(ROW_TOKENS + (KERNEL + STRIDE) * GROUPS) + 1;
  localparam int TOP_BITS    = $clog2(HEIGHT + KERNEL + STRIDE) + 1;

  logic signed [TOP_BITS-1:0]   top_q, next_top_q;
  logic signed [PLACE_BITS-1:0] place_q;
  logic [BANK_BITS-1:0]         top_bank_q;
  logic                         enable, issue, in_row, gap;

  function automatic int first_row(logic signed [TOP_BITS-1:0] top);
    return (top < 0) ? 0 : int'(top);
  endfunction

  function automatic logic [HELD_BITS-1:0] rows_needed(logic signed [TOP_BITS-1:0] top);
    int last;
    last = int'(top) + KERNEL - 1;
    return HELD_BITS'(((last < HEIGHT) ? last : HEIGHT - 1) - first_row(top) + 1);
  endfunction

  function automatic logic [HELD_BITS-1:0] rows_freed(logic signed [TOP_BITS-1:0] top);
    int next;
    next = (int'(top) == LAST_TOP) ? HEIGHT : first_row(TOP_BITS'(int'(top) + STRIDE));
    return HELD_BITS'(next - first_row(top));
  endfunction

  function automatic logic signed [TOP_BITS-1:0] top_after(logic signed [TOP_BITS-1:0] top);
    return (int'(top) == LAST_TOP) ? TOP_BITS'(FIRST_TOP) : TOP_BITS'(int'(top) + STRIDE);
  endfunction

  assign enable   = !out_valid_o || out_ready_i;
  assign issue    = enable && debt_q == '0 && held_q >= needed_q;
  assign row_read = issue && int'(place_q) == LAST_PLACE;
  assign in_row   = place_q >= 0 && int'(place_q) < ROW_TOKENS;

  // What a row needs and frees is worked out one row ahead, off the path of the row count.
  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      top_q      <= TOP_BITS'(FIRST_TOP);
      next_top_q <= top_after(TOP_BITS'(FIRST_TOP));
      needed_q   <= rows_needed(TOP_BITS'(FIRST_TOP));
      freed_q    <= rows_freed(TOP_BITS'(FIRST_TOP));
      place_q    <= PLACE_BITS'(FIRST_PLACE);
      top_bank_q <= BANK_BITS'((BANKS - PADDING) % BANKS);
    end else if (row_read) begin
      top_q      <= next_top_q;
      next_top_q <= top_after(next_top_q);
      needed_q   <= rows_needed(next_top_q);
      freed_q    <= rows_freed(next_top_q);
      place_q    <= PLACE_BITS'(FIRST_PLACE);
      top_bank_q <= bank_after(top_bank_q,
                               (int'(top_q) == LAST_TOP) ? HEIGHT - (OUT_ROWS - 1) * STRIDE : STRIDE);
    end else if (issue) begin
      place_q <= place_q + (gap ? PLACE_BITS'((STRIDE - KERNEL) * GROUPS + 1) : PLACE_BITS'(1));
    end
  end

  // With a stride beyond the kernel, columns between two windows are passed over.
  if (STRIDE > KERNEL) begin : g_gap
    localparam int COUNT_BITS = (KERNEL * GROUPS > 1) ? $clog2(KERNEL * GROUPS) : 1;
    logic [COUNT_BITS-1:0] count_q;
    assign gap = count_q == COUNT_BITS'(KERNEL * GROUPS - 1);
    always_ff @(posedge clk_i) begin
      if (rst_i) count_q <= '0;
      else if (issue) count_q <= gap ? '0 : count_q + 1'b1;
    end
  end else begin : g_no_gap
    assign gap = 1'b0;
  end

  // -------------------------------------------------------------------------------------------
  // Row memories, and the selection of their words one cycle later
  // -------------------------------------------------------------------------------------------

  logic [BANKS-1:0][TOKEN-1:0]      word;
  logic [KERNEL-1:0][BANK_BITS-1:0] bank_q;   // bank of window row k
  logic [KERNEL-1:0]                real_q;   // window row k lies inside the frame

  for (genvar b = 0; b < BANKS; b++) begin : g_bank
    weight_memory #(.WIDTH(TOKEN), .DEPTH(ROW_TOKENS)) i_row (
      .clk_i,
      .read_en_i   (issue),
      .read_addr_i (ADDRESS_BITS'(place_q)),
      .read_data_o (word[b]),
      .write_en_i  (write && write_bank_q == BANK_BITS'(b)),
      .write_addr_i(write_addr_q),
      .write_data_i(in_data_i)
    );
  end

  always_ff @(posedge clk_i) begin
    if (issue) begin
      for (int k = 0; k < KERNEL; k++) begin
        bank_q[k] <= bank_after(top_bank_q, k);
        real_q[k] <= in_row && int'(top_q) + k >= 0 && int'(top_q) + k < HEIGHT;
      end
    end
    if (rst_i) out_valid_o <= 1'b0;
    else if (enable) out_valid_o <= issue;
  end

  for (genvar k = 0; k < KERNEL; k++) begin : g_row
    assign out_data_o[k*TOKEN +: TOKEN] = real_q[k] ? word[bank_q[k]] : '0;
  end

endmodule
