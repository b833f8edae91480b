// The ECP5's PLL for cycle-based simulation: the input clock stands for the output clock.
//
// The top levels have a single clock behind the PLL, so the frequency is only a matter of what a
// clock cycle means in seconds; what can go wrong with the numbers is checked here instead.
// verilator lint_off UNUSEDPARAM
// verilator lint_off UNUSEDSIGNAL
module EHXPLLL #(
    parameter CLKI_DIV = 1,
    parameter CLKFB_DIV = 1,
    parameter CLKOP_DIV = 8,
    parameter CLKOP_ENABLE = "ENABLED",
    parameter CLKOP_CPHASE = 0,
    parameter CLKOP_FPHASE = 0,
    parameter FEEDBK_PATH = "CLKOP",
    parameter OUTDIVIDER_MUXA = "DIVA",
    parameter PLLRST_ENA = "DISABLED",
    parameter INTFB_WAKE = "DISABLED",
    parameter STDBY_ENABLE = "DISABLED",
    parameter DPHASE_SOURCE = "DISABLED"
) (
    input  wire CLKI,
    input  wire CLKFB,
    input  wire RST,
    input  wire STDBY,
    input  wire PHASESEL0,
    input  wire PHASESEL1,
    input  wire PHASEDIR,
    input  wire PHASESTEP,
    input  wire PHASELOADREG,
    input  wire PLLWAKESYNC,
    input  wire ENCLKOP,
    output wire CLKOP,
    output wire LOCK
);
  localparam INPUT_MHZ = 25;  // of every ULX3S
  localparam DETECTOR_KHZ = 1000 * INPUT_MHZ / CLKI_DIV;
  localparam OSCILLATOR_KHZ = DETECTOR_KHZ * CLKFB_DIV * CLKOP_DIV;

  initial begin
    if (DETECTOR_KHZ < 3125) $error("EHXPLLL: the phase detector runs below 3.125 MHz");
    if (OSCILLATOR_KHZ < 400000 || OSCILLATOR_KHZ > 800000)
      $error("EHXPLLL: the oscillator leaves 400 to 800 MHz");
    if (FEEDBK_PATH != "CLKOP") $error("EHXPLLL: this model knows feedback from CLKOP only");
  end

  // Lock takes a few cycles, so that the top's reset is exercised.
  reg [3:0] warming;
  initial warming = 4'd0;
  always @(posedge CLKI) if (warming != 4'd15) warming <= warming + 4'd1;

  assign CLKOP = CLKI;
  assign LOCK  = warming == 4'd15;
endmodule
