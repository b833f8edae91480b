// Memory with one read and one write port: weights, and any other table or row of tokens.
//
// Data appears one cycle after an edge with read_en_i and stays until the next one. Shallow
// memories go into LUT RAM, because wide and shallow block RAMs run out by width long before
// they run out by bits. A read of the word that is being written returns either value.
// INIT is a $readmemh file with one word a line; empty leaves the contents undefined.
module weight_memory #(
  parameter int    WIDTH        = 8,
  parameter int    DEPTH        = 16,
  parameter string INIT         = "",
  parameter int    ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1   // derived
) (
  input  logic                    clk_i,
  input  logic                    read_en_i,
  input  logic [ADDRESS_BITS-1:0] read_addr_i,
  output logic [WIDTH-1:0]        read_data_o,
  input  logic                    write_en_i,
  input  logic [ADDRESS_BITS-1:0] write_addr_i,
  input  logic [WIDTH-1:0]        write_data_i
);

  if (WIDTH < 1 || DEPTH < 1) begin : g_bad_size
    $error("weight_memory: WIDTH and DEPTH must be at least 1");
  end

  if (DEPTH <= 64) begin : g_distributed
    (* ram_style = "distributed", no_rw_check *)
    logic [WIDTH-1:0] memory [DEPTH];

    if (INIT != "") begin : g_init
      initial $readmemh(INIT, memory);
    end

    always_ff @(posedge clk_i) begin
      if (write_en_i) memory[write_addr_i] <= write_data_i;
      if (read_en_i) read_data_o <= memory[read_addr_i];
    end
  end else begin : g_block
    (* ram_style = "block", no_rw_check *)
    logic [WIDTH-1:0] memory [DEPTH];

    if (INIT != "") begin : g_init
      initial $readmemh(INIT, memory);
    end

    always_ff @(posedge clk_i) begin
      if (write_en_i) memory[write_addr_i] <= write_data_i;
      if (read_en_i) read_data_o <= memory[read_addr_i];
    end
  end

endmodule
