// Words of the input to what they mean: tokens of frames, tokens of binned events, or weights.
//
// kind_i is the mode register's and stays while words come. Which parts there are is chosen by EVENTS
// and LOADABLE; words of a kind that this design has not are taken and dropped.
module input_decoder #(
  parameter int FRAME_TOKENS  = 16,
  parameter int TOKEN_BITS    = 24,
  parameter int LOADABLE      = 0,
  parameter int EVENTS        = 0,
  // The front end for events, see event_front_end; GROUP is that of the accelerator's input.
  parameter int GROUP         = 2,
  parameter int SENSOR_HEIGHT = 34,
  parameter int SENSOR_WIDTH  = 34,
  parameter int FACTOR        = 1,
  parameter int TIMESTEPS     = 4,
  parameter int ACT_BITS      = 3,
  parameter int WINDOW        = 306000,
  parameter int BIN_EVENTS    = 0,
  parameter int DECAY_ENTRIES = 0,
  parameter int DECAY_SHIFT   = 0,
  parameter int TABLE_BITS    = (DECAY_ENTRIES > 0) ? DECAY_ENTRIES * 5 : 1,     // derived
  parameter logic [TABLE_BITS-1:0] DECAY = '1
) (
  input  logic                  clk_i,
  input  logic                  rst_i,
  input  logic                  begin_i,         // a run begins: a frame begins with the next word
  input  logic [1:0]            kind_i,          // 0 frames, 1 address events, 2 an image of weights
  input  logic                  half_word_i,     // of the next word only the low half is an image's
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  input  logic [63:0]           in_data_i,
  output logic                  word_ends_o,     // the word at the input ends a recording of events
  output logic                  out_valid_o,
  input  logic                  out_ready_i,
  output logic [TOKEN_BITS-1:0] out_data_o,
  output logic                  load_valid_o,
  input  logic                  load_ready_i,
  output logic [31:0]           load_data_o,
  output logic [2:0][31:0]      event_counts_o   // accepted, outside, backwards
);
  localparam logic [1:0] FRAMES = 2'd0, ADDRESS_EVENTS = 2'd1, IMAGE = 2'd2;

  if (EVENTS > 0 && (GROUP < 1 || GROUP > 2 || TOKEN_BITS != TIMESTEPS * ACT_BITS * GROUP)) begin : g_bad_group
    $error("input_decoder: with EVENTS, GROUP must be 1 or 2 and TOKEN_BITS be TIMESTEPS * ACT_BITS * GROUP");
  end

  logic frame_valid, frame_ready, event_valid, event_ready;      // tokens
  logic frame_word_ready, event_word_ready, image_word_ready;
  logic [TOKEN_BITS-1:0] frame_token, event_token;

  assign word_ends_o = in_data_i[63:62] == 2'd2;
  assign in_ready_o  = kind_i == FRAMES ? frame_word_ready
                     : kind_i == ADDRESS_EVENTS ? event_word_ready : image_word_ready;
  assign out_valid_o = kind_i == ADDRESS_EVENTS ? event_valid : frame_valid;
  assign out_data_o  = kind_i == ADDRESS_EVENTS ? event_token : frame_token;
  assign frame_ready = out_ready_i && kind_i != ADDRESS_EVENTS;
  assign event_ready = out_ready_i && kind_i == ADDRESS_EVENTS;

  token_unpacker #(
      .TOKEN_BITS  (TOKEN_BITS),
      .FRAME_TOKENS(FRAME_TOKENS)
  ) i_unpacker (
      .clk_i,
      .rst_i      (rst_i || begin_i),
      .in_valid_i (in_valid_i && kind_i == FRAMES),
      .in_ready_o (frame_word_ready),
      .in_data_i,
      .out_valid_o(frame_valid),
      .out_ready_i(frame_ready),
      .out_data_o (frame_token)
  );

  if (EVENTS > 0) begin : g_events
    localparam int PLANES = TIMESTEPS * ACT_BITS;
    logic pixel_valid, pixel_ready, full;
    logic [2*PLANES-1:0] pixel;

    event_front_end #(
        .SENSOR_HEIGHT(SENSOR_HEIGHT), .SENSOR_WIDTH(SENSOR_WIDTH), .FACTOR(FACTOR), .TIMESTEPS(TIMESTEPS),
        .ACT_BITS(ACT_BITS), .WINDOW(WINDOW), .BIN_EVENTS(BIN_EVENTS), .DECAY_ENTRIES(DECAY_ENTRIES),
        .DECAY_SHIFT(DECAY_SHIFT), .TABLE_BITS(TABLE_BITS), .DECAY(DECAY)
    ) i_front_end (
        .clk_i,
        .rst_i,
        .in_valid_i (in_valid_i && kind_i == ADDRESS_EVENTS),
        .in_ready_o (event_word_ready),
        .in_data_i,
        .out_valid_o(pixel_valid),
        .out_ready_i(pixel_ready),
        .out_data_o (pixel),
        .accepted_o (event_counts_o[0]),
        .outside_o  (event_counts_o[1]),
        .backwards_o(event_counts_o[2]),
        .full_o     (full)
    );
    if (GROUP == 2) begin : g_whole
      assign event_valid = pixel_valid;
      assign pixel_ready = event_ready;
      assign event_token = pixel;
    end else begin : g_halves
      gearbox #(
          .PLANES   (PLANES),
          .IN_GROUP (2),
          .OUT_GROUP(1)
      ) i_gearbox (
          .clk_i,
          .rst_i,
          .in_valid_i (pixel_valid),
          .in_ready_o (pixel_ready),
          .in_data_i  (pixel),
          .out_valid_o(event_valid),
          .out_ready_i(event_ready),
          .out_data_o (event_token)
      );
    end
    logic unused;
    assign unused = full;
  end else begin : g_no_events
    assign event_word_ready = 1'b1;
    assign event_valid      = 1'b0;
    assign event_token      = '0;
    assign event_counts_o   = '0;
    logic unused;
    assign unused = event_ready;
  end

  if (LOADABLE > 0) begin : g_load
    logic second_q;                              // of the two halves of a word
    assign load_valid_o     = in_valid_i && kind_i == IMAGE;
    assign load_data_o      = second_q ? in_data_i[63:32] : in_data_i[31:0];
    assign image_word_ready = load_ready_i && (second_q || half_word_i);
    always_ff @(posedge clk_i) begin
      if (rst_i) second_q <= 1'b0;
      else if (load_valid_o && load_ready_i) second_q <= !second_q && !half_word_i;
    end
  end else begin : g_no_load
    assign load_valid_o     = 1'b0;
    assign load_data_o      = '0;
    assign image_word_ready = 1'b1;
    logic unused;
    assign unused = &{1'b0, load_ready_i, half_word_i};
  end
endmodule
