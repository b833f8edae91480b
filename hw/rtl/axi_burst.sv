// Beats of the next AXI4 burst: no more than are left, than a burst may have, than its 4 KB hold.
module axi_burst #(
  parameter int ADDRESS_BITS = 32,
  parameter int DATA_BITS    = 64,
  parameter int MAX_BURST    = 16
) (
  input  logic [ADDRESS_BITS-1:0] address_i,
  input  logic [31:0]             left_i,
  output logic [8:0]              length_o
);
  localparam int OFFSET    = $clog2(DATA_BITS / 8);
  localparam int PAGE_BITS = 12 - OFFSET;             // of the number of a beat in its 4 KB

  logic [PAGE_BITS:0] to_boundary;
  logic [31:0]        longest;

  assign to_boundary = {1'b1, PAGE_BITS'(0)} - {1'b0, address_i[11:OFFSET]};
  assign longest     = 32'(to_boundary) < 32'(MAX_BURST) ? 32'(to_boundary) : 32'(MAX_BURST);
  assign length_o    = 9'(left_i < longest ? left_i : longest);

  logic unused;
  assign unused = &{1'b0, address_i};
endmodule
