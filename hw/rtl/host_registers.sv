// The registers as the host sees them, tied to the run and its counters, and the interrupt.
//
// The map is hw/registers/accelerator.rdl; what stands in it about the design comes from the parameters.
module host_registers #(
  parameter int ADDRESS_BITS = 32,
  parameter int FRAME_TOKENS = 16,
  parameter int IN_WIDTH     = 24,
  parameter int OUT_WIDTH    = 84,
  parameter int EVENTS       = 0,
  parameter int LOADABLE     = 0,
  parameter int WEIGHTS      = 0,
  parameter logic [127:0] IDENTITY = '0
) (
  input  logic             clk_i,
  input  logic             rst_i,
  output logic             interrupt_o,
  input  logic             s_axi_awvalid,
  output logic             s_axi_awready,
  input  logic [7:0]       s_axi_awaddr,
  input  logic [2:0]       s_axi_awprot,
  input  logic             s_axi_wvalid,
  output logic             s_axi_wready,
  input  logic [31:0]      s_axi_wdata,
  input  logic [3:0]       s_axi_wstrb,
  output logic             s_axi_bvalid,
  input  logic             s_axi_bready,
  output logic [1:0]       s_axi_bresp,
  input  logic             s_axi_arvalid,
  output logic             s_axi_arready,
  input  logic [7:0]       s_axi_araddr,
  input  logic [2:0]       s_axi_arprot,
  output logic             s_axi_rvalid,
  input  logic             s_axi_rready,
  output logic [31:0]      s_axi_rdata,
  output logic [1:0]       s_axi_rresp,
  // to the run
  output logic             start_o,
  output logic             abort_o,
  output logic [63:0]      input_address_o,
  output logic [63:0]      output_address_o,
  output logic [31:0]      input_bytes_o,
  output logic [31:0]      results_o,
  output logic [31:0]      patience_o,
  output logic [1:0]       kind_o,
  output logic [63:0]      weights_address_o,
  output logic             weights_given_o,   // that address is being written
  // from it
  input  logic             idle_i,
  input  logic             finish_i,
  input  logic             stopping_i,
  input  logic             loaded_i,
  input  logic [7:0]       errors_i,          // in the order of the status register
  // its counters
  input  logic [31:0]      cycle_i,
  input  logic [31:0]      run_cycles_i,
  input  logic [31:0]      latency_i,
  input  logic [31:0]      frames_i,
  input  logic [31:0]      discarded_i,
  input  logic [31:0]      read_errors_i,
  input  logic [31:0]      write_errors_i,
  input  logic [2:0][31:0] events_i           // accepted, outside, backwards
);
  localparam int VERSION = 1;

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

  assign start_o          = from_host.control.start.value && !from_host.control.done.value;
  assign abort_o          = from_host.stop.abort.value;
  assign input_address_o  = {from_host.input_address_high.value.value, from_host.input_address.value.value};
  assign output_address_o = {from_host.output_address_high.value.value, from_host.output_address.value.value};
  assign input_bytes_o    = from_host.input_bytes.value.value;
  assign results_o        = from_host.results.value.value;
  assign patience_o       = from_host.patience.value.value;
  assign kind_o           = from_host.mode.kind.value;

  assign weights_address_o = {from_host.weights_address_high.value.value, from_host.weights_address.value.value};
  assign weights_given_o   = from_host.weights_address.value.swmod || from_host.weights_address_high.value.swmod;

  wire again = from_host.control.auto_restart.value && errors_i == '0;

  always_comb begin
    to_host.control.start.hwclr          = finish_i && !again;
    to_host.control.done.hwset           = finish_i;
    to_host.control.done.hwclr           = from_host.control.acknowledge.value;
    to_host.control.idle.next            = idle_i;
    to_host.control.ready.hwset          = finish_i;
    to_host.interrupt_status.done.hwset  = finish_i;
    to_host.interrupt_status.ready.hwset = finish_i;
    to_host.status.read_error.next       = errors_i[0];
    to_host.status.write_error.next      = errors_i[1];
    to_host.status.stalled.next          = errors_i[2];
    to_host.status.aborted.next          = errors_i[3];
    to_host.status.parity.next           = errors_i[4];
    to_host.status.hang.next             = errors_i[5];
    to_host.status.weights.next          = errors_i[6];
    to_host.status.refused.next          = errors_i[7];
    to_host.status.loaded.next           = loaded_i;
    to_host.status.stopping.next         = stopping_i;
    to_host.magic.value.next             = 32'h4E4E5353;
    to_host.version.value.next           = 32'(VERSION);
    for (int i = 0; i < 4; i++) to_host.identity[i].value.next = IDENTITY[32*(3-i)+:32];
    to_host.frame_tokens.value.next      = 32'(FRAME_TOKENS);
    to_host.widths.token_bits.next       = 16'(IN_WIDTH);
    to_host.widths.result_bits.next      = 16'(OUT_WIDTH);
    to_host.features.events.next         = EVENTS > 0;
    to_host.features.loadable.next       = LOADABLE > 0;
    to_host.features.weights.next        = WEIGHTS > 0;
    to_host.features.address_bits.next   = 8'(ADDRESS_BITS);
    to_host.cycles.value.next            = cycle_i;
    to_host.run_cycles.value.next        = run_cycles_i;
    to_host.latency.value.next           = latency_i;
    to_host.frames.value.next            = frames_i;
    to_host.discarded.value.next         = discarded_i;
    to_host.read_errors.value.next       = read_errors_i;
    to_host.write_errors.value.next      = write_errors_i;
    to_host.events_accepted.value.next   = events_i[0];
    to_host.events_outside.value.next    = events_i[1];
    to_host.events_backwards.value.next  = events_i[2];
  end

  always_ff @(posedge clk_i) begin
    interrupt_o <= from_host.interrupt.enable.value
                && ((from_host.interrupt_enable.done.value && from_host.interrupt_status.done.value)
                 || (from_host.interrupt_enable.ready.value && from_host.interrupt_status.ready.value));
    if (rst_i) interrupt_o <= 1'b0;
  end
endmodule
