"""Test benches of the hardware library: one cocotb bench a module, started from pytest."""
