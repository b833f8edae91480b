// Temporal binning: puts the ends of bins between the events, and weighs events by their age.
//
// Out come, in order, additions of a weight to a pixel (and polarity) of the open bin, ends of the
// open bin, and ends of the recording. A bin ends when a later event or time comes, one cycle for each
// that passed; the recording's first word opens bin 0. Bin k of T begins ceil(k*WINDOW/T) after bin
// 0, so lengths repeat every T bins; with BIN_EVENTS it holds that many events instead, and time means nothing.
// With ENDLESS = 0 the last of the T bins stays open until the recording ends.
//
// DECAY is a table of DECAY_ENTRIES weights of DECAY_BITS each, entry (end - 1 - t) >> DECAY_SHIFT,
// 0 beyond it; without entries every weight is 1.
module event_bins #(
  parameter int PIXEL_BITS    = 11,
  parameter int TIME_BITS     = 32,
  parameter int TIMESTEPS     = 4,
  parameter int WINDOW        = 306000,
  parameter int BIN_EVENTS    = 0,
  parameter int ENDLESS       = 0,
  parameter int DECAY_ENTRIES = 0,
  parameter int DECAY_BITS    = 1,
  parameter int DECAY_SHIFT   = 0,
  parameter int TABLE_BITS    = (DECAY_ENTRIES > 0) ? DECAY_ENTRIES * DECAY_BITS : 1,   // derived
  parameter logic [TABLE_BITS-1:0] DECAY = '1
) (
  input  logic                  clk_i,
  input  logic                  rst_i,
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  input  logic [1:0]            in_kind_i,
  input  logic [PIXEL_BITS-1:0] in_pixel_i,
  input  logic                  in_p_i,
  input  logic [TIME_BITS-1:0]  in_t_i,
  output logic                  out_valid_o,
  input  logic                  out_ready_i,
  output logic [1:0]            out_kind_o,     // 0 add, 1 the bin ends, 2 the recording ends
  output logic [PIXEL_BITS-1:0] out_pixel_o,
  output logic                  out_p_o,
  output logic [DECAY_BITS-1:0] out_weight_o
);

  localparam int BIN_BITS  = (TIMESTEPS > 1) ? $clog2(TIMESTEPS) : 1;
  localparam logic [1:0] EVENT = 2'd0, TIME = 2'd1, END = 2'd2;
  localparam logic [1:0] ADD = 2'd0, BIN_ENDS = 2'd1, ALL_ENDS = 2'd2;
  localparam logic [BIN_BITS-1:0] TOP = BIN_BITS'(TIMESTEPS - 1);

  if (TIMESTEPS < 1 || BIN_EVENTS < 0) begin : g_bad_bins
    $error("event_bins: TIMESTEPS must be at least 1 and BIN_EVENTS not negative");
  end
  if (BIN_EVENTS == 0 && WINDOW < TIMESTEPS) begin : g_bad_window
    $error("event_bins: WINDOW must give each of TIMESTEPS bins at least one unit of time");
  end
  if (BIN_EVENTS == 0 && TIME_BITS < 32 && WINDOW / TIMESTEPS + 1 >= (1 << (TIME_BITS - 1))) begin : g_bad_time
    $error("event_bins: a bin must be shorter than half the range of TIME_BITS");
  end
  if (DECAY_ENTRIES > 0 && BIN_EVENTS > 0) begin : g_bad_decay
    $error("event_bins: decay needs bins of equal duration");
  end

  logic                 started_q, open_last, passed, emit, take, out_ready;
  logic [BIN_BITS-1:0]  bin_q;          // modulo TIMESTEPS
  logic [1:0]           kind;
  logic [DECAY_BITS-1:0] weight;

  assign open_last = ENDLESS == 0 && bin_q == TOP;

  if (BIN_EVENTS > 0) begin : g_by_count
    localparam int FILL_BITS = $clog2(BIN_EVENTS + 1);
    logic [FILL_BITS-1:0] fill_q;       // events of the open bin
    logic unused;
    assign unused = &{1'b0, in_t_i, started_q};
    assign passed = in_kind_i == EVENT && fill_q == FILL_BITS'(BIN_EVENTS) && !open_last;
    assign weight = DECAY_BITS'(1);
    always_ff @(posedge clk_i) begin
      if (rst_i) fill_q <= '0;
      else if (in_valid_i && out_ready) begin
        if (passed || in_kind_i == END) fill_q <= '0;
        else if (in_kind_i == EVENT && fill_q != FILL_BITS'(BIN_EVENTS)) fill_q <= fill_q + 1'b1;
      end
    end
  end else begin : g_by_time
    // ceil((k+1)*WINDOW/T) - ceil(k*WINDOW/T), with whole multiples of T taken out of WINDOW
    localparam int WHOLE = WINDOW / TIMESTEPS, REST = WINDOW % TIMESTEPS;
    logic [TIMESTEPS-1:0][TIME_BITS-1:0] lengths;
    for (genvar k = 0; k < TIMESTEPS; k++) begin : g_length
      assign lengths[k] = TIME_BITS'(WHOLE + ((k + 1) * REST + TIMESTEPS - 1) / TIMESTEPS
                                     - (k * REST + TIMESTEPS - 1) / TIMESTEPS);
    end

    logic [TIME_BITS-1:0] begin_q, length, elapsed;
    logic                 beyond, late_q;   // late: past the last bin, however far the time wraps
    assign length  = lengths[bin_q];
    assign elapsed = started_q ? in_t_i - begin_q : '0;
    assign beyond  = elapsed >= length || late_q;
    assign passed  = in_kind_i != END && beyond && !open_last;
    always_ff @(posedge clk_i)
      if (in_valid_i && out_ready) begin
        if (passed) begin_q <= begin_q + length;
        else if (!started_q) begin_q <= in_t_i;
      end
    always_ff @(posedge clk_i) begin
      if (rst_i) late_q <= 1'b0;
      else if (take) late_q <= in_kind_i != END && beyond;
    end

    if (DECAY_ENTRIES > 0) begin : g_decay
      logic [TIME_BITS-1:0] place;
      assign place  = (beyond ? '0 : length - 1'b1 - elapsed) >> DECAY_SHIFT;
      assign weight = (64'(place) < 64'(DECAY_ENTRIES)) ? DECAY[int'(place)*DECAY_BITS +: DECAY_BITS] : '0;
    end else begin : g_one
      assign weight = DECAY_BITS'(1);
    end
  end

  assign emit       = in_valid_i && (passed || in_kind_i != TIME);
  assign take       = in_valid_i && out_ready && !passed;
  assign in_ready_o = out_ready && !passed;
  assign kind       = passed ? BIN_ENDS : (in_kind_i == END) ? ALL_ENDS : ADD;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      started_q <= 1'b0;
      bin_q     <= '0;
    end else if (take) begin
      started_q <= in_kind_i != END;
      if (in_kind_i == END) bin_q <= '0;
    end else if (in_valid_i && out_ready) begin
      bin_q <= (bin_q == TOP) ? '0 : bin_q + 1'b1;
    end
  end

  stream_register #(.WIDTH(3 + PIXEL_BITS + DECAY_BITS)) i_output (
    .clk_i, .rst_i,
    .in_valid_i(emit),
    .in_ready_o(out_ready),
    .in_data_i ({kind, in_pixel_i, in_p_i, weight}),
    .out_valid_o, .out_ready_i,
    .out_data_o({out_kind_o, out_pixel_o, out_p_o, out_weight_o})
  );

endmodule
