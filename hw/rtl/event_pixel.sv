// Spatial reduction: the frame's pixel (raster order) that a pixel of the sensor belongs to.
//
// A coordinate is divided by FACTOR as a multiplication by ceil(2^s / FACTOR) and a shift, which
// is exact for every coordinate when s is its width plus that of FACTOR. Combinational.
module event_pixel #(
  parameter int SENSOR_HEIGHT = 34,
  parameter int SENSOR_WIDTH  = 34,
  parameter int FACTOR        = 1,
  parameter int X_BITS        = (SENSOR_WIDTH > 1) ? $clog2(SENSOR_WIDTH) : 1,       // derived
  parameter int Y_BITS        = (SENSOR_HEIGHT > 1) ? $clog2(SENSOR_HEIGHT) : 1,     // derived
  parameter int PIXELS        = (SENSOR_HEIGHT / FACTOR) * (SENSOR_WIDTH / FACTOR),  // derived
  parameter int PIXEL_BITS    = (PIXELS > 1) ? $clog2(PIXELS) : 1                    // derived
) (
  input  logic [X_BITS-1:0]     x_i,
  input  logic [Y_BITS-1:0]     y_i,
  output logic [PIXEL_BITS-1:0] pixel_o
);

  if (FACTOR < 1 || SENSOR_HEIGHT % FACTOR != 0 || SENSOR_WIDTH % FACTOR != 0) begin : g_bad_factor
    $error("event_pixel: FACTOR must divide SENSOR_HEIGHT and SENSOR_WIDTH");
  end

  localparam int X_SHIFT   = X_BITS + $clog2(FACTOR);
  localparam int Y_SHIFT   = Y_BITS + $clog2(FACTOR);
  localparam int X_INVERSE = ((1 << X_SHIFT) + FACTOR - 1) / FACTOR;
  localparam int Y_INVERSE = ((1 << Y_SHIFT) + FACTOR - 1) / FACTOR;

  assign pixel_o = PIXEL_BITS'(((32'(y_i) * Y_INVERSE) >> Y_SHIFT) * (SENSOR_WIDTH / FACTOR)
                               + ((32'(x_i) * X_INVERSE) >> X_SHIFT));

endmodule
