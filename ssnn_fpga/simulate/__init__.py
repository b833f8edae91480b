"""Runs the generated hardware, compiled by Verilator, as a Python object."""
