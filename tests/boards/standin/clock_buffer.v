module clock_buffer (
    input  wire pin_i,
    output wire clk_o
);
  BUFG i_buffer (
      .I(pin_i),
      .O(clk_o)
  );
endmodule
