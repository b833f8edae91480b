// line_buffer: every column is the window's, padding and all, in order, for a pixel of the solver's
// choice amid any other traffic: no token lost, doubled or read before it came; by induction.
module line_buffer_proof #(
  parameter int HEIGHT  = 3,
  parameter int WIDTH   = 2,
  parameter int GROUPS  = 1,
  parameter int KERNEL  = 2,
  parameter int STRIDE  = 1,
  parameter int PADDING = 0
) (
  input logic clk_i, rst_i, in_valid_i, in_data_i, out_ready_i,
  input logic signed [7:0] watch_row_i, watch_place_i   // a row, modulo ROWS, and a token of it
);
  localparam int BANKS       = KERNEL + 1;
  localparam int ROWS        = 2 * HEIGHT * BANKS;      // rows are counted modulo this
  localparam int ROW_TOKENS  = WIDTH * GROUPS;
  localparam int OUT_ROWS    = (HEIGHT + 2 * PADDING - KERNEL) / STRIDE + 1;
  localparam int OUT_COLUMNS = (WIDTH + 2 * PADDING - KERNEL) / STRIDE + 1;
  localparam int LAST        = (OUT_COLUMNS - 1) * STRIDE - PADDING + KERNEL - 1;   // column that is read
  localparam int LAST_TOP    = (OUT_ROWS - 1) * STRIDE - PADDING;
  logic in_ready, out_valid;
  logic [KERNEL-1:0] out_data;

  line_buffer #(
    .HEIGHT(HEIGHT), .WIDTH(WIDTH), .CHANNELS(GROUPS), .GROUP(1), .PLANES(1), .KERNEL(KERNEL), .STRIDE(STRIDE),
    .PADDING(PADDING)
  ) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );
  stream_watch #(.WIDTH(1), .ASSUMED(1)) i_in (
    .clk_i, .rst_i, .valid_i(in_valid_i), .ready_i(in_ready), .data_i(in_data_i),
    .watch_i('0), .number_o(), .watched_o()
  );
  stream_watch #(.WIDTH(KERNEL)) i_out (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i('0), .number_o(), .watched_o()
  );

  typedef logic signed [7:0] number_t;
  function automatic number_t ring(number_t row);       // modulo ROWS
    return (row < 0) ? row + 8'(ROWS) : (row >= ROWS) ? row - 8'(ROWS) : row;
  endfunction

  // ---- What has come: whole rows, and tokens of the next ----
  number_t row_in, place_in;
  logic began = 1'b0, pixel;
  number_t watch_row_q, watch_place_q;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    {watch_row_q, watch_place_q} <= {watch_row_i, watch_place_i};
    if (rst_i) {row_in, place_in} <= '0;
    else if (in_valid_i && in_ready) begin
      place_in <= (place_in == 8'(ROW_TOKENS - 1)) ? '0 : place_in + 8'sd1;
      if (place_in == 8'(ROW_TOKENS - 1)) row_in <= ring(row_in + 8'sd1);
      if (row_in == watch_row_i && place_in == watch_place_i) pixel <= in_data_i;
    end
  end

  // ---- The column token that is due: its frame's first row, its window's top, its column ----
  typedef struct packed {number_t base, top, column, group;} place_t;
  function automatic place_t after(place_t at);
    after = at;
    after.group = (at.group == 8'(GROUPS - 1)) ? '0 : at.group + 8'sd1;
    if (after.group == '0) begin
      // A column that no window needs is passed over where the stride is beyond the kernel.
      after.column = at.column + ((STRIDE > KERNEL && (at.column + PADDING) % STRIDE == KERNEL - 1)
                                  ? 8'(STRIDE - KERNEL + 1) : 8'sd1);
      if (at.column == 8'(LAST)) begin
        after.column = 8'(-PADDING);
        after.top    = (at.top == 8'(LAST_TOP)) ? 8'(-PADDING) : at.top + 8'(STRIDE);
        if (at.top == 8'(LAST_TOP)) after.base = ring(at.base + 8'(HEIGHT));
      end
    end
  endfunction
  place_t due, issued;
  always_ff @(posedge clk_i)
    if (rst_i) due <= '{base: '0, top: 8'(-PADDING), column: 8'(-PADDING), group: '0};
    else if (out_valid && out_ready_i) due <= after(due);

  logic came, padded, right;             // what the column needs has come; its bits
  always_comb begin
    {came, padded, right} = '1;
    for (int k = 0; k < KERNEL; k++) begin
      automatic number_t row;
      row = ring(due.base + due.top + 8'(k));
      if (due.top + k < 0 || due.top + k >= HEIGHT || due.column < 0 || due.column >= WIDTH)
        padded = padded && !out_data[k];
      else begin
        came = came && ring(row_in - row) != '0 && ring(row_in - row) <= ROWS / 2;
        if (row == watch_row_i && due.column * GROUPS + due.group == watch_place_i) right = right && out_data[k] == pixel;
      end
    end
  end
  always_comb begin
    assume (watch_row_i >= 0 && watch_row_i < ROWS && watch_place_i >= 0 && watch_place_i < ROW_TOKENS);
    if (began) assume (watch_row_i == watch_row_q && watch_place_i == watch_place_q);
    if (began && !rst_i && out_valid) begin
      none_before_it_came: assert (came);
      zeros_outside:       assert (padded);
      pixel_in_place:      assert (right);
    end
  end

  // ---- Where the rows are: from `oldest` on in the memories, of which `debt` are owed ----
  function automatic number_t first(number_t top);
    return (top < 0) ? '0 : top;
  endfunction
  number_t oldest, needed, freed;
  assign issued = out_valid ? after(due) : due;
  assign oldest = ring(issued.base + first(issued.top) - 8'(i_dut.debt_q));
  assign needed = ((issued.top + KERNEL > HEIGHT) ? 8'(HEIGHT) : issued.top + 8'(KERNEL)) - first(issued.top);
  assign freed  = ((issued.top == LAST_TOP) ? 8'(HEIGHT) : first(issued.top + 8'(STRIDE))) - first(issued.top);
  logic [BANKS-1:0] kept;                // what the memories hold at the watched token's place
  for (genvar b = 0; b < BANKS; b++) begin : g_bank
    assign kept[b] = i_dut.g_bank[b].i_row.g_distributed.memory[watch_place_i];
  end
  number_t watch_age;
  assign watch_age = ring(watch_row_i - oldest);
  always_comb if (began && !rst_i) begin
    assert (row_in >= 0 && row_in < ROWS && int'(place_in) == int'(i_dut.write_addr_q) && place_in < ROW_TOKENS);
    assert (int'(i_dut.write_bank_q) == int'(row_in) % BANKS);
    assert (due.base >= 0 && due.base < ROWS && int'(due.base) % HEIGHT == 0 && due.group >= 0 && due.group < GROUPS);
    assert (due.top >= -PADDING && due.top <= LAST_TOP && (due.top + PADDING) % STRIDE == 0);
    assert (due.column >= -PADDING && due.column <= LAST && (due.column + PADDING) % STRIDE < KERNEL);
    assert (int'(i_dut.top_q) == int'(issued.top));
    assert (int'(i_dut.place_q) == issued.column * GROUPS + issued.group);
    assert (int'(i_dut.top_bank_q) == (int'(issued.base) + int'(issued.top) + BANKS) % BANKS);
    assert (int'(i_dut.next_top_q) == ((issued.top == LAST_TOP) ? -PADDING : issued.top + STRIDE));
    assert (int'(i_dut.needed_q) == int'(needed) && int'(i_dut.freed_q) == int'(freed));
    assert (int'(i_dut.held_q) <= BANKS && int'(i_dut.debt_q) <= HEIGHT);
    for (int k = 0; k < KERNEL; k++) assert (!out_valid || int'(i_dut.bank_q[k]) < BANKS);
    assert (i_dut.debt_q == '0 || i_dut.held_q <= 1);
    assert (int'(i_dut.held_q) == ring(row_in - oldest));
    if (watch_age < 8'(i_dut.held_q) || (watch_age == 8'(i_dut.held_q) && watch_place_i < place_in))
      assert (kept[watch_row_i % BANKS] == pixel);
  end
  if (STRIDE > KERNEL) begin : g_gap
    always_comb if (began && !rst_i)
      assert (int'(i_dut.g_gap.count_q) == (issued.column + PADDING) % STRIDE * GROUPS + issued.group);
  end
endmodule
