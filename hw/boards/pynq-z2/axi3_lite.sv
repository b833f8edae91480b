// From an AXI3 master of the processing system to the AXI4-Lite registers: one access at a time.
//
// A burst becomes its single beats; ids come back as they came, and of a burst's write responses the
// first that is no OKAY. Bursts that wrap, which only caches ask for, are answered with SLVERR and reach
// nothing. Every output to the processing system comes out of a register.
module axi3_lite #(
  parameter int ID_BITS      = 12,
  parameter int ADDRESS_BITS = 8     // of the registers
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  // AXI3, from the processing system; a longer burst would be as good
  input  logic                    s_axi_awvalid,
  output logic                    s_axi_awready,
  input  logic [ID_BITS-1:0]      s_axi_awid,
  input  logic [31:0]             s_axi_awaddr,
  input  logic [7:0]              s_axi_awlen,     // wlast ends a burst
  input  logic [2:0]              s_axi_awsize,
  input  logic [1:0]              s_axi_awburst,
  input  logic                    s_axi_wvalid,
  output logic                    s_axi_wready,
  input  logic [31:0]             s_axi_wdata,
  input  logic [3:0]              s_axi_wstrb,
  input  logic                    s_axi_wlast,
  output logic                    s_axi_bvalid,
  input  logic                    s_axi_bready,
  output logic [ID_BITS-1:0]      s_axi_bid,
  output logic [1:0]              s_axi_bresp,
  input  logic                    s_axi_arvalid,
  output logic                    s_axi_arready,
  input  logic [ID_BITS-1:0]      s_axi_arid,
  input  logic [31:0]             s_axi_araddr,
  input  logic [7:0]              s_axi_arlen,
  input  logic [2:0]              s_axi_arsize,
  input  logic [1:0]              s_axi_arburst,
  output logic                    s_axi_rvalid,
  input  logic                    s_axi_rready,
  output logic [ID_BITS-1:0]      s_axi_rid,
  output logic [31:0]             s_axi_rdata,
  output logic [1:0]              s_axi_rresp,
  output logic                    s_axi_rlast,
  // AXI4-Lite, to the registers
  output logic                    m_axi_awvalid,
  input  logic                    m_axi_awready,
  output logic [ADDRESS_BITS-1:0] m_axi_awaddr,
  output logic                    m_axi_wvalid,
  input  logic                    m_axi_wready,
  output logic [31:0]             m_axi_wdata,
  output logic [3:0]              m_axi_wstrb,
  input  logic                    m_axi_bvalid,
  output logic                    m_axi_bready,
  input  logic [1:0]              m_axi_bresp,
  output logic                    m_axi_arvalid,
  input  logic                    m_axi_arready,
  output logic [ADDRESS_BITS-1:0] m_axi_araddr,
  input  logic                    m_axi_rvalid,
  output logic                    m_axi_rready,
  input  logic [31:0]             m_axi_rdata,
  input  logic [1:0]              m_axi_rresp
);
  localparam logic [1:0] OKAY = 2'b00, SLVERR = 2'b10;
  localparam logic [1:0] FIXED = 2'b00, WRAP = 2'b10;

  typedef enum logic [2:0] {
    TAKE,     // the address
    DATA,     // a beat to write
    ASK,
    WAIT,     // for the registers
    ANSWER
  } state_t;

  function automatic logic [ADDRESS_BITS-1:0] following(input logic [ADDRESS_BITS-1:0] address,
                                                        input logic [1:0] burst, input logic [2:0] size);
    return (burst == FIXED) ? address : address + (ADDRESS_BITS'(1) << size);
  endfunction

  // ------------------------------------------------------------------ reading

  state_t      r_state_q;
  logic [7:0]  r_left_q;
  logic [1:0]  r_burst_q;
  logic [2:0]  r_size_q;

  assign s_axi_arready = r_state_q == TAKE;
  assign m_axi_arvalid = r_state_q == ASK;
  assign m_axi_rready  = r_state_q == WAIT;
  assign s_axi_rvalid  = r_state_q == ANSWER;

  always_ff @(posedge clk_i) begin
    unique case (r_state_q)
      TAKE:
        if (s_axi_arvalid) begin
          s_axi_rid    <= s_axi_arid;
          m_axi_araddr <= s_axi_araddr[ADDRESS_BITS-1:0];
          r_left_q     <= s_axi_arlen;
          r_burst_q    <= s_axi_arburst;
          r_size_q     <= s_axi_arsize;
          s_axi_rlast  <= s_axi_arlen == '0;
          s_axi_rdata  <= '0;
          s_axi_rresp  <= SLVERR;
          r_state_q    <= (s_axi_arburst == WRAP) ? ANSWER : ASK;
        end
      ASK: if (m_axi_arready) r_state_q <= WAIT;
      WAIT:
        if (m_axi_rvalid) begin
          s_axi_rdata <= m_axi_rdata;
          s_axi_rresp <= m_axi_rresp;
          r_state_q   <= ANSWER;
        end
      ANSWER:
        if (s_axi_rready) begin
          m_axi_araddr <= following(m_axi_araddr, r_burst_q, r_size_q);
          r_left_q     <= r_left_q - 1'b1;
          s_axi_rlast  <= r_left_q == 8'd1;
          r_state_q    <= s_axi_rlast ? TAKE : (r_burst_q == WRAP) ? ANSWER : ASK;
        end
      default: r_state_q <= TAKE;
    endcase
    if (rst_i) r_state_q <= TAKE;
  end

  // ------------------------------------------------------------------ writing

  logic unused;
  assign unused = &{1'b0, s_axi_awlen, s_axi_awaddr[31:ADDRESS_BITS], s_axi_araddr[31:ADDRESS_BITS]};

  state_t      w_state_q;
  logic        w_last_q;
  logic [1:0]  w_burst_q;
  logic [2:0]  w_size_q;

  assign s_axi_awready = w_state_q == TAKE;
  assign s_axi_wready  = w_state_q == DATA;
  assign m_axi_bready  = w_state_q == WAIT;
  assign s_axi_bvalid  = w_state_q == ANSWER;

  always_ff @(posedge clk_i) begin
    if (m_axi_awready) m_axi_awvalid <= 1'b0;
    if (m_axi_wready) m_axi_wvalid <= 1'b0;
    unique case (w_state_q)
      TAKE:
        if (s_axi_awvalid) begin
          s_axi_bid    <= s_axi_awid;
          m_axi_awaddr <= s_axi_awaddr[ADDRESS_BITS-1:0];
          w_burst_q    <= s_axi_awburst;
          w_size_q     <= s_axi_awsize;
          s_axi_bresp  <= (s_axi_awburst == WRAP) ? SLVERR : OKAY;
          w_state_q    <= DATA;
        end
      DATA:
        if (s_axi_wvalid) begin
          m_axi_wdata <= s_axi_wdata;
          m_axi_wstrb <= s_axi_wstrb;
          w_last_q    <= s_axi_wlast;
          if (w_burst_q != WRAP) begin
            m_axi_awvalid <= 1'b1;
            m_axi_wvalid  <= 1'b1;
            w_state_q     <= WAIT;
          end else if (s_axi_wlast) begin
            w_state_q <= ANSWER;
          end
        end
      WAIT:
        if (m_axi_bvalid) begin
          if (s_axi_bresp == OKAY) s_axi_bresp <= m_axi_bresp;
          m_axi_awaddr <= following(m_axi_awaddr, w_burst_q, w_size_q);
          w_state_q    <= w_last_q ? ANSWER : DATA;
        end
      ANSWER: if (s_axi_bready) w_state_q <= TAKE;
      default: w_state_q <= TAKE;
    endcase
    if (rst_i) begin
      w_state_q     <= TAKE;
      m_axi_awvalid <= 1'b0;
      m_axi_wvalid  <= 1'b0;
    end
  end
endmodule
