// Address events in, the accelerator's input stream out: frames of event counts.
//
// The frames are those of docs/arithmetic.md, "Input": spatial reduction by FACTOR, bins by time
// or by count, weights by age, saturation. STEP = 0: one frame a recording, made when the
// recording ends. STEP > 0: continuous operation, a frame of the last TIMESTEPS bins after every
// STEP-th bin. A token is one pixel, both polarities (0 OFF, 1 ON), all timesteps. After a reset
// events wait PIXELS cycles until the counters are clear; later there is no such pause. Events are
// taken at one in two cycles at least, unless STEP bins (a frame) fill before the last window has
// been read.
module event_front_end #(
  parameter int SENSOR_HEIGHT = 34,
  parameter int SENSOR_WIDTH  = 34,
  parameter int FACTOR        = 1,
  parameter int TIMESTEPS     = 4,
  parameter int ACT_BITS      = 3,
  parameter int WINDOW        = 306000,      // time units of TIMESTEPS bins
  parameter int BIN_EVENTS    = 0,           // events of a bin; 0: bins by time
  parameter int STEP          = 0,
  parameter int TIME_BITS     = 32,
  parameter int COUNT_BITS    = 32,
  parameter int DECAY_ENTRIES = 0,           // weights of 5 bits, in sixteenths; 0: every event weighs 1
  parameter int DECAY_SHIFT   = 0,
  parameter int TABLE_BITS    = (DECAY_ENTRIES > 0) ? DECAY_ENTRIES * 5 : 1,     // derived
  parameter logic [TABLE_BITS-1:0] DECAY = '1
) (
  input  logic                            clk_i,
  input  logic                            rst_i,
  input  logic                            in_valid_i,
  output logic                            in_ready_o,
  input  logic [63:0]                     in_data_i,
  output logic                            out_valid_o,
  input  logic                            out_ready_i,
  output logic [TIMESTEPS*ACT_BITS*2-1:0] out_data_o,
  output logic [COUNT_BITS-1:0]           accepted_o,
  output logic [COUNT_BITS-1:0]           outside_o,
  output logic [COUNT_BITS-1:0]           backwards_o,
  output logic                            full_o
);

  localparam int X_BITS     = (SENSOR_WIDTH > 1) ? $clog2(SENSOR_WIDTH) : 1;
  localparam int Y_BITS     = (SENSOR_HEIGHT > 1) ? $clog2(SENSOR_HEIGHT) : 1;
  localparam int PIXELS     = (SENSOR_HEIGHT / FACTOR) * (SENSOR_WIDTH / FACTOR);
  localparam int PIXEL_BITS = (PIXELS > 1) ? $clog2(PIXELS) : 1;
  localparam int FRACTION   = (DECAY_ENTRIES > 0) ? 4 : 0;
  localparam int WEIGHT     = (DECAY_ENTRIES > 0) ? 5 : 1;

  logic                  event_valid, event_ready, event_p;
  logic [1:0]            event_kind;
  logic [X_BITS-1:0]     event_x;
  logic [Y_BITS-1:0]     event_y;
  logic [TIME_BITS-1:0]  event_t;
  logic [PIXEL_BITS-1:0] event_pixel, add_pixel;
  logic                  add_valid, add_ready, add_p;
  logic [1:0]            add_kind;
  logic [WEIGHT-1:0]     add_weight;

  event_filter #(
    .SENSOR_HEIGHT(SENSOR_HEIGHT), .SENSOR_WIDTH(SENSOR_WIDTH), .TIME_BITS(TIME_BITS), .COUNT_BITS(COUNT_BITS)
  ) i_filter (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i,
    .out_valid_o(event_valid),
    .out_ready_i(event_ready),
    .out_kind_o (event_kind),
    .out_x_o    (event_x),
    .out_y_o    (event_y),
    .out_p_o    (event_p),
    .out_t_o    (event_t),
    .accepted_o, .outside_o, .backwards_o
  );

  event_pixel #(
    .SENSOR_HEIGHT(SENSOR_HEIGHT), .SENSOR_WIDTH(SENSOR_WIDTH), .FACTOR(FACTOR)
  ) i_pixel (.x_i(event_x), .y_i(event_y), .pixel_o(event_pixel));

  event_bins #(
    .PIXEL_BITS(PIXEL_BITS), .TIME_BITS(TIME_BITS), .TIMESTEPS(TIMESTEPS), .WINDOW(WINDOW),
    .BIN_EVENTS(BIN_EVENTS), .ENDLESS(STEP), .DECAY_ENTRIES(DECAY_ENTRIES), .DECAY_BITS(WEIGHT),
    .DECAY_SHIFT(DECAY_SHIFT), .TABLE_BITS(TABLE_BITS), .DECAY(DECAY)
  ) i_bins (
    .clk_i, .rst_i,
    .in_valid_i  (event_valid),
    .in_ready_o  (event_ready),
    .in_kind_i   (event_kind),
    .in_pixel_i  (event_pixel),
    .in_p_i      (event_p),
    .in_t_i      (event_t),
    .out_valid_o (add_valid),
    .out_ready_i (add_ready),
    .out_kind_o  (add_kind),
    .out_pixel_o (add_pixel),
    .out_p_o     (add_p),
    .out_weight_o(add_weight)
  );

  bin_ring #(
    .PIXELS(PIXELS), .TIMESTEPS(TIMESTEPS), .STEP((STEP > 0) ? STEP : TIMESTEPS), .ACT_BITS(ACT_BITS),
    .FRACTION(FRACTION), .WEIGHT_BITS(WEIGHT)
  ) i_ring (
    .clk_i, .rst_i,
    .in_valid_i (add_valid),
    .in_ready_o (add_ready),
    .in_kind_i  (add_kind),
    .in_pixel_i (add_pixel),
    .in_p_i     (add_p),
    .in_weight_i(add_weight),
    .out_valid_o, .out_ready_i, .out_data_o, .full_o
  );

endmodule
