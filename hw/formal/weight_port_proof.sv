// weight_port: what the accelerator asks for goes to the bus once, in order, at its place in the image, and
// only while the port is open; what is offered stays; idle means that the bus owes nothing; by induction.
module weight_port_proof #(
  parameter int BEATS = 24
) (
  input logic clk_i, rst_i, open_i, in_valid_i, ar_ready_i, beat_i,
  input logic [33:0] base_i,
  input logic [31:0] in_addr_i,
  input logic [7:0] in_len_i
);
  logic idle, in_ready, ar_valid;
  logic [33:0] ar_addr;
  logic [7:0] ar_len;

  weight_port #(.ADDRESS_BITS(34), .BEATS(BEATS)) i_dut (
    .clk_i, .rst_i, .open_i, .base_i, .idle_o(idle),
    .in_ar_valid_i(in_valid_i), .in_ar_ready_o(in_ready), .in_ar_addr_i(in_addr_i), .in_ar_len_i(in_len_i),
    .ar_valid_o(ar_valid), .ar_ready_i, .ar_addr_o(ar_addr), .ar_len_o(ar_len), .beat_i
  );

  // ---- What was asked for and has not been offered and taken; what the bus owes ----
  logic began = 1'b0, asked, waiting;
  logic [33:0] address;
  logic [8:0] length;
  int on_bus, owed;                        // beats: of reads that the bus has taken, and of all
  assign asked = in_valid_i && in_ready;
  assign owed  = on_bus + (waiting ? int'(length) : 0);

  always_ff @(posedge clk_i) begin
    began <= 1'b1;
    if (asked) begin
      address <= base_i + 34'(in_addr_i);
      length  <= 9'(in_len_i) + 9'd1;
    end
    waiting <= asked || (waiting && !ar_ready_i);
    on_bus  <= on_bus + ((waiting && ar_ready_i) ? int'(length) : 0) - int'(beat_i);
    if (rst_i) begin
      waiting <= 1'b0;
      on_bus  <= 0;
    end
  end

  always_comb begin
    assume (began || rst_i);
    assume (base_i % 4096 == 0);
    assume (!beat_i || on_bus > 0);
    assume (!asked || owed + int'(in_len_i) + 1 <= BEATS);
    if (began && !rst_i) begin
      asks_while_open:  assert (!in_ready || open_i);
      asks_each_once:   assert (ar_valid == waiting);
      at_its_place:     assert (!ar_valid || (ar_addr == address && 9'(ar_len) + 9'd1 == length));
      takes_when_free:  assert (in_ready == (open_i && (!waiting || ar_ready_i)));
      idle_owes_nothing: assert (idle == (owed == 0));
      // What the registers hold
      assert (on_bus >= 0 && owed <= BEATS && int'(i_dut.owed_q) == owed);
    end
  end
endmodule
