// A memory port of 64 bits on one of 128: every beat keeps its size and takes the half that its address says.
//
// Bursts must be INCR with beats of 8 bytes, answers in order. A burst's data follow its address, so that
// the half of its first beat is known; up to DEPTH bursts each way may be under way.
module axi_widen #(
  parameter int ADDRESS_BITS = 40,
  parameter int DEPTH        = 16
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  // from the master, 64 bits
  input  logic                    s_awvalid,
  output logic                    s_awready,
  input  logic [ADDRESS_BITS-1:0] s_awaddr,
  input  logic                    s_wvalid,
  output logic                    s_wready,
  input  logic [63:0]             s_wdata,
  input  logic [7:0]              s_wstrb,
  input  logic                    s_wlast,
  input  logic                    s_arvalid,
  output logic                    s_arready,
  input  logic [ADDRESS_BITS-1:0] s_araddr,
  output logic                    s_rvalid,
  input  logic                    s_rready,
  output logic [63:0]             s_rdata,
  // to the slave, 128 bits; the other signals of the bus pass by this module
  output logic                    m_awvalid,
  input  logic                    m_awready,
  output logic                    m_wvalid,
  input  logic                    m_wready,
  output logic [127:0]            m_wdata,
  output logic [15:0]             m_wstrb,
  output logic                    m_arvalid,
  input  logic                    m_arready,
  input  logic                    m_rvalid,
  output logic                    m_rready,
  input  logic [127:0]            m_rdata,
  input  logic                    m_rlast
);
  // The half of the first beat of every burst under way, and whether the present beat is in the other one.
  logic aw_room, w_known, w_half, w_odd_q, ar_room, r_known, r_half, r_odd_q;
  logic w_high, r_high;

  assign m_awvalid = s_awvalid && aw_room;
  assign s_awready = m_awready && aw_room;
  assign m_wvalid  = s_wvalid && w_known;
  assign s_wready  = m_wready && w_known;
  assign w_high    = w_half ^ w_odd_q;
  assign m_wdata   = {2{s_wdata}};
  assign m_wstrb   = w_high ? {s_wstrb, 8'b0} : {8'b0, s_wstrb};

  assign m_arvalid = s_arvalid && ar_room;
  assign s_arready = m_arready && ar_room;
  assign s_rvalid  = m_rvalid && r_known;
  assign m_rready  = s_rready && r_known;
  assign r_high    = r_half ^ r_odd_q;
  assign s_rdata   = r_high ? m_rdata[127:64] : m_rdata[63:0];

  always_ff @(posedge clk_i) begin
    if (m_wvalid && m_wready) w_odd_q <= !s_wlast && !w_odd_q;
    if (m_rvalid && m_rready) r_odd_q <= !m_rlast && !r_odd_q;
    if (rst_i) begin
      w_odd_q <= 1'b0;
      r_odd_q <= 1'b0;
    end
  end

  stream_fifo #(.WIDTH(1), .DEPTH(DEPTH)) i_writes (
    .clk_i,
    .rst_i,
    .in_valid_i (s_awvalid && m_awready),
    .in_ready_o (aw_room),
    .in_data_i  (s_awaddr[3]),
    .out_valid_o(w_known),
    .out_ready_i(m_wvalid && m_wready && s_wlast),
    .out_data_o (w_half)
  );

  stream_fifo #(.WIDTH(1), .DEPTH(DEPTH)) i_reads (
    .clk_i,
    .rst_i,
    .in_valid_i (s_arvalid && m_arready),
    .in_ready_o (ar_room),
    .in_data_i  (s_araddr[3]),
    .out_valid_o(r_known),
    .out_ready_i(m_rvalid && m_rready && m_rlast),
    .out_data_o (r_half)
  );

  logic unused;
  assign unused = &{1'b0, s_awaddr[ADDRESS_BITS-1:4], s_awaddr[2:0], s_araddr[ADDRESS_BITS-1:4], s_araddr[2:0]};
endmodule
