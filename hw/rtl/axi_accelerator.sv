// Puts an accelerator's token streams behind AXI4: registers on a slave, frames and results in memory
// through a master.
//
// A run reads input_bytes from input_address and ends when the given number of results lies at
// output_address. Input: frames (token_unpacker), address events (the front end, where EVENTS = 1), or
// an image of weights (where LOADABLE = 1). A result is one beat, the clocks of its inference below and its
// number in the run above, and then the result token, lowest bits first, in whole beats.
//
// A run that goes wrong, or is stopped, asks for nothing more, waits for all that the bus owes, resets
// the accelerator and ends like any other; status says why. The registers are those of
// hw/registers/accelerator.rdl. The bus ports have the names that tools know AXI by; one id.
module axi_accelerator #(
  parameter int ADDRESS_BITS = 32,               // of the master
  parameter int MAX_BURST    = 16,               // beats; 16 at most for AXI3
  parameter int OUTSTANDING  = 4,                // bursts that are read at once
  parameter int FRAME_TOKENS = 16,
  parameter int IN_WIDTH     = 24,               // token into the accelerator
  parameter int OUT_WIDTH    = 84,               // result token
  parameter int SAMPLES      = 64,               // frames that may be inside
  parameter int LOADABLE     = 0,                // 1: weights come over the load port
  parameter logic [127:0] IDENTITY = '0,         // what this design is; compared by the driver
  // The front end for events, see event_front_end; GROUP is that of the accelerator's input.
  parameter int EVENTS        = 0,
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
  input  logic                    clk_i,
  input  logic                    rst_i,
  output logic                    interrupt_o,
  // registers
  input  logic                    s_axi_awvalid,
  output logic                    s_axi_awready,
  input  logic [7:0]              s_axi_awaddr,
  input  logic [2:0]              s_axi_awprot,
  input  logic                    s_axi_wvalid,
  output logic                    s_axi_wready,
  input  logic [31:0]             s_axi_wdata,
  input  logic [3:0]              s_axi_wstrb,
  output logic                    s_axi_bvalid,
  input  logic                    s_axi_bready,
  output logic [1:0]              s_axi_bresp,
  input  logic                    s_axi_arvalid,
  output logic                    s_axi_arready,
  input  logic [7:0]              s_axi_araddr,
  input  logic [2:0]              s_axi_arprot,
  output logic                    s_axi_rvalid,
  input  logic                    s_axi_rready,
  output logic [31:0]             s_axi_rdata,
  output logic [1:0]              s_axi_rresp,
  // memory
  output logic                    m_axi_awvalid,
  input  logic                    m_axi_awready,
  output logic [0:0]              m_axi_awid,
  output logic [ADDRESS_BITS-1:0] m_axi_awaddr,
  output logic [7:0]              m_axi_awlen,
  output logic [2:0]              m_axi_awsize,
  output logic [1:0]              m_axi_awburst,
  output logic [3:0]              m_axi_awcache,
  output logic [2:0]              m_axi_awprot,
  output logic                    m_axi_wvalid,
  input  logic                    m_axi_wready,
  output logic [63:0]             m_axi_wdata,
  output logic [7:0]              m_axi_wstrb,
  output logic                    m_axi_wlast,
  input  logic                    m_axi_bvalid,
  output logic                    m_axi_bready,
  input  logic [0:0]              m_axi_bid,
  input  logic [1:0]              m_axi_bresp,
  output logic                    m_axi_arvalid,
  input  logic                    m_axi_arready,
  output logic [0:0]              m_axi_arid,
  output logic [ADDRESS_BITS-1:0] m_axi_araddr,
  output logic [7:0]              m_axi_arlen,
  output logic [2:0]              m_axi_arsize,
  output logic [1:0]              m_axi_arburst,
  output logic [3:0]              m_axi_arcache,
  output logic [2:0]              m_axi_arprot,
  input  logic                    m_axi_rvalid,
  output logic                    m_axi_rready,
  input  logic [0:0]              m_axi_rid,
  input  logic [63:0]             m_axi_rdata,
  input  logic [1:0]              m_axi_rresp,
  input  logic                    m_axi_rlast,
  // frame to the accelerator
  output logic                    out_valid_o,
  input  logic                    out_ready_i,
  output logic [IN_WIDTH-1:0]     out_data_o,
  // result from the accelerator
  input  logic                    in_valid_i,
  output logic                    in_ready_o,
  input  logic [OUT_WIDTH-1:0]    in_data_i,
  // weights to the accelerator; without LOADABLE nothing leaves
  output logic                    load_valid_o,
  input  logic                    load_ready_i,
  output logic [31:0]             load_data_o,
  input  logic                    loaded_i,        // 1 where weights are not loaded
  input  logic [2:0]              error_i,         // the accelerator's error_o; 0 where it has none
  output logic                    restart_o        // synchronous reset of the accelerator
);
  localparam int VERSION    = 1;
  localparam int TOKEN_BEATS = (OUT_WIDTH + 63) / 64;
  localparam int BEATS      = 1 + TOKEN_BEATS;     // of a result
  localparam int BEAT_BITS  = $clog2(BEATS + 1);
  localparam int RESULT_BITS = 24;                 // of the number of results in a run
  localparam int INSIDE_BITS = $clog2(SAMPLES + 1);
  localparam int PLACE_BITS = FRAME_TOKENS > 1 ? $clog2(FRAME_TOKENS) : 1;

  if (FRAME_TOKENS < 1 || IN_WIDTH < 1 || OUT_WIDTH < 1 || SAMPLES < 1) begin : g_bad_sizes
    $error("axi_accelerator: FRAME_TOKENS, IN_WIDTH, OUT_WIDTH and SAMPLES must be at least 1");
  end
  if (EVENTS > 0 && (GROUP < 1 || GROUP > 2 || IN_WIDTH != TIMESTEPS * ACT_BITS * GROUP)) begin : g_bad_group
    $error("axi_accelerator: with EVENTS, GROUP must be 1 or 2 and IN_WIDTH be TIMESTEPS * ACT_BITS * GROUP");
  end

  typedef enum logic [2:0] {
    IDLE,
    CHECK,     // the arguments
    BEGIN,
    RUN,
    STOP,      // nothing more is asked for until the bus owes nothing
    RESTART,   // the accelerator is reset
    FINISH
  } state_t;

  typedef enum logic [1:0] {
    FRAMES = 2'd0,
    ADDRESS_EVENTS = 2'd1,
    IMAGE = 2'd2
  } kind_t;

  // ------------------------------------------------------------------ the registers

  accelerator_registers_pkg::accelerator_registers__in_t  to_host;
  accelerator_registers_pkg::accelerator_registers__out_t from_host;

  accelerator_registers i_registers (
      .clk           (clk_i),
      .rst           (rst_i),
      .s_axil_awready(s_axi_awready),
      .s_axil_awvalid(s_axi_awvalid),
      .s_axil_awaddr (s_axi_awaddr),
      .s_axil_awprot (s_axi_awprot),
      .s_axil_wready (s_axi_wready),
      .s_axil_wvalid (s_axi_wvalid),
      .s_axil_wdata  (s_axi_wdata),
      .s_axil_wstrb  (s_axi_wstrb),
      .s_axil_bready (s_axi_bready),
      .s_axil_bvalid (s_axi_bvalid),
      .s_axil_bresp  (s_axi_bresp),
      .s_axil_arready(s_axi_arready),
      .s_axil_arvalid(s_axi_arvalid),
      .s_axil_araddr (s_axi_araddr),
      .s_axil_arprot (s_axi_arprot),
      .s_axil_rready (s_axi_rready),
      .s_axil_rvalid (s_axi_rvalid),
      .s_axil_rdata  (s_axi_rdata),
      .s_axil_rresp  (s_axi_rresp),
      .hwif_in       (to_host),
      .hwif_out      (from_host)
  );

  // ------------------------------------------------------------------ a run

  state_t state_q;
  logic [63:0] input_address_q, output_address_q;
  logic [31:0] input_bytes_q, words_left_q, patience_q, quiet_q, output_beats_q;
  logic [RESULT_BITS-1:0] results_q, given_q;     // asked for; given so far
  logic [7:0] wrong_q;                            // the status register's errors, in its order
  logic [1:0] kind_q;
  logic [3:0] restart_left_q;
  logic stop_q, ended_q;                          // a stop is asked for; the last event word ended a recording
  logic refused, complete, tidy, moved, halt, restart_q;
  logic reader_idle, writer_idle, read_error, write_error, word_taken, result_taken;
  logic [63:0] word;                              // of the input
  logic [PLACE_BITS-1:0] entry_place_q;           // of the next token where it enters, in its frame
  logic [INSIDE_BITS-1:0] inside_q;               // frames that have entered and given no result

  assign refused = input_bytes_q == '0 || input_address_q[2:0] != '0 || output_address_q[2:0] != '0
                || {1'b0, input_address_q} >> ADDRESS_BITS != '0
                || {1'b0, output_address_q} >> ADDRESS_BITS != '0
                || from_host.results.value.value[31:RESULT_BITS] != '0
                || (kind_q == IMAGE ? LOADABLE == 0 || results_q != '0 || input_bytes_q[1:0] != '0
                                    : results_q == '0 || input_bytes_q[2:0] != '0)
                || (kind_q == ADDRESS_EVENTS && EVENTS == 0) || kind_q == 2'd3;
  // The last tokens of a frame may go in behind its result, where a pool drops the last rows.
  assign complete = words_left_q == '0 && given_q == results_q && writer_idle && !out_valid_o
                 && (kind_q != ADDRESS_EVENTS || entry_place_q == '0) && (kind_q != IMAGE || loaded_i);
  assign tidy     = inside_q == '0 && entry_place_q == '0 && ended_q;

  wire start = from_host.control.start.value && !from_host.control.done.value;

  always_ff @(posedge clk_i) begin
    quiet_q <= moved || state_q != RUN ? '0 : quiet_q + 1'b1;
    if (word_taken) ended_q <= kind_q != ADDRESS_EVENTS || word[63:62] == 2'd2;
    if (from_host.stop.abort.value) stop_q <= state_q != IDLE;
    if (state_q == FINISH) stop_q <= 1'b0;

    case (state_q)
      IDLE: begin
        input_address_q  <= {from_host.input_address_high.value.value, from_host.input_address.value.value};
        output_address_q <= {from_host.output_address_high.value.value, from_host.output_address.value.value};
        input_bytes_q    <= from_host.input_bytes.value.value;
        results_q        <= from_host.results.value.value[RESULT_BITS-1:0];
        patience_q       <= from_host.patience.value.value;
        kind_q           <= from_host.mode.kind.value;
        if (start) begin
          state_q <= CHECK;
          wrong_q <= '0;
        end
      end

      CHECK: begin
        output_beats_q <= 32'(results_q) * 32'(BEATS);
        words_left_q   <= 32'({1'b0, input_bytes_q} + 33'd7 >> 3);
        wrong_q[7]     <= refused;
        state_q        <= refused ? FINISH : BEGIN;
      end

      BEGIN: state_q <= RUN;   // reader and writer take what was computed

      RUN: begin
        if (word_taken) words_left_q <= words_left_q - 1'b1;
        wrong_q[6:0] <= {error_i[2], error_i[1], error_i[0], stop_q, quiet_q == patience_q && patience_q != '0,
                         write_error, read_error};
        if (wrong_q != '0) state_q <= STOP;
        else if (complete) begin
          wrong_q[7] <= !tidy;
          state_q    <= tidy ? FINISH : STOP;
        end
      end

      STOP:
      if (reader_idle && writer_idle) begin
        state_q        <= RESTART;
        restart_left_q <= '1;
      end

      RESTART: begin
        restart_left_q <= restart_left_q - 1'b1;
        if (restart_left_q == '0) state_q <= FINISH;
      end

      FINISH: state_q <= IDLE;

      default: state_q <= IDLE;
    endcase

    if (state_q == RUN && wrong_q != '0) wrong_q <= wrong_q;

    restart_q <= rst_i || state_q == RESTART;
    if (rst_i) begin
      state_q <= IDLE;
      wrong_q <= '0;
      stop_q  <= 1'b0;
    end
  end

  assign halt      = state_q == STOP || state_q == RESTART;
  assign restart_o = restart_q;

  // ------------------------------------------------------------------ the master

  logic word_valid, word_ready, beat_valid, beat_ready;
  logic [63:0] beat;

  axi_reader #(
      .ADDRESS_BITS(ADDRESS_BITS),
      .MAX_BURST   (MAX_BURST),
      .OUTSTANDING (OUTSTANDING)
  ) i_reader (
      .clk_i,
      .rst_i,
      .start_i    (state_q == BEGIN),
      .address_i  (input_address_q[ADDRESS_BITS-1:0]),
      .beats_i    (words_left_q),
      .halt_i     (halt),
      .idle_o     (reader_idle),
      .error_o    (read_error),
      .out_valid_o(word_valid),
      .out_ready_i(word_ready),
      .out_data_o (word),
      .ar_valid_o (m_axi_arvalid),
      .ar_ready_i (m_axi_arready),
      .ar_addr_o  (m_axi_araddr),
      .ar_len_o   (m_axi_arlen),
      .r_valid_i  (m_axi_rvalid),
      .r_ready_o  (m_axi_rready),
      .r_data_i   (m_axi_rdata),
      .r_resp_i   (m_axi_rresp)
  );

  axi_writer #(
      .ADDRESS_BITS(ADDRESS_BITS),
      .MAX_BURST   (MAX_BURST)
  ) i_writer (
      .clk_i,
      .rst_i,
      .start_i   (state_q == BEGIN),
      .address_i (output_address_q[ADDRESS_BITS-1:0]),
      .beats_i   (output_beats_q),
      .halt_i    (halt),
      .idle_o    (writer_idle),
      .error_o   (write_error),
      .in_valid_i(beat_valid),
      .in_ready_o(beat_ready),
      .in_data_i (beat),
      .aw_valid_o(m_axi_awvalid),
      .aw_ready_i(m_axi_awready),
      .aw_addr_o (m_axi_awaddr),
      .aw_len_o  (m_axi_awlen),
      .w_valid_o (m_axi_wvalid),
      .w_ready_i (m_axi_wready),
      .w_data_o  (m_axi_wdata),
      .w_last_o  (m_axi_wlast),
      .b_valid_i (m_axi_bvalid),
      .b_ready_o (m_axi_bready),
      .b_resp_i  (m_axi_bresp)
  );

  assign {m_axi_awid, m_axi_arid}       = '0;
  assign {m_axi_awsize, m_axi_arsize}   = {2{3'd3}};
  assign {m_axi_awburst, m_axi_arburst} = {2{2'b01}};
  assign {m_axi_awcache, m_axi_arcache} = {2{4'b0011}};   // may be buffered and merged, not cached
  assign {m_axi_awprot, m_axi_arprot}   = '0;
  assign m_axi_wstrb                    = '1;

  // ------------------------------------------------------------------ input to tokens

  logic [1:0] to_valid, to_ready;                 // frames, events
  logic [1:0][IN_WIDTH-1:0] to_data;
  logic frame_word_ready, event_word_ready, image_word_ready, entry_ready, admitted;
  logic token_valid, token_ready;
  logic [IN_WIDTH-1:0] token;
  logic [2:0][31:0] event_counts;

  assign word_ready = kind_q == FRAMES ? frame_word_ready
                    : kind_q == ADDRESS_EVENTS ? event_word_ready : image_word_ready;
  assign word_taken = word_valid && word_ready;

  token_unpacker #(
      .TOKEN_BITS  (IN_WIDTH),
      .FRAME_TOKENS(FRAME_TOKENS)
  ) i_unpacker (
      .clk_i,
      .rst_i      (restart_q || state_q == BEGIN),
      .in_valid_i (word_valid && kind_q == FRAMES),
      .in_ready_o (frame_word_ready),
      .in_data_i  (word),
      .out_valid_o(to_valid[0]),
      .out_ready_i(to_ready[0]),
      .out_data_o (to_data[0])
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
        .rst_i      (restart_q),
        .in_valid_i (word_valid && kind_q == ADDRESS_EVENTS),
        .in_ready_o (event_word_ready),
        .in_data_i  (word),
        .out_valid_o(pixel_valid),
        .out_ready_i(pixel_ready),
        .out_data_o (pixel),
        .accepted_o (event_counts[0]),
        .outside_o  (event_counts[1]),
        .backwards_o(event_counts[2]),
        .full_o     (full)
    );
    if (GROUP == 2) begin : g_whole
      assign to_valid[1] = pixel_valid;
      assign pixel_ready = to_ready[1];
      assign to_data[1]  = pixel;
    end else begin : g_halves
      gearbox #(
          .PLANES   (PLANES),
          .IN_GROUP (2),
          .OUT_GROUP(1)
      ) i_gearbox (
          .clk_i,
          .rst_i      (restart_q),
          .in_valid_i (pixel_valid),
          .in_ready_o (pixel_ready),
          .in_data_i  (pixel),
          .out_valid_o(to_valid[1]),
          .out_ready_i(to_ready[1]),
          .out_data_o (to_data[1])
      );
    end
    logic unused;
    assign unused = full;
  end else begin : g_no_events
    assign event_word_ready = 1'b1;
    assign to_valid[1]      = 1'b0;
    assign to_data[1]       = '0;
    assign event_counts     = '0;
    logic unused;
    assign unused = to_ready[1];
  end

  assign token_valid = kind_q == ADDRESS_EVENTS ? to_valid[1] : to_valid[0];
  assign token       = kind_q == ADDRESS_EVENTS ? to_data[1] : to_data[0];
  assign token_ready = entry_ready && admitted;
  assign to_ready    = {token_ready && kind_q == ADDRESS_EVENTS, token_ready && kind_q != ADDRESS_EVENTS};

  stream_register #(
      .WIDTH(IN_WIDTH)
  ) i_entry (
      .clk_i,
      .rst_i      (restart_q),
      .in_valid_i (token_valid && admitted),
      .in_ready_o (entry_ready),
      .in_data_i  (token),
      .out_valid_o,
      .out_ready_i,
      .out_data_o
  );

  if (LOADABLE > 0) begin : g_load
    logic second_q;                               // of the two halves of a word
    wire odd = words_left_q == 32'd1 && input_bytes_q[2];
    assign load_valid_o     = word_valid && kind_q == IMAGE;
    assign load_data_o      = second_q ? word[63:32] : word[31:0];
    assign image_word_ready = load_ready_i && (second_q || odd);
    always_ff @(posedge clk_i) begin
      if (restart_q) second_q <= 1'b0;
      else if (load_valid_o && load_ready_i) second_q <= !second_q && !odd;
    end
  end else begin : g_no_load
    assign load_valid_o     = 1'b0;
    assign load_data_o      = '0;
    assign image_word_ready = 1'b1;
    logic unused;
    assign unused = load_ready_i;
  end

  // ------------------------------------------------------------------ when each frame began

  logic [PLACE_BITS-1:0] place_q;                 // of the next token where it leaves
  logic [31:0] cycle_q, begun;
  logic begun_valid, stamps_ready, enters, leaves;

  assign admitted = entry_place_q != '0 || inside_q != INSIDE_BITS'(SAMPLES);
  assign enters   = token_valid && token_ready;
  assign leaves   = out_valid_o && out_ready_i;

  stream_fifo #(
      .WIDTH(32),
      .DEPTH(SAMPLES)
  ) i_stamps (
      .clk_i,
      .rst_i      (restart_q),
      .in_valid_i (leaves && place_q == '0),
      .in_ready_o (stamps_ready),
      .in_data_i  (cycle_q),
      .out_valid_o(begun_valid),
      .out_ready_i(result_taken),
      .out_data_o (begun)
  );

  function automatic logic [PLACE_BITS-1:0] next_place(input logic [PLACE_BITS-1:0] place);
    return place == PLACE_BITS'(FRAME_TOKENS - 1) ? '0 : place + 1'b1;
  endfunction

  always_ff @(posedge clk_i) begin
    cycle_q <= rst_i ? '0 : cycle_q + 1'b1;
    if (restart_q) begin
      entry_place_q <= '0;
      place_q       <= '0;
      inside_q      <= '0;
    end else begin
      if (enters) entry_place_q <= next_place(entry_place_q);
      if (leaves) place_q <= next_place(place_q);
      inside_q <= inside_q + INSIDE_BITS'(enters && entry_place_q == '0) - INSIDE_BITS'(result_taken);
    end
  end

  // ------------------------------------------------------------------ results to beats

  logic [64*BEATS-1:0] record_q;
  logic [BEAT_BITS-1:0] record_left_q;
  logic [31:0] latency;

  assign in_ready_o   = state_q == RUN && record_left_q == '0 && begun_valid && given_q != results_q;
  assign result_taken = in_valid_i && in_ready_o;
  assign latency      = cycle_q - begun;
  assign beat_valid   = record_left_q != '0;
  assign beat         = record_q[63:0];

  always_ff @(posedge clk_i) begin
    if (result_taken) record_q <= {(64*TOKEN_BEATS)'(in_data_i), 32'(given_q), latency};
    else if (beat_valid && beat_ready) record_q <= record_q >> 64;
    if (restart_q) record_left_q <= '0;
    else if (result_taken) record_left_q <= BEAT_BITS'(BEATS);
    else if (beat_valid && beat_ready) record_left_q <= record_left_q - 1'b1;
    if (state_q == BEGIN) given_q <= '0;
    else if (result_taken) given_q <= given_q + 1'b1;
  end

  assign moved = word_taken || m_axi_rvalid || m_axi_bvalid || (beat_valid && beat_ready)
              || (out_valid_o && out_ready_i) || result_taken || (load_valid_o && load_ready_i);

  // ------------------------------------------------------------------ what the host sees

  logic [31:0] run_cycles_q, latency_q, frames_q, discarded_q, read_errors_q, write_errors_q;
  logic [2:0][31:0] events_before_q;              // the front end's counts when the run began

  always_ff @(posedge clk_i) begin
    if (state_q == CHECK) run_cycles_q <= '0;
    else if (state_q != IDLE && state_q != FINISH) run_cycles_q <= run_cycles_q + 1'b1;
    if (result_taken) latency_q <= latency;
    frames_q       <= frames_q + 32'(result_taken);
    read_errors_q  <= read_errors_q + 32'(read_error);
    write_errors_q <= write_errors_q + 32'(write_error);
    if (state_q == STOP && reader_idle && writer_idle) discarded_q <= discarded_q + 32'(inside_q);
    if (state_q == BEGIN) events_before_q <= event_counts;
    if (rst_i) begin
      {run_cycles_q, latency_q, frames_q, discarded_q, read_errors_q, write_errors_q} <= '0;
      events_before_q <= '0;
    end
  end

  wire finish = state_q == FINISH;
  wire again  = from_host.control.auto_restart.value && wrong_q == '0;

  always_comb begin
    to_host.control.start.hwclr            = finish && !again;
    to_host.control.done.hwset             = finish;
    to_host.control.done.hwclr             = from_host.control.acknowledge.value;
    to_host.control.idle.next              = state_q == IDLE;
    to_host.control.ready.hwset            = finish;
    to_host.interrupt_status.done.hwset    = finish;
    to_host.interrupt_status.ready.hwset   = finish;
    to_host.status.read_error.next         = wrong_q[0];
    to_host.status.write_error.next        = wrong_q[1];
    to_host.status.stalled.next            = wrong_q[2];
    to_host.status.aborted.next            = wrong_q[3];
    to_host.status.parity.next             = wrong_q[4];
    to_host.status.hang.next               = wrong_q[5];
    to_host.status.weights.next            = wrong_q[6];
    to_host.status.refused.next            = wrong_q[7];
    to_host.status.loaded.next             = loaded_i;
    to_host.status.stopping.next           = halt;
    to_host.magic.value.next               = 32'h4E4E5353;
    to_host.version.value.next             = 32'(VERSION);
    for (int i = 0; i < 4; i++) to_host.identity[i].value.next = IDENTITY[32*(3-i)+:32];
    to_host.frame_tokens.value.next        = 32'(FRAME_TOKENS);
    to_host.widths.token_bits.next         = 16'(IN_WIDTH);
    to_host.widths.result_bits.next        = 16'(OUT_WIDTH);
    to_host.features.events.next           = EVENTS > 0;
    to_host.features.loadable.next         = LOADABLE > 0;
    to_host.features.address_bits.next     = 8'(ADDRESS_BITS);
    to_host.cycles.value.next              = cycle_q;
    to_host.run_cycles.value.next          = run_cycles_q;
    to_host.latency.value.next             = latency_q;
    to_host.frames.value.next              = frames_q;
    to_host.discarded.value.next           = discarded_q;
    to_host.read_errors.value.next         = read_errors_q;
    to_host.write_errors.value.next        = write_errors_q;
    to_host.events_accepted.value.next     = event_counts[0] - events_before_q[0];
    to_host.events_outside.value.next      = event_counts[1] - events_before_q[1];
    to_host.events_backwards.value.next    = event_counts[2] - events_before_q[2];
  end

  always_ff @(posedge clk_i) begin
    interrupt_o <= from_host.interrupt.enable.value
                && ((from_host.interrupt_enable.done.value && from_host.interrupt_status.done.value)
                 || (from_host.interrupt_enable.ready.value && from_host.interrupt_status.ready.value));
    if (rst_i) interrupt_o <= 1'b0;
  end

  logic unused;
  assign unused = &{1'b0, m_axi_bid, m_axi_rid, m_axi_rlast, stamps_ready, input_address_q, output_address_q};
endmodule
