// Reads a stretch of memory over AXI4: bursts within 4 KB, several of them under way.
//
// A burst is asked for only when there is room for all of it, so r_ready_o is always high. While
// halt_i is high nothing more is asked for and what comes is dropped; idle_o then tells that the bus
// owes nothing, and the reader begins anew. A beat with an error is passed on like any other and
// told in error_o. One id; a burst ends by its count.
module axi_reader #(
  parameter int ADDRESS_BITS = 32,
  parameter int DATA_BITS    = 64,
  parameter int MAX_BURST    = 16,      // beats; 16 at most for AXI3
  parameter int OUTSTANDING  = 4        // bursts under way
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    start_i,       // only while idle_o
  input  logic [ADDRESS_BITS-1:0] address_i,     // of a whole beat
  input  logic [31:0]             beats_i,
  input  logic                    halt_i,
  output logic                    idle_o,        // all has come
  output logic                    error_o,       // in this cycle
  output logic                    out_valid_o,
  input  logic                    out_ready_i,
  output logic [DATA_BITS-1:0]    out_data_o,
  output logic                    ar_valid_o,
  input  logic                    ar_ready_i,
  output logic [ADDRESS_BITS-1:0] ar_addr_o,
  output logic [7:0]              ar_len_o,
  input  logic                    r_valid_i,
  output logic                    r_ready_o,
  input  logic [DATA_BITS-1:0]    r_data_i,
  input  logic [1:0]              r_resp_i
);

  localparam int BEAT_BYTES = DATA_BITS / 8;
  localparam int OFFSET     = $clog2(BEAT_BYTES);
  localparam int DEPTH      = OUTSTANDING * MAX_BURST;
  localparam int ROOM_BITS  = $clog2(DEPTH + 1);

  if (DATA_BITS < 8 || DATA_BITS > 1024 || (DATA_BITS & (DATA_BITS - 1)) != 0) begin : g_bad_data
    $error("axi_reader: DATA_BITS must be a power of two from 8 to 1024");
  end
  if (MAX_BURST < 1 || MAX_BURST > 256 || OUTSTANDING < 1) begin : g_bad_burst
    $error("axi_reader: MAX_BURST must be 1 to 256 and OUTSTANDING at least 1");
  end
  if (ADDRESS_BITS < 13 || ADDRESS_BITS > 64) begin : g_bad_address
    $error("axi_reader: ADDRESS_BITS must be 13 to 64");
  end

  logic [ADDRESS_BITS-1:0] address_q;
  logic [31:0]             left_q;        // beats that no burst has been cut from
  logic [8:0]              length, cut_q; // beats of the next burst; 0: not cut yet
  logic [ROOM_BITS-1:0]    room_q;        // beats that neither wait nor are under way
  logic [ROOM_BITS-1:0]    owed_q;        // beats that were asked for and have not come
  logic                    ask, push, pop, fifo_ready, fifo_rst;

  axi_burst #(.ADDRESS_BITS(ADDRESS_BITS), .DATA_BITS(DATA_BITS), .MAX_BURST(MAX_BURST)) i_burst (
    .address_i(address_q), .left_i(left_q), .length_o(length)
  );

  assign ask  = cut_q != '0 && !halt_i && 32'(room_q) >= 32'(cut_q) && (!ar_valid_o || ar_ready_i);
  assign push = r_valid_i && !halt_i;
  assign pop  = out_valid_o && out_ready_i;

  always_ff @(posedge clk_i) begin
    if (ask) begin
      ar_addr_o <= address_q;
      ar_len_o  <= 8'(cut_q - 1'b1);
    end
    if (start_i) address_q <= address_i;
    else if (ask) address_q <= address_q + (ADDRESS_BITS'(cut_q) << OFFSET);

    if (rst_i) begin
      ar_valid_o <= 1'b0;
      left_q     <= '0;
      cut_q      <= '0;
      room_q     <= ROOM_BITS'(DEPTH);
      owed_q     <= '0;
    end else begin
      if (ask) ar_valid_o <= 1'b1;
      else if (ar_ready_i) ar_valid_o <= 1'b0;

      owed_q <= owed_q + (ask ? ROOM_BITS'(cut_q) : '0) - ROOM_BITS'(r_valid_i);
      room_q <= room_q - (ask ? ROOM_BITS'(cut_q) : '0) + ROOM_BITS'(pop);

      // A burst is cut in one cycle and asked for in a later one: no long path from the address.
      if (start_i) left_q <= beats_i;
      else if (ask) left_q <= left_q - 32'(cut_q);
      cut_q <= (ask || start_i) ? '0 : length;

      if (halt_i) begin
        left_q <= '0;
        cut_q  <= '0;
        room_q <= ROOM_BITS'(DEPTH);
      end
    end
  end

  assign r_ready_o = 1'b1;
  assign error_o   = r_valid_i && r_resp_i[1];
  assign idle_o    = left_q == '0 && owed_q == '0;   // beats are owed from the moment of asking
  assign fifo_rst  = rst_i || halt_i;

  stream_fifo #(.WIDTH(DATA_BITS), .DEPTH(DEPTH)) i_beats (
    .clk_i,
    .rst_i      (fifo_rst),
    .in_valid_i (push),
    .in_ready_o (fifo_ready),
    .in_data_i  (r_data_i),
    .out_valid_o, .out_ready_i, .out_data_o
  );

  logic unused;
  assign unused = &{1'b0, fifo_ready, r_resp_i[0]};   // there is room for all that was asked for

endmodule
