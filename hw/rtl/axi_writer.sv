// Writes a stream to a stretch of memory over AXI4: bursts within 4 KB.
//
// A burst is begun only when all its beats are there, so the bus never waits for the accelerator.
// While halt_i is high no further one begins and what waits is dropped; idle_o then tells that the
// bus owes nothing. A burst that was answered with an error is told in error_o.
module axi_writer #(
  parameter int ADDRESS_BITS = 32,
  parameter int DATA_BITS    = 64,
  parameter int MAX_BURST    = 16       // beats; 16 at most for AXI3
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    start_i,       // only while idle_o
  input  logic [ADDRESS_BITS-1:0] address_i,     // of a whole beat
  input  logic [31:0]             beats_i,
  input  logic                    halt_i,
  output logic                    idle_o,        // all has gone and was answered
  output logic                    error_o,       // in this cycle
  input  logic                    in_valid_i,
  output logic                    in_ready_o,
  input  logic [DATA_BITS-1:0]    in_data_i,
  output logic                    aw_valid_o,
  input  logic                    aw_ready_i,
  output logic [ADDRESS_BITS-1:0] aw_addr_o,
  output logic [7:0]              aw_len_o,
  output logic                    w_valid_o,
  input  logic                    w_ready_i,
  output logic [DATA_BITS-1:0]    w_data_o,
  output logic                    w_last_o,
  input  logic                    b_valid_i,
  output logic                    b_ready_o,
  input  logic [1:0]              b_resp_i
);

  localparam int OFFSET     = $clog2(DATA_BITS / 8);
  localparam int DEPTH      = 2 * MAX_BURST;
  localparam int STORE_BITS = $clog2(DEPTH + 2);
  localparam int ANSWERS    = 15;      // bursts that may wait for their answer

  if (DATA_BITS < 8 || DATA_BITS > 1024 || (DATA_BITS & (DATA_BITS - 1)) != 0) begin : g_bad_data
    $error("axi_writer: DATA_BITS must be a power of two from 8 to 1024");
  end
  if (MAX_BURST < 1 || MAX_BURST > 256) begin : g_bad_burst
    $error("axi_writer: MAX_BURST must be 1 to 256");
  end
  if (ADDRESS_BITS < 13 || ADDRESS_BITS > 64) begin : g_bad_address
    $error("axi_writer: ADDRESS_BITS must be 13 to 64");
  end

  logic [ADDRESS_BITS-1:0] address_q;
  logic [31:0]             left_q;        // beats that no burst has been cut from
  logic [8:0]              length, cut_q; // beats of the next burst; 0: not cut yet
  logic [8:0]              to_send_q;     // beats of the present burst
  logic [STORE_BITS-1:0]   stored_q;      // beats that wait and belong to no burst yet
  logic [3:0]              owed_q;        // bursts that were not answered
  logic                    begin_burst, push, send, fifo_ready, fifo_valid, fifo_rst;

  axi_burst #(.ADDRESS_BITS(ADDRESS_BITS), .DATA_BITS(DATA_BITS), .MAX_BURST(MAX_BURST)) i_burst (
    .address_i(address_q), .left_i(left_q), .length_o(length)
  );

  assign begin_burst = cut_q != '0 && !halt_i && 32'(stored_q) >= 32'(cut_q) && !aw_valid_o
                    && to_send_q == '0 && owed_q != 4'(ANSWERS);
  assign in_ready_o  = fifo_ready && !halt_i;
  assign push        = in_valid_i && in_ready_o;
  assign send        = w_valid_o && w_ready_i;

  always_ff @(posedge clk_i) begin
    if (begin_burst) begin
      aw_addr_o <= address_q;
      aw_len_o  <= 8'(cut_q - 1'b1);
    end
    if (start_i) address_q <= address_i;
    else if (begin_burst) address_q <= address_q + (ADDRESS_BITS'(cut_q) << OFFSET);

    if (rst_i) begin
      aw_valid_o <= 1'b0;
      left_q     <= '0;
      cut_q      <= '0;
      to_send_q  <= '0;
      stored_q   <= '0;
      owed_q     <= '0;
    end else begin
      if (begin_burst) aw_valid_o <= 1'b1;
      else if (aw_ready_i) aw_valid_o <= 1'b0;

      if (begin_burst) to_send_q <= cut_q;
      else if (send) to_send_q <= to_send_q - 1'b1;

      stored_q <= stored_q + STORE_BITS'(push) - (begin_burst ? STORE_BITS'(cut_q) : '0);
      owed_q   <= owed_q + 4'(begin_burst) - 4'(b_valid_i);

      if (start_i) left_q <= beats_i;
      else if (begin_burst) left_q <= left_q - 32'(cut_q);
      cut_q <= (begin_burst || start_i) ? '0 : length;

      if (halt_i) begin
        left_q   <= '0;
        cut_q    <= '0;
        stored_q <= '0;
      end
    end
  end

  assign b_ready_o = 1'b1;
  assign error_o   = b_valid_i && b_resp_i[1];
  assign idle_o    = left_q == '0 && owed_q == '0;   // an answer comes behind address and data
  assign w_valid_o = fifo_valid && to_send_q != '0;
  assign w_last_o  = to_send_q == 9'd1;
  assign fifo_rst  = rst_i || (halt_i && to_send_q == '0);

  stream_fifo #(.WIDTH(DATA_BITS), .DEPTH(DEPTH)) i_beats (
    .clk_i,
    .rst_i      (fifo_rst),
    .in_valid_i (push),
    .in_ready_o (fifo_ready),
    .in_data_i,
    .out_valid_o(fifo_valid),
    .out_ready_i(send),
    .out_data_o (w_data_o)
  );

  logic unused;
  assign unused = &{1'b0, b_resp_i[0]};

endmodule
