// Frame order to token order: FRAMES frames of WORDS words, one after another, become WORDS tokens
// that hold all frames of one word.
//
//   in   w0(t=0) w1(t=0) .. | w0(t=1) w1(t=1) .. | ..
//   out  the token of word w holds frame t at t*WIDTH; it leaves while the last frame comes in
//
// FINN sends a sample frame after frame, our neurons take all timesteps of a pixel at once. The
// frames before the last one wait here: (FRAMES-1) * WORDS * WIDTH bits. No frame is read while it
// is written, so one copy is enough. A word a cycle goes in as long as tokens can leave.
module frame_gather #(
  parameter int FRAMES = 4,
  parameter int WORDS  = 8,
  parameter int WIDTH  = 8
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    in_valid_i,
  output logic                    in_ready_o,
  input  logic [WIDTH-1:0]        in_data_i,
  output logic                    out_valid_o,
  input  logic                    out_ready_i,
  output logic [FRAMES*WIDTH-1:0] out_data_o
);
  localparam int FRAME_BITS = FRAMES > 1 ? $clog2(FRAMES) : 1;
  localparam int WORD_BITS  = WORDS > 1 ? $clog2(WORDS) : 1;

  if (FRAMES < 1 || WORDS < 1 || WIDTH < 1) begin : g_bad_size
    $error("frame_gather: FRAMES, WORDS and WIDTH must be at least 1");
  end

  logic [FRAME_BITS-1:0] frame_q;
  logic [WORD_BITS-1:0]  word_q;
  logic                  last_frame, last_word, accept, complete;
  assign last_frame = frame_q == FRAME_BITS'(FRAMES - 1);
  assign last_word  = word_q == WORD_BITS'(WORDS - 1);
  assign in_ready_o = !last_frame || !out_valid_o || out_ready_i;
  assign accept     = in_valid_i && in_ready_o;
  assign complete   = accept && last_frame;

  logic [WIDTH-1:0] newest_q;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      frame_q     <= '0;
      word_q      <= '0;
      out_valid_o <= 1'b0;
    end else begin
      if (accept) word_q <= last_word ? '0 : word_q + 1'b1;
      if (accept && last_word) frame_q <= last_frame ? '0 : frame_q + 1'b1;
      if (complete) out_valid_o <= 1'b1;
      else if (out_ready_i) out_valid_o <= 1'b0;
    end
    if (complete) newest_q <= in_data_i;
  end

  assign out_data_o[(FRAMES-1)*WIDTH+:WIDTH] = newest_q;

  for (genvar t = 0; t < FRAMES - 1; t++) begin : g_frame
    weight_memory #(
      .WIDTH(WIDTH), .DEPTH(WORDS)
    ) i_words (
      .clk_i,
      .read_en_i(complete), .read_addr_i(word_q), .read_data_o(out_data_o[t*WIDTH+:WIDTH]),
      .write_en_i(accept && frame_q == FRAME_BITS'(t)), .write_addr_i(word_q), .write_data_i(in_data_i)
    );
  end
endmodule
