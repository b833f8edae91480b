# Packs the sources into a kernel object, results/accelerator.xo. run.sh starts it in the folder of this file.
source design.tcl

create_project -force kernel work/project -part $part
cd sources
add_files -norecurse [concat $systemverilog $verilog $images $includes]
set_property file_type {Memory Initialization Files} [get_files $images]
set_property top $top [current_fileset]
cd ..
update_compile_order -fileset sources_1

ipx::package_project -root_dir work/ip -vendor ssnn_fpga -library kernel -taxonomy /KernelIP -import_files -set_current false
ipx::unload_core work/ip/component.xml
ipx::edit_ip_in_project -upgrade true -name kernel_ip -directory work/ip work/ip/component.xml
set core [ipx::current_core]
foreach parameter [ipx::get_user_parameters -of_objects $core] {
    ipx::remove_user_parameter [get_property NAME $parameter] $core
}
set_property name $top $core
set_property version 1.0 $core
set_property core_revision 1 $core
set_property sdx_kernel true $core
set_property sdx_kernel_type rtl $core
set_property supported_families {} $core
set_property auto_family_support_level level_2 $core
foreach bus $buses {
    ipx::associate_bus_interfaces -busif $bus -clock ap_clk $core
}
ipx::create_xgui_files $core
ipx::update_checksums $core
ipx::save_core $core
close_project -delete

package_xo -force -xo_path results/accelerator.xo -kernel_name $top -ip_directory work/ip -kernel_xml kernel.xml
