# Run by the link once the card's design is routed: reports of the kernel, and whether it may be written.
set bundle [file dirname [file normalize [info script]]]
source [file join $bundle design.tcl]
source [file join $bundle gates.tcl]
set results [file join $bundle results]

set kernel [get_cells -hierarchical -filter "NAME =~ */${top}_1"]
if {[llength $kernel] != 1} {
    refuse "the linked design has [llength $kernel] kernels of the name ${top}_1 in place of one"
}
set clock [get_clocks -of_objects [get_pins "$kernel/ap_clk"]]
report_timing_summary -max_paths 10 -file [file join $results timing_summary.rpt]
report_timing -delay_type max -max_paths 10 -sort_by slack -from $clock -to $clock -file [file join $results paths.rpt]
report_utilization -cells $kernel -file [file join $results utilisation.rpt]
check_size [report_utilization -cells $kernel -return_string]
check_timing [get_timing_paths -delay_type max -max_paths 1] [get_timing_paths -delay_type min -max_paths 1]
