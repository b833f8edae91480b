// One DSP48E2 slice as one accumulator of 48 bits:
// sum <= (first ? 0 : sum) + addend + offset, in one cycle, with no register before the sum.
//
// Plain Verilog, because the slice's parameters must not pass through the SystemVerilog reader.
module dsp48_accumulator (
  input  wire        clk_i,
  input  wire        enable_i,
  input  wire        first_i,
  input  wire [47:0] addend_i,
  input  wire [47:0] offset_i,
  output wire [47:0] sum_o
);

  DSP48E2 #(
    .USE_MULT("NONE"), .AMULTSEL("A"), .BMULTSEL("B"), .USE_SIMD("ONE48"),
    .AREG(0), .ACASCREG(0), .BREG(0), .BCASCREG(0), .CREG(0), .DREG(0), .ADREG(0), .MREG(0), .PREG(1),
    .OPMODEREG(0), .ALUMODEREG(0), .INMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0)
  ) slice (
    .CLK(clk_i), .CEP(enable_i), .RSTP(1'b0), .P(sum_o),
    // X = A:B, Y = C, Z = P or zero, W = zero; ALU: W + X + Y + Z
    .A(addend_i[47:18]), .B(addend_i[17:0]), .C(offset_i), .D(27'b0),
    .OPMODE({3'b0, !first_i, 5'b01111}), .ALUMODE(4'b0000), .INMODE(5'b00000),
    .CARRYIN(1'b0), .CARRYINSEL(3'b000), .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0),
    .ACIN(30'b0), .BCIN(18'b0), .PCIN(48'b0),
    .CEA1(1'b0), .CEA2(1'b0), .CEAD(1'b0), .CEB1(1'b0), .CEB2(1'b0), .CEC(1'b0), .CED(1'b0), .CEM(1'b0),
    .CEALUMODE(1'b0), .CECTRL(1'b0), .CECARRYIN(1'b0), .CEINMODE(1'b0),
    .RSTA(1'b0), .RSTB(1'b0), .RSTC(1'b0), .RSTD(1'b0), .RSTM(1'b0), .RSTCTRL(1'b0),
    .RSTALUMODE(1'b0), .RSTALLCARRYIN(1'b0), .RSTINMODE(1'b0),
    .ACOUT(), .BCOUT(), .PCOUT(), .CARRYOUT(), .CARRYCASCOUT(), .MULTSIGNOUT(), .OVERFLOW(), .UNDERFLOW(),
    .PATTERNDETECT(), .PATTERNBDETECT(), .XOROUT()
  );

endmodule
