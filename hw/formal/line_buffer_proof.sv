// line_buffer: every column is the window's, padding and all, in order, for a pixel of the solver's
// choice with any other traffic: no token lost, doubled or late.
module line_buffer_proof #(
  parameter int HEIGHT  = 3,
  parameter int WIDTH   = 2,
  parameter int GROUPS  = 1,
  parameter int KERNEL  = 2,
  parameter int STRIDE  = 1,
  parameter int PADDING = 0
) (
  input logic clk_i, rst_i, in_valid_i, in_data_i, out_ready_i,
  input logic [5:0] watch_i              // a token, from reset on
);
  localparam int FRAME       = HEIGHT * WIDTH * GROUPS;
  localparam int OUT_ROWS    = (HEIGHT + 2 * PADDING - KERNEL) / STRIDE + 1;
  localparam int OUT_COLUMNS = (WIDTH + 2 * PADDING - KERNEL) / STRIDE + 1;
  localparam int LAST        = (OUT_COLUMNS - 1) * STRIDE - PADDING + KERNEL - 1;   // column that is read
  logic in_ready, out_valid, watched;
  logic [KERNEL-1:0] out_data;
  logic [5:0] in_number;
  int frame, row, column, group;         // of the next column token: of its window's first row

  line_buffer #(
    .HEIGHT(HEIGHT), .WIDTH(WIDTH), .CHANNELS(GROUPS), .GROUP(1), .PLANES(1), .KERNEL(KERNEL), .STRIDE(STRIDE),
    .PADDING(PADDING)
  ) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data)
  );
  stream_watch #(.WIDTH(1), .NUMBER_BITS(6), .ASSUMED(1)) i_in (
    .clk_i, .rst_i, .valid_i(in_valid_i), .ready_i(in_ready), .data_i(in_data_i),
    .watch_i, .number_o(in_number), .watched_o(watched)
  );
  stream_watch #(.WIDTH(KERNEL)) i_out (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i('0), .number_o(), .watched_o()
  );

  // A column that no window needs is passed over where the stride is beyond the kernel.
  function automatic int column_after(int c);
    return (STRIDE > KERNEL && (c + PADDING) % STRIDE == KERNEL - 1) ? c + 1 + STRIDE - KERNEL : c + 1;
  endfunction
  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (rst_i) begin
      {frame, group} <= '0;
      row    <= -PADDING;
      column <= -PADDING;
    end else if (out_valid && out_ready_i) begin
      group <= (group == GROUPS - 1) ? 0 : group + 1;
      if (group == GROUPS - 1) begin
        column <= (column == LAST) ? -PADDING : column_after(column);
        if (column == LAST) begin
          row <= (row == (OUT_ROWS - 1) * STRIDE - PADDING) ? -PADDING : row + STRIDE;
          if (row == (OUT_ROWS - 1) * STRIDE - PADDING) frame <= frame + 1;
        end
      end
    end
  end

  logic came, padded, pixel;             // what the column needs has come; its bits are right
  always_comb begin
    {came, padded, pixel} = '1;
    for (int k = 0; k < KERNEL; k++) begin
      automatic int token;
      token = frame * FRAME + ((row + k) * WIDTH + column) * GROUPS + group;
      if (row + k < 0 || row + k >= HEIGHT || column < 0 || column >= WIDTH) padded = padded && !out_data[k];
      else begin
        came = came && token < int'(in_number);
        if (token == int'(watch_i)) pixel = pixel && out_data[k] == watched;
      end
    end
  end
  // Room for a row beside those of the window, until the frame's rows have all been read.
  int oldest;
  assign oldest = frame * HEIGHT + ((row < 0) ? 0 : row);
  always_comb if (began && !rst_i) begin
    if (out_valid) begin
      none_from_nothing: assert (came);
      zeros_outside:     assert (padded);
      pixel_in_place:    assert (pixel);
    end
    none_overwritten: assert (int'(in_number) <= (oldest + KERNEL + 1) * WIDTH * GROUPS);
    assume (in_number != '1);            // the numbers of this proof end
  end
endmodule
