// Several AXI4 read masters on one port of one id, as weight_fetch has them.
//
// The masters are looked at in turn, one a cycle. Bursts are answered in the order in which they
// were asked for, so a list of their owners and lengths tells whose a beat is. The masters have
// room for all that they ask for: nothing waits on the way back. At most BURSTS are under way.
module read_arbiter #(
  parameter int PORTS        = 2,
  parameter int DATA_BITS    = 64,
  parameter int ADDRESS_BITS = 32,
  parameter int BURSTS       = 16
) (
  input  logic                          clk_i,
  input  logic                          rst_i,
  input  logic [PORTS-1:0]              in_ar_valid_i,
  output logic [PORTS-1:0]              in_ar_ready_o,
  input  logic [PORTS*ADDRESS_BITS-1:0] in_ar_addr_i,
  input  logic [PORTS*8-1:0]            in_ar_len_i,
  output logic [PORTS-1:0]              in_r_valid_o,
  output logic [DATA_BITS-1:0]          in_r_data_o,
  output logic [1:0]                    in_r_resp_o,
  output logic                          ar_valid_o,
  input  logic                          ar_ready_i,
  output logic [ADDRESS_BITS-1:0]       ar_addr_o,
  output logic [7:0]                    ar_len_o,
  output logic [2:0]                    ar_size_o,
  output logic [1:0]                    ar_burst_o,
  input  logic                          r_valid_i,
  output logic                          r_ready_o,
  input  logic [DATA_BITS-1:0]          r_data_i,
  input  logic [1:0]                    r_resp_i
);

  localparam int OWNER_BITS = (PORTS > 1) ? $clog2(PORTS) : 1;

  if (PORTS < 1 || BURSTS < 1) begin : g_bad_sizes
    $error("read_arbiter: PORTS and BURSTS must be at least 1");
  end

  logic [OWNER_BITS-1:0] turn_q, owner;
  logic                  take, list_ready, list_valid, burst_ends;
  logic [7:0]            length, beat_q;

  assign take = in_ar_valid_i[turn_q] && list_ready && (!ar_valid_o || ar_ready_i);

  always_ff @(posedge clk_i) begin
    if (take) begin
      ar_addr_o <= in_ar_addr_i[int'(turn_q)*ADDRESS_BITS +: ADDRESS_BITS];
      ar_len_o  <= in_ar_len_i[int'(turn_q)*8 +: 8];
    end
    if (rst_i) begin
      turn_q     <= '0;
      ar_valid_o <= 1'b0;
    end else begin
      turn_q <= (turn_q == OWNER_BITS'(PORTS - 1)) ? '0 : turn_q + 1'b1;
      if (take) ar_valid_o <= 1'b1;
      else if (ar_ready_i) ar_valid_o <= 1'b0;
    end
  end

  assign in_ar_ready_o = PORTS'(take) << turn_q;
  assign ar_size_o     = 3'($clog2(DATA_BITS / 8));
  assign ar_burst_o    = 2'b01;

  stream_fifo #(.WIDTH(OWNER_BITS + 8), .DEPTH(BURSTS)) i_owners (
    .clk_i, .rst_i,
    .in_valid_i (take),
    .in_ready_o (list_ready),
    .in_data_i  ({turn_q, in_ar_len_i[int'(turn_q)*8 +: 8]}),
    .out_valid_o(list_valid),
    .out_ready_i(burst_ends),
    .out_data_o ({owner, length})
  );

  assign burst_ends = r_valid_i && beat_q == length;

  always_ff @(posedge clk_i) begin
    if (rst_i) beat_q <= '0;
    else if (r_valid_i) beat_q <= burst_ends ? '0 : beat_q + 1'b1;
  end

  assign r_ready_o    = 1'b1;
  assign in_r_valid_o = PORTS'(r_valid_i) << owner;
  assign in_r_data_o  = r_data_i;
  assign in_r_resp_o  = r_resp_i;

  logic unused;
  assign unused = list_valid;   // a beat always belongs to a burst that was asked for

endmodule
