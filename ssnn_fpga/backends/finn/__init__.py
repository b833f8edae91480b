"""The integer network through FINN+ 1.6.1: neurons, transformers and time as FINN operators.

FINN needs an environment of its own (``make finn``). This package is used on both sides: ``project``
and ``engine`` start FINN's Python from ours, ``worker`` answers there. A FINN user's own script, in
FINN's environment, begins with ``import ssnn_fpga.backends.finn.extension``, which makes the
operators known. No file here needs more than numpy, onnx and qonnx, and FINN where its name says so.
"""
