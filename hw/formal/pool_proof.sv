// pool: exactly one token a window, in order, stable, with the window's maximum or sum, rows and
// columns that fill no window dropped; by induction.
module pool_proof #(
  parameter int HEIGHT = 2,
  parameter int WIDTH  = 3,
  parameter int GROUPS = 1,
  parameter int SUM    = 0
) (
  input logic clk_i, rst_i, in_valid_i, out_ready_i, mark_i,
  input logic [1:0] in_data_i
);
  localparam int SIZE  = 2;
  localparam int OUT   = (SUM != 0) ? 4 : 2;
  localparam int WORDS = WIDTH / SIZE * GROUPS;          // windows that are open at once
  logic in_ready, out_valid, take, used, opens, closes;
  logic [OUT-1:0] out_data, marked, joined;
  logic [2:0] held, ahead;
  logic [7:0] row, column, group, word;  // of the next token; its window
  logic [WORDS-1:0][OUT-1:0] so_far;

  pool #(
    .HEIGHT(HEIGHT), .WIDTH(WIDTH), .CHANNELS(GROUPS), .GROUP(1), .TIMESTEPS(1), .ACT_BITS(2), .OUT_BITS(OUT),
    .SIZE(SIZE), .SUM(SUM)
  ) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );
  stream_watch #(.WIDTH(2), .ASSUMED(1)) i_in (
    .clk_i, .rst_i, .valid_i(in_valid_i), .ready_i(in_ready), .data_i(in_data_i),
    .watch_i('0), .number_o(), .watched_o()
  );
  // Only the last pixel of a window makes a beat.
  stream_properties #(.IN_BITS(2), .OUT_BITS(OUT), .CAPACITY(3)) i_properties (
    .clk_i, .rst_i, .in_valid_i(take && closes), .in_ready_i(1'b1), .in_data_i,
    .out_valid_i(out_valid), .out_ready_i, .out_data_i(out_data),
    .mark_i, .expected_i(joined), .held_o(held), .ahead_o(ahead), .marked_o(marked)
  );

  assign take   = in_valid_i && in_ready;
  assign used   = int'(row) < HEIGHT / SIZE * SIZE && int'(column) < WIDTH / SIZE * SIZE;
  assign word   = 8'(int'(column) / SIZE * GROUPS + int'(group));
  assign opens  = int'(row) % SIZE == 0 && int'(column) % SIZE == 0;
  assign closes = used && int'(row) % SIZE == SIZE - 1 && int'(column) % SIZE == SIZE - 1;
  assign joined = opens ? OUT'(in_data_i)
                : (SUM != 0) ? so_far[word] + OUT'(in_data_i)
                : (OUT'(in_data_i) > so_far[word]) ? OUT'(in_data_i) : so_far[word];
  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (rst_i) {row, column, group} <= '0;
    else if (take) begin
      if (used) so_far[word] <= joined;
      group <= (int'(group) == GROUPS - 1) ? '0 : group + 1'b1;
      if (int'(group) == GROUPS - 1) begin
        column <= (int'(column) == WIDTH - 1) ? '0 : column + 1'b1;
        if (int'(column) == WIDTH - 1) row <= (int'(row) == HEIGHT - 1) ? '0 : row + 1'b1;
      end
    end
  end

  // Where the tokens are: one beside the word that it joins, two at the output.
  logic [WORDS-1:0][OUT-1:0] kept;
  if (WORDS == 1) begin : g_kept
    assign kept = i_dut.g_register.joined_q;
  end else begin : g_kept
    for (genvar n = 0; n < WORDS; n++) begin : g_word
      assign kept[n] = i_dut.g_row.i_row.g_distributed.memory[n];
    end
  end
  function automatic logic opened(int n);   // the window's first token has been taken
    return int'(row) < HEIGHT / SIZE * SIZE && (int'(row) % SIZE != 0
      || int'(column) * GROUPS + int'(group) > n / GROUPS * SIZE * GROUPS + n % GROUPS);
  endfunction
  always_comb if (began && !rst_i) begin
    assert (int'(row) < HEIGHT && int'(column) < WIDTH && int'(group) < GROUPS);
    assert (int'(i_dut.row_q) == int'(row) && int'(i_dut.column_q) == int'(column) && int'(i_dut.group_q) == int'(group));
    assert (int'(i_dut.row_tap_q) == int'(row) % SIZE && int'(i_dut.column_tap_q) == int'(column) % SIZE);
    if (used) assert (int'(i_dut.address) == int'(word));
    assert (held == 3'(i_dut.valid_q && i_dut.last_q) + 3'(out_valid) + 3'(i_dut.i_output.spare_valid_q));
    assert (!i_dut.i_output.spare_valid_q || out_valid);
    if (i_dut.valid_q && i_dut.last_q) assert (i_dut.in_window_q);
    if (i_dut.valid_q && i_dut.in_window_q) assert (int'(i_dut.address_q) < WORDS && i_dut.joined == so_far[i_dut.address_q]);
    if (i_dut.valid_q && i_dut.in_window_q)   // of the token before
      assert (int'(i_dut.address_q) % GROUPS == (int'(group) + GROUPS - 1) % GROUPS);
    for (int n = 0; n < WORDS; n++)
      if (!(i_dut.valid_q && i_dut.in_window_q && int'(i_dut.address_q) == n) && opened(n))
        assert (kept[n] == so_far[n]);
    if (ahead == 3'd1 && out_valid) assert (out_data == marked);
    if (ahead == 3'd2 && i_dut.i_output.spare_valid_q) assert (i_dut.i_output.spare_q == marked);
    if (ahead == held && ahead != '0 && i_dut.valid_q && i_dut.last_q) assert (i_dut.joined == marked);
  end
endmodule
