// Puts an accelerator's token streams behind AXI4: registers on a slave, frames and results in memory
// through a master.
//
// A run reads input_bytes from input_address and ends when the given number of results lies at
// output_address. Input: frames (token_unpacker), address events (the front end, where EVENTS = 1), or
// an image of weights (where LOADABLE = 1). Results lie as result_packer lays them down.
//
// Here the parts are only joined: host_registers, run_control over a run's course, axi_reader,
// input_decoder and frame_admission from memory to the accelerator, result_packer and axi_writer back,
// run_counters. With WEIGHTS = 1 the accelerator reads weights outside the chip over a port of its own,
// through weight_port. The bus ports have the names that tools know AXI by; one id.
module axi_accelerator #(
  parameter int ADDRESS_BITS = 32,               // of the master
  parameter int MAX_BURST    = 16,               // beats; 16 at most for AXI3
  parameter int OUTSTANDING  = 4,                // bursts that are read at once
  parameter int FRAME_TOKENS = 16,
  parameter int IN_WIDTH     = 24,               // token into the accelerator
  parameter int OUT_WIDTH    = 84,               // result token
  parameter int SAMPLES      = 64,               // frames that may be inside
  parameter int LOADABLE     = 0,                // 1: weights come over the load port
  parameter int WEIGHTS      = 0,                // 1: weights outside the chip
  parameter int WEIGHT_BITS  = 64,               // of a beat of their port
  parameter int WEIGHT_BEATS = 64,               // that the accelerator may ask for at once
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
  // memory of the weights; without WEIGHTS nothing is asked for
  output logic                    m_axi_weights_arvalid,
  input  logic                    m_axi_weights_arready,
  output logic [0:0]              m_axi_weights_arid,
  output logic [ADDRESS_BITS-1:0] m_axi_weights_araddr,
  output logic [7:0]              m_axi_weights_arlen,
  output logic [2:0]              m_axi_weights_arsize,
  output logic [1:0]              m_axi_weights_arburst,
  output logic [3:0]              m_axi_weights_arcache,
  output logic [2:0]              m_axi_weights_arprot,
  input  logic                    m_axi_weights_rvalid,
  output logic                    m_axi_weights_rready,
  input  logic [0:0]              m_axi_weights_rid,
  input  logic [WEIGHT_BITS-1:0]  m_axi_weights_rdata,
  input  logic [1:0]              m_axi_weights_rresp,
  input  logic                    m_axi_weights_rlast,
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
  // the accelerator's reads of weights, by their place in the image; it always takes what comes
  input  logic                    weights_ar_valid_i,
  output logic                    weights_ar_ready_o,
  input  logic [31:0]             weights_ar_addr_i,
  input  logic [7:0]              weights_ar_len_i,
  output logic                    weights_r_valid_o,
  output logic [WEIGHT_BITS-1:0]  weights_r_data_o,
  output logic [1:0]              weights_r_resp_o,
  input  logic [2:0]              error_i,         // the accelerator's error_o; 0 where it has none
  output logic                    restart_o        // synchronous reset of the accelerator
);
  localparam int RESULT_BITS = 24;                 // of the number of results in a run
  localparam int INSIDE_BITS = $clog2(SAMPLES + 1);

  if (OUT_WIDTH < 1 || SAMPLES < 1) begin : g_bad_sizes
    $error("axi_accelerator: OUT_WIDTH and SAMPLES must be at least 1");
  end
  if (WEIGHT_BITS < 8 || WEIGHT_BITS > 1024 || (WEIGHT_BITS & (WEIGHT_BITS - 1)) != 0) begin : g_bad_weights
    $error("axi_accelerator: WEIGHT_BITS must be a power of two from 8 to 1024");
  end

  // ------------------------------------------------------------------ host and run

  logic start, abort, run_idle, busy, begins, running, halt, give_up, restart, finish;
  logic [63:0] input_address, output_address, weights_address;   // as the host gave them
  logic [31:0] input_bytes, results, patience;
  logic [1:0] chosen_kind;
  logic [7:0] errors;
  logic [ADDRESS_BITS-1:0] read_address, write_address, weights_base;   // of the run
  logic [31:0] words_left, output_beats;
  logic [RESULT_BITS-1:0] run_results;
  logic [1:0] kind;
  logic half_word;

  logic reader_idle, writer_idle, weights_idle, read_error, write_error;
  logic weights_given, weights_new;
  logic word_valid, word_ready, word_ends, token_valid, token_ready, beat_valid, beat_ready;
  logic result_taken, all_given, begun, between, moved;
  logic [63:0] word, beat;
  logic [IN_WIDTH-1:0] token;
  logic [31:0] latency;
  logic [INSIDE_BITS-1:0] frames_inside;
  logic [2:0][31:0] event_counts, run_events;
  logic [31:0] cycle, run_cycles, last_latency, frames, discarded, read_errors, write_errors;

  host_registers #(
      .ADDRESS_BITS(ADDRESS_BITS),
      .FRAME_TOKENS(FRAME_TOKENS),
      .IN_WIDTH    (IN_WIDTH),
      .OUT_WIDTH   (OUT_WIDTH),
      .EVENTS      (EVENTS),
      .LOADABLE    (LOADABLE),
      .WEIGHTS     (WEIGHTS),
      .IDENTITY    (IDENTITY)
  ) i_host (
      .clk_i,
      .rst_i,
      .interrupt_o,
      .s_axi_awvalid, .s_axi_awready, .s_axi_awaddr, .s_axi_awprot,
      .s_axi_wvalid, .s_axi_wready, .s_axi_wdata, .s_axi_wstrb,
      .s_axi_bvalid, .s_axi_bready, .s_axi_bresp,
      .s_axi_arvalid, .s_axi_arready, .s_axi_araddr, .s_axi_arprot,
      .s_axi_rvalid, .s_axi_rready, .s_axi_rdata, .s_axi_rresp,
      .start_o         (start),
      .abort_o         (abort),
      .input_address_o (input_address),
      .output_address_o(output_address),
      .input_bytes_o   (input_bytes),
      .results_o       (results),
      .patience_o      (patience),
      .kind_o          (chosen_kind),
      .weights_address_o(weights_address),
      .weights_given_o (weights_given),
      .idle_i          (run_idle),
      .finish_i        (finish),
      .stopping_i      (halt),
      .loaded_i        (loaded_i && !(weights_new && LOADABLE > 0)),   // the reset takes what is loaded away
      .errors_i        (errors),
      .cycle_i         (cycle),
      .run_cycles_i    (run_cycles),
      .latency_i       (last_latency),
      .frames_i        (frames),
      .discarded_i     (discarded),
      .read_errors_i   (read_errors),
      .write_errors_i  (write_errors),
      .events_i        (run_events)
  );

  run_control #(
      .ADDRESS_BITS(ADDRESS_BITS),
      .RESULT_BITS (RESULT_BITS),
      .RESULT_BEATS(1 + (OUT_WIDTH + 63) / 64),
      .EVENTS      (EVENTS),
      .LOADABLE    (LOADABLE),
      .WEIGHTS     (WEIGHTS)
  ) i_control (
      .clk_i,
      .rst_i,
      .start_i         (start),
      .abort_i         (abort),
      .input_address_i (input_address),
      .output_address_i(output_address),
      .input_bytes_i   (input_bytes),
      .results_i       (results),
      .patience_i      (patience),
      .kind_i          (chosen_kind),
      .weights_address_i(weights_address),
      .weights_given_i (weights_given),
      .idle_o          (run_idle),
      .busy_o          (busy),
      .begin_o         (begins),
      .running_o       (running),
      .halt_o          (halt),
      .give_up_o       (give_up),
      .restart_o       (restart),
      .finish_o        (finish),
      .errors_o        (errors),
      .input_address_o (read_address),
      .output_address_o(write_address),
      .words_left_o    (words_left),
      .output_beats_o  (output_beats),
      .results_o       (run_results),
      .kind_o          (kind),
      .half_word_o     (half_word),
      .weights_address_o(weights_base),
      .weights_new_o   (weights_new),
      .word_taken_i    (word_valid && word_ready),
      .word_ends_i     (word_ends),
      .moved_i         (moved),
      .entry_valid_i   (out_valid_o),
      .between_i       (between),
      .none_inside_i   (frames_inside == '0),
      .all_given_i     (all_given),
      .loaded_i,
      .reader_idle_i   (reader_idle),
      .writer_idle_i   (writer_idle),
      .weights_idle_i  (weights_idle),
      .read_error_i    (read_error),
      .write_error_i   (write_error),
      .fault_i         (error_i)
  );

  run_counters #(
      .INSIDE_BITS(INSIDE_BITS)
  ) i_counters (
      .clk_i,
      .rst_i,
      .begin_i       (begins),
      .busy_i        (busy),
      .result_i      (result_taken),
      .latency_i     (latency),
      .give_up_i     (give_up),
      .inside_i      (frames_inside),
      .read_error_i  (read_error),
      .write_error_i (write_error),
      .event_counts_i(event_counts),
      .cycle_o       (cycle),
      .run_cycles_o  (run_cycles),
      .latency_o     (last_latency),
      .frames_o      (frames),
      .discarded_o   (discarded),
      .read_errors_o (read_errors),
      .write_errors_o(write_errors),
      .events_o      (run_events)
  );

  assign restart_o = restart;
  assign moved = (word_valid && word_ready) || m_axi_rvalid || m_axi_bvalid || (beat_valid && beat_ready)
              || weights_r_valid_o
              || (out_valid_o && out_ready_i) || result_taken || (load_valid_o && load_ready_i);

  // ------------------------------------------------------------------ memory to the accelerator

  axi_reader #(
      .ADDRESS_BITS(ADDRESS_BITS),
      .MAX_BURST   (MAX_BURST),
      .OUTSTANDING (OUTSTANDING)
  ) i_reader (
      .clk_i,
      .rst_i,
      .start_i    (begins),
      .address_i  (read_address),
      .beats_i    (words_left),
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

  input_decoder #(
      .FRAME_TOKENS(FRAME_TOKENS), .TOKEN_BITS(IN_WIDTH), .LOADABLE(LOADABLE), .EVENTS(EVENTS), .GROUP(GROUP),
      .SENSOR_HEIGHT(SENSOR_HEIGHT), .SENSOR_WIDTH(SENSOR_WIDTH), .FACTOR(FACTOR), .TIMESTEPS(TIMESTEPS),
      .ACT_BITS(ACT_BITS), .WINDOW(WINDOW), .BIN_EVENTS(BIN_EVENTS), .DECAY_ENTRIES(DECAY_ENTRIES),
      .DECAY_SHIFT(DECAY_SHIFT), .TABLE_BITS(TABLE_BITS), .DECAY(DECAY)
  ) i_decoder (
      .clk_i,
      .rst_i         (restart),
      .begin_i       (begins),
      .kind_i        (kind),
      .half_word_i   (half_word),
      .in_valid_i    (word_valid),
      .in_ready_o    (word_ready),
      .in_data_i     (word),
      .word_ends_o   (word_ends),
      .out_valid_o   (token_valid),
      .out_ready_i   (token_ready),
      .out_data_o    (token),
      .load_valid_o,
      .load_ready_i,
      .load_data_o,
      .event_counts_o(event_counts)
  );

  frame_admission #(
      .TOKEN_BITS  (IN_WIDTH),
      .FRAME_TOKENS(FRAME_TOKENS),
      .SAMPLES     (SAMPLES)
  ) i_admission (
      .clk_i,
      .rst_i      (restart),
      .cycle_i    (cycle),
      .in_valid_i (token_valid),
      .in_ready_o (token_ready),
      .in_data_i  (token),
      .out_valid_o,
      .out_ready_i,
      .out_data_o,
      .result_i   (result_taken),
      .begun_o    (begun),
      .latency_o  (latency),
      .inside_o   (frames_inside),
      .between_o  (between)
  );

  // ------------------------------------------------------------------ results to memory

  result_packer #(
      .RESULT_BITS(RESULT_BITS),
      .TOKEN_BITS (OUT_WIDTH)
  ) i_packer (
      .clk_i,
      .rst_i      (restart),
      .begin_i    (begins),
      .running_i  (running),
      .results_i  (run_results),
      .begun_i    (begun),
      .latency_i  (latency),
      .in_valid_i,
      .in_ready_o,
      .in_data_i,
      .taken_o    (result_taken),
      .all_given_o(all_given),
      .out_valid_o(beat_valid),
      .out_ready_i(beat_ready),
      .out_data_o (beat)
  );

  axi_writer #(
      .ADDRESS_BITS(ADDRESS_BITS),
      .MAX_BURST   (MAX_BURST)
  ) i_writer (
      .clk_i,
      .rst_i,
      .start_i   (begins),
      .address_i (write_address),
      .beats_i   (output_beats),
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

  // ------------------------------------------------------------------ weights outside the chip

  if (WEIGHTS > 0) begin : g_weights
    weight_port #(
        .ADDRESS_BITS(ADDRESS_BITS),
        .BEATS       (WEIGHT_BEATS)
    ) i_port (
        .clk_i,
        .rst_i,
        .open_i       (running),
        .base_i       (weights_base),
        .idle_o       (weights_idle),
        .in_ar_valid_i(weights_ar_valid_i),
        .in_ar_ready_o(weights_ar_ready_o),
        .in_ar_addr_i (weights_ar_addr_i),
        .in_ar_len_i  (weights_ar_len_i),
        .ar_valid_o   (m_axi_weights_arvalid),
        .ar_ready_i   (m_axi_weights_arready),
        .ar_addr_o    (m_axi_weights_araddr),
        .ar_len_o     (m_axi_weights_arlen),
        .beat_i       (m_axi_weights_rvalid)
    );
    assign weights_r_valid_o = m_axi_weights_rvalid;
  end else begin : g_no_weights
    assign {m_axi_weights_arvalid, m_axi_weights_araddr, m_axi_weights_arlen} = '0;
    assign {weights_ar_ready_o, weights_r_valid_o} = '0;
    assign weights_idle = 1'b1;
    logic unused_weights;
    assign unused_weights = &{1'b0, m_axi_weights_arready, m_axi_weights_rvalid, weights_ar_valid_i,
                       weights_ar_addr_i, weights_ar_len_i, weights_base};
  end
  assign weights_r_data_o      = m_axi_weights_rdata;
  assign weights_r_resp_o      = m_axi_weights_rresp;
  assign m_axi_weights_rready  = 1'b1;
  assign m_axi_weights_arid    = '0;
  assign m_axi_weights_arsize  = 3'($clog2(WEIGHT_BITS / 8));
  assign m_axi_weights_arburst = 2'b01;
  assign m_axi_weights_arcache = 4'b0011;
  assign m_axi_weights_arprot  = '0;

  assign {m_axi_awid, m_axi_arid}       = '0;
  assign {m_axi_awsize, m_axi_arsize}   = {2{3'd3}};
  assign {m_axi_awburst, m_axi_arburst} = {2{2'b01}};
  assign {m_axi_awcache, m_axi_arcache} = {2{4'b0011}};   // may be buffered and merged, not cached
  assign {m_axi_awprot, m_axi_arprot}   = '0;
  assign m_axi_wstrb                    = '1;

  logic unused;
  assign unused = &{1'b0, m_axi_bid, m_axi_rid, m_axi_rlast, m_axi_weights_rid, m_axi_weights_rlast};
endmodule
