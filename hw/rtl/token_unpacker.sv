// Frames as they lie in memory, in beats, to tokens.
//
// A token lies in the fewest bytes that hold it, rounded up to 1, 2, 4 or 8, or to whole beats
// where it is wider; the first one lowest, and every frame begins with a beat of its own. What is
// left of a slot or a beat is passed over.
module token_unpacker #(
  parameter int TOKEN_BITS   = 16,
  parameter int FRAME_TOKENS = 16
) (
  input  logic                  clk_i,
  input  logic                  rst_i,
  input  logic                  in_valid_i,
  output logic                  in_ready_o,
  input  logic [63:0]           in_data_i,
  output logic                  out_valid_o,
  input  logic                  out_ready_i,
  output logic [TOKEN_BITS-1:0] out_data_o
);
  if (TOKEN_BITS < 1 || FRAME_TOKENS < 1) begin : g_bad_sizes
    $error("token_unpacker: TOKEN_BITS and FRAME_TOKENS must be at least 1");
  end

  if (TOKEN_BITS > 32) begin : g_beats
    localparam int BEATS     = (TOKEN_BITS + 63) / 64;
    localparam int BEAT_BITS = BEATS > 1 ? $clog2(BEATS) : 1;
    logic [BEAT_BITS-1:0] beat_q;
    logic                 last;

    assign last        = beat_q == BEAT_BITS'(BEATS - 1);
    assign out_valid_o = in_valid_i && last;
    assign in_ready_o  = !last || out_ready_i;

    always_ff @(posedge clk_i) begin
      if (rst_i) beat_q <= '0;
      else if (in_valid_i && in_ready_o) beat_q <= last ? '0 : beat_q + 1'b1;
    end

    if (BEATS == 1) begin : g_one
      assign out_data_o = in_data_i[TOKEN_BITS-1:0];
    end else begin : g_several
      logic [64*(BEATS-1)-1:0] earlier_q;    // beats of the present token, the latest on top
      always_ff @(posedge clk_i) begin
        if (in_valid_i && !last) earlier_q <= (64*(BEATS-1))'({in_data_i, earlier_q} >> 64);
      end
      assign out_data_o = TOKEN_BITS'({in_data_i, earlier_q});
    end
    if (TOKEN_BITS % 64 != 0) begin : g_unused
      logic unused;
      assign unused = &{1'b0, in_data_i};
    end
  end else begin : g_slots
    localparam int SLOT       = TOKEN_BITS > 16 ? 32 : TOKEN_BITS > 8 ? 16 : 8;
    localparam int SLOTS      = 64 / SLOT;
    localparam int PLACE_BITS = $clog2(SLOTS);
    localparam int TOKENS_BITS = FRAME_TOKENS > 1 ? $clog2(FRAME_TOKENS) : 1;
    logic [PLACE_BITS-1:0]  place_q;
    logic [TOKENS_BITS-1:0] token_q;
    logic                   frame_ends, beat_ends;

    assign frame_ends  = token_q == TOKENS_BITS'(FRAME_TOKENS - 1);
    assign beat_ends   = frame_ends || place_q == PLACE_BITS'(SLOTS - 1);
    assign out_valid_o = in_valid_i;
    assign in_ready_o  = out_ready_i && beat_ends;
    assign out_data_o  = in_data_i[int'(place_q)*SLOT +: TOKEN_BITS];

    always_ff @(posedge clk_i) begin
      if (rst_i) begin
        place_q <= '0;
        token_q <= '0;
      end else if (in_valid_i && out_ready_i) begin
        place_q <= beat_ends ? '0 : place_q + 1'b1;
        token_q <= frame_ends ? '0 : token_q + 1'b1;
      end
    end
    logic unused;
    assign unused = &{1'b0, in_data_i};
  end
endmodule
