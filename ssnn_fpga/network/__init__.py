"""The integer network: typed layers, QONNX in and out, passes, range analysis."""
