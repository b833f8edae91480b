"""``python -m ssnn_fpga``: the command line without an installed script."""

from ssnn_fpga.cli import main

main()
