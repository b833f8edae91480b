// image_loader: of every image, the first DEPTH words of the memory are written whole and in their
// place, the rest goes on, and loaded_o is high only between whole images; by induction.
module image_loader_proof #(
  parameter int WIDTH     = 40,
  parameter int DEPTH     = 2,
  parameter int FOLLOWING = 1
) (
  input logic clk_i, rst_i, in_valid_i, out_ready_i, mark_i,
  input logic [31:0] in_data_i
);
  localparam int PARTS  = (WIDTH + 31) / 32;
  localparam int OWN    = PARTS * DEPTH;
  localparam int IMAGE  = OWN + FOLLOWING;
  localparam int ADDR   = (DEPTH > 1) ? $clog2(DEPTH) : 1;
  logic in_ready, out_valid, write_en, loaded;
  logic [31:0] out_data, marked;
  logic [ADDR-1:0] write_addr;
  logic [WIDTH-1:0] write_data;
  logic [1:0] held, ahead;
  logic [7:0] place;                       // of the next word to be taken, in its image
  logic [1:0][7:0] place_q;                // of the words in the register, the newest lowest
  logic [7:0] oldest;
  logic [PARTS:0][31:0] parts_q;           // words taken, the newest lowest
  logic ever, gone, push, leave;           // a word has been taken, has left

  image_loader #(.WIDTH(WIDTH), .DEPTH(DEPTH), .FOLLOWING(FOLLOWING)) i_dut (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o(in_ready), .in_data_i,
    .out_valid_o(out_valid), .out_ready_i, .out_data_o(out_data),
    .write_en_o(write_en), .write_addr_o(write_addr), .write_data_o(write_data), .loaded_o(loaded)
  );

  // Own words leave the register at once, into the memory; the others over the output.
  assign push   = in_valid_i && in_ready;
  assign oldest = (held == 2'd2) ? place_q[1] : place_q[0];
  assign leave  = held != '0 && (int'(oldest) < OWN || (out_valid && out_ready_i));
  stream_properties #(.IN_BITS(32), .OUT_BITS(32), .CAPACITY(2)) i_properties (
    .clk_i, .rst_i, .in_valid_i, .in_ready_i(in_ready), .in_data_i,
    .out_valid_i(i_dut.word_valid), .out_ready_i(leave), .out_data_i(i_dut.word),
    .mark_i, .expected_i(in_data_i), .held_o(held), .ahead_o(ahead), .marked_o(marked)
  );
  stream_watch #(.WIDTH(32)) i_following (
    .clk_i, .rst_i, .valid_i(out_valid), .ready_i(out_ready_i), .data_i(out_data),
    .watch_i('0), .number_o(), .watched_o()
  );

  logic began = 1'b0;
  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (rst_i) begin
      {place, ever, gone} <= '0;
    end else if (push) begin
      place   <= (place == 8'(IMAGE - 1)) ? '0 : place + 1'b1;
      place_q <= {place_q[0], place};
      parts_q <= {parts_q[PARTS-1:0], in_data_i};
      ever    <= 1'b1;
    end
    if (!rst_i && leave) gone <= 1'b1;
  end

  logic [PARTS-1:0][31:0] word;    // that the oldest word completes
  always_comb
    for (int k = 0; k < PARTS; k++) word[k] = parts_q[PARTS - 1 - k + ((held == 2'd2) ? 1 : 0)];

  always_comb if (began && !rst_i) begin
    passes_the_following: assert (out_valid == (held != '0 && int'(oldest) >= OWN));
    if (out_valid) following_unchanged: assert (out_data == i_dut.word);
    writes_whole_words:
      assert (write_en == (held != '0 && int'(oldest) < OWN && int'(oldest) % PARTS == PARTS - 1));
    if (write_en) begin
      in_their_place: assert (int'(write_addr) == int'(oldest) / PARTS);
      with_their_bits: assert (write_data == WIDTH'(word));
    end
    loaded_between_images: assert (loaded == (ever && place == '0 && held == '0));
    // Where the words are.
    assert (int'(place) < IMAGE);
    assert (held == 2'(i_dut.word_valid) + 2'(i_dut.i_word.spare_valid_q));
    assert (!i_dut.i_word.spare_valid_q || i_dut.word_valid);
    if (ahead == 2'd1) assert (i_dut.word == marked);
    if (ahead == 2'd2) assert (i_dut.i_word.spare_q == marked);
    if (held == 2'd1) assert (i_dut.word == parts_q[0]);
    if (held == 2'd2) assert (i_dut.word == parts_q[1] && i_dut.i_word.spare_q == parts_q[0]);
    assert (ever == (held != '0 || gone));
  end

  // The module's place is that of its oldest word, or the next word's where it has none.
  logic [7:0] due;
  assign due = (held == '0) ? place : oldest;
  always_comb if (began && !rst_i) begin
    if (held == 2'd1) assert (place == ((oldest == 8'(IMAGE - 1)) ? '0 : oldest + 1'b1));
    if (held == 2'd2) begin
      assert (place_q[0] == ((place_q[1] == 8'(IMAGE - 1)) ? '0 : place_q[1] + 1'b1));
      assert (place == ((place_q[0] == 8'(IMAGE - 1)) ? '0 : place_q[0] + 1'b1));
    end
    assert (int'(due) < IMAGE);
    assert (i_dut.passing_q == (int'(due) >= OWN));
    assert (int'(i_dut.passed_q) == (i_dut.passing_q ? int'(due) - OWN : 0));
    assert (int'(i_dut.part_q) == (i_dut.passing_q ? 0 : int'(due) % PARTS));
    assert (int'(i_dut.address_q) == (i_dut.passing_q ? 0 : int'(due) / PARTS));
    assert (i_dut.loaded_q == (due == '0 && gone));
  end
  if (PARTS > 1) begin : g_parts
    always_comb if (began && !rst_i && !i_dut.passing_q)
      for (int k = 0; k < PARTS - 1; k++)
        if (k < int'(due) % PARTS) assert (i_dut.g_parts.earlier_q[PARTS-2-k] == parts_q[int'(held) + k]);
  end
endmodule
