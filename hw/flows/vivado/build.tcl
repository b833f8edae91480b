# From the sources to a bitstream, without a project. run.sh starts it in the folder of this file.
source design.tcl
source gates.tcl

set results [file join [pwd] results]
file delete -force $results
file mkdir $results

# Memories name their images without a folder: synthesis looks where it runs. One that is not found would
# only be warned of, and the memory would be empty.
cd sources
set_msg_config -id {Synth 8-4445} -new_severity ERROR
read_verilog -sv $systemverilog
read_verilog $verilog
foreach file $constraints {
    read_xdc $file
}
synth_design -top $top -part $part -include_dirs [list .]
if {[llength [get_clocks accelerator]] == 0} {
    refuse "the pin $clock_pin is not in the netlist, so the accelerator would have no clock: correct board.toml"
}
report_utilization -file [file join $results utilisation_synthesised.rpt]
check_size [report_utilization -return_string]

opt_design
place_design
phys_opt_design
route_design
phys_opt_design

report_timing_summary -max_paths 10 -file [file join $results timing_summary.rpt]
report_timing -delay_type max -max_paths 10 -sort_by slack -from [get_clocks accelerator] -to [get_clocks accelerator] -file [file join $results paths.rpt]
report_utilization -file [file join $results utilisation.rpt]
report_drc -file [file join $results drc.rpt]
report_power -file [file join $results power.rpt]
check_timing [get_timing_paths -delay_type max -max_paths 1] [get_timing_paths -delay_type min -max_paths 1]

write_bitstream -force [file join $results accelerator.bit]

# The last: it says that all the rest is there.
set done [open [file join $results run.txt] w]
puts $done "inputs $inputs"
puts $done "vivado [version -short]"
close $done
