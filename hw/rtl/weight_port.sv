// The port of weights outside the chip, between an accelerator and the bus.
//
// The accelerator asks for places in its image of weights; base_i, of a whole page, is where that lies.
// Reads go out while open_i is high, so that none is under way when the accelerator is reset; idle_o tells
// that the bus owes nothing. Beats pass by this module: the accelerator has room for all that it asks for.
module weight_port #(
  parameter int ADDRESS_BITS = 32,
  parameter int BEATS        = 64                // most that may be under way
) (
  input  logic                    clk_i,
  input  logic                    rst_i,
  input  logic                    open_i,
  input  logic [ADDRESS_BITS-1:0] base_i,        // a multiple of 4096, steady while a read is under way
  output logic                    idle_o,
  // from the accelerator
  input  logic                    in_ar_valid_i,
  output logic                    in_ar_ready_o,
  input  logic [31:0]             in_ar_addr_i,  // in the image
  input  logic [7:0]              in_ar_len_i,
  // to the bus
  output logic                    ar_valid_o,
  input  logic                    ar_ready_i,
  output logic [ADDRESS_BITS-1:0] ar_addr_o,
  output logic [7:0]              ar_len_o,
  input  logic                    beat_i         // a beat is taken from the bus
);
  localparam int OWED_BITS = $clog2(BEATS + 1);
  localparam int PAGE_BITS = ADDRESS_BITS - 12;

  if (ADDRESS_BITS < 13 || ADDRESS_BITS > 64) begin : g_bad_address
    $error("weight_port: ADDRESS_BITS must be 13 to 64");
  end
  if (BEATS < 1) begin : g_bad_beats
    $error("weight_port: BEATS must be at least 1");
  end

  logic [OWED_BITS-1:0] owed_q;   // beats that were asked for and have not come
  logic                 ask;

  assign in_ar_ready_o = open_i && (!ar_valid_o || ar_ready_i);
  assign ask           = in_ar_valid_i && in_ar_ready_o;
  assign idle_o        = owed_q == '0;

  always_ff @(posedge clk_i) begin
    if (ask) begin
      ar_addr_o <= {base_i[ADDRESS_BITS-1:12] + PAGE_BITS'(in_ar_addr_i[31:12]), in_ar_addr_i[11:0]};
      ar_len_o  <= in_ar_len_i;
    end
    if (rst_i) begin
      ar_valid_o <= 1'b0;
      owed_q     <= '0;
    end else begin
      if (ask) ar_valid_o <= 1'b1;
      else if (ar_ready_i) ar_valid_o <= 1'b0;
      owed_q <= owed_q + (ask ? OWED_BITS'(in_ar_len_i) + 1'b1 : '0) - OWED_BITS'(beat_i);
    end
  end

  logic unused;
  assign unused = &{1'b0, base_i[11:0]};
endmodule
