# The 125 MHz clock, a button and a LED of the PYNQ-Z2.
set_property PACKAGE_PIN H16 [get_ports clk_pin]
set_property IOSTANDARD LVCMOS33 [get_ports clk_pin]
set_property PACKAGE_PIN D19 [get_ports serial_in]
set_property IOSTANDARD LVCMOS33 [get_ports serial_in]
set_property PACKAGE_PIN R14 [get_ports led]
set_property IOSTANDARD LVCMOS33 [get_ports led]
