"""Learning: recipes, low-bit shrinking-timestep networks, training and the QONNX export."""

import warnings

# Brevitas tells everyone who imports it of an optional CUDA kernel.
warnings.filterwarnings("ignore", message="fast_hadamard_transform")
