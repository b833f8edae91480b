// PYNQ-Z2: the accelerator between the processing system's GP0 (registers) and HP0 (memory).
//
// Weights that do not fit the chip are read over HP1.
// led[0] out of reset, led[1] about once a second, led[2] the interrupt.
`include "ports.svh"

module top (
  output logic [2:0] led
);
  // Written by the flow: IDENTITY, and sizes that the accelerator's edge knows by itself.
  `include "design.svh"

  logic clk, rst, resetn, interrupt;
  logic [1:0] bad_q;     // synchroniser of the processing system's reset
  logic [3:0] settle_q;
  logic [25:0] beat_q;

  // Reset until the processing system's has been over for 15 cycles.
  always_ff @(posedge clk) begin
    bad_q  <= {bad_q[0], !resetn};
    beat_q <= beat_q + 1'b1;
    if (bad_q[1]) settle_q <= '0;
    else if (rst) settle_q <= settle_q + 1'b1;
  end
  assign rst = settle_q != '1;

  always_ff @(posedge clk) led <= {interrupt, beat_q[25], !rst};

  // GP0: AXI3 of the processing system
  logic gp_wlast, gp_awvalid, gp_awready, gp_wvalid, gp_wready, gp_bvalid, gp_bready, gp_arvalid, gp_arready,
      gp_rvalid, gp_rready, gp_rlast;
  logic [11:0] gp_awid, gp_bid, gp_arid, gp_rid;
  logic [31:0] gp_awaddr, gp_wdata, gp_araddr, gp_rdata;
  logic [3:0] gp_awlen, gp_wstrb, gp_arlen;
  logic [1:0] gp_awsize, gp_awburst, gp_bresp, gp_arsize, gp_arburst, gp_rresp;
  // the same as AXI4-Lite
  logic reg_awvalid, reg_awready, reg_wvalid, reg_wready, reg_bvalid, reg_bready, reg_arvalid,
      reg_arready, reg_rvalid, reg_rready;
  logic [7:0] reg_awaddr, reg_araddr;
  logic [31:0] reg_wdata, reg_rdata;
  logic [3:0] reg_wstrb;
  logic [1:0] reg_bresp, reg_rresp;
  // HP0: bursts of at most 16 beats make AXI4 and AXI3 the same for a master of one id
  logic hp_awvalid, hp_awready, hp_wvalid, hp_wready, hp_wlast, hp_bvalid, hp_bready, hp_arvalid,
      hp_arready, hp_rvalid, hp_rready, hp_rlast;
  logic [31:0] hp_awaddr, hp_araddr;
  logic [7:0] hp_awlen, hp_wstrb, hp_arlen;
  logic [2:0] hp_awsize, hp_awprot, hp_arsize, hp_arprot;
  logic [1:0] hp_awburst, hp_bresp, hp_arburst, hp_rresp;
  logic [3:0] hp_awcache, hp_arcache;
  logic [63:0] hp_wdata, hp_rdata;

