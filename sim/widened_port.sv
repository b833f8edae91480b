// axi_widen with the signals of the bus that pass by it, so that bus models can be put on both sides.
module widened_port (
  input  logic          clk_i,
  input  logic          rst_i,
  input  logic [0:0]    s_awid,
  input  logic [12:0]   s_awaddr,
  input  logic [7:0]    s_awlen,
  input  logic [2:0]    s_awsize,
  input  logic [1:0]    s_awburst,
  input  logic          s_awvalid,
  output logic          s_awready,
  input  logic [63:0]   s_wdata,
  input  logic [7:0]    s_wstrb,
  input  logic          s_wlast,
  input  logic          s_wvalid,
  output logic          s_wready,
  output logic [0:0]    s_bid,
  output logic [1:0]    s_bresp,
  output logic          s_bvalid,
  input  logic          s_bready,
  input  logic [0:0]    s_arid,
  input  logic [12:0]   s_araddr,
  input  logic [7:0]    s_arlen,
  input  logic [2:0]    s_arsize,
  input  logic [1:0]    s_arburst,
  input  logic          s_arvalid,
  output logic          s_arready,
  output logic [0:0]    s_rid,
  output logic [63:0]   s_rdata,
  output logic [1:0]    s_rresp,
  output logic          s_rlast,
  output logic          s_rvalid,
  input  logic          s_rready,
  output logic [0:0]    m_awid,
  output logic [12:0]   m_awaddr,
  output logic [7:0]    m_awlen,
  output logic [2:0]    m_awsize,
  output logic [1:0]    m_awburst,
  output logic          m_awvalid,
  input  logic          m_awready,
  output logic [127:0]  m_wdata,
  output logic [15:0]   m_wstrb,
  output logic          m_wlast,
  output logic          m_wvalid,
  input  logic          m_wready,
  input  logic [0:0]    m_bid,
  input  logic [1:0]    m_bresp,
  input  logic          m_bvalid,
  output logic          m_bready,
  output logic [0:0]    m_arid,
  output logic [12:0]   m_araddr,
  output logic [7:0]    m_arlen,
  output logic [2:0]    m_arsize,
  output logic [1:0]    m_arburst,
  output logic          m_arvalid,
  input  logic          m_arready,
  input  logic [0:0]    m_rid,
  input  logic [127:0]  m_rdata,
  input  logic [1:0]    m_rresp,
  input  logic          m_rlast,
  input  logic          m_rvalid,
  output logic          m_rready
);
  assign m_awid = s_awid;
  assign m_awaddr = s_awaddr;
  assign m_awlen = s_awlen;
  assign m_awsize = s_awsize;
  assign m_awburst = s_awburst;
  assign m_wlast = s_wlast;
  assign s_bid = m_bid;
  assign s_bresp = m_bresp;
  assign s_bvalid = m_bvalid;
  assign m_bready = s_bready;
  assign m_arid = s_arid;
  assign m_araddr = s_araddr;
  assign m_arlen = s_arlen;
  assign m_arsize = s_arsize;
  assign m_arburst = s_arburst;
  assign s_rid = m_rid;
  assign s_rresp = m_rresp;
  assign s_rlast = m_rlast;

  axi_widen #(.ADDRESS_BITS(13), .DEPTH(2)) i_widen (
    .clk_i,
    .rst_i,
    .s_awvalid,
    .s_awready,
    .s_awaddr,
    .s_wvalid,
    .s_wready,
    .s_wdata,
    .s_wstrb,
    .s_wlast,
    .s_arvalid,
    .s_arready,
    .s_araddr,
    .s_rvalid,
    .s_rready,
    .s_rdata,
    .m_awvalid,
    .m_awready,
    .m_wvalid,
    .m_wready,
    .m_wdata,
    .m_wstrb,
    .m_arvalid,
    .m_arready,
    .m_rvalid,
    .m_rready,
    .m_rdata,
    .m_rlast
  );
endmodule
