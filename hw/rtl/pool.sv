// Pooling over SIZE x SIZE pixels with stride SIZE: the maximum, or with SUM = 1 the sum.
//
// One memory word per output column and channel group holds the window's result so far (a frame
// that is one window takes one word a group, or a register where there is one group); a token
// leaves with the last pixel of its window. Rows and columns that do not fill a window
// are taken and dropped. One token a cycle; in_ready_o comes from a register.
module pool #(
  parameter int HEIGHT    = 4,
  parameter int WIDTH     = 4,
  parameter int CHANNELS  = 4,
  parameter int GROUP     = 4,
  parameter int TIMESTEPS = 1,
  parameter int ACT_BITS  = 1,
  parameter int OUT_BITS  = 1,
  parameter int SIZE      = 2,
  parameter int SUM       = 0
) (
  input  logic                                 clk_i,
  input  logic                                 rst_i,
  input  logic                                 in_valid_i,
  output logic                                 in_ready_o,
  input  logic [TIMESTEPS*ACT_BITS*GROUP-1:0]  in_data_i,
  output logic                                 out_valid_o,
  input  logic                                 out_ready_i,
  output logic [TIMESTEPS*OUT_BITS*GROUP-1:0]  out_data_o
);
  localparam int GROUPS      = CHANNELS / GROUP;
  localparam int OUT_WIDTH   = WIDTH / SIZE;
  localparam int OUT_HEIGHT  = HEIGHT / SIZE;
  localparam int DEPTH       = OUT_WIDTH * GROUPS;
  localparam int IN_PAYLOAD  = TIMESTEPS * ACT_BITS * GROUP;
  localparam int OUT_PAYLOAD = TIMESTEPS * OUT_BITS * GROUP;

  localparam int GROUP_BITS = GROUPS > 1 ? $clog2(GROUPS) : 1;
  localparam int COL_BITS   = WIDTH > 1 ? $clog2(WIDTH) : 1;
  localparam int ROW_BITS   = HEIGHT > 1 ? $clog2(HEIGHT) : 1;
  localparam int TAP_BITS   = SIZE > 1 ? $clog2(SIZE) : 1;
  localparam int ADDR_BITS  = DEPTH > 1 ? $clog2(DEPTH) : 1;

  if (CHANNELS % GROUP != 0) begin : g_bad_group
    $error("pool: GROUP must divide CHANNELS");
  end
  if (OUT_WIDTH < 1 || OUT_HEIGHT < 1) begin : g_bad_frame
    $error("pool: a frame must hold at least one window of SIZE x SIZE pixels");
  end
  if (SUM == 0 && OUT_BITS != ACT_BITS || OUT_BITS < ACT_BITS) begin : g_bad_width
    $error("pool: OUT_BITS must be ACT_BITS for a maximum, and at least ACT_BITS for a sum");
  end

  // ---- Where the next token lies in its frame ----
  logic [GROUP_BITS-1:0] group_q;
  logic [COL_BITS-1:0]   column_q;
  logic [ROW_BITS-1:0]   row_q;
  logic [TAP_BITS-1:0]   column_tap_q, row_tap_q;
  logic [ADDR_BITS-1:0]  column_base_q;  // first word of the output column

  logic last_group, last_column, last_row, last_column_tap, last_row_tap;
  assign last_group      = group_q == GROUP_BITS'(GROUPS - 1);
  assign last_column     = column_q == COL_BITS'(WIDTH - 1);
  assign last_row        = row_q == ROW_BITS'(HEIGHT - 1);
  assign last_column_tap = column_tap_q == TAP_BITS'(SIZE - 1);
  assign last_row_tap    = row_tap_q == TAP_BITS'(SIZE - 1);

  logic accept;
  assign accept = in_valid_i && in_ready_o;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      group_q       <= '0;
      column_q      <= '0;
      row_q         <= '0;
      column_tap_q  <= '0;
      row_tap_q     <= '0;
      column_base_q <= '0;
    end else if (accept) begin
      group_q <= last_group ? '0 : group_q + 1'b1;
      if (last_group) begin
        column_q     <= last_column ? '0 : column_q + 1'b1;
        column_tap_q <= last_column || last_column_tap ? '0 : column_tap_q + 1'b1;
        if (last_column) column_base_q <= '0;
        else if (last_column_tap) column_base_q <= column_base_q + ADDR_BITS'(GROUPS);
      end
      if (last_group && last_column) begin
        row_q     <= last_row ? '0 : row_q + 1'b1;
        row_tap_q <= last_row || last_row_tap ? '0 : row_tap_q + 1'b1;
      end
    end
  end

  // Pixels of whole windows only; the compares vanish where every pixel is one.
  logic in_window;
  assign in_window = int'(column_q) < OUT_WIDTH * SIZE && int'(row_q) < OUT_HEIGHT * SIZE;

  // ---- Stage 1: the token beside the word that it joins ----
  logic [ADDR_BITS-1:0]   address;
  logic [OUT_PAYLOAD-1:0] previous, joined;
  logic [IN_PAYLOAD-1:0]  token_q;
  logic [ADDR_BITS-1:0]   address_q;
  logic                   valid_q, in_window_q, first_q, last_q;
  logic                   emit_ready, advance, join_en;

  assign address    = column_base_q + ADDR_BITS'(group_q);
  assign advance    = valid_q && (!last_q || emit_ready);
  assign in_ready_o = !valid_q || advance;
  assign join_en    = advance && in_window_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) valid_q <= 1'b0;
    else if (in_ready_o) valid_q <= in_valid_i;

    if (accept) begin
      token_q     <= in_data_i;
      address_q   <= address;
      in_window_q <= in_window;
      first_q     <= column_tap_q == '0 && row_tap_q == '0;
      last_q      <= in_window && last_column_tap && last_row_tap;
    end
  end

  // ---- The windows' results so far ----
  if (DEPTH == 1) begin : g_register
    logic                   unused_address;
    logic [OUT_PAYLOAD-1:0] joined_q;
    assign unused_address = address_q;
    assign previous       = joined_q;
    always_ff @(posedge clk_i) begin
      if (join_en) joined_q <= joined;
    end
  end else begin : g_row
    logic [OUT_PAYLOAD-1:0] stored;

    weight_memory #(
      .WIDTH(OUT_PAYLOAD), .DEPTH(DEPTH)
    ) i_row (
      .clk_i,
      .read_en_i(accept), .read_addr_i(address), .read_data_o(stored),
      .write_en_i(join_en), .write_addr_i(address_q), .write_data_i(joined)
    );

    if (GROUPS > 1) begin : g_apart
      assign previous = stored;
    end else begin : g_forward
      // One token joins the same word as the one before it, which the memory does not yet return.
      logic                   forward_q;
      logic [OUT_PAYLOAD-1:0] joined_q;
      always_ff @(posedge clk_i) begin
        if (accept) forward_q <= valid_q && in_window_q && address_q == address;
        if (join_en) joined_q <= joined;
      end
      assign previous = forward_q ? joined_q : stored;
    end
  end

  // ---- Stage 2: join, and emit with the last pixel of a window ----
  for (genvar t = 0; t < TIMESTEPS; t++) begin : g_timestep
    for (genvar c = 0; c < GROUP; c++) begin : g_channel
      logic [OUT_BITS-1:0] value, so_far, result;
      for (genvar b = 0; b < OUT_BITS; b++) begin : g_bit
        if (b < ACT_BITS) begin : g_value
          assign value[b] = token_q[(t*ACT_BITS+b)*GROUP+c];
        end else begin : g_zero
          assign value[b] = 1'b0;
        end
        assign so_far[b] = previous[(t*OUT_BITS+b)*GROUP+c] & ~first_q;
        assign joined[(t*OUT_BITS+b)*GROUP+c] = result[b];
      end
      if (SUM != 0) begin : g_sum
        assign result = so_far + value;
      end else begin : g_maximum
        assign result = so_far > value ? so_far : value;
      end
    end
  end

  stream_register #(
    .WIDTH(OUT_PAYLOAD)
  ) i_output (
    .clk_i,
    .rst_i,
    .in_valid_i (valid_q && last_q),
    .in_ready_o (emit_ready),
    .in_data_i  (joined),
    .out_valid_o,
    .out_ready_i,
    .out_data_o
  );
endmodule
