// Says what scatter_array does in each cycle: adds a word to the sums of windows, or reads a sum out.
//
// A word at frame row y reaches the window rows r with 0 <= y + PADDING - r*STRIDE < KERNEL, at most
// REACH = ceil(KERNEL/STRIDE) of them, and as many columns. With ROW_BANKS or COLUMN_BANKS 1 they are
// taken in turns, those outside the frame left out; else all at once. For each, all PE groups follow
// each other. A row of windows is complete with the last frame row that reaches it, and is then read
// out in raster order, PE groups and in each of them timestep groups innermost, while room_i lasts;
// reading goes before adding.
//
// Sums of REACH rows of windows are held. A word that reaches a new row waits until the row whose
// place it takes has been read beyond the word's columns.
//
// Two steps of the array overlap: SPAN cycles pass until what a step writes can be read. A step that
// would read one of those sums waits, but for an addition right behind an addition, which takes the
// sum before it is written (step_forward_*_o).
//
// After a reset every sum is marked as empty first (clear_o), one place of all banks a cycle.
module scatter_order #(
  parameter int HEIGHT       = 8,
  parameter int WIDTH        = 8,
  parameter int KERNEL       = 3,
  parameter int STRIDE       = 1,
  parameter int PADDING      = 1,
  parameter int WORDS        = 2,     // of a pixel, in one timestep group
  parameter int WORD_BITS    = 2,
  parameter int PE_GROUPS    = 2,
  parameter int TIMES        = 1,     // timestep groups
  parameter int ROW_BANKS    = 1,
  parameter int COLUMN_BANKS = 3,
  parameter int SPAN         = 1,
  parameter int REACH        = (KERNEL + STRIDE - 1) / STRIDE,                                  // derived
  parameter int OUT_ROWS     = (HEIGHT + 2 * PADDING - KERNEL) / STRIDE + 1,                    // derived
  parameter int OUT_COLUMNS  = (WIDTH + 2 * PADDING - KERNEL) / STRIDE + 1,                     // derived
  parameter int STRIP        = (OUT_COLUMNS + COLUMN_BANKS - 1) / COLUMN_BANKS,                 // derived
  parameter int PLACES       = (ROW_BANKS == 1 ? REACH : 1) * STRIP * PE_GROUPS * TIMES,        // derived
  parameter int DEPTH        = WORDS * PE_GROUPS * (ROW_BANKS == 1 ? KERNEL : STRIDE)
                             * (COLUMN_BANKS == 1 ? KERNEL : STRIDE),                           // derived
  parameter int ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1,                                 // derived
  parameter int SUM_BITS     = (PLACES > 1) ? $clog2(PLACES) : 1,                               // derived
  parameter int INDEX_BITS   = (WORDS > 1) ? $clog2(WORDS) : 1,                                 // derived
  parameter int TIME_BITS    = (TIMES > 1) ? $clog2(TIMES) : 1,                                 // derived
  parameter int PHASE_BITS   = (STRIDE > 1) ? $clog2(STRIDE) : 1,                               // derived
  parameter int BANK_BITS    = (COLUMN_BANKS > 1) ? $clog2(COLUMN_BANKS) : 1,                   // derived
  parameter int SLOT_BITS    = (REACH > 1) ? $clog2(REACH) : 1,                                 // derived
  parameter int PLACE_BITS   = $clog2((WIDTH + PADDING) / STRIDE / COLUMN_BANKS + 2)            // derived
) (
  input  logic                   clk_i,
  input  logic                   rst_i,
  input  logic                   word_valid_i,
  output logic                   word_ready_o,
  input  logic [WORD_BITS-1:0]   word_i,
  input  logic                   word_nonzero_i,
  input  logic                   word_row_last_i,
  input  logic [INDEX_BITS-1:0]  word_index_i,
  input  logic [TIME_BITS-1:0]   word_time_i,
  input  logic [PHASE_BITS-1:0]  word_phase_i,
  input  logic [BANK_BITS-1:0]   word_bank_i,
  input  logic [PLACE_BITS-1:0]  word_place_i,
  input  logic                   room_i,
  output logic                   read_o,            // a sum begins to be read in this cycle
  output logic                   clear_o,
  output logic [SUM_BITS-1:0]    clear_place_o,
  output logic                   step_valid_o,
  output logic                   step_read_o,
  output logic [ADDRESS_BITS-1:0] step_address_o,   // of the weight word
  output logic [WORD_BITS-1:0]   step_word_o,
  output logic [SLOT_BITS-1:0]   step_row_turn_o,   // bank of the row (of the highest one that is reached)
  output logic [BANK_BITS-1:0]   step_turn_o,       // bank of the column (of the highest one)
  output logic [ROW_BANKS-1:0]   step_row_o,        // banks that take part
  output logic [COLUMN_BANKS-1:0] step_column_o,
  output logic [ROW_BANKS-1:0]   step_forward_row_o,
  output logic [COLUMN_BANKS-1:0] step_forward_o,
  output logic [COLUMN_BANKS-1:0][SUM_BITS-1:0] step_place_o
);

  if (ROW_BANKS != 1 && ROW_BANKS != REACH || COLUMN_BANKS != 1 && COLUMN_BANKS != REACH) begin : g_bad_banks
    $error("scatter_order: ROW_BANKS and COLUMN_BANKS must be 1 or what a word reaches");
  end
  if (ROW_BANKS > COLUMN_BANKS) begin : g_bad_order
    $error("scatter_order: all rows at once need all columns at once");
  end
  if (KERNEL < 1 || STRIDE < 1 || PADDING < 0 || 2 * PADDING > KERNEL) begin : g_bad_window
    $error("scatter_order: KERNEL and STRIDE must be at least 1, PADDING at most KERNEL/2");
  end
  if (HEIGHT + 2 * PADDING < KERNEL || WIDTH + 2 * PADDING < KERNEL) begin : g_bad_frame
    $error("scatter_order: the padded frame is smaller than the window");
  end

  localparam int TOP       = PADDING / STRIDE;            // highest row or column that the first pixel reaches
  localparam int OPEN      = (TOP < OUT_ROWS) ? TOP + 1 : OUT_ROWS;   // rows that the first frame row opens
  localparam int ROW_BITS  = $clog2(HEIGHT + PADDING + 2);
  localparam int LEFT_BITS = $clog2(OUT_ROWS + 1);
  localparam int WIDE_BITS = $clog2(WIDTH + PADDING + 2);
  localparam int HELD_BITS = $clog2(2 * REACH + 2);
  localparam int TURN_BITS = $clog2(REACH + 1);
  localparam int PE_BITS   = (PE_GROUPS > 1) ? $clog2(PE_GROUPS) : 1;

  // The lowest and the highest of the REACH rows or columns below `top` that exist, counted down from
  // top: rows beyond the last one, or below 0, and those whose kernel ends before the word.
  function automatic logic [TURN_BITS-1:0] nearest(int top, int count);
    return TURN_BITS'((top < count) ? 0 : (top - count + 1 > REACH) ? REACH : top - count + 1);
  endfunction

  function automatic logic [TURN_BITS-1:0] beyond(int top, int phase);   // one more than the farthest
    int reached;
    reached = (phase < KERNEL) ? (KERNEL - 1 - phase) / STRIDE + 1 : 0;
    return TURN_BITS'((reached > top + 1) ? top + 1 : reached);
  endfunction

  // Shifted copies, which no synthesis makes a multiplier of.
  function automatic int scaled(int value, int factor);
    int total;
    total = 0;
    for (int bit_of = 0; bit_of < 16; bit_of++) if (factor[bit_of]) total += value << bit_of;
    return total;
  endfunction

  function automatic logic [SLOT_BITS-1:0] slot_before(logic [SLOT_BITS-1:0] slot, int rows);
    return SLOT_BITS'((int'(slot) >= rows) ? int'(slot) - rows : int'(slot) + REACH - rows);
  endfunction

  function automatic logic [SLOT_BITS-1:0] slot_after(logic [SLOT_BITS-1:0] slot, int rows);
    return SLOT_BITS'((int'(slot) + rows % REACH) % REACH);
  endfunction

  // -------------------------------------------------------------------------------------------
  // Where in the frame the words are, and which rows of windows that opens and completes
  // -------------------------------------------------------------------------------------------

  logic [ROW_BITS-1:0]   row_q, top_q;
  logic [PHASE_BITS-1:0] phase_q;
  logic [SLOT_BITS-1:0]  base_q, top_slot_q;      // of window row 0 of this frame, of row top
  logic [ROW_BITS-1:0]   until_q;                 // frame rows until the next row of windows is complete
  logic [LEFT_BITS-1:0]  left_q;                  // rows of windows that are not complete
  logic [HELD_BITS-1:0]  held_q, ready_q;         // rows opened, rows complete, and not read to the end
  logic [HELD_BITS-1:0]  opened, completed;
  logic                  row_done, frame_done, row_read;

  assign frame_done = row_q == ROW_BITS'(HEIGHT - 1);

  always_comb begin
    opened    = '0;
    completed = '0;
    if (row_done && frame_done) begin
      opened    = HELD_BITS'(OPEN);
      completed = HELD_BITS'(left_q);
    end else if (row_done) begin
      opened    = HELD_BITS'(phase_q == PHASE_BITS'(STRIDE - 1) && int'(top_q) < OUT_ROWS - 1);
      completed = HELD_BITS'(until_q == '0 && left_q != '0);
    end
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      base_q     <= '0;
      top_slot_q <= SLOT_BITS'(TOP % REACH);
      held_q     <= HELD_BITS'(OPEN);
      ready_q    <= '0;
    end else begin
      held_q  <= held_q + opened - HELD_BITS'(row_read);
      ready_q <= ready_q + completed - HELD_BITS'(row_read);
      if (row_done && frame_done) begin
        base_q     <= slot_after(base_q, OUT_ROWS);
        top_slot_q <= slot_after(base_q, OUT_ROWS + TOP);
      end else if (row_done && phase_q == PHASE_BITS'(STRIDE - 1)) begin
        top_slot_q <= slot_after(top_slot_q, 1);
      end
    end
    if (rst_i || (row_done && frame_done)) begin
      row_q   <= '0;
      phase_q <= PHASE_BITS'(PADDING % STRIDE);
      top_q   <= ROW_BITS'(TOP);
      until_q <= ROW_BITS'(KERNEL - 1 - PADDING);
      left_q  <= LEFT_BITS'(OUT_ROWS);
    end else if (row_done) begin
      row_q   <= row_q + 1'b1;
      phase_q <= (STRIDE == 1 || phase_q == PHASE_BITS'(STRIDE - 1)) ? '0 : phase_q + 1'b1;
      if (phase_q == PHASE_BITS'(STRIDE - 1)) top_q <= top_q + 1'b1;
      until_q <= (until_q == '0) ? ROW_BITS'(STRIDE - 1) : until_q - 1'b1;
      left_q  <= left_q - LEFT_BITS'(completed);
    end
  end

  // -------------------------------------------------------------------------------------------
  // Reading: the next sum in raster order
  // -------------------------------------------------------------------------------------------

  logic [WIDE_BITS-1:0]  read_column_q;
  logic [BANK_BITS-1:0]  read_bank_q;
  logic [PLACE_BITS-1:0] read_place_q;
  logic [PE_BITS-1:0]    read_pe_q;
  logic [TIME_BITS-1:0]  read_time_q;
  logic [SLOT_BITS-1:0]  read_slot_q;
  logic                  read_time_last, read_last;

  assign read_time_last = read_time_q == TIME_BITS'(TIMES - 1);
  assign read_last      = read_time_last && read_pe_q == PE_BITS'(PE_GROUPS - 1);
  assign row_read  = read_o && read_last && read_column_q == WIDE_BITS'(OUT_COLUMNS - 1);

  always_ff @(posedge clk_i) begin
    if (rst_i) read_slot_q <= '0;
    else if (row_read) read_slot_q <= slot_after(read_slot_q, 1);
    if (rst_i || row_read) begin
      read_column_q <= '0;
      read_bank_q   <= '0;
      read_place_q  <= '0;
      read_pe_q     <= '0;
      read_time_q   <= '0;
    end else if (read_o) begin
      read_time_q <= read_time_last ? '0 : read_time_q + 1'b1;
      if (read_time_last) read_pe_q <= read_last ? '0 : read_pe_q + 1'b1;
      if (read_last) begin
        read_column_q <= read_column_q + 1'b1;
        read_bank_q   <= (COLUMN_BANKS == 1 || read_bank_q == BANK_BITS'(COLUMN_BANKS - 1)) ? '0
                                                                                            : read_bank_q + 1'b1;
        if (read_bank_q == BANK_BITS'(COLUMN_BANKS - 1)) read_place_q <= read_place_q + 1'b1;
      end
    end
  end

  // -------------------------------------------------------------------------------------------
  // Adding: the rows and columns that the word reaches, counted down from the highest
  // -------------------------------------------------------------------------------------------

  logic [TURN_BITS-1:0] row_low, row_beyond, column_low, column_beyond, row, column, row_turn_q, column_turn_q;
  logic [PE_BITS-1:0]   pe_q;
  logic                 begun_q, nothing, free, add, pe_last, column_last, row_last, word_last;
  logic [WIDE_BITS-1:0] column_top;

  assign column_top    = WIDE_BITS'(scaled(int'(word_place_i), COLUMN_BANKS) + int'(word_bank_i));
  assign row_low       = nearest(int'(top_q), OUT_ROWS);
  assign row_beyond    = beyond(int'(top_q), int'(phase_q));
  assign column_low    = nearest(int'(column_top), OUT_COLUMNS);
  assign column_beyond = beyond(int'(column_top), int'(word_phase_i));
  assign nothing       = !word_nonzero_i || row_low >= row_beyond || column_low >= column_beyond;

  assign row         = begun_q ? row_turn_q : row_low;
  assign column      = begun_q ? column_turn_q : column_low;
  assign pe_last     = pe_q == PE_BITS'(PE_GROUPS - 1);
  assign column_last = COLUMN_BANKS > 1 || column + 1'b1 == column_beyond;
  assign row_last    = ROW_BANKS > 1 || row + 1'b1 == row_beyond;
  assign word_last   = pe_last && column_last && row_last;

  assign free         = held_q <= HELD_BITS'(REACH)
                      || (held_q == HELD_BITS'(REACH + 1) && read_column_q > column_top);
  assign word_ready_o = nothing ? held_q <= HELD_BITS'(REACH + 1) && !clear_o : add && word_last;
  assign row_done     = word_valid_i && word_ready_o && word_row_last_i;

  always_ff @(posedge clk_i) begin
    if (rst_i || (add && word_last)) begin
      begun_q <= 1'b0;
      pe_q    <= '0;
    end else if (add) begin
      begun_q <= 1'b1;
      pe_q    <= pe_last ? '0 : pe_q + 1'b1;
      if (!pe_last) {row_turn_q, column_turn_q} <= {row, column};
      else {row_turn_q, column_turn_q} <= column_last ? {row + 1'b1, column_low} : {row, column + 1'b1};
    end
  end

  // -------------------------------------------------------------------------------------------
  // The step
  // -------------------------------------------------------------------------------------------

  logic                                    reading, wanted, wait_for;
  logic [SLOT_BITS-1:0]                    slot;
  logic [PE_BITS-1:0]                      pe;
  logic [TIME_BITS-1:0]                    times;
  logic [ROW_BANKS-1:0]                    rows;
  logic [COLUMN_BANKS-1:0]                 columns;
  logic [COLUMN_BANKS-1:0][PLACE_BITS-1:0] place;
  logic [COLUMN_BANKS-1:0][SUM_BITS-1:0]   sum_place;
  logic [ADDRESS_BITS-1:0]                 address;

  assign reading = ready_q != '0 && room_i;
  assign wanted  = !clear_o && (reading || (word_valid_i && !nothing && free));
  assign read_o  = wanted && reading && !wait_for;
  assign add     = wanted && !reading && !wait_for;
  assign slot    = reading ? read_slot_q : (ROW_BANKS > 1) ? top_slot_q : slot_before(top_slot_q, int'(row));
  assign pe      = reading ? read_pe_q : pe_q;
  assign times   = reading ? read_time_q : word_time_i;

  if (ROW_BANKS > 1) begin : g_rows
    for (genvar s = 0; s < ROW_BANKS; s++) begin : g_bank
      logic [TURN_BITS-1:0] turn;   // which of the rows that are reached lies here
      assign turn    = TURN_BITS'(slot_before(top_slot_q, s));
      assign rows[s] = reading ? read_slot_q == SLOT_BITS'(s) : turn >= row_low && turn < row_beyond;
    end
  end else begin : g_row
    assign rows = 1'b1;
  end

  if (COLUMN_BANKS > 1) begin : g_columns
    for (genvar b = 0; b < COLUMN_BANKS; b++) begin : g_bank
      logic [TURN_BITS-1:0] turn;
      assign turn       = TURN_BITS'(slot_before(SLOT_BITS'(word_bank_i), b));
      assign columns[b] = reading ? read_bank_q == BANK_BITS'(b) : turn >= column_low && turn < column_beyond;
      assign place[b]   = reading ? read_place_q : word_place_i - PLACE_BITS'(int'(word_bank_i) < b);
    end
  end else begin : g_column
    assign columns  = 1'b1;
    assign place[0] = reading ? read_place_q : word_place_i - PLACE_BITS'(column);
  end

  for (genvar b = 0; b < COLUMN_BANKS; b++) begin : g_place
    assign sum_place[b] = SUM_BITS'(((ROW_BANKS > 1) ? 0 : scaled(int'(slot), STRIP * PE_GROUPS * TIMES))
                                    + scaled(int'(place[b]), PE_GROUPS * TIMES) + scaled(int'(pe), TIMES)
                                    + int'(times));
  end

  // Kernel row and column of the highest row and column that the step reaches, or where they are taken
  // at once the phase, which says the same of all of them.
  localparam int ROW_CHOICES    = (ROW_BANKS == 1) ? KERNEL : STRIDE;
  localparam int COLUMN_CHOICES = (COLUMN_BANKS == 1) ? KERNEL : STRIDE;
  int row_choice, column_choice;
  assign row_choice    = int'(phase_q) + ((ROW_BANKS == 1) ? scaled(int'(row), STRIDE) : 0);
  assign column_choice = int'(word_phase_i) + ((COLUMN_BANKS == 1) ? scaled(int'(column), STRIDE) : 0);
  assign address = ADDRESS_BITS'(scaled(int'(word_index_i), PE_GROUPS * ROW_CHOICES * COLUMN_CHOICES)
                                 + scaled(int'(pe_q), ROW_CHOICES * COLUMN_CHOICES)
                                 + scaled(row_choice, COLUMN_CHOICES) + column_choice);

  always_ff @(posedge clk_i) begin
    step_valid_o    <= wanted && !wait_for && !rst_i;
    step_read_o     <= reading;
    step_address_o  <= address;
    step_word_o     <= word_i;
    step_row_turn_o <= slot;
    step_turn_o     <= reading ? read_bank_q : word_bank_i;
    step_row_o      <= rows;
    step_column_o   <= columns;
    step_place_o    <= sum_place;
  end

  // -------------------------------------------------------------------------------------------
  // Steps that have not written yet
  // -------------------------------------------------------------------------------------------

  typedef struct packed {
    logic                                    valid;
    logic                                    reads;
    logic [SLOT_BITS-1:0]                    slot;
    logic [PE_BITS-1:0]                      pe;
    logic [TIME_BITS-1:0]                    times;
    logic [ROW_BANKS-1:0]                    rows;
    logic [COLUMN_BANKS-1:0]                 columns;
    logic [COLUMN_BANKS-1:0][PLACE_BITS-1:0] place;
  } step_t;

  step_t                   before_q [SPAN];   // the last one first
  logic [COLUMN_BANKS-1:0] meets [SPAN];      // columns in which the step wants a sum of that one

  for (genvar n = 0; n < SPAN; n++) begin : g_before
    for (genvar b = 0; b < COLUMN_BANKS; b++) begin : g_bank
      assign meets[n][b] = before_q[n].valid && before_q[n].columns[b] && columns[b]
                         && before_q[n].place[b] == place[b] && before_q[n].pe == pe
                         && before_q[n].times == times
                         && (ROW_BANKS > 1 ? (before_q[n].rows & rows) != '0 : before_q[n].slot == slot);
    end
  end

  // What an earlier step left unwritten is no matter where the last step takes it on.
  always_comb begin
    wait_for = meets[0] != '0 && (reading || before_q[0].reads);
    for (int n = 1; n < SPAN; n++)
      wait_for = wait_for || (meets[n] & ~meets[0]) != '0
               || (meets[n] != '0 && (before_q[n].rows & rows & ~before_q[0].rows) != '0);
  end

  always_ff @(posedge clk_i) begin
    before_q[0] <= '{wanted && !wait_for, reading, slot, pe, times, rows, columns, place};
    for (int n = 1; n < SPAN; n++) before_q[n] <= before_q[n-1];
    if (rst_i) for (int n = 0; n < SPAN; n++) before_q[n].valid <= 1'b0;
    step_forward_o     <= meets[0];
    step_forward_row_o <= before_q[0].rows & rows;
  end

  // -------------------------------------------------------------------------------------------
  // After a reset
  // -------------------------------------------------------------------------------------------

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      clear_o       <= 1'b1;
      clear_place_o <= '0;
    end else if (clear_o) begin
      clear_o       <= clear_place_o != SUM_BITS'(PLACES - 1);
      clear_place_o <= clear_place_o + 1'b1;
    end
  end

endmodule
