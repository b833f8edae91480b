// Puts an accelerator's token streams behind a serial line.
//
// Request  A5 command [frame | block] crc16   command 1: identify; 2: classify, followed by the frame;
//                                             3: load, followed by a block of an image of weights
// Reply    5A status length16 [payload] crc16
//
// A frame is FRAME_TOKENS tokens of TOKEN_BYTES bytes, least significant byte first; the unused
// bits on top of a token are ignored. It is kept in a buffer of its own and enters the
// accelerator only when all of it has come and its checksum is right, so no broken, short or
// foreign request can disturb the inference that follows. The checksum is CRC-16 (polynomial
// 1021, preset FFFF, most significant byte sent first) of every byte before it, the leading A5
// or 5A included; lengths and numbers go least significant byte first.
//
// An image (LOADABLE = 1) comes in blocks: number of the block (2 bytes), words in it less one (1 byte), the
// words of 32 bits. A block is kept like a frame. Block 0 restarts the accelerator and begins an image; a
// block that comes again because its reply was lost is not passed on twice. Another than the one that is
// due is answered with status 5, a frame without loaded weights with status 6.
//
// payload of identify: "SSNN", version, TOKEN_BYTES (2), FRAME_TOKENS (4), RESULT_BYTES (2),
//                      IDENTITY (16, as its hexadecimal digits are written)
// payload of classify: clocks from the first token in to the result out (4), the result token
// payload of load:     1 if all weights are there, else 0 (1)
//
// Bytes outside a request are passed over. A request that falls silent for GAP_CLOCKS is given up
// and answered with status 3. An accelerator that gives no result within STALL_CLOCKS is restarted
// (restart_o) and the request answered with status 4. Bytes that arrive between the end of a
// request and the end of its reply are lost: one request at a time.
module uart_accelerator #(
    parameter int CLOCKS_PER_BIT = 20,
    parameter int FRAME_TOKENS = 16,
    parameter int IN_WIDTH = 16,                  // token into the accelerator
    parameter int OUT_WIDTH = 16,                 // result token
    parameter int LOADABLE = 0,                   // 1: weights come over the load port
    parameter logic [127:0] IDENTITY = '0,        // what this design is; compared by the driver
    parameter int GAP_CLOCKS = 1_000_000,         // longest silence inside a request
    parameter int STALL_CLOCKS = 50_000_000       // longest inference
) (
    input  logic                 clk_i,
    input  logic                 rst_i,
    input  logic                 rx_i,
    output logic                 tx_o,
    // frame to the accelerator
    output logic                 out_valid_o,
    input  logic                 out_ready_i,
    output logic [ IN_WIDTH-1:0] out_data_o,
    // result from the accelerator
    input  logic                 in_valid_i,
    output logic                 in_ready_o,
    input  logic [OUT_WIDTH-1:0] in_data_i,
    // weights to the accelerator; without LOADABLE nothing leaves
    output logic                 load_valid_o,
    input  logic                 load_ready_i,
    output logic [31:0]          load_data_o,
    input  logic                 loaded_i,        // 1 where weights are not loaded
    output logic                 restart_o,       // synchronous reset of the accelerator
    output logic                 busy_o,          // a frame is being classified
    output logic                 fault_o          // the last request failed
);
  if (FRAME_TOKENS < 1 || IN_WIDTH < 1 || OUT_WIDTH < 1) begin : g_check
    $error("uart_accelerator: FRAME_TOKENS, IN_WIDTH and OUT_WIDTH must be positive");
  end

  localparam logic [7:0] REQUEST_MARK = 8'hA5;
  localparam logic [7:0] REPLY_MARK = 8'h5A;
  localparam logic [7:0] IDENTIFY = 8'd1;
  localparam logic [7:0] CLASSIFY = 8'd2;
  localparam logic [7:0] LOAD = 8'd3;
  localparam logic [7:0] STATUS_OK = 8'd0;
  localparam logic [7:0] STATUS_UNKNOWN_COMMAND = 8'd1;
  localparam logic [7:0] STATUS_BAD_CHECKSUM = 8'd2;
  localparam logic [7:0] STATUS_INCOMPLETE = 8'd3;
  localparam logic [7:0] STATUS_STALLED = 8'd4;
  localparam logic [7:0] STATUS_OUT_OF_TURN = 8'd5;
  localparam logic [7:0] STATUS_NOT_LOADED = 8'd6;
  localparam logic [7:0] VERSION = 8'd1;

  localparam int TOKEN_BYTES = (IN_WIDTH + 7) / 8;
  localparam int RESULT_BYTES = (OUT_WIDTH + 7) / 8;
  localparam int TOKEN_BITS = 8 * TOKEN_BYTES;
  localparam int HEADER_BYTES = 4;
  localparam int IDENTIFY_BYTES = 29;
  localparam int CLASSIFY_BYTES = 4 + RESULT_BYTES;
  localparam int LOAD_BYTES = 1;
  localparam int PAYLOAD_BYTES = IDENTIFY_BYTES > CLASSIFY_BYTES ? IDENTIFY_BYTES : CLASSIFY_BYTES;
  localparam int PAYLOAD_BITS = 8 * PAYLOAD_BYTES;
  localparam int REPLY_BYTES = HEADER_BYTES + PAYLOAD_BYTES;
  localparam int REPLY_BITS = 8 * REPLY_BYTES;
  localparam int LEFT_BITS = $clog2(REPLY_BYTES + 1);
  localparam int ADDRESS_BITS = FRAME_TOKENS > 1 ? $clog2(FRAME_TOKENS) : 1;
  localparam int BYTE_BITS = TOKEN_BYTES > 1 ? $clog2(TOKEN_BYTES) : 1;
  localparam logic [ADDRESS_BITS-1:0] LAST_TOKEN = ADDRESS_BITS'(FRAME_TOKENS - 1);
  localparam logic [BYTE_BITS-1:0] LAST_BYTE = BYTE_BITS'(TOKEN_BYTES - 1);

  localparam int BLOCK_WORDS = 256;
  localparam int SETTLE_CLOCKS = 256;            // from the last word to the end of the chain of loaders

  typedef enum logic [3:0] {
    HUNT,      // for the mark that opens a request
    COMMAND,
    FRAME,
    PLACE,     // number and size of a block
    BLOCK,
    CHECKSUM,
    INFER,
    FEED,      // the block to the accelerator
    REPLY,
    SEAL       // the reply's own checksum
  } state_t;

  function automatic logic [15:0] crc16(input logic [15:0] crc, input logic [7:0] data);
    logic [15:0] next;
    next = crc ^ {data, 8'h00};
    for (int i = 0; i < 8; i++) next = {next[14:0], 1'b0} ^ (next[15] ? 16'h1021 : 16'h0000);
    return next;
  endfunction

  // Replies leave lowest byte first; the identity is to arrive as it is written.
  function automatic logic [127:0] bytes_reversed(input logic [127:0] value);
    logic [127:0] reversed;
    for (int i = 0; i < 16; i++) reversed[8*i+:8] = value[8*(15-i)+:8];
    return reversed;
  endfunction

  localparam logic [8*IDENTIFY_BYTES-1:0] SELF = {
    bytes_reversed(IDENTITY),
    16'(RESULT_BYTES),
    32'(FRAME_TOKENS),
    16'(TOKEN_BYTES),
    VERSION,
    8'h4E, 8'h4E, 8'h53, 8'h53  // "SSNN", first letter lowest
  };

  // ------------------------------------------------------------------ the line

  logic rx_valid, tx_valid, tx_ready;
  logic [7:0] rx_data, tx_data;

  uart_rx #(
      .CLOCKS_PER_BIT(CLOCKS_PER_BIT)
  ) i_rx (
      .clk_i,
      .rst_i,
      .rx_i,
      .out_valid_o(rx_valid),
      .out_data_o (rx_data)
  );

  uart_tx #(
      .CLOCKS_PER_BIT(CLOCKS_PER_BIT)
  ) i_tx (
      .clk_i,
      .rst_i,
      .in_valid_i(tx_valid),
      .in_ready_o(tx_ready),
      .in_data_i (tx_data),
      .tx_o
  );

  // ------------------------------------------------------------------ state

  state_t state_q;
  logic [15:0] crc_q;  // of the request so far, then of the reply so far
  logic [31:0] timer_q;  // clocks of silence in a request, or clocks of the inference
  logic [31:0] cycles_q;
  logic identify_q, load_q, second_q, running_q, fault_q, restart_q;
  logic [BYTE_BITS-1:0] byte_q;
  logic [ADDRESS_BITS-1:0] token_q;
  logic [REPLY_BITS-1:0] reply_q;
  logic [LEFT_BITS-1:0] left_q;

  logic [15:0] block_q, due_q;  // number of this block, and of the one that is due
  logic [7:0] word_q, last_word_q;  // of the block
  logic [1:0] part_q;  // bytes of its header, then of a word
  logic fed;  // all of the block has been taken

  wire in_request = state_q == COMMAND || state_q == FRAME || state_q == PLACE || state_q == BLOCK
                 || state_q == CHECKSUM;
  wire working = state_q == INFER || state_q == FEED;
  wire silent = in_request && timer_q == 32'(GAP_CLOCKS - 1);
  wire stalled = working && timer_q == 32'(STALL_CLOCKS - 1);
  wire in_turn = block_q == due_q || block_q == '0;
  wire again = block_q + 1'b1 == due_q && block_q != '0;
  wire [15:0] rx_crc = crc16(crc_q, rx_data);
  wire finished = in_valid_i && in_ready_o;
  wire [7:0] command_status = rx_crc != 16'h0000 ? STATUS_BAD_CHECKSUM : STATUS_OK;

  always_ff @(posedge clk_i) begin
    restart_q <= 1'b0;
    timer_q   <= ((rx_valid && !working) || (load_valid_o && load_ready_i)) ? '0 : timer_q + 1'b1;
    if (running_q) cycles_q <= cycles_q + 1'b1;
    if (out_valid_o && out_ready_i) running_q <= 1'b1;
    if (rx_valid && in_request) crc_q <= rx_crc;

    case (state_q)
      HUNT: begin
        crc_q <= crc16(16'hFFFF, REQUEST_MARK);
        if (rx_valid && rx_data == REQUEST_MARK) state_q <= COMMAND;
      end

      COMMAND: begin
        byte_q   <= '0;
        token_q  <= '0;
        part_q   <= '0;
        word_q   <= '0;
        second_q <= 1'b0;
        if (rx_valid) begin
          identify_q <= rx_data == IDENTIFY;
          load_q     <= rx_data == LOAD && LOADABLE != 0;
          if (rx_data == IDENTIFY) state_q <= CHECKSUM;
          else if (rx_data == CLASSIFY) state_q <= FRAME;
          else if (rx_data == LOAD && LOADABLE != 0) state_q <= PLACE;
          else if (rx_data == REQUEST_MARK) crc_q <= crc_q;  // a stray mark before the real one
          else refuse(STATUS_UNKNOWN_COMMAND);
        end
      end

      FRAME:
      if (rx_valid) begin
        byte_q <= byte_q == LAST_BYTE ? '0 : byte_q + 1'b1;
        if (byte_q == LAST_BYTE) begin
          token_q <= token_q + 1'b1;
          if (token_q == LAST_TOKEN) state_q <= CHECKSUM;
        end
      end

      PLACE:
      if (rx_valid) begin
        {last_word_q, block_q} <= {rx_data, last_word_q, block_q[15:8]};
        part_q <= part_q + 1'b1;
        if (part_q == 2'd2) begin
          part_q  <= '0;
          state_q <= BLOCK;
        end
      end

      BLOCK:
      if (rx_valid) begin
        part_q <= part_q + 1'b1;
        if (part_q == 2'd3) begin
          word_q <= word_q + 1'b1;
          if (word_q == last_word_q) state_q <= CHECKSUM;
        end
      end

      CHECKSUM:
      if (rx_valid) begin
        second_q <= 1'b1;
        if (second_q) begin
          if (command_status != STATUS_OK) refuse(command_status);
          else if (identify_q) answer(IDENTIFY_BYTES, PAYLOAD_BITS'(SELF));
          else if (load_q && again) answer(LOAD_BYTES, PAYLOAD_BITS'(loaded_i));
          else if (load_q && !in_turn) refuse(STATUS_OUT_OF_TURN);
          else if (load_q) begin
            state_q   <= FEED;
            restart_q <= block_q == '0;
            due_q     <= block_q + 1'b1;
          end else if (!loaded_i) refuse(STATUS_NOT_LOADED);
          else begin
            state_q   <= INFER;
            timer_q   <= '0;
            cycles_q  <= '0;
            running_q <= 1'b0;
          end
        end
      end

      INFER:
      if (finished) begin
        answer(CLASSIFY_BYTES, PAYLOAD_BITS'({in_data_i, cycles_q + 32'd1}));
      end else if (stalled) begin
        restart_q <= 1'b1;
        due_q     <= '0;
        refuse(STATUS_STALLED);
      end

      FEED:
      if (fed && timer_q == 32'(SETTLE_CLOCKS - 1)) answer(LOAD_BYTES, PAYLOAD_BITS'(loaded_i));
      else if (stalled) begin
        restart_q <= 1'b1;
        due_q     <= '0;
        refuse(STATUS_STALLED);
      end

      REPLY: begin
        second_q <= 1'b0;
        if (tx_ready) begin
          crc_q   <= crc16(crc_q, tx_data);
          reply_q <= reply_q >> 8;
          left_q  <= left_q - 1'b1;
          if (left_q == 1) state_q <= SEAL;
        end
      end

      SEAL:
      if (tx_ready) begin
        crc_q    <= {crc_q[7:0], 8'h00};
        second_q <= 1'b1;
        if (second_q) state_q <= HUNT;
      end

      default: state_q <= HUNT;
    endcase

    if (silent && !rx_valid) refuse(STATUS_INCOMPLETE);

    if (rst_i) begin
      state_q   <= HUNT;
      running_q <= 1'b0;
      fault_q   <= 1'b0;
      due_q     <= '0;
      restart_q <= 1'b1;
    end
  end

  task automatic answer(input int bytes, input logic [PAYLOAD_BITS-1:0] payload);
    state_q <= REPLY;
    crc_q   <= 16'hFFFF;
    fault_q <= 1'b0;
    left_q  <= LEFT_BITS'(bytes + HEADER_BYTES);
    reply_q <= {payload, 16'(bytes), STATUS_OK, REPLY_MARK};
  endtask

  task automatic refuse(input logic [7:0] status);
    state_q <= REPLY;
    crc_q   <= 16'hFFFF;
    fault_q <= 1'b1;
    left_q  <= LEFT_BITS'(HEADER_BYTES);
    reply_q <= REPLY_BITS'({16'd0, status, REPLY_MARK});
  endtask

  assign tx_valid  = state_q == REPLY || state_q == SEAL;
  assign tx_data   = state_q == SEAL ? crc_q[15:8] : reply_q[7:0];
  assign busy_o    = state_q == INFER;
  assign fault_o   = fault_q;
  assign restart_o = restart_q;

  // ------------------------------------------------------------------ the frame buffer

  logic [IN_WIDTH-1:0] frame[FRAME_TOKENS];
  logic [TOKEN_BITS-1:0] partial_q;  // bytes of the present token, the latest on top
  logic write_q, out_valid_q, left_to_read_q;
  logic [ADDRESS_BITS-1:0] write_address_q, read_address_q;
  logic [IN_WIDTH-1:0] out_data_q;

  wire read = state_q == INFER && left_to_read_q && (!out_valid_q || out_ready_i);

  always_ff @(posedge clk_i) begin
    if (rx_valid) partial_q <= TOKEN_BITS'({rx_data, partial_q} >> 8);
    write_q         <= state_q == FRAME && rx_valid && byte_q == LAST_BYTE;
    write_address_q <= token_q;
    if (write_q) frame[write_address_q] <= IN_WIDTH'(partial_q);
  end

  always_ff @(posedge clk_i) begin
    if (read) out_data_q <= frame[read_address_q];
  end

  always_ff @(posedge clk_i) begin
    if (out_ready_i) out_valid_q <= 1'b0;
    if (state_q != INFER) begin
      out_valid_q    <= 1'b0;
      left_to_read_q <= 1'b1;
      read_address_q <= '0;
    end else if (read) begin
      out_valid_q    <= 1'b1;
      read_address_q <= read_address_q + 1'b1;
      left_to_read_q <= read_address_q != LAST_TOKEN;
    end
    if (rst_i) out_valid_q <= 1'b0;
  end

  assign out_valid_o = out_valid_q;
  assign out_data_o  = out_data_q;
  // A result may come before the last tokens are taken (pooling drops odd rows): it waits for them,
  // so that the buffer is free and the accelerator between two frames when the reply goes out.
  assign in_ready_o  = state_q == INFER && !left_to_read_q && !out_valid_q;

  // ------------------------------------------------------------------ the buffer of a block

  if (LOADABLE != 0) begin : g_load
    logic [31:0] block[BLOCK_WORDS];
    logic [31:0] shift_q, load_data_q;  // the present word's bytes, the latest on top
    logic block_write_q, load_valid_q, to_feed_q;
    logic [7:0] block_write_address_q, block_read_address_q;

    wire block_read = state_q == FEED && to_feed_q && (!load_valid_q || load_ready_i);

    always_ff @(posedge clk_i) begin
      if (rx_valid) shift_q <= {rx_data, shift_q[31:8]};
      block_write_q         <= state_q == BLOCK && rx_valid && part_q == 2'd3;
      block_write_address_q <= word_q;
      if (block_write_q) block[block_write_address_q] <= shift_q;
    end

    always_ff @(posedge clk_i) begin
      if (block_read) load_data_q <= block[block_read_address_q];
    end

    // The first word is offered a clock after the restart that block 0 brings.
    always_ff @(posedge clk_i) begin
      if (load_ready_i) load_valid_q <= 1'b0;
      if (state_q != FEED) begin
        load_valid_q         <= 1'b0;
        to_feed_q            <= 1'b1;
        block_read_address_q <= '0;
      end else if (block_read) begin
        load_valid_q         <= 1'b1;
        block_read_address_q <= block_read_address_q + 1'b1;
        to_feed_q            <= block_read_address_q != last_word_q;
      end
      if (rst_i) load_valid_q <= 1'b0;
    end

    assign fed          = !to_feed_q && !load_valid_q;
    assign load_valid_o = load_valid_q;
    assign load_data_o  = load_data_q;
  end else begin : g_no_load
    logic unused;
    assign unused = &{1'b0, load_ready_i, word_q, last_word_q, part_q};
    assign {fed, load_valid_o, load_data_o} = '0;
  end
endmodule
