// Token order to frame order: WORDS tokens that hold FRAMES frames of one word each become FRAMES
// frames of WORDS words, one after another. The reverse of frame_gather.
//
// The first frame leaves as the tokens come; the others wait here, (FRAMES-1) * WORDS * WIDTH bits,
// and no token is taken until they have left. Behind a frame_gather that costs no time: it collects
// as many frames meanwhile.
module frame_scatter #(
  parameter int FRAMES = 4,
  parameter int WORDS  = 8,
  parameter int WIDTH  = 8
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    in_valid_i,
  output logic                    in_ready_o,
  input  logic [FRAMES*WIDTH-1:0] in_data_i,
  output logic                    out_valid_o,
  input  logic                    out_ready_i,
  output logic [WIDTH-1:0]        out_data_o
);
  localparam int FRAME_BITS = FRAMES > 1 ? $clog2(FRAMES) : 1;
  localparam int WORD_BITS  = WORDS > 1 ? $clog2(WORDS) : 1;

  if (FRAMES < 1 || WORDS < 1 || WIDTH < 1) begin : g_bad_size
    $error("frame_scatter: FRAMES, WORDS and WIDTH must be at least 1");
  end

  logic [FRAME_BITS-1:0] frame_q, shown_q;  // of the next word, and of the word on offer
  logic [WORD_BITS-1:0]  word_q;
  logic                  free, first_frame, last_word, step;
  logic [WIDTH-1:0]      first_q;
  assign first_frame = frame_q == '0;
  assign last_word   = word_q == WORD_BITS'(WORDS - 1);
  assign free        = !out_valid_o || out_ready_i;
  assign in_ready_o  = first_frame && free;
  assign step        = free && (in_valid_i || !first_frame);

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      frame_q     <= '0;
      word_q      <= '0;
      out_valid_o <= 1'b0;
    end else begin
      if (step) word_q <= last_word ? '0 : word_q + 1'b1;
      if (step && last_word) frame_q <= frame_q == FRAME_BITS'(FRAMES - 1) ? '0 : frame_q + 1'b1;
      if (free) out_valid_o <= step;
    end
    if (step) begin
      first_q <= in_data_i[WIDTH-1:0];
      shown_q <= frame_q;
    end
  end

  logic [FRAMES-1:0][WIDTH-1:0] words;
  assign words[0] = first_q;

  for (genvar t = 1; t < FRAMES; t++) begin : g_frame
    weight_memory #(
      .WIDTH(WIDTH), .DEPTH(WORDS)
    ) i_words (
      .clk_i,
      .read_en_i(step && frame_q == FRAME_BITS'(t)), .read_addr_i(word_q), .read_data_o(words[t]),
      .write_en_i(step && first_frame), .write_addr_i(word_q), .write_data_i(in_data_i[t*WIDTH+:WIDTH])
    );
  end

  always_comb begin
    out_data_o = words[0];
    for (int t = 1; t < FRAMES; t++) if (shown_q == FRAME_BITS'(t)) out_data_o = words[t];
  end
endmodule
