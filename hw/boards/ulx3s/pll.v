// The accelerator's clock out of the board's 25 MHz: 25 * 2 = 50 MHz, VCO at 600 MHz.
module pll (
    input  wire clk_25mhz_i,
    output wire clk_o,
    output wire locked_o
);
  (* FREQUENCY_PIN_CLKI = "25" *)
  (* FREQUENCY_PIN_CLKOP = "50" *)
  (* ICP_CURRENT = "12" *)
  (* LPF_RESISTOR = "8" *)
  (* MFG_ENABLE_FILTEROPAMP = "1" *)
  (* MFG_GMCREF_SEL = "2" *)
  EHXPLLL #(
      .CLKI_DIV(1),
      .CLKFB_DIV(2),
      .CLKOP_DIV(12),
      .CLKOP_ENABLE("ENABLED"),
      .CLKOP_CPHASE(5),
      .CLKOP_FPHASE(0),
      .FEEDBK_PATH("CLKOP"),
      .OUTDIVIDER_MUXA("DIVA"),
      .PLLRST_ENA("DISABLED"),
      .INTFB_WAKE("DISABLED"),
      .STDBY_ENABLE("DISABLED"),
      .DPHASE_SOURCE("DISABLED")
  ) i_pll (
      .CLKI(clk_25mhz_i),
      .CLKFB(clk_o),
      .CLKOP(clk_o),
      .LOCK(locked_o),
      .RST(1'b0),
      .STDBY(1'b0),
      .PHASESEL0(1'b0),
      .PHASESEL1(1'b0),
      .PHASEDIR(1'b1),
      .PHASESTEP(1'b1),
      .PHASELOADREG(1'b1),
      .PLLWAKESYNC(1'b0),
      .ENCLKOP(1'b0)
  );
endmodule
