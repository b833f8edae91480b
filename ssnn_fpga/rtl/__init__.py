"""Writes a planned network as hardware: top level, memory images, stream packing."""
