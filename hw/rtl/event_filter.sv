// Entrance for address events: what lies outside the sensor or back in time goes no further.
//
// Word (64 bits): t in the low TIME_BITS of bits 31:0, x 46:32, p 47, y 61:48, kind 63:62 (0 event,
// 1 the time alone, 2 end of a recording, 3 refused). A timestamp may be equal to the one before
// it; the counter may wrap, so that half its range or more ahead reads as back in time. A dropped
// word leaves no trace but its count; counts stay at their largest value. After an end any
// timestamp may come first. in_ready_o comes from a register.
module event_filter #(
  parameter int SENSOR_HEIGHT = 34,
  parameter int SENSOR_WIDTH  = 34,
  parameter int TIME_BITS     = 32,
  parameter int COUNT_BITS    = 32,
  parameter int X_BITS        = (SENSOR_WIDTH > 1) ? $clog2(SENSOR_WIDTH) : 1,     // derived
  parameter int Y_BITS        = (SENSOR_HEIGHT > 1) ? $clog2(SENSOR_HEIGHT) : 1    // derived
) (
  input  logic                  clk_i,
  input  logic                  rst_i,
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  input  logic [63:0]           in_data_i,
  output logic                  out_valid_o,
  input  logic                  out_ready_i,
  output logic [1:0]            out_kind_o,
  output logic [X_BITS-1:0]     out_x_o,
  output logic [Y_BITS-1:0]     out_y_o,
  output logic                  out_p_o,
  output logic [TIME_BITS-1:0]  out_t_o,
  output logic [COUNT_BITS-1:0] accepted_o,    // events that went on
  output logic [COUNT_BITS-1:0] outside_o,     // dropped: no pixel of the sensor, or no kind of word
  output logic [COUNT_BITS-1:0] backwards_o    // dropped: earlier than the word before
);

  if (SENSOR_HEIGHT < 1 || SENSOR_HEIGHT > 16384 || SENSOR_WIDTH < 1 || SENSOR_WIDTH > 32768) begin : g_bad_sensor
    $error("event_filter: the sensor must have 1 to 16384 rows and 1 to 32768 columns");
  end
  if (TIME_BITS < 2 || TIME_BITS > 32) begin : g_bad_time
    $error("event_filter: TIME_BITS must be 2 to 32");
  end
  if (COUNT_BITS < 1) begin : g_bad_count
    $error("event_filter: COUNT_BITS must be at least 1");
  end

  localparam logic [1:0] EVENT = 2'd0, END = 2'd2, REFUSED = 2'd3;

  logic [1:0]           kind;
  logic [13:0]          y;
  logic                 p;
  logic [14:0]          x;
  logic [31:0]          t;
  logic [TIME_BITS-1:0] ahead, last_q;
  logic                 started_q, accept, outside, backwards, pass;

  assign {kind, y, p, x, t} = in_data_i;
  assign accept    = in_valid_i && in_ready_o;
  assign ahead     = t[TIME_BITS-1:0] - last_q;
  assign outside   = kind == REFUSED
                  || (kind == EVENT && (int'(x) >= SENSOR_WIDTH || int'(y) >= SENSOR_HEIGHT));
  assign backwards = !outside && kind != END && started_q && ahead[TIME_BITS-1];
  assign pass      = !outside && !backwards;

  always_ff @(posedge clk_i) begin
    if (rst_i) started_q <= 1'b0;
    else if (accept && pass) started_q <= kind != END;
    if (accept && pass && kind != END) last_q <= t[TIME_BITS-1:0];
  end

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      {accepted_o, outside_o, backwards_o} <= '0;
    end else if (accept) begin
      if (pass && kind == EVENT && !(&accepted_o)) accepted_o <= accepted_o + 1'b1;
      if (outside && !(&outside_o)) outside_o <= outside_o + 1'b1;
      if (backwards && !(&backwards_o)) backwards_o <= backwards_o + 1'b1;
    end
  end

  stream_register #(.WIDTH(3 + X_BITS + Y_BITS + TIME_BITS)) i_output (
    .clk_i, .rst_i,
    .in_valid_i(in_valid_i && pass),
    .in_ready_o,
    .in_data_i ({kind, x[X_BITS-1:0], y[Y_BITS-1:0], p, t[TIME_BITS-1:0]}),
    .out_valid_o, .out_ready_i,
    .out_data_o({out_kind_o, out_x_o, out_y_o, out_p_o, out_t_o})
  );

  if (TIME_BITS < 32) begin : g_unused
    logic unused;
    assign unused = &{1'b0, t[31:TIME_BITS]};
  end

endmodule
