// axi_burst: the longest burst that is allowed, and no longer: within what is left, MAX_BURST and the
// address's 4 KB; complete, for every address of a beat and every number of beats.
module axi_burst_proof #(
  parameter int DATA_BITS = 64,
  parameter int MAX_BURST = 16
) (
  input logic [31:0] address_i, left_i
);
  localparam int BYTES = DATA_BITS / 8;
  logic [8:0] length;
  int unsigned last_byte, longer_byte;     // of the burst, and of one with a beat more, in the page

  axi_burst #(.DATA_BITS(DATA_BITS), .MAX_BURST(MAX_BURST)) i_dut (
    .address_i, .left_i, .length_o(length)
  );
  assign last_byte   = 32'(address_i[11:0]) + 32'(length) * BYTES - 1;
  assign longer_byte = last_byte + BYTES;
  always_comb begin
    assume (address_i % BYTES == 0);
    within_its_limit: assert (32'(length) <= MAX_BURST && 32'(length) <= left_i);
    within_a_page:    assert (length == '0 || last_byte < 4096);
    some_if_any_left: assert ((length == '0) == (left_i == '0));
    none_longer:      assert (32'(length) == MAX_BURST || 32'(length) == left_i || longer_byte >= 4096);
  end
endmodule
