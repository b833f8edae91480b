// Memory of sums with one read and one write port. BLOCK 0: LUT RAM, read_data_o follows the address in
// the same cycle. BLOCK 1: block RAM, it follows an edge later. A word that is being written reads as
// either value.
module sum_memory #(
  parameter int WIDTH        = 8,
  parameter int DEPTH        = 16,
  parameter int BLOCK        = 0,
  parameter int ADDRESS_BITS = (DEPTH > 1) ? $clog2(DEPTH) : 1   // derived
) (
  input  logic                    clk_i,
  input  logic [ADDRESS_BITS-1:0] read_addr_i,
  output logic [WIDTH-1:0]        read_data_o,
  input  logic                    write_en_i,
  input  logic [ADDRESS_BITS-1:0] write_addr_i,
  input  logic [WIDTH-1:0]        write_data_i
);

  if (WIDTH < 1 || DEPTH < 1) begin : g_bad_size
    $error("sum_memory: WIDTH and DEPTH must be at least 1");
  end

  if (BLOCK == 0) begin : g_distributed
    (* ram_style = "distributed" *)
    logic [WIDTH-1:0] memory [DEPTH];

    always_ff @(posedge clk_i) if (write_en_i) memory[write_addr_i] <= write_data_i;
    assign read_data_o = memory[read_addr_i];
  end else begin : g_block
    (* ram_style = "block", no_rw_check *)
    logic [WIDTH-1:0] memory [DEPTH];

    always_ff @(posedge clk_i) begin
      if (write_en_i) memory[write_addr_i] <= write_data_i;
      read_data_o <= memory[read_addr_i];
    end
  end

endmodule
