// Fills one memory from a stream of 32-bit words, and hands the rest of the stream on.
//
// Loaders form a chain. An image holds, memory after memory, DEPTH words of WIDTH bits, each as
// ceil(WIDTH/32) stream words, lowest bits first. A loader takes what is its own, passes on the
// FOLLOWING stream words that belong to the loaders behind it, and starts over: the next word
// begins a new image. loaded_o falls with an image's first word and rises when the image has
// passed; the loaded_o of all loaders together are high only while every memory is whole.
//
// One stream word a cycle. in_ready_o and everything that leaves come from registers.
module image_loader #(
  parameter int  WIDTH     = 40,
  parameter int  DEPTH     = 4,
  parameter int  FOLLOWING = 0,
  localparam int ADDR_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
  input  logic                 clk_i,
  input  logic                 rst_i,
  input  logic                 in_valid_i,
  output logic                 in_ready_o,
  input  logic [31:0]          in_data_i,
  output logic                 out_valid_o,
  input  logic                 out_ready_i,
  output logic [31:0]          out_data_o,
  output logic                 write_en_o,
  output logic [ADDR_BITS-1:0] write_addr_o,
  output logic [WIDTH-1:0]     write_data_o,
  output logic                 loaded_o
);
  localparam int PARTS       = (WIDTH + 31) / 32;   // stream words of one memory word
  localparam int PART_BITS   = PARTS > 1 ? $clog2(PARTS) : 1;
  localparam int FOLLOW_BITS = FOLLOWING > 0 ? $clog2(FOLLOWING + 1) : 1;

  if (WIDTH < 1 || DEPTH < 1 || FOLLOWING < 0) begin : g_bad_size
    $error("image_loader: WIDTH and DEPTH must be at least 1, FOLLOWING at least 0");
  end

  logic                   word_valid, word_take, last_part, last_own, image_end;
  logic [31:0]            word;
  logic                   passing_q, loaded_q;
  logic [PART_BITS-1:0]   part_q;
  logic [ADDR_BITS-1:0]   address_q;
  logic [FOLLOW_BITS-1:0] passed_q;

  stream_register #(.WIDTH(32)) i_word (
    .clk_i, .rst_i, .in_valid_i, .in_ready_o, .in_data_i,
    .out_valid_o(word_valid), .out_ready_i(!passing_q || out_ready_i), .out_data_o(word)
  );

  assign word_take  = word_valid && (!passing_q || out_ready_i);
  assign last_part  = part_q == PART_BITS'(PARTS - 1);
  assign last_own   = !passing_q && last_part && address_q == ADDR_BITS'(DEPTH - 1);
  assign image_end  = passing_q ? passed_q == FOLLOW_BITS'(FOLLOWING - 1) : last_own && FOLLOWING == 0;

  always_ff @(posedge clk_i) begin
    if (rst_i) begin
      passing_q <= 1'b0;
      loaded_q  <= 1'b0;
      part_q    <= '0;
      address_q <= '0;
      passed_q  <= '0;
    end else if (word_take) begin
      loaded_q <= image_end;
      if (passing_q) begin
        passed_q  <= image_end ? '0 : passed_q + 1'b1;
        passing_q <= !image_end;
      end else begin
        part_q <= last_part ? '0 : part_q + 1'b1;
        if (last_part) address_q <= last_own ? '0 : address_q + 1'b1;
        passing_q <= last_own && FOLLOWING > 0;
      end
    end
  end

  // A word that waits here belongs to an image that is not yet whole.
  assign loaded_o     = loaded_q && !word_valid;
  assign out_valid_o  = word_valid && passing_q;
  assign out_data_o   = word;
  assign write_en_o   = word_valid && !passing_q && last_part;
  assign write_addr_o = address_q;

  if (PARTS == 1) begin : g_one_part
    assign write_data_o = word[WIDTH-1:0];
  end else begin : g_parts
    logic [PARTS-2:0][31:0] earlier_q;
    assign write_data_o = WIDTH'({word, earlier_q});
    always_ff @(posedge clk_i) begin
      if (word_take && !passing_q) earlier_q <= (PARTS*32-32)'({word, earlier_q} >> 32);
    end
  end

endmodule
