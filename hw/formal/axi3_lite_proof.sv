// axi3_lite: every burst becomes its beats, in order, at their addresses, and is answered once with its
// own id: a read with as many beats as it asked for and the registers' data, a write with the first
// answer that is no OKAY; a burst that wraps reaches nothing and is refused whole; what is on offer
// stays until it is taken; nothing stands still that the other side does not hold; by induction.
module axi3_lite_proof (
  input logic clk_i, rst_i,
  input logic awvalid_i, wvalid_i, wlast_i, bready_i, arvalid_i, rready_i,
  input logic [1:0] awid_i, arid_i, awburst_i, arburst_i,
  input logic [7:0] awaddr_i, araddr_i,
  input logic [3:0] awlen_i, arlen_i, wstrb_i,
  input logic [2:0] awsize_i, arsize_i,
  input logic [31:0] wdata_i,
  input logic m_awready_i, m_wready_i, m_bvalid_i, m_arready_i, m_rvalid_i,
  input logic [1:0] m_bresp_i, m_rresp_i,
  input logic [31:0] m_rdata_i
);
  localparam logic [1:0] OKAY = 2'b00, FIXED = 2'b00, WRAP = 2'b10, SLVERR = 2'b10;
  logic awready, wready, bvalid, arready, rvalid, rlast;
  logic m_awvalid, m_wvalid, m_bready, m_arvalid, m_rready;
  logic [1:0] bid, bresp, rid, rresp;
  logic [31:0] rdata, m_wdata;
  logic [7:0] m_awaddr, m_araddr;
  logic [3:0] m_wstrb;

  axi3_lite #(.ID_BITS(2), .ADDRESS_BITS(8)) i_dut (
    .clk_i, .rst_i,
    .s_axi_awvalid(awvalid_i), .s_axi_awready(awready), .s_axi_awid(awid_i), .s_axi_awaddr({24'h43c000, awaddr_i}),
    .s_axi_awlen({4'd0, awlen_i}), .s_axi_awsize(awsize_i), .s_axi_awburst(awburst_i),
    .s_axi_wvalid(wvalid_i), .s_axi_wready(wready), .s_axi_wdata(wdata_i), .s_axi_wstrb(wstrb_i), .s_axi_wlast(wlast_i),
    .s_axi_bvalid(bvalid), .s_axi_bready(bready_i), .s_axi_bid(bid), .s_axi_bresp(bresp),
    .s_axi_arvalid(arvalid_i), .s_axi_arready(arready), .s_axi_arid(arid_i), .s_axi_araddr({24'h43c000, araddr_i}),
    .s_axi_arlen({4'd0, arlen_i}), .s_axi_arsize(arsize_i), .s_axi_arburst(arburst_i),
    .s_axi_rvalid(rvalid), .s_axi_rready(rready_i), .s_axi_rid(rid), .s_axi_rdata(rdata), .s_axi_rresp(rresp),
    .s_axi_rlast(rlast),
    .m_axi_awvalid(m_awvalid), .m_axi_awready(m_awready_i), .m_axi_awaddr(m_awaddr),
    .m_axi_wvalid(m_wvalid), .m_axi_wready(m_wready_i), .m_axi_wdata(m_wdata), .m_axi_wstrb(m_wstrb),
    .m_axi_bvalid(m_bvalid_i), .m_axi_bready(m_bready), .m_axi_bresp(m_bresp_i),
    .m_axi_arvalid(m_arvalid), .m_axi_arready(m_arready_i), .m_axi_araddr(m_araddr),
    .m_axi_rvalid(m_rvalid_i), .m_axi_rready(m_rready), .m_axi_rdata(m_rdata_i), .m_axi_rresp(m_rresp_i)
  );

  // ---- Every channel keeps its promise, the world's channels too ----
  stream_watch #(.WIDTH(19), .ASSUMED(1)) i_aw (.clk_i, .rst_i, .valid_i(awvalid_i), .ready_i(awready),
    .data_i({awid_i, awburst_i, awaddr_i, awlen_i, awsize_i}), .watch_i('0), .number_o(), .watched_o());
  stream_watch #(.WIDTH(37), .ASSUMED(1)) i_w (.clk_i, .rst_i, .valid_i(wvalid_i), .ready_i(wready),
    .data_i({wdata_i, wstrb_i, wlast_i}), .watch_i('0), .number_o(), .watched_o());
  stream_watch #(.WIDTH(19), .ASSUMED(1)) i_ar (.clk_i, .rst_i, .valid_i(arvalid_i), .ready_i(arready),
    .data_i({arid_i, arburst_i, araddr_i, arlen_i, arsize_i}), .watch_i('0), .number_o(), .watched_o());
  stream_watch #(.WIDTH(4)) i_b (.clk_i, .rst_i, .valid_i(bvalid), .ready_i(bready_i),
    .data_i({bid, bresp}), .watch_i('0), .number_o(), .watched_o());
  stream_watch #(.WIDTH(37)) i_r (.clk_i, .rst_i, .valid_i(rvalid), .ready_i(rready_i),
    .data_i({rid, rresp, rlast, rdata}), .watch_i('0), .number_o(), .watched_o());
  stream_watch #(.WIDTH(8)) i_m_aw (.clk_i, .rst_i, .valid_i(m_awvalid), .ready_i(m_awready_i),
    .data_i(m_awaddr), .watch_i('0), .number_o(), .watched_o());
  stream_watch #(.WIDTH(36)) i_m_w (.clk_i, .rst_i, .valid_i(m_wvalid), .ready_i(m_wready_i),
    .data_i({m_wdata, m_wstrb}), .watch_i('0), .number_o(), .watched_o());
  stream_watch #(.WIDTH(8)) i_m_ar (.clk_i, .rst_i, .valid_i(m_arvalid), .ready_i(m_arready_i),
    .data_i(m_araddr), .watch_i('0), .number_o(), .watched_o());

  function automatic logic [7:0] place(input logic [7:0] from, input logic [1:0] burst, input logic [2:0] size,
                                       input logic [3:0] beat);
    return (burst == FIXED) ? from : from + 8'(32'(beat) << size);
  endfunction

  // ---- A burst that is read: which beat is due, asked for, come ----
  logic began = 1'b0;
  logic r_busy, r_asked, r_come;
  logic [1:0] r_id, r_burst, r_answer;
  logic [7:0] r_from;
  logic [3:0] r_last, r_beat;
  logic [2:0] r_size;
  logic [31:0] r_value;
  // ---- A burst that is written ----
  logic w_busy, w_closed, w_out, aw_gone, w_gone;     // all beats come; a beat is with the registers
  logic [1:0] w_id, w_burst, w_worst;
  logic [7:0] w_from;
  logic [3:0] w_last, w_beat, w_strb;                 // w_beat: number of the beat that comes or is out
  logic [2:0] w_size;
  logic [31:0] w_value;
  logic w_final;
  logic r_still, w_still;                             // nobody holds the module up, and nothing moves
  logic [1:0] r_stuck, w_stuck;

  assign r_still = r_busy && !(m_arvalid || rvalid || m_rready);
  assign w_still = w_busy && !(m_awvalid || m_wvalid || bvalid || m_bready || wready);

  always_ff @(posedge clk_i) begin
    began   <= 1'b1;
    r_stuck <= (rst_i || !r_still) ? '0 : r_stuck + 1'b1;
    w_stuck <= (rst_i || !w_still) ? '0 : w_stuck + 1'b1;
    if (rst_i) {r_busy, w_busy, w_closed, w_out, aw_gone, w_gone, r_asked, r_come} <= '0;
    else begin
      if (arvalid_i && arready) begin
        {r_busy, r_asked, r_come, r_beat} <= {1'b1, 1'b0, 1'b0, 4'd0};
        {r_id, r_burst, r_from, r_last, r_size} <= {arid_i, arburst_i, araddr_i, arlen_i, arsize_i};
      end
      if (m_arvalid && m_arready_i) r_asked <= 1'b1;
      if (m_rvalid_i && m_rready) {r_come, r_value, r_answer} <= {1'b1, m_rdata_i, m_rresp_i};
      if (rvalid && rready_i) begin
        {r_asked, r_come} <= '0;
        r_beat <= r_beat + 1'b1;
        if (r_beat == r_last) r_busy <= 1'b0;
      end
      if (awvalid_i && awready) begin
        {w_busy, w_closed, w_beat, w_worst} <= {1'b1, 1'b0, 4'd0, OKAY};
        {w_id, w_burst, w_from, w_last, w_size} <= {awid_i, awburst_i, awaddr_i, awlen_i, awsize_i};
      end
      if (wvalid_i && wready) begin
        {w_value, w_strb, w_final, aw_gone, w_gone} <= {wdata_i, wstrb_i, wlast_i, 2'b00};
        w_out <= w_burst != WRAP;
        if (w_burst == WRAP) {w_beat, w_closed} <= {w_beat + 4'd1, wlast_i};
      end
      if (m_awvalid && m_awready_i) aw_gone <= 1'b1;
      if (m_wvalid && m_wready_i) w_gone <= 1'b1;
      if (m_bvalid_i && m_bready) begin
        {w_out, w_closed} <= {1'b0, w_final};
        w_beat <= w_beat + 1'b1;
        if (w_worst == OKAY) w_worst <= m_bresp_i;
      end
      if (bvalid && bready_i) w_busy <= 1'b0;
    end
  end

  always_comb begin
    assume (began || rst_i);
    // The registers answer what was asked; the master ends a burst with its last beat.
    if (m_rvalid_i) assume (r_asked && !r_come);
    if (m_bvalid_i) assume (w_out && aw_gone && w_gone);
    if (wvalid_i) assume (wlast_i == (w_beat == w_last) || !w_busy);
    if (began && !rst_i) begin
      one_read_at_once:  assert (arready == !r_busy);
      one_write_at_once: assert (awready == !w_busy);
      if (m_arvalid) begin
        asks_for_its_beat: assert (r_busy && !r_asked && r_burst != WRAP && m_araddr == place(r_from, r_burst, r_size, r_beat));
      end
      if (rvalid) begin
        answers_a_beat:    assert (r_busy && rid == r_id && rlast == (r_beat == r_last));
        if (r_burst == WRAP) refuses_to_wrap: assert (rresp == SLVERR && !r_asked);
        else as_it_came:   assert (r_come && rdata == r_value && rresp == r_answer);
      end
      if (m_awvalid) write_at_its_place: assert (w_out && !aw_gone && m_awaddr == place(w_from, w_burst, w_size, w_beat));
      if (m_wvalid)  writes_what_came:   assert (w_out && !w_gone && m_wdata == w_value && m_wstrb == w_strb);
      nothing_out_twice:   assert (!w_out || (m_awvalid == !aw_gone && m_wvalid == !w_gone));
      wrapping_reaches_nothing: assert (w_burst != WRAP || !w_busy || (!m_awvalid && !m_wvalid));
      if (bvalid) begin
        answers_at_the_end: assert (w_busy && w_closed && bid == w_id);
        first_that_is_no_okay: assert (bresp == ((w_burst == WRAP) ? SLVERR : w_worst));
      end
      takes_beats_of_a_burst: assert (!wready || (w_busy && !w_closed && !w_out));
      reads_go_on:         assert (r_stuck == '0);
      writes_go_on:        assert (w_stuck == '0);
    end
  end

  // ---- What the registers hold ----
  localparam logic [2:0] TAKE = 3'd0, DATA = 3'd1, ASK = 3'd2, WAIT = 3'd3, ANSWER = 3'd4;
  always_comb if (began && !rst_i) begin
    assert (r_busy == (i_dut.r_state_q != TAKE) && w_busy == (i_dut.w_state_q != TAKE));
    assert (i_dut.r_state_q == TAKE || i_dut.r_state_q == ASK || i_dut.r_state_q == WAIT || i_dut.r_state_q == ANSWER);
    assert (i_dut.w_state_q == TAKE || i_dut.w_state_q == DATA || i_dut.w_state_q == WAIT || i_dut.w_state_q == ANSWER);
    if (r_busy) begin
      assert (r_beat <= r_last && i_dut.r_left_q == 8'(r_last) - 8'(r_beat) && rlast == (r_beat == r_last));
      assert (rid == r_id && i_dut.r_burst_q == r_burst && i_dut.r_size_q == r_size);
      if (r_burst != WRAP) assert (m_araddr == place(r_from, r_burst, r_size, r_beat));
      assert ((i_dut.r_state_q == ASK) == (r_burst != WRAP && !r_asked));
      if (r_burst == WRAP) assert (i_dut.r_state_q == ANSWER && rresp == SLVERR && !r_asked && !r_come);
      assert ((i_dut.r_state_q == WAIT) == (r_asked && !r_come) && (!r_come || r_asked));
      if (r_come) assert (rdata == r_value && rresp == r_answer);
    end else assert (!r_asked && !r_come);
    if (w_busy) begin
      assert (w_closed || (w_beat <= w_last && (!w_out || w_final == (w_beat == w_last))));
      assert (bid == w_id && i_dut.w_burst_q == w_burst && i_dut.w_size_q == w_size);
      assert (bresp == ((w_burst == WRAP) ? SLVERR : w_worst));
      if (w_burst != WRAP && !w_closed) assert (m_awaddr == place(w_from, w_burst, w_size, w_beat));
      assert ((i_dut.w_state_q == WAIT) == w_out && (i_dut.w_state_q == ANSWER) == w_closed);
      if (w_out) assert (i_dut.w_last_q == w_final && m_wdata == w_value && m_wstrb == w_strb && w_burst != WRAP);
    end else assert (!w_out);
    if (!w_out) assert (!m_awvalid && !m_wvalid);
  end
endmodule