`ifdef MEMORY_PORT_BITS
  // HP1
  logic hp1_arvalid, hp1_arready, hp1_rvalid, hp1_rready, hp1_rlast;
  logic [31:0] hp1_araddr;
  logic [7:0] hp1_arlen;
  logic [2:0] hp1_arsize, hp1_arprot;
  logic [1:0] hp1_arburst, hp1_rresp;
  logic [3:0] hp1_arcache;
  logic [`MEMORY_PORT_BITS-1:0] hp1_rdata;
  logic unused_weights;
  assign unused_weights = &{1'b0, hp1_arlen[7:4], hp1_arsize[2]};
`endif

  zynq_ps i_ps (
    .clk_o       (clk),
    .rst_no      (resetn),
    .interrupt_i (interrupt),
    .gp_awvalid  (gp_awvalid),
    .gp_awready  (gp_awready),
    .gp_awid     (gp_awid),
    .gp_awaddr   (gp_awaddr),
    .gp_awlen    (gp_awlen),
    .gp_awsize   (gp_awsize),
    .gp_awburst  (gp_awburst),
    .gp_wvalid   (gp_wvalid),
    .gp_wready   (gp_wready),
    .gp_wdata    (gp_wdata),
    .gp_wstrb    (gp_wstrb),
    .gp_wlast    (gp_wlast),
    .gp_bvalid   (gp_bvalid),
    .gp_bready   (gp_bready),
    .gp_bid      (gp_bid),
    .gp_bresp    (gp_bresp),
    .gp_arvalid  (gp_arvalid),
    .gp_arready  (gp_arready),
    .gp_arid     (gp_arid),
    .gp_araddr   (gp_araddr),
    .gp_arlen    (gp_arlen),
    .gp_arsize   (gp_arsize),
    .gp_arburst  (gp_arburst),
    .gp_rvalid   (gp_rvalid),
    .gp_rready   (gp_rready),
    .gp_rid      (gp_rid),
    .gp_rdata    (gp_rdata),
    .gp_rresp    (gp_rresp),
    .gp_rlast    (gp_rlast),
`ifdef MEMORY_PORT_BITS
    .hp1_arvalid (hp1_arvalid),
    .hp1_arready (hp1_arready),
    .hp1_araddr  (hp1_araddr),
    .hp1_arlen   (hp1_arlen[3:0]),
    .hp1_arsize  (hp1_arsize[1:0]),
    .hp1_arburst (hp1_arburst),
    .hp1_arcache (hp1_arcache),
    .hp1_arprot  (hp1_arprot),
    .hp1_rvalid  (hp1_rvalid),
    .hp1_rready  (hp1_rready),
    .hp1_rdata   (hp1_rdata),
    .hp1_rresp   (hp1_rresp),
    .hp1_rlast   (hp1_rlast),
`endif
    .hp_awvalid  (hp_awvalid),
    .hp_awready  (hp_awready),
    .hp_awaddr   (hp_awaddr),
    .hp_awlen    (hp_awlen[3:0]),
    .hp_awsize   (hp_awsize[1:0]),
    .hp_awburst  (hp_awburst),
    .hp_awcache  (hp_awcache),
    .hp_awprot   (hp_awprot),
    .hp_wvalid   (hp_wvalid),
    .hp_wready   (hp_wready),
    .hp_wdata    (hp_wdata),
    .hp_wstrb    (hp_wstrb),
    .hp_wlast    (hp_wlast),
    .hp_bvalid   (hp_bvalid),
    .hp_bready   (hp_bready),
    .hp_bresp    (hp_bresp),
    .hp_arvalid  (hp_arvalid),
    .hp_arready  (hp_arready),
    .hp_araddr   (hp_araddr),
    .hp_arlen    (hp_arlen[3:0]),
    .hp_arsize   (hp_arsize[1:0]),
    .hp_arburst  (hp_arburst),
    .hp_arcache  (hp_arcache),
    .hp_arprot   (hp_arprot),
    .hp_rvalid   (hp_rvalid),
    .hp_rready   (hp_rready),
    .hp_rdata    (hp_rdata),
    .hp_rresp    (hp_rresp),
    .hp_rlast    (hp_rlast)
  );

  axi3_lite #(.ADDRESS_BITS(8)) i_registers (
    .clk_i         (clk),
    .rst_i         (rst),
    .s_axi_awvalid (gp_awvalid),
    .s_axi_awready (gp_awready),
    .s_axi_awid    (gp_awid),
    .s_axi_awaddr  (gp_awaddr),
    .s_axi_awlen   ({4'b0, gp_awlen}),
    .s_axi_awsize  ({1'b0, gp_awsize}),
    .s_axi_awburst (gp_awburst),
    .s_axi_wvalid  (gp_wvalid),
    .s_axi_wready  (gp_wready),
    .s_axi_wdata   (gp_wdata),
    .s_axi_wstrb   (gp_wstrb),
    .s_axi_wlast   (gp_wlast),
    .s_axi_bvalid  (gp_bvalid),
    .s_axi_bready  (gp_bready),
    .s_axi_bid     (gp_bid),
    .s_axi_bresp   (gp_bresp),
    .s_axi_arvalid (gp_arvalid),
    .s_axi_arready (gp_arready),
    .s_axi_arid    (gp_arid),
    .s_axi_araddr  (gp_araddr),
    .s_axi_arlen   ({4'b0, gp_arlen}),
    .s_axi_arsize  ({1'b0, gp_arsize}),
    .s_axi_arburst (gp_arburst),
    .s_axi_rvalid  (gp_rvalid),
    .s_axi_rready  (gp_rready),
    .s_axi_rid     (gp_rid),
    .s_axi_rdata   (gp_rdata),
    .s_axi_rresp   (gp_rresp),
    .s_axi_rlast   (gp_rlast),
    .m_axi_awvalid (reg_awvalid),
    .m_axi_awready (reg_awready),
    .m_axi_awaddr  (reg_awaddr),
    .m_axi_wvalid  (reg_wvalid),
    .m_axi_wready  (reg_wready),
    .m_axi_wdata   (reg_wdata),
    .m_axi_wstrb   (reg_wstrb),
    .m_axi_bvalid  (reg_bvalid),
    .m_axi_bready  (reg_bready),
    .m_axi_bresp   (reg_bresp),
    .m_axi_arvalid (reg_arvalid),
    .m_axi_arready (reg_arready),
    .m_axi_araddr  (reg_araddr),
    .m_axi_rvalid  (reg_rvalid),
    .m_axi_rready  (reg_rready),
    .m_axi_rdata   (reg_rdata),
    .m_axi_rresp   (reg_rresp)
  );

  accelerator_edge #(
    .ADDRESS_BITS(32),
    .MAX_BURST   (16),
    .IDENTITY    (IDENTITY)
  ) i_accelerator (
    .clk_i         (clk),
    .rst_i         (rst),
    .interrupt_o   (interrupt),
    .s_axi_awvalid (reg_awvalid),
    .s_axi_awready (reg_awready),
    .s_axi_awaddr  (reg_awaddr),
    .s_axi_wvalid  (reg_wvalid),
    .s_axi_wready  (reg_wready),
    .s_axi_wdata   (reg_wdata),
    .s_axi_wstrb   (reg_wstrb),
    .s_axi_bvalid  (reg_bvalid),
    .s_axi_bready  (reg_bready),
    .s_axi_bresp   (reg_bresp),
    .s_axi_arvalid (reg_arvalid),
    .s_axi_arready (reg_arready),
    .s_axi_araddr  (reg_araddr),
    .s_axi_rvalid  (reg_rvalid),
    .s_axi_rready  (reg_rready),
    .s_axi_rdata   (reg_rdata),
    .s_axi_rresp   (reg_rresp),
    .s_axi_awprot  (3'b0),
    .s_axi_arprot  (3'b0),
`ifdef MEMORY_PORT_BITS
    .m_axi_weights_arvalid(hp1_arvalid),
    .m_axi_weights_arready(hp1_arready),
    .m_axi_weights_araddr (hp1_araddr),
    .m_axi_weights_arlen  (hp1_arlen),
    .m_axi_weights_arsize (hp1_arsize),
    .m_axi_weights_arburst(hp1_arburst),
    .m_axi_weights_arcache(hp1_arcache),
    .m_axi_weights_arprot (hp1_arprot),
    .m_axi_weights_rvalid (hp1_rvalid),
    .m_axi_weights_rready (hp1_rready),
    .m_axi_weights_rdata  (hp1_rdata),
    .m_axi_weights_rresp  (hp1_rresp),
    .m_axi_weights_rlast  (hp1_rlast),
    .m_axi_weights_arid   (),
    .m_axi_weights_rid    (1'b0),
`endif
    .m_axi_awvalid (hp_awvalid),
    .m_axi_awready (hp_awready),
    .m_axi_awaddr  (hp_awaddr),
    .m_axi_awlen   (hp_awlen),
    .m_axi_awsize  (hp_awsize),
    .m_axi_awburst (hp_awburst),
    .m_axi_awcache (hp_awcache),
    .m_axi_awprot  (hp_awprot),
    .m_axi_wvalid  (hp_wvalid),
    .m_axi_wready  (hp_wready),
    .m_axi_wdata   (hp_wdata),
    .m_axi_wstrb   (hp_wstrb),
    .m_axi_wlast   (hp_wlast),
    .m_axi_bvalid  (hp_bvalid),
    .m_axi_bready  (hp_bready),
    .m_axi_bresp   (hp_bresp),
    .m_axi_arvalid (hp_arvalid),
    .m_axi_arready (hp_arready),
    .m_axi_araddr  (hp_araddr),
    .m_axi_arlen   (hp_arlen),
    .m_axi_arsize  (hp_arsize),
    .m_axi_arburst (hp_arburst),
    .m_axi_arcache (hp_arcache),
    .m_axi_arprot  (hp_arprot),
    .m_axi_rvalid  (hp_rvalid),
    .m_axi_rready  (hp_rready),
    .m_axi_rdata   (hp_rdata),
    .m_axi_rresp   (hp_rresp),
    .m_axi_rlast   (hp_rlast),
    .m_axi_awid    (),
    .m_axi_arid    (),
    .m_axi_bid     (1'b0),
    .m_axi_rid     (1'b0)
  );

  // Bursts fit into AXI3, and beats into the port.
  logic unused;
  assign unused = &{1'b0, hp_awlen[7:4], hp_arlen[7:4], hp_awsize[2], hp_arsize[2]};
endmodule
