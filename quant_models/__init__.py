"""Learning: recipes, low-bit shrinking-timestep networks, training and the QONNX export."""
